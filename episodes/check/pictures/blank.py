"""Frames of which nothing can be learnt, in words."""

from __future__ import annotations

from collections.abc import Iterator

from episodes.array_types import Bools
from episodes.check.recording import EpisodeOrigin
from episodes.check.wording import ranges, runs, share
from episodes.finding import Finding


def blank(
    origin: EpisodeOrigin,
    rows: Bools,
    what: str,
    field: str,
    measured: float | None = None,
    threshold: float | None = None,
) -> Iterator[Finding]:
    """rows: (T,) which frames are `what`: all of them, some, whose steps are told, or none."""
    if rows.all():
        yield origin.fault(f"every frame is {what}", (0, len(rows)), field)
    elif rows.any():
        found = runs(rows)
        message = f"{share(rows)} frames are {what}: {ranges(found)}"
        steps = (found[0][0], found[-1][1])
        yield origin.fault(message, steps, field, measured, threshold)
