"""Frames that show nothing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from episodes.check import tamper
from episodes.check.kind import Check, Limits, Threshold
from episodes.check.pictures.blank import blank
from episodes.check.recording import Recording
from episodes.episode import Episode
from episodes.finding import Finding


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    for name, camera in seen.scans():
        if camera.brightest is None:
            continue
        level = limits["black_level"]
        rows = camera.brightest <= level
        brightest = float(camera.brightest[rows].max(initial=0))
        yield from blank(seen.origin, rows, "black", f"obs/{name}_image", brightest, level)


def _all(episode: Episode, rng: Generator) -> Episode | None:
    found = tamper.one_camera(episode, rng, tamper.pictures)
    if found is None:
        return None
    return tamper.camera(episode, found[0], rgb=np.zeros_like(found[1].rgb))


def _some(episode: Episode, rng: Generator) -> Episode | None:
    """The sensor's noise is left, as of a camera whose light went out."""
    return tamper.frames(episode, rng, "rgb", 1, lambda lit: rng.integers(0, 6, lit.shape))


CHECK = Check(
    name="black",
    reads="pictures",
    finds="frames that are black",
    reason="a dead cable or a closed shutter: a policy would learn to act blindly",
    source="a black picture keeps some grey values through JPEG or a video codec",
    find=find,
    faults={"a camera is dead": _all, "a camera goes dark": _some},
    thresholds=[Threshold("black_level", 8, "grey values that the brightest pixel reaches", 255)],
)
