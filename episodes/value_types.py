"""What a value from outside may be, of the command line or of Python: one class for each type.

A type reads a value and says in one line what is wrong with it; it knows whether the command
line's text is taken as it was typed, and what completion can offer.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import isfinite
from pathlib import Path
from typing import Any

from episodes.errors import UserError, unknown
from episodes.storage import regular

MOST_PIXELS = 8192
LONGEST_NAME = 180  # bytes; file systems take 255
_FRACTION = re.compile(r"\d{1,18}(\.\d{1,18}|/\d{1,18})?")


class ValueType:
    """A value that is read where it is used."""

    numeric = False  # whether 1_000 is a number here
    verbatim = False  # whether 2026_10_05, 1e3, on and null are text here, as typed

    def read(self, key: str, value: Any) -> Any:
        """The value as its user needs it; UserError for one that cannot be."""
        return value

    def inside(self, name: str) -> ValueType:
        """The kind of what stands under `name`, where the value is a mapping."""
        return ValueType()

    def offers(self) -> tuple[str, ...]:
        """Values to complete with; none where they cannot be listed."""
        return ()


@dataclass(frozen=True)
class Maybe(ValueType):
    """One kind, or null for none."""

    kind: ValueType

    @property
    def verbatim(self) -> bool:  # type: ignore[override]
        return self.kind.verbatim

    def read(self, key: str, value: Any) -> Any:
        return None if value is None else self.kind.read(key, value)

    def inside(self, name: str) -> ValueType:
        return self.kind.inside(name)

    def offers(self) -> tuple[str, ...]:
        return (*self.kind.offers(), "null")


@dataclass(frozen=True)
class Text(ValueType):
    """Text, as it was typed; `names` are some to complete with."""

    names: tuple[str, ...] = ()
    verbatim = True

    def read(self, key: str, value: Any) -> Any:
        if not isinstance(value, str) or not value:
            raise UserError(f"{key} must be text, not {value!r}; try {key}=NAME")
        return value

    def offers(self) -> tuple[str, ...]:
        return self.names


@dataclass(frozen=True)
class Choice(ValueType):
    """One of some names."""

    names: tuple[str, ...]
    verbatim = True

    def read(self, key: str, value: Any) -> Any:
        if value not in self.names:
            raise unknown(key, value, self.names)
        return value

    def offers(self) -> tuple[str, ...]:
        return self.names


@dataclass(frozen=True)
class LocalPath(ValueType):
    """A path, made absolute against the folder that the command was called in.

    folder: whether it must be a folder that is there. written: whether it is to be made, below a
    folder that is there. What is neither a file nor a folder is refused: reading might never end.
    """

    folder: bool = False
    written: bool = False
    verbatim = True

    def read(self, key: str, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, str | int | Path) or value == "":
            raise UserError(f"{key} must be a path, not {value!r}; try {key}=runs/NAME")
        if "\0" in str(value):
            raise UserError(f"{key}: a path has no zero byte in it")
        try:
            found = Path(str(value)).expanduser().absolute()
            regular.check(found, folder=True)
            if self.folder and not found.is_dir():
                what = "is not a folder" if found.exists() else "does not exist"
                raise UserError(f"{key}={value}: {found} {what}; `cellwright list` shows libraries")
            if self.written:
                _writable(key, found)
        except OSError as error:
            name = str(value) if len(str(value)) <= LONGEST_NAME else f"{str(value)[:40]}..."
            raise UserError(f"{key}={name}: {error.strerror}; give another path") from error
        except RuntimeError as error:  # ~nobody
            raise UserError(f"{key}={value}: {error}; write the path in full") from error
        return found


@dataclass(frozen=True)
class WholeNumber(ValueType):
    """A whole number, bounds included."""

    least: int = 0
    most: int | None = None
    numeric = True

    def read(self, key: str, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int):
            whole = isinstance(value, float) and value.is_integer()
            near = int(value) if whole else max(self.least, 1)
            raise UserError(f"{key} must be a whole number, not {value!r}; try {key}={near}")
        if value < self.least:
            raise UserError(f"{key}={value} is too small: it must be {self.least} or more")
        if self.most is not None and value > self.most:
            raise UserError(f"{key}={value} is too large: it must be {self.most} or less")
        return value


@dataclass(frozen=True)
class Number(ValueType):
    """A finite number, bounds included; `above` is one that is not."""

    least: float | None = None
    most: float | None = None
    above: float | None = None
    numeric = True

    def read(self, key: str, value: Any) -> Any:
        if not is_number(value):
            raise UserError(f"{key} must be a number, not {value!r}; try {key}={self._usual():g}")
        if self.least is not None and value < self.least:
            raise UserError(f"{key}={value} is too small: it must be {self.least:g} or more")
        if self.above is not None and value <= self.above:
            raise UserError(f"{key}={value} is too small: it must be above {self.above:g}")
        if self.most is not None and value > self.most:
            raise UserError(f"{key}={value} is too large: it must be {self.most:g} or less")
        return float(value)

    def _usual(self) -> float:
        low = max(self.least or 0.0, self.above or 0.0)
        return min(low + 1.0, low + 1.0 if self.most is None else self.most)


@dataclass(frozen=True)
class Exact(ValueType):
    """A number of 0 or more without rounding: 80, 0.2, "1/3"."""

    above: Fraction | None = None
    most: Fraction | None = None

    def read(self, key: str, value: Any) -> Fraction:
        try:
            if isinstance(value, str) and not _FRACTION.fullmatch(value):
                raise ValueError  # nor "1e999999999", which would never be done
            if isinstance(value, bool):
                raise ValueError
            found = Fraction(str(value))
        except (ValueError, ZeroDivisionError):
            raise UserError(f"{key} must be a positive number, not {value!r}") from None
        if found < 0:
            raise UserError(f"{key} is {value}; it must be positive")
        if self.above is not None and found <= self.above:
            raise UserError(f"{key}={value} is too small: it must be above {self.above}")
        if self.most is not None and found > self.most:
            raise UserError(f"{key}={value} is too large: it must be {self.most} or less")
        return found


@dataclass(frozen=True)
class Names(ValueType):
    """Names, or one."""

    verbatim = True

    def read(self, key: str, value: Any) -> tuple[str, ...]:
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, list | tuple) or not all(isinstance(n, str) and n for n in names):
            raise UserError(f'{key} must be a list of names, not {value!r}; try "{key}=[a,b]"')
        return tuple(names)


@dataclass(frozen=True)
class Flag(ValueType):
    def read(self, key: str, value: Any) -> Any:
        if not isinstance(value, bool):
            raise UserError(f"{key} must be true or false, not {value!r}; try {key}=true")
        return value

    def offers(self) -> tuple[str, ...]:
        return ("true", "false")


@dataclass(frozen=True)
class Size(ValueType):
    """A picture's [W, H] in pixels; one number is both."""

    numeric = True

    def read(self, key: str, value: Any) -> Any:
        pair = list(value) if isinstance(value, list | tuple) else [value, value]
        if len(pair) != 2 or any(isinstance(v, bool) or not isinstance(v, int) for v in pair):
            raise UserError(
                f'{key} must be [W,H] in whole pixels, not {value!r}; try "{key}=[128,128]"'
            )
        if min(pair) < 1 or max(pair) > MOST_PIXELS:
            raise UserError(
                f'{key}={pair} must be between 1 and {MOST_PIXELS} pixels; try "{key}=[128,128]"'
            )
        return pair


