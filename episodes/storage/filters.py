"""Which episodes of a library a source of a mix, or an export, takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from episodes.errors import UserError, unknown
from episodes.storage.library import Library
from episodes.storage.records import Row
from episodes.storage.safe import parse_json, plain

_ROW = ("index", "seed", "task", "robot", "domain", "instruction", "success", "failure", "steps",
        "seconds")  # fmt: skip


def select(library: Library, wanted: Mapping[str, Any], name: str) -> tuple[Row, ...]:
    """The rows that a source's `filter` lets through; episodes without steps never count.

    Raises UserError if nothing is left, or as `matching`.
    """
    rows = tuple(row for row in library.rows if row.steps > 0 and row.seconds > 0)
    if not rows:
        raise UserError(f"source {name!r}: {library.path} has no episodes with steps")
    left = matching(library, rows, wanted, name)
    if not left:
        raise UserError(
            f"source {name!r} is empty: its filter {dict(wanted)!r} lets none of the "
            f"{len(rows)} episodes of {library.path} through"
        )
    return left


def matching(
    library: Library, rows: tuple[Row, ...], wanted: Mapping[str, Any], name: str
) -> tuple[Row, ...]:
    """Those of the library's rows that a filter lets through.

    wanted: column of the commit record, `language`, or any attribute of the demo -> a value, a
    list of allowed values, or {min: .., max: ..}. Only the last two kinds open the episodes.
    Raises UserError if no episode has what is asked for.
    """
    quick = {key: value for key, value in wanted.items() if key in _ROW}
    slow = {key: value for key, value in wanted.items() if key not in _ROW}
    left = tuple(r for r in rows if all(_fits(getattr(r, k), v) for k, v in quick.items()))
    if not slow:
        return left
    facts = {row.index: _facts(library, row.index) for row in left}
    for key in slow:
        if left and not any(key in fact for fact in facts.values()):
            there = {k for fact in facts.values() for k in fact} | set(_ROW)
            raise unknown(f"attribute in the filter of {name!r}:", key, there)
    return tuple(
        row
        for row in left
        if all(_fits(facts[row.index].get(key), value) for key, value in slow.items())
    )


def _facts(library: Library, index: int) -> dict[str, Any]:
    """The attributes of a demo, those of its `extra` among them, and its languages."""
    group = library.group(index)
    facts = {key: plain(value) for key, value in group.attrs.items()}
    facts.update(parse_json(facts.pop("extra", "{}"), f"{library.path} episode {index}"))
    facts["language"] = list(group.get("language", ()))
    return facts


def _fits(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        for key in wanted:
            if key not in ("min", "max"):
                raise unknown("key of a filter's range", key, ("min", "max"))
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        low, high = wanted.get("min"), wanted.get("max")
        return (low is None or value >= low) and (high is None or value <= high)
    allowed = (
        list(wanted) if isinstance(wanted, Sequence) and not isinstance(wanted, str) else [wanted]
    )
    values = value if isinstance(value, list) else [value]
    return any(
        v == w and isinstance(v, bool) == isinstance(w, bool) for v in values for w in allowed
    )
