"""Frozen dataclasses as JSON terms and back: one way for all that a cell holds.

What comes back is what went in: floats keep every bit, and what does not fit its class is refused
by its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import lru_cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np

from episodes.errors import BadValue
from episodes.value_types import is_number
from sim.pose import Pose


class BadRecord(BadValue):
    """Terms that no object of the class can have become."""


def to_plain(value: Any) -> Any:
    """Dataclasses and mappings as dicts, tuples and arrays as lists, numbers as Python has them."""
    if is_dataclass(value):
        return {f.name: to_plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(k): to_plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [to_plain(v) for v in value]
    if isinstance(value, np.generic):
        return value.item()
    return value


def from_plain(kind: Any, value: Any, at: str) -> Any:
    """The `kind` that `to_plain` made `value` of; at: its place, for errors.

    kind: a dataclass, a tuple, a mapping, float, int, str, bool or Any, each perhaps optional. A
    pose may also be seven numbers. BadRecord for what does not fit.
    """
    if kind is Any:
        return value
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return None if value is None else from_plain(args[0], value, at)
    if origin is tuple:
        return _tuple(args, value, at)
    if origin is not None and issubclass(origin, Mapping):
        return {k: from_plain(args[1], v, f"{at}.{k}") for k, v in _mapping(value, at).items()}
    if kind is Pose and isinstance(value, list):
        return Pose.from_array(_tuple((float,) * 7, value, at))
    if is_dataclass(kind):
        return _dataclass(kind, _mapping(value, at), at)
    what, fits = _SCALARS[kind]
    if not fits(value):
        raise BadRecord(f"{at} must be {what}, not {_shown(value)}")
    return kind(value)


_SCALARS: Mapping[Any, tuple[str, Callable[[Any], bool]]] = {
    float: ("a number", is_number),
    int: ("a whole number", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    str: ("text", lambda value: isinstance(value, str)),
    bool: ("true or false", lambda value: isinstance(value, bool)),
}


def _dataclass(kind: Any, values: Mapping[str, Any], at: str) -> Any:
    hints = _hints(kind)
    unknown = sorted(set(values) - set(hints))
    if unknown:
        raise BadRecord(f"{at}: unknown fields of a {kind.__name__}: {', '.join(unknown)}")
    needed = [f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING]
    missing = [name for name in needed if name not in values]
    if missing:
        raise BadRecord(f"{at} lacks {', '.join(missing)} of a {kind.__name__}")
    return kind(**{k: from_plain(hints[k], v, f"{at}.{k}") for k, v in values.items()})


@lru_cache
def _hints(kind: Any) -> Mapping[str, Any]:
    hints = get_type_hints(kind)
    return {f.name: hints[f.name] for f in fields(kind)}


def _tuple(args: tuple[Any, ...], value: Any, at: str) -> tuple[Any, ...]:
    many = len(args) == 2 and args[1] is Ellipsis
    if not isinstance(value, list | tuple) or not (many or len(value) == len(args)):
        what = "a list" if many else f"{len(args)} values"
        raise BadRecord(f"{at} must be {what}, not {_shown(value)}")
    kinds = args[:1] * len(value) if many else args
    return tuple(
        from_plain(k, v, f"{at}[{i}]") for i, (k, v) in enumerate(zip(kinds, value, strict=True))
    )


def _mapping(value: Any, at: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BadRecord(f"{at} must be a mapping, not {_shown(value)}")
    return value


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
