"""The line for a name that does not exist."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def unknown(
    what: str, name: object, known: Iterable[str], shown: Iterable[str] | None = None
) -> str:
    """The line for a name that does not exist: the closest one, then those to choose from
    (`shown`, where all known ones are too many)."""
    names = list(known)
    close = difflib.get_close_matches(str(name), names, 1, 0.5)
    hint = f"; did you mean {close[0]!r}?" if close else ";"
    listed = ", ".join(names if shown is None else shown)
    return f"unknown {what} {name!r}{hint} {what}s: {listed or 'none'}"
