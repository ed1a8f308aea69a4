"""What can be said of a file of arrays so that its episodes can be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from episodes.errors import UserError, unknown
from episodes.formats.arrays import nodes
from episodes.formats.arrays.nodes import Group

MINE = (
    "name",
    "marks",
    "unlike",
    "sim",
    "left",
    "repeats",
    "depth_m",
    "bgr",
    "instructions",
    "remedy",
)


@dataclass(frozen=True)
class ArrayLayout:
    """Paths are names joined by "/"; "*" is any run of characters of a name. Those of `marks`,
    `unlike`, `episodes`, `ends`, `flags` and `sim` begin at the root, the others at an episode.

    marks, unlike: it is this layout if all of those are there, and none of these.
    episodes: the groups that are one episode each; "" is the file itself.
    ends: where all episodes stand one after another, the row after the last of each.
    flags: likewise, arrays that are true in an episode's last row.
    actions: side by side; the arrays of a group in the order of their names.
    commands: others, kept beside the actions.
    ahead: rows by which the commands are ahead: the action of row t is in row t + ahead.
    obs: what is sensed; "" is all that has a row a step.
    dones: any of them ends the episode.
    success, time, language: where they are, beside the usual names.
    sim: paths that only a simulator writes.
    left: path -> why it is no observation.
    repeats: what holds nothing that is not elsewhere.
    depth_m: path -> metres of a unit.
    bgr: encoded pictures have red and blue exchanged.
    notes: JSON beside the file that describes the episodes; "{stem}" is the file's name.
    instructions: JSON beside the file, of phrasings.
    remedy: what to do with a file that has no observations.
    """

    name: str
    marks: Sequence[str] = ()
    unlike: Sequence[str] = ()
    episodes: str = ""
    ends: str = ""
    flags: Sequence[str] = ()
    actions: Sequence[str] = ()
    commands: Sequence[str] = ()
    ahead: int = 0
    obs: Sequence[str] = ()
    rewards: str = ""
    dones: Sequence[str] = ()
    success: Sequence[str] = ()
    time: str = ""
    language: Sequence[str] = ()
    sim: Sequence[str] = ()
    left: Mapping[str, str] = field(default_factory=dict)
    repeats: Sequence[str] = ()
    depth_m: Mapping[str, float] = field(default_factory=dict)
    bgr: bool = False
    notes: str = ""
    instructions: str = ""
    remedy: str = ""

    def fits(self, root: Group) -> bool:
        return all(there(root, mark) for mark in self.marks) and not any(
            there(root, path) for path in self.unlike
        )


def there(root: Group, pattern: str) -> bool:
    return next(nodes.match(root, pattern), None) is not None


def of_map(told: Any) -> ArrayLayout:
    """The layout that a user describes with options={map:{...}}. UserError: an unknown key, or a
    value that is neither a path nor a list of paths."""
    known = {item.name: item for item in fields(ArrayLayout) if item.name not in MINE}
    if not isinstance(told, Mapping):
        raise UserError(
            f"options.map={told!r}: give a mapping, e.g. 'options.map={{actions:cmd,obs:[state]}}'"
        )
    values: dict[str, Any] = {}
    for name, value in told.items():
        if name not in known:
            raise unknown("key of options.map:", name, known)
        kind = str(known[name].type)
        truth = isinstance(value, bool)
        if kind == "int" and isinstance(value, int) and not truth:
            values[name] = value
        elif kind == "str" and isinstance(value, str | int) and not truth:
            values[name] = str(value).strip("/")
        elif kind.startswith("Sequence"):
            many = [value] if isinstance(value, str | int) else value
            if not isinstance(many, Sequence) or not all(isinstance(v, str | int) for v in many):
                raise UserError(f"map.{name} is a path or a list of paths, not {value!r}")
            values[name] = tuple(str(v).strip("/") for v in many)
        else:
            raise UserError(f"map.{name} cannot be {value!r}")
    if not values.get("actions") and not values.get("obs"):
        raise UserError("map needs actions or obs: the paths of what an episode is made of")
    if values.get("ahead", 0) < 0:
        raise UserError(f"options.map.ahead={values['ahead']} is negative")
    values.setdefault("obs", ("",))
    return ArrayLayout(name="map", **values)


def under(path: str, patterns: Sequence[str]) -> bool:
    """Whether a path is one of these or below it; "" is above everything."""
    return any(_under(path, pattern) for pattern in patterns)


def _under(path: str, pattern: str) -> bool:
    if not pattern:
        return True
    depth = pattern.count("/") + 1
    head = "/".join(path.split("/")[:depth])
    return nodes.wildcard(pattern).fullmatch(head) is not None
