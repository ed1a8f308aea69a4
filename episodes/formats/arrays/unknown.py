"""A file that is none of the known layouts, or several: refused with what was seen in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from episodes.errors import UserError
from episodes.formats.arrays import columns, nodes, pictures
from episodes.formats.arrays.layout import Layout, of_map
from episodes.formats.arrays.layouts import KNOWN, plain
from episodes.formats.arrays.nodes import Group, Leaf

MAX_NAMES = 12  # of one group that are told
MAX_LEVELS = 5
_DIGITS = re.compile(r"\d+")


def choose(file: Path, root: Group, layout: str | None, told: Any) -> Layout:
    """What kind of file this is. UserError: none that is known, or it may be several."""
    if told is not None and layout is not None:
        raise UserError("give layout or map, not both")
    if told is not None:
        return of_map(told)
    if layout is not None:
        return _named(layout, file, root)
    fitting = [known for known in KNOWN if known.fits(root)] or _plain(root)
    if len(fitting) == 1:
        return fitting[0]
    if len(fitting) > 1 and fitting[0].name != "plain":
        names = ", ".join(known.name for known in fitting)
        raise UserError(
            f"{file}: it may be {names}; say which: options={{layout:{fitting[0].name}}}"
        )
    raise refusal(file, root, fitting)


def _named(name: str, file: Path, root: Group) -> Layout:
    if name == "plain":
        found = _plain(root)
        if len(found) == 1:
            return found[0]
        raise refusal(file, root, found)
    for known in KNOWN:
        if known.name == name:
            return known
    names = ", ".join([*(known.name for known in KNOWN), "plain"])
    raise UserError(f"no layout {name!r}; layouts: {names}")


def _plain(root: Group) -> list[Layout]:
    """Ways to read hand-written groups: the shallowest level at which there are commands."""
    levels = [""]
    for _ in range(MAX_LEVELS):
        found = [layout for level in levels for layout in plain.layouts(level, _names(root, level))]
        if found:
            return found
        levels = [deeper for level in levels for deeper in _alike(root, level)]
    return []


def _names(root: Group, pattern: str) -> list[str]:
    node = next(nodes.match(root, pattern), (None, None))[1]
    return list(node) if node is not None and nodes.is_group(node) else []


def _alike(root: Group, pattern: str) -> list[str]:
    """Patterns of the groups below: those whose names differ in their number alone are one."""
    node = next(nodes.match(root, pattern), (None, None))[1]
    if node is None or not nodes.is_group(node):
        return []
    below: dict[str, list[str]] = {}
    for name in node:
        if nodes.is_group(node[name]):
            below.setdefault(_pattern(name), []).append(name)
    prefix = f"{pattern}/" if pattern else ""
    return [prefix + (shared if len(names) > 1 else names[0]) for shared, names in below.items()]


def _pattern(name: str) -> str:
    """ "demo_12" -> "demo_*": the last number of a name."""
    found = list(_DIGITS.finditer(name))
    return name if not found else name[: found[-1].start()] + "*" + name[found[-1].end() :]


def refusal(file: Path, root: Group, fitting: Sequence[Layout]) -> UserError:
    many = ""
    if fitting:
        many = f"commands are in several places ({', '.join(f.actions[0] for f in fitting)}): "
    return UserError(
        f"{file}: {many}no layout that is known; it holds {tree(root)}; say what is what, e.g. "
        f"'{example(root)}', or name a layout ({', '.join(known.name for known in KNOWN)})"
    )


def tree(group: Group, level: int = 0) -> str:
    """ "{cmd (6, 7) f4, run_0 .. run_4 {...}}" in one line."""
    said = []
    below: dict[str, list[str]] = {}
    for name in sorted(group, key=nodes.natural):
        alike = _pattern(name) if nodes.is_group(group[name]) else name
        below.setdefault(alike, []).append(name)
    for names in below.values():
        node = group[names[0]]
        told = names[0] if len(names) == 1 else f"{names[0]} .. {names[-1]}"
        if not nodes.is_group(node):
            said.append(f"{told} {columns.shape(Leaf(told, node))}")
        elif level < MAX_LEVELS:
            said.append(f"{told} {tree(node, level + 1)}")
        else:
            said.append(f"{told} {{...}}")
    more = f", and {len(said) - MAX_NAMES} more" if len(said) > MAX_NAMES else ""
    return "{" + ", ".join(said[:MAX_NAMES]) + more + "}" if said else "{}"


def example(root: Group) -> str:
    """A map of what is there, to be typed with the right names."""
    pattern = ""
    while len(deeper := _alike(root, pattern)) == 1 and not _arrays(root, pattern):
        pattern = deeper[0]
    leaves = _arrays(root, pattern) or {}
    many = [name for name, leaf in leaves.items() if leaf.rows > 1]
    small = [n for n in many if len(leaves[n].shape) <= 2 and not pictures.are_encoded(leaves[n])]
    command = next((n for n in small if re.search(r"act|cmd|command|target|control", n)), None)
    command = command or next(iter(small), "cmd")
    seen = [name for name in many if name != command] or ["state"]
    where = f"episodes:{pattern}," if pattern else ""
    return f"options={{map:{{{where}actions:{command},obs:[{','.join(seen[:4])}]}}}}"


def _arrays(root: Group, pattern: str) -> dict[str, Leaf]:
    node = next(nodes.match(root, pattern), (None, None))[1]
    if node is None or not nodes.is_group(node):
        return {}
    return {name: Leaf(name, node[name]) for name in node if not nodes.is_group(node[name])}
