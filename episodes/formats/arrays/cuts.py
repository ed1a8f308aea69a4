"""Where the episodes of a file are: a group each, or rows of one group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from episodes.errors import UserError
from episodes.formats import guard
from episodes.formats.arrays import nodes
from episodes.formats.arrays.layout import ArrayLayout, under
from episodes.formats.arrays.nodes import Group
from episodes.formats.promises import Promises
from episodes.storage.safe import dtype_of

MAX_ROWS = 64 * guard.MAX_STEPS  # of all episodes that stand one after another


@dataclass(frozen=True)
class Cut:
    """An episode's group, or its rows [start, stop) of a group that holds several. number: its own
    in the source."""

    path: str
    group: Group
    number: int
    start: int = 0
    stop: int | None = None


def home(root: Group, layout: ArrayLayout) -> Group:
    """The group above the episodes, whose attributes tell of all of them."""
    above = layout.episodes.rpartition("/")[0]
    group: Group = next(nodes.match(root, above), ("", root))[1]
    return group


def cuts(root: Group, layout: ArrayLayout, promises: Promises, name: str) -> list[Cut]:
    """The episodes in order. UserError: the rows at which they end cannot be that."""
    found = [(p, n) for p, n in nodes.match(root, layout.episodes) if nodes.is_group(n)]
    if not layout.ends and not layout.flags:
        return [Cut(path, node, nodes.number(path, i)) for i, (path, node) in enumerate(found)]
    if len(found) != 1:
        raise UserError(f"{promises.source}: {len(found)} groups {layout.episodes!r}, not one")
    path, group = found[0]
    rows = _rows(group, layout)
    if rows > MAX_ROWS:
        raise UserError(f"{promises.source}: {rows} rows; at most {MAX_ROWS} are read")
    if layout.ends:
        ends = _listed(root, layout.ends, rows, f"{promises.source}: {layout.ends}")
        if rows > (last := ends[-1] if ends else 0):
            promises.lacks(f"{name}: {rows - last} rows after the last episode are left out")
    else:
        ends = _flagged(root, layout, rows)
        if "timeouts" in layout.flags and "timeouts" not in root:
            promises.report.add(
                "warning", f"{name}: no timeouts: episodes that were cut off run into the next"
            )
    pairs = enumerate(zip([0, *ends], ends, strict=False))
    return [Cut(path, group, number, start, stop) for number, (start, stop) in pairs]


def _rows(group: Group, layout: ArrayLayout) -> int:
    """Of the first array that is acted or sensed."""
    for path, item in nodes.walk(group):
        if item.shape and under(path, layout.actions or layout.obs):
            return int(item.shape[0])
    return 0


def _listed(root: Group, path: str, rows: int, place: str) -> list[int]:
    item = nodes.array_at(root, path)
    if item is None or len(item.shape) != 1 or dtype_of(item).kind not in "iu":
        raise UserError(f"{place} is no list of row numbers")
    if int(item.shape[0]) > rows:
        raise UserError(f"{place}: {item.shape[0]} episodes in {rows} rows")
    ends = [int(end) for end in item[: int(item.shape[0])]]
    if any(b <= a for a, b in zip([0, *ends], ends, strict=False)) or (ends and ends[-1] > rows):
        raise UserError(f"{place} does not rise to {rows}: {', '.join(map(str, ends[:6]))}")
    return ends


def _flagged(root: Group, layout: ArrayLayout, rows: int) -> list[int]:
    over = np.zeros(rows, bool)
    for flag in layout.flags:
        item = nodes.array_at(root, flag)
        if item is not None and tuple(item.shape) in ((rows,), (rows, 1)):
            over |= np.asarray(item[:rows]).reshape(rows).astype(bool)
    ends = [int(row) + 1 for row in np.flatnonzero(over)]
    return ends if not rows or ends[-1:] == [rows] else [*ends, rows]