@dataclass(frozen=True)
class Numbers(ValueType):
    """A list of whole numbers from 0 and of ranges of them, "10-19", both ends included."""

    most: int = 1_000_000

    def read(self, key: str, value: Any) -> list[int]:
        found: list[int] = []
        for one in value if isinstance(value, list) else [value]:
            first, dash, last = str(one).partition("-")
            ends = (first, last if dash else first)
            if isinstance(one, bool) or not all(end.isascii() and end.isdigit() for end in ends):
                raise UserError(
                    f'{key} must be whole numbers or ranges, not {one!r}; try "{key}=[0,3,10-19]"'
                )
            low, high = int(ends[0]), int(ends[1])
            if low > high:
                raise UserError(f"{key}: {one} counts down; try {key}={high}-{low}")
            if high - low >= self.most:
                raise UserError(
                    f"{key}: {one} are more than {self.most} episodes; leave {key}= out"
                )
            found += range(low, high + 1)
        if not found:
            raise UserError(f'{key} names none; try "{key}=[0,3,10-19]", or leave it out for all')
        return found


@dataclass(frozen=True)
class Several(ValueType):
    """A list of values of one kind, or one such value."""

    kind: ValueType

    @property
    def verbatim(self) -> bool:  # type: ignore[override]
        return self.kind.verbatim

    def read(self, key: str, value: Any) -> Any:
        values = value if isinstance(value, list) else [value]
        return [self.kind.read(key, one) for one in values]

    def offers(self) -> tuple[str, ...]:
        return self.kind.offers()


@dataclass(frozen=True)
class Table(ValueType):
    """A mapping, and the types of the names that are known.

    or_text: whether a text may stand in its place. other: the type of every other name.
    """

    known: Mapping[str, ValueType] = field(default_factory=dict)
    or_text: bool = False
    other: ValueType = field(default_factory=ValueType)

    @property
    def verbatim(self) -> bool:  # type: ignore[override]
        return self.or_text

    def read(self, key: str, value: Any) -> Any:
        if self.or_text and isinstance(value, str) and value:
            return value
        if not isinstance(value, Mapping):
            raise UserError(f"{key} must be a mapping, not {value!r}; like this: {key}.NAME=VALUE")
        return {n: self.inside(n).read(f"{key}.{n}", v) for n, v in value.items()}

    def inside(self, name: str) -> ValueType:
        return self.known.get(name, self.other)


@dataclass(frozen=True)
class RowNumbers(ValueType):
    """A list of mappings of one kind, read where it is used."""

    row: ValueType

    def inside(self, name: str) -> ValueType:
        return self.row.inside(name)


def _writable(key: str, path: Path) -> None:
    """UserError where nothing can be made at a path. Raises OSError."""
    if path.is_symlink() and not path.exists():
        raise UserError(f"{key}={path} is a link to what is not there; remove it, or name another")
    for one in (one for one in (path, *path.parents) if not one.exists()):
        if len(os.fsencode(one.name)) > LONGEST_NAME:
            raise UserError(
                f"{key}: the name {one.name[:40]}... has {len(os.fsencode(one.name))} bytes; at "
                f"most {LONGEST_NAME} are taken, since files in the making get longer names"
            )


def is_number(value: Any) -> bool:
    """Whether it is a finite number, and no bool."""
    try:
        return not isinstance(value, bool) and isinstance(value, int | float) and isfinite(value)
    except OverflowError:  # a whole number beyond any float
        return False
