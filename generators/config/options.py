"""The line for a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable

from episodes.errors import near


def unknown(
    what: str, name: object, known: Iterable[str], shown: Iterable[str] | None = None
) -> str:
    """The line for a name that does not exist: the closest one, then those to choose from
    (`shown`, where all known ones are too many)."""
    names = list(known)
    listed = ", ".join(names if shown is None else shown)
    return f"unknown {what} {name!r}{near(name, names)} {what}s: {listed or 'none'}"
