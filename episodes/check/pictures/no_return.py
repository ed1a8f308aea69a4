"""Depth without any return."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from episodes.check import tamper
from episodes.check.kind import Check, Limits
from episodes.check.pictures.blank import blank
from episodes.check.recording import Recording
from episodes.episode import Episode
from episodes.finding import Finding


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    for name, camera in seen.scans():
        if camera.valid is None:
            continue
        # A camera that looks into an empty hall sees nothing within its range, and its ids say so.
        rows = camera.valid == 0
        rows = rows if camera.nothing is None else rows & ~camera.nothing
        yield from blank(seen.origin, rows, "without any return", f"obs/{name}_depth")


def _all(episode: Episode, rng: Generator) -> Episode | None:
    found = tamper.one_camera(episode, rng, tamper.depth)
    if found is None:
        return None
    return tamper.camera(episode, found[0], depth=np.zeros_like(found[1].depth))


def _some(episode: Episode, rng: Generator) -> Episode | None:
    return tamper.frames(episode, rng, "depth", 1, lambda _: 0)


CHECK = Check(
    name="no_return",
    reads="pictures",
    finds="depth pictures without any return, though something is before the camera",
    reason="a projector that is off, or a stream that stopped, passes for an empty room",
    source="docs/library-format.md: 0 is no return",
    find=find,
    faults={"no depth at all": _all, "depth drops out": _some},
)
