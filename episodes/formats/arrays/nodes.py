"""Groups and arrays of a file, whatever it is: h5py's, or those of formats/zarr, which are alike.

A group is a mapping from names to groups and arrays and has `attrs`; an array has `shape`, `dtype`
and gives the rows of a slice.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from episodes.array_types import AnyArray
from episodes.storage.safe import dtype_of

Group = Mapping[str, Any]
MAX_DEPTH = 16
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True)
class Leaf:
    """An array below an episode's group, or the rows [start, stop) of a longer one.

    path: names from the episode's group on, joined by "/".
    """

    path: str
    item: Any
    start: int = 0
    stop: int | None = None

    @property
    def rows(self) -> int:
        """How many; 0 of a single value."""
        if not self.item.shape:
            return 0
        return int(self.item.shape[0] if self.stop is None else self.stop) - self.start

    @property
    def dtype(self) -> np.dtype[Any]:
        return dtype_of(self.item)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the rows that are the episode's."""
        if not self.item.shape:
            return ()
        return (self.rows, *map(int, self.item.shape[1:]))

    def read(self, count: int | None = None, skip: int = 0) -> AnyArray:
        """(count, ...) rows from the `skip`th on; all of them by default."""
        first = self.start + skip
        last = self.start + self.rows if count is None else first + count
        return np.asarray(self.item[first:last])

    def single(self) -> Any:
        return self.item[()]


def is_group(node: Any) -> bool:
    return isinstance(node, Mapping)


def is_array(node: Any) -> bool:
    """Not so HDF5's types with a name, which stand among the arrays."""
    return hasattr(node, "shape")


def array_at(group: Group, path: str) -> Any:
    """The array at a path; None if there is none."""
    node: Any = group
    for name in filter(None, path.split("/")):
        if not is_group(node) or name not in node:
            return None
        node = node[name]
    return node if is_array(node) else None


def leaves(group: Group, start: int = 0, stop: int | None = None) -> dict[str, Leaf]:
    """Path -> array of everything below, in the order of the names."""
    return {path: Leaf(path, item, start, stop) for path, item in walk(group)}


def walk(
    group: Group, prefix: str = "", skip: Collection[str] = (), depth: int = 0
) -> Iterator[tuple[str, Any]]:
    """(path, array) of everything below, but not of what is at the paths to skip."""
    for name in sorted(group, key=natural):
        path = f"{prefix}{name}"
        if path in skip:
            continue
        node = group[name]
        if is_array(node):
            yield path, node
        elif is_group(node) and depth < MAX_DEPTH:
            yield from walk(node, f"{path}/", skip, depth + 1)


def match(group: Group, pattern: str, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """(path, node) of what fits a pattern like "data/demo_*", in the order of the numbers."""
    first, _, rest = pattern.partition("/")
    if not first:
        yield prefix.rstrip("/"), group
        return
    fits = wildcard(first)
    for name in sorted(filter(fits.fullmatch, group), key=natural):
        node = group[name]
        if not rest:
            yield f"{prefix}{name}", node
        elif is_group(node):
            yield from match(node, rest, f"{prefix}{name}/")


@lru_cache(maxsize=1024)
def wildcard(pattern: str) -> re.Pattern[str]:
    """ "demo_*" as an expression; "*" is any run of characters of one name."""
    return re.compile("[^/]*".join(map(re.escape, pattern.split("*"))))


def natural(name: str) -> list[tuple[int, int, str]]:
    """A key that puts demo_2 before demo_10."""
    return [
        (0, int(part), "") if part.isdecimal() else (1, 0, part)
        for part in _DIGITS.split(name)
        if part
    ]


def number(path: str, otherwise: int) -> int:
    """The last number in a name."""
    found = _DIGITS.findall(path.rpartition("/")[2])
    return int(found[-1]) if found else otherwise
