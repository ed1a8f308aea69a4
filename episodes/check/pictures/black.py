"""Frames that show nothing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from episodes.check import tamper
from episodes.check.kind import Check, Limits, Threshold
from episodes.check.recording import Recording
from episodes.check.wording import ranges, runs, share
from episodes.episode import Episode
from episodes.finding import Finding


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    for name, camera in seen.scans():
        if camera.brightest is None:
            continue
        rows = camera.brightest <= limits["black_level"]
        field = f"obs/{name}_image"
        if rows.all():
            yield seen.origin.fault("every frame is black", (0, len(rows)), field)
        elif rows.any():
            found = runs(rows)
            yield seen.origin.fault(
                f"{share(rows)} frames are black: {ranges(found)}",
                (found[0][0], found[-1][1]),
                field,
                measured=float(camera.brightest[rows].max()),
                threshold=limits["black_level"],
            )


def _all(episode: Episode, rng: Generator) -> Episode | None:
    found = tamper.one_camera(episode, rng, tamper.pictures)
    if found is None:
        return None
    return tamper.camera(episode, found[0], rgb=np.zeros_like(found[1].rgb))


def _some(episode: Episode, rng: Generator) -> Episode | None:
    """The sensor's noise is left, as of a camera whose light went out."""
    found, steps = (
        tamper.one_camera(episode, rng, tamper.pictures),
        tamper.some_steps(episode.steps, rng, 1),
    )
    if found is None or found[1].rgb is None or steps is None:
        return None
    dark = rng.integers(0, 6, found[1].rgb[steps].shape)
    return tamper.camera(episode, found[0], rgb=tamper.put(found[1].rgb, steps, dark))


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
