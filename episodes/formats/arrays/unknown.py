"""A file that is none of the known layouts, or several: refused with what was seen in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from episodes.errors import UserError, unknown
from episodes.formats.arrays import columns, nodes
from episodes.formats.arrays.layout import ArrayLayout, of_map
from episodes.formats.arrays.layouts import KNOWN, plain
from episodes.formats.arrays.nodes import Group, Leaf

MAX_NAMES = 12  # of one group that are told
MAX_LEVELS = 5
MAX_NAMED = 4  # in an example
_DIGITS = re.compile(r"\d+")
_COMMAND = re.compile(r"act|cmd|command|target|control")
_BARE = re.compile(r"[A-Za-z0-9_./*-]+")  # what Hydra takes without quotes


def choose(file: Path, root: Group, layout: str | None, told: Any) -> ArrayLayout:
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
        raise UserError(f"{file}: it may be {names}; say which: options.layout={fitting[0].name}")
    raise refusal(file, root, fitting)


def _named(name: str, file: Path, root: Group) -> ArrayLayout:
    if name == "plain":
        found = _plain(root)
        if len(found) == 1:
            return found[0]
        raise refusal(file, root, found)
    for known in KNOWN:
        if known.name == name:
            return known
    raise unknown("layout", name, [*(known.name for known in KNOWN), "plain"])


def _plain(root: Group) -> list[ArrayLayout]:
    """Ways to read hand-written groups: the shallowest level at which there are commands."""
    levels = [""]
    for _ in range(MAX_LEVELS):
        found = [
            layout for level in levels for layout in plain.layouts(level, list(_node(root, level)))
        ]
        if found:
            return found
        levels = [deeper for level in levels for deeper in _alike(root, level)]
    return []


def _alike(root: Group, pattern: str) -> list[str]:
    """Patterns of the groups below: those whose names differ in their number alone are one."""
    node = _node(root, pattern)
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


def refusal(file: Path, root: Group, fitting: Sequence[ArrayLayout]) -> UserError:
    many = ""
    if fitting:
        places = ", ".join("/".join(filter(None, (f.episodes, f.actions[0]))) for f in fitting)
        many = f"commands are in several places ({places}); "
    return UserError(
        f"{file}: {many}no layout that is known; it holds {tree(root)}; say what is what, e.g. "
        f"'options={typed({'map': example(root)})}', or name a layout "
        f"({', '.join(known.name for known in KNOWN)})"
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
        if nodes.is_array(node):
            said.append(f"{told} {columns.shape(Leaf(told, node))}")
        elif nodes.is_group(node) and level < MAX_LEVELS:
            said.append(f"{told} {tree(node, level + 1)}")
        else:
            said.append(f"{told} {{...}}")
    more = f", and {len(said) - MAX_NAMES} more" if len(said) > MAX_NAMES else ""
    return "{" + ", ".join(said[:MAX_NAMES]) + more + "}" if said else "{}"


def example(root: Group) -> dict[str, Any]:
    """A map of what is there, to be typed with the right names."""
    pattern = ""
    while "*" not in pattern and not any(
        not nodes.is_group(n) for n in _node(root, pattern).values()
    ):
        deeper = _alike(root, pattern)
        if len(deeper) != 1:
            break
        pattern = deeper[0]
    found = nodes.leaves(_node(root, pattern))
    rows = Counter(leaf.rows for leaf in found.values() if leaf.rows > 1)
    steps = max(rows, key=lambda length: (rows[length], length), default=0)
    kinds = {path: columns.kind(leaf) for path, leaf in found.items() if leaf.rows == steps}
    few = [p for p, k in kinds.items() if k == "numbers" and len(found[p].shape) <= 2]
    commands = [path for path in few if _COMMAND.search(path.lower())] or few[:1]
    seen = [p for p, k in kinds.items() if k in ("numbers", "pictures") and p not in commands]
    told: dict[str, Any] = {"episodes": pattern} if pattern else {}
    if commands:
        told["actions"] = commands[0] if len(commands) == 1 else commands[:MAX_NAMED]
    return {**told, "obs": seen[:MAX_NAMED] or ["state"]}


def _node(root: Group, pattern: str) -> Group:
    found = next((node for _, node in nodes.match(root, pattern)), None)
    return found if isinstance(found, Mapping) else {}


def typed(value: Any) -> str:
    """A value as it is typed on the command line: {hz:20,obs:[a,b]}."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{name}:{typed(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ",".join(map(typed, value)) + "]"
    text = str(value)
    return text if _BARE.fullmatch(text) else '"' + text.replace('"', r"\"") + '"'
