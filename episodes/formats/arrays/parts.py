"""What each array of an episode is, by its layout: acted, sensed, said, or left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from episodes.array_types import AnyArray
from episodes.errors import UserError
from episodes.formats import guard
from episodes.formats.arrays import columns
from episodes.formats.arrays.layout import ArrayLayout, under
from episodes.formats.arrays.nodes import Leaf


@dataclass
class Parts:
    """roles: "rewards", "time", "success" and the paths of the layout's dones -> its array.
    lost: path -> why it is left out."""

    actions: list[Leaf] = field(default_factory=list)
    commands: list[Leaf] = field(default_factory=list)
    obs: list[Leaf] = field(default_factory=list)
    texts: dict[str, list[str]] = field(default_factory=dict)
    roles: dict[str, Leaf] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)


def sort(leaves: Mapping[str, Leaf], layout: ArrayLayout) -> Parts:
    parts = Parts()
    for path, leaf in leaves.items():
        kind = columns.kind(leaf)
        if path in layout.repeats or (under(path, layout.repeats) and path not in layout.actions):
            continue
        if under(path, layout.actions):
            parts.actions.append(leaf)
        elif under(path, layout.commands):
            parts.commands.append(leaf)
        elif path == layout.rewards:
            parts.roles["rewards"] = leaf
        elif path in layout.dones:
            parts.roles[path] = leaf
        elif path in layout.success or path == "success":
            parts.roles["success"] = leaf
        elif layout.time and path == layout.time:
            parts.roles["time"] = leaf
        elif kind == "text" or under(path, layout.language):
            _say(parts, leaf, kind)
        elif why := next((w for p, w in layout.left.items() if under(path, (p,))), ""):
            parts.lost[path] = why
        elif kind == "unread":
            parts.lost[path] = "values of a type that is not read"
        elif under(path, layout.obs):
            parts.obs.append(leaf)
        else:
            parts.lost[path] = "no observation"
    return parts


def _say(parts: Parts, leaf: Leaf, kind: columns.Kind) -> None:
    said = columns.texts(leaf) if kind == "text" else []
    if said:
        parts.texts[leaf.path] = said
    else:
        parts.lost[leaf.path] = "several texts a row" if kind == "text" else "no text"


def steps_of(parts: Parts, layout: ArrayLayout, place: str) -> int:
    """T: rows of the commands, else of most of what was sensed. UserError: they are of different
    lengths, or too many."""
    if parts.actions:
        lengths = Counter(leaf.rows for leaf in parts.actions)
        most, count = lengths.most_common(1)[0]
        grouped = any(leaf.path not in layout.actions for leaf in parts.actions)
        if len(lengths) > 1 and not (grouped and 2 * count > len(parts.actions)):
            told = ", ".join(f"{leaf.path} {columns.shape(leaf)}" for leaf in parts.actions)
            raise UserError(f"{place}: its actions are of different lengths: {told}")
        for leaf in [leaf for leaf in parts.actions if leaf.rows != most]:
            parts.actions.remove(leaf)  # of a group, such as the rows that one was sampled at
            parts.lost[leaf.path] = f"{leaf.rows} rows for {most} steps"
        steps = max(0, most - layout.ahead)
    else:
        rows = Counter(leaf.rows for leaf in parts.obs if leaf.rows)
        steps = max(rows, key=lambda length: (rows[length], -length), default=0)
    if steps > guard.MAX_STEPS:
        raise UserError(f"{place}: {steps} steps; at most {guard.MAX_STEPS} are read")
    return steps


def actions(
    parts: Parts, layout: ArrayLayout, steps: int, place: str
) -> tuple[AnyArray, dict[str, AnyArray]]:
    """(T, A) the commands, side by side in the order of the layout; and each under its own name."""
    order = {path: i for i, path in enumerate(layout.actions)}
    found: dict[str, AnyArray] = {}
    for leaf in sorted(parts.actions, key=lambda leaf: order.get(leaf.path, len(order))):
        if columns.kind(leaf) != "numbers":
            raise UserError(f"{place}: {leaf.path} {columns.shape(leaf)} is no array of commands")
        above = next((p for p in layout.actions if leaf.path.startswith(f"{p}/")), "")
        name = leaf.path[len(above) :].strip("/").replace("/", ".")
        found[name] = _commanded(leaf, layout, steps, place)
    if not found:
        return np.zeros((steps, 0), np.float32), {}
    if len(found) == 1 and parts.actions[0].path in layout.actions:
        found = {"native": next(iter(found.values()))}
    whole = np.concatenate(list(found.values()), axis=1)
    for leaf in parts.commands:
        if columns.kind(leaf) == "numbers" and leaf.rows == steps + layout.ahead:
            found[leaf.path.replace("/", ".")] = _commanded(leaf, layout, steps, place)
        else:
            parts.lost[leaf.path] = f"{columns.shape(leaf)} for {steps} steps"
    return whole, found


def _commanded(leaf: Leaf, layout: ArrayLayout, steps: int, place: str) -> AnyArray:
    guard.check_rows(steps, leaf.item, f"{place}: {leaf.path}")
    return columns.numbers(leaf, steps, layout.ahead).reshape(steps, -1).astype(np.float32)


def success(
    attributes: Mapping[str, Any], leaf: Leaf | None, row: Mapping[str, Any]
) -> bool | None:
    """What the source says: an attribute, the last row of a column, or the JSON beside the file."""
    if isinstance(told := attributes.get("success"), bool | int | float):
        return bool(told)
    if leaf is not None and leaf.dtype.kind in "fiub" and np.prod(leaf.shape[1:], dtype=int) == 1:
        rows = leaf.read() if leaf.shape else np.asarray(leaf.single())
        if rows.size:
            return bool(rows.reshape(-1)[-1])
    return bool(row["success"]) if isinstance(row.get("success"), bool) else None


def rewards(parts: Parts, steps: int) -> AnyArray | None:
    return columns.scalar(parts.roles.get("rewards"), steps, np.float32)


def ended(parts: Parts, layout: ArrayLayout, steps: int) -> tuple[AnyArray | None, dict[str, bool]]:
    """(T,) whether any flag is up, and what each says of the last row, if there are several."""
    rows = {
        path: flags.astype(bool)
        for path in layout.dones
        if (flags := columns.scalar(parts.roles.get(path), steps, np.uint8)) is not None
    }
    if not rows:
        return None, {}
    last = {path: bool(flags[-1]) for path, flags in rows.items()} if len(rows) > 1 else {}
    return np.any(list(rows.values()), axis=0).astype(np.uint8), last
