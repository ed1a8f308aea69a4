"""What a mix asks for: its config, read into sources with exact shares. No file is touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from episodes.errors import UserError, unknown
from episodes.value_types import Exact

_FIELDS = ("name", "path", "weight", "filter", "sources")
SHARE = Exact()


@dataclass(frozen=True)
class Asked:
    """One library of the mix: its part of the whole, in the unit that `by` names.

    name: "group/name" inside a group. weight: as it was written, for the table.
    """

    name: str
    path: Path
    part: Fraction
    weight: str
    filter: Mapping[str, Any]


def flatten(entries: Any, ratio: Any = None) -> tuple[Asked, ...]:
    """The libraries of `sources`, groups resolved; `ratio` sets the parts of the top level.

    entries: a list of {name, path, weight, filter}, or {name, weight, filter, sources: [...]} for
    a group, whose weight is shared out among its own sources. ratio: {name: part}, the parts of
    the whole; sources that it does not name share what is left by their weights.
    Raises UserError.
    """
    top = _level(entries, "sources")
    parts = _parts(top, "") if not ratio else _from_ratio(top, ratio)
    leaves = [
        leaf
        for entry, part in zip(top, parts, strict=True)
        if part > 0
        for leaf in _leaves(entry, part, "", {}, ratio)
    ]
    names = [leaf.name for leaf in leaves]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"two sources are called {name!r}; give each its own name")
    return tuple(leaves)


def _level(entries: Any, place: str) -> list[dict[str, Any]]:
    """The entries of one level, checked, each with a name."""
    if not isinstance(entries, Sequence) or isinstance(entries, str) or not entries:
        raise UserError(
            f'{place} is empty: write "{place}=[{{name:sim,path:runs/a,weight:80}},'
            '{name:real,path:runs/b,weight:20}]"'
        )
    found = []
    for entry in entries:
        if not isinstance(entry, Mapping):
            raise UserError(f"{place}: {entry!r} must be like {{name:sim,path:runs/a,weight:80}}")
        for field in entry:
            if field not in _FIELDS:
                raise unknown("key of a source", field, _FIELDS)
        if ("path" in entry) == ("sources" in entry):
            raise UserError(f"{place}: {dict(entry)!r} needs a path, or sources if it is a group")
        if "path" in entry and not str(entry["path"] or ""):
            raise UserError(f"{place}: a path is empty; give the folder of a library")
        name = str(entry.get("name") or Path(str(entry.get("path", ""))).name)
        if not name or "/" in name or not name.isprintable():
            raise UserError(f"{place}: {name!r} is no name for a source; give it a name without /")
        if not isinstance(entry.get("filter") or {}, Mapping):
            raise UserError(f"filter of {name!r} must be like {{success:true}}")
        found.append({**entry, "name": name})
    return found


def _parts(level: Sequence[Mapping[str, Any]], prefix: str) -> list[Fraction]:
    """Each entry's part of its level; they sum to 1."""
    weights = [
        SHARE.read(f"weight of {prefix + entry['name']!r}", entry.get("weight", 1))
        for entry in level
    ]
    if not any(weights):
        raise UserError("the weights are all zero; give each source a positive weight")
    for entry, weight in zip(level, weights, strict=True):
        if not weight:
            raise UserError(
                f"weight of {prefix + entry['name']!r} is 0; leave the source out, or give it a "
                "positive weight"
            )
    return [weight / sum(weights) for weight in weights]


def _from_ratio(level: Sequence[Mapping[str, Any]], ratio: Any) -> list[Fraction]:
    """Parts of the top level where `ratio` names some of them; a part of 0 leaves a source out."""
    if not isinstance(ratio, Mapping):
        raise UserError(f"ratio must be like ratio.real=0.2 ratio.sim=0.8, not {ratio!r}")
    names = [entry["name"] for entry in level]
    for name in ratio:
        if name not in names:
            raise unknown("source in ratio", name, names)
    given = {name: SHARE.read(f"ratio.{name}", part) for name, part in ratio.items()}
    rest = 1 - sum(given.values())
    others = [entry for entry in level if entry["name"] not in given]
    if rest < 0 or (rest and not others):
        raise UserError(
            f"ratio sums to {float(1 - rest):g}, not 1; name all but one source, and it takes "
            "what is left"
        )
    shared = dict(
        zip([e["name"] for e in others], _parts(others, "") if others else (), strict=True)
    )
    return [given.get(name, rest * shared.get(name, Fraction(0))) for name in names]


def _leaves(
    entry: Mapping[str, Any], part: Fraction, prefix: str, above: Mapping[str, Any], ratio: Any
) -> list[Asked]:
    name = prefix + entry["name"]
    wanted = {**above, **{str(k): v for k, v in (entry.get("filter") or {}).items()}}
    if "path" in entry:
        weight = f"{float(part):.6g}" if ratio or prefix else str(entry.get("weight", 1))
        path = Path(str(entry["path"])).expanduser().absolute()
        return [Asked(name, path, part, weight, wanted)]
    level = _level(entry["sources"], f"sources of {name}")
    return [
        leaf
        for child, inner in zip(level, _parts(level, f"{name}/"), strict=True)
        for leaf in _leaves(child, part * inner, f"{name}/", wanted, ratio)
    ]
