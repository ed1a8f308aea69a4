"""Depth that is too far or too near to be true: millimetres for metres."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from episodes.check import tamper
from episodes.check.kind import Check, Limits, Threshold
from episodes.check.recording import Recording
from episodes.episode import Episode
from episodes.finding import Finding


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    for name, camera in seen.scans():
        if camera.far is None or np.isnan(camera.far).all():
            continue
        usual = float(np.nanmedian(camera.far))
        if limits["depth_least_m"] <= usual <= limits["depth_most_m"]:
            continue
        near = usual < limits["depth_least_m"]
        yield seen.origin.fault(
            f"half of what it sees is {'nearer' if near else 'farther'} than {usual:.3g} m: is "
            "unit_m right?",
            None,
            f"obs/{name}_depth",
            measured=usual,
            threshold=limits["depth_least_m" if near else "depth_most_m"],
        )


def _unit(episode: Episode, rng: Generator, factor: float) -> Episode | None:
    found = tamper.one_camera(episode, rng, tamper.depth)
    if found is None:
        return None
    return tamper.camera(episode, found[0], unit_m=found[1].unit_m * factor)


def _too_large(episode: Episode, rng: Generator) -> Episode | None:
    return _unit(episode, rng, 1000.0)


def _too_small(episode: Episode, rng: Generator) -> Episode | None:
    return _unit(episode, rng, 0.001)


CHECK = Check(
    name="depth_unit",
    reads="pictures",
    finds="depth whose median no workplace has",
    reason="points are a thousand times too far; a network that was shown metres sees a wall",
    source="the ranges of depth cameras as sold: 0.07 to 20 m",
    find=find,
    faults={"metres for millimetres": _too_large, "millimetres for metres": _too_small},
    thresholds=[
        Threshold("depth_least_m", 0.02, "[m] of the median depth"),
        Threshold("depth_most_m", 25, "[m] of the median depth"),
    ],
)
