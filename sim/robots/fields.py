"""The YAML of a card, read value by value by the type that each must have: what is missing, of the
wrong type, not finite or not known is one line that names file and field."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import yaml

from episodes.errors import UserError, choices

T = TypeVar("T")
Triple = tuple[float, float, float]


class Fields:
    """A mapping of a card. `key in entry` tells whether a key is there; whoever reads it asks for
    each value once, and `read` refuses what nobody asked for.

    path: where it stands in the file, "" for the whole of it.
    """

    def __init__(self, values: Any, file: Path, path: str = "") -> None:
        self.file, self.path = file, path
        if not isinstance(values, Mapping):
            self.refuse("", f"give keys and values, not {_named(values)}")
        for key in values:
            if not isinstance(key, str):
                self.refuse("", f"the key {key!r} is not text")
        self._values: Mapping[str, Any] = values
        self._asked: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def read(self, build: Callable[[Fields], T]) -> T:
        """What `build` makes of it. UserError for keys that it has no use for."""
        built = build(self)
        for key in self._values:
            if key not in self._asked:
                self.refuse(key, f"unknown key{choices(key, sorted(self._asked))}")
        return built

    def text(self, key: str, default: str | None = None) -> str:
        value = self._value(key, default)
        if not isinstance(value, str) or not value:
            self.refuse(key, f"give text, not {_named(value)}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of different texts."""
        values = self._value(key)
        if not isinstance(values, list) or not all(isinstance(v, str) and v for v in values):
            self.refuse(key, f"give a list of names, not {_named(values)}")
        if len(set(values)) != len(values):
            self.refuse(key, f"names must differ: {', '.join(values)}")
        return tuple(values)

    def flag(self, key: str, default: bool) -> bool:
        value = self._value(key, default)
        if not isinstance(value, bool):
            self.refuse(key, f"give true or false, not {_named(value)}")
        return value

    def number(
        self, key: str, default: float | None = None, *, least: float = -math.inf,
        above: float = -math.inf,
    ) -> float:  # fmt: skip
        """A finite number, at least `least` and more than `above`."""
        value = self._number(key, self._value(key, default))
        if value < least:
            self.refuse(key, f"give {least:g} or more, not {value:g}")
        if value <= above:
            self.refuse(key, f"give more than {above:g}, not {value:g}")
        return value

    def numbers(self, key: str, count: int | None = None) -> tuple[float, ...]:
        """A list of finite numbers, `count` of them."""
        return self._numbers(key, self._value(key), count)

    def triple(self, key: str, default: Triple | None = None) -> Triple:
        """Three numbers."""
        values = self._value(key, None if default is None else list(default))
        x, y, z = self._numbers(key, values, 3)
        return x, y, z

    def points(self, key: str, least: int) -> tuple[tuple[float, float], ...]:
        """A list of `least` or more pairs of numbers."""
        rows = self._value(key)
        if not isinstance(rows, list) or len(rows) < least:
            self.refuse(key, f"give a list of at least {least} pairs, not {_named(rows)}")
        pairs = [self._numbers(f"{key}[{i}]", row, 2) for i, row in enumerate(rows)]
        return tuple((x, y) for x, y in pairs)

    def one(self, key: str, build: Callable[[Fields], T]) -> T:
        """What `build` makes of the mapping there."""
        return self._inner(key, self._value(key)).read(build)

    def many(self, key: str, build: Callable[[Fields], T]) -> tuple[T, ...]:
        """What `build` makes of each mapping of the list there; nothing where there is none."""
        values = self._value(key, [])
        if not isinstance(values, list):
            self.refuse(key, f"give a list, not {_named(values)}")
        inner = [self._inner(f"{key}[{i}]", value) for i, value in enumerate(values)]
        return tuple(fields.read(build) for fields in inner)

    def table(self, key: str, read: Callable[[Fields, str], T]) -> dict[str, T]:
        """name -> what `read` gives of the mapping there; empty where there is none."""
        whole = self._inner(key, self._value(key, {}))
        return {name: read(whole, name) for name in whole._values}

    def _value(self, key: str, default: Any = None) -> Any:
        self._asked.add(key)
        value = self._values.get(key)
        if value is None:  # also `key:` with nothing behind it
            value = default
        if value is None:
            self.refuse("", f"has no {key!r}")
        return value

    def _inner(self, key: str, value: Any) -> Fields:
        return Fields(value, self.file, self._at(key))

    def _number(self, key: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            dot = "; YAML reads 1e-3 as text: write 1.0e-3" if _looks_numeric(value) else ""
            self.refuse(key, f"give a number, not {_named(value)}{dot}")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            self.refuse(key, f"give a finite number, not {number}")
        return number

    def _numbers(self, key: str, values: Any, count: int | None) -> tuple[float, ...]:
        wanted = "numbers" if count is None else f"{count} numbers"
        if not isinstance(values, list):
            self.refuse(key, f"give a list of {wanted}, not {_named(values)}")
        if count is not None and len(values) != count:
            self.refuse(key, f"give {wanted}, not {len(values)}")
        return tuple(self._number(f"{key}[{i}]", value) for i, value in enumerate(values))

    def _at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path and key else self.path or key

    def refuse(self, key: str, why: str) -> NoReturn:
        """Raises the UserError that names file, field and what is wrong."""
        at = self._at(key)
        raise UserError(f"{self.file}: {at}: {why}" if at else f"{self.file}: {why}")


def load(file: Path) -> Fields:
    """The whole of a card's file. UserError where it cannot be read or is not plain YAML."""
    try:
        text = file.read_text(encoding="utf-8")
        values, twice = yaml.safe_load(text), _twice(yaml.compose(text, yaml.SafeLoader), set())
    except OSError as error:
        raise UserError(f"{file}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        why = " ".join(str(error).split())
        raise UserError(f"{file}: not plain YAML: {why}") from error
    if twice:
        raise UserError(f"{file}: {twice}")
    return Fields(values, file)


def _twice(node: yaml.Node | None, seen: set[int]) -> str:
    """What is wrong where a mapping has a key twice, of which YAML would keep the last; else ""."""
    if node is None or id(node) in seen or not isinstance(node, yaml.CollectionNode):
        return ""
    seen.add(id(node))
    keys: set[str] = set()
    for item in node.value:
        key, value = item if isinstance(node, yaml.MappingNode) else (None, item)
        if key is not None and key.value in keys:
            return f"line {key.start_mark.line + 1}: the key {key.value!r} stands there twice"
        keys |= {key.value} if isinstance(key, yaml.ScalarNode) else set()
        found = _twice(value, seen)
        if found:
            return found
    return ""


def _looks_numeric(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return isinstance(value, str)


def _named(value: Any) -> str:
    """A value of the wrong type, short."""
    match value:
        case None:
            return "nothing"
        case dict():
            return "keys and values"
        case list():
            return f"a list of {len(value)}"
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:40]}..."
