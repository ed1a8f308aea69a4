"""What JSON of others must be: a type says it once, and what is not so is one line that names it.

A class is the schema: a frozen dataclass, a named tuple, or a TypedDict where a dict is to stay
one. `read(Source, value, "mix.json: sources[0]")` gives an instance, or raises UserError:
"mix.json: sources[0].share is text, not a whole number".
"""

from __future__ import annotations

import dataclasses
import math
import re
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import (
    Annotated,
    Any,
    Literal,
    NamedTuple,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from episodes.errors import UserError
from episodes.shown import shown

Made = TypeVar("Made")

MOST = 2**63 - 1  # what every reader of JSON and HDF5 holds
LONGEST = 1 << 20  # letters of a text


@dataclass(frozen=True)
class Within:
    """Bounds of a number, both included: `Annotated[int, Within(1)]`. Without them a whole number
    is of 64 bits, another one finite."""

    least: float = -MOST
    most: float = MOST


@dataclass(frozen=True)
class Like:
    """What a text must match whole; `told`: in words."""

    pattern: str
    told: str


@dataclass(frozen=True)
class By:
    """A value that is written in another form: read as `form`, then made by `make`, whose
    ValueError says what is wrong with it."""

    form: Any
    make: Callable[[Any], Any]


Count = Annotated[int, Within(0)]
Positive = Annotated[int, Within(1)]
Finite = Annotated[float, Within(0.0, 1e300)]
Sha256 = Annotated[str, Like(r"[0-9a-f]{64}", "a sha256 in hexadecimal digits")]


class _Member(NamedTuple):
    key: str  # in JSON
    kind: Any
    needed: bool


def read(kind: type[Made], value: Any, place: str) -> Made:
    """The value as an instance of `kind`. Raises UserError with the place of what is wrong.

    Kinds: str, int, float, bool, None, Any (plain JSON), Literal, unions, list[X], tuple[X, ...],
    tuple[X, Y], Mapping[str, X], Annotated with `Within`, `Like` or `By`, and classes of those.
    Fields that a class does not have are passed over: later versions may write them.
    """
    made: Made = _read(kind, value, place)
    return made


def sound(value: Any, place: str) -> Any:
    """JSON of no known form, with numbers that are finite and text that can be written again.
    Raises UserError otherwise."""
    waiting: list[tuple[Any, str]] = [(value, place)]
    while waiting:
        item, where = waiting.pop()
        if isinstance(item, str):
            _text(item, where)
        elif isinstance(item, float) and not math.isfinite(item):
            raise UserError(f"{where} is no finite number")
        elif isinstance(item, dict):
            for key in item:
                _text(key, f"a key of {where}")
            waiting += [(inner, _inside(where, key)) for key, inner in item.items()]
        elif isinstance(item, list):
            waiting += [(inner, f"{where}[{n}]") for n, inner in enumerate(item)]
    return value


def _read(kind: Any, value: Any, place: str) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any:
        return sound(value, place)
    if origin is Annotated:
        return _annotated(inner[0], inner[1:], value, place)
    if origin in (Union, types.UnionType):
        return _union(inner, value, place)
    if origin is Literal:
        if not any(value == one and type(value) is type(one) for one in inner):
            raise UserError(f"{place} is {_told(value)}; it must be {_listed(inner)}")
        return value
    if kind in (None, type(None)):
        if value is not None:
            raise _wrong(place, value, "null")
        return None
    if kind in (str, bool, int, float):
        return _plain(kind, value, place)
    if origin in (list, tuple, Sequence):
        return _row(origin, inner, value, place)
    if origin in (dict, Mapping):
        if not isinstance(value, dict):
            raise _wrong(place, value, "an object")
        return {
            _text(key, f"a key of {place}"): _read(inner[1], one, _inside(place, key))
            for key, one in value.items()
        }
    return _object(kind, value, place)


def _plain(kind: type, value: Any, place: str) -> Any:
    if kind is str:
        return _text(value, place)
    if kind is bool:
        if not isinstance(value, bool):
            raise _wrong(place, value, "true or false")
        return value
    if kind is int:
        if type(value) is not int:
            raise _wrong(place, value, "a whole number")
        if abs(value) > MOST:
            raise UserError(f"{place} is a number of {len(str(abs(value)))} digits; that is absurd")
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(place, value, "a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise UserError(f"{place} is no finite number")
    return number


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise _wrong(place, value, "text")
    if len(value) > LONGEST:
        raise UserError(f"{place} has {len(value)} letters; at most {LONGEST} are read")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        half = value[error.start]
        raise UserError(f"{place} has half a letter, {shown(half)} (a lone surrogate)") from None
    return value


def _annotated(kind: Any, notes: Sequence[Any], value: Any, place: str) -> Any:
    for note in notes:
        if isinstance(note, By):
            form = _read(note.form, value, place)
            try:
                return note.make(form)
            except (ValueError, ZeroDivisionError) as error:
                raise UserError(f"{place} is {_told(value)}: {error}") from None
    made = _read(kind, value, place)
    for note in notes:
        if isinstance(note, Within) and not note.least <= made <= note.most:
            limit = (
                f"at least {note.least:.15g}" if made < note.least else f"at most {note.most:.15g}"
            )
            raise UserError(f"{place} is {_told(value)}; it must be {limit}")
        if isinstance(note, Like) and not re.fullmatch(note.pattern, made):
            raise UserError(f"{place} is {_told(value)}, not {note.told}")
    return made


def _union(kinds: Sequence[Any], value: Any, place: str) -> Any:
    if value is None and type(None) in kinds:
        return None
    wrong: UserError | None = None
    for kind in kinds:
        if kind is not type(None):
            try:
                return _read(kind, value, place)
            except UserError as error:
                wrong = wrong or error
    assert wrong is not None
    raise wrong


def _row(origin: Any, kinds: Sequence[Any], value: Any, place: str) -> Any:
    if not isinstance(value, list):
        raise _wrong(place, value, "a list")
    several = origin is not tuple or kinds[-1] is Ellipsis
    if not several and len(value) != len(kinds):
        raise UserError(f"{place} has {len(value)} values; it must have {len(kinds)}")
    each = [kinds[0]] * len(value) if several else kinds
    found = [
        _read(kind, one, f"{place}[{n}]")
        for n, (kind, one) in enumerate(zip(each, value, strict=True))
    ]
    return found if origin is list else tuple(found)


def _object(kind: Any, value: Any, place: str) -> Any:
    if not isinstance(value, dict):
        raise _wrong(place, value, "an object")
    found: dict[str, Any] = dict(sound(value, place)) if is_typeddict(kind) else {}
    for name, (key, inner, needed) in _members(kind).items():
        if key in value:
            found[name] = _read(inner, value[key], _inside(place, key))
        elif needed:
            raise UserError(f"{_inside(place, key)} is missing")
    return found if is_typeddict(kind) else kind(**found)


@lru_cache(maxsize=64)
def _members(kind: Any) -> dict[str, _Member]:
    """The fields of a class, by their names in Python."""
    hints = get_type_hints(kind, include_extras=True)
    if is_typeddict(kind):
        return {n: _Member(n, hint, n in kind.__required_keys__) for n, hint in hints.items()}
    if dataclasses.is_dataclass(kind):
        given = {
            f.name
            for f in dataclasses.fields(kind)
            if f.default is not dataclasses.MISSING or f.default_factory is not dataclasses.MISSING
        }
        return {
            f.name: _Member(f.metadata.get("key", f.name), hints[f.name], f.name not in given)
            for f in dataclasses.fields(kind)
        }
    if not hasattr(kind, "_fields"):
        raise TypeError(f"{kind!r} is no form of JSON")
    return {n: _Member(n, hints[n], n not in kind._field_defaults) for n in kind._fields}


def _inside(place: str, key: str) -> str:
    """A file's fields follow a colon, those of a field a dot."""
    name = shown(key)[:80]
    if not place:
        return name
    return f"{place} {name}" if place.endswith(":") else f"{place}.{name}"


def _wrong(place: str, value: Any, wanted: str) -> UserError:
    return UserError(f"{place or 'it'} is {_told(value)}, not {wanted}")


def _told(value: Any) -> str:
    if isinstance(value, str):
        return f"the text {shown(value[:40])!r}" if value else "an empty text"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return "an object" if isinstance(value, dict) else str(value)[:40]


def _listed(values: Sequence[Any]) -> str:
    return " or ".join(repr(one) for one in values)
