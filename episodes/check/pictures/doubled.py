"""Frames that repeat the one before although what they should show has moved."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from episodes.check import tamper
from episodes.check.kind import Check, Limits, Threshold
from episodes.check.pictures.moving import moved, rides
from episodes.check.recording import Recording
from episodes.check.wording import ranges, runs, share
from episodes.episode import Episode
from episodes.finding import Finding


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    for name, camera in seen.scans():
        track = seen.episode.cameras[name]
        if camera.same is None or camera.brightest is None:
            continue
        goes = moved(seen.episode, track, limits)
        if goes is None or (camera.brightest <= limits["black_level"]).all():
            continue
        doubled = camera.same & np.concatenate([[False], goes])
        if int(doubled.sum()) < limits["doubled_frames"]:
            continue
        found = runs(doubled)
        rhythm = ""
        if (np.diff(np.flatnonzero(doubled)) == 2).mean() > 0.5:
            rhythm = ", mostly every other one: the camera ran at half the rate"
        message = f"{share(doubled)} frames repeat the one before while the robot moves{rhythm}"
        # a fixed camera may look away from what moves
        tell = seen.origin.fault if rides(track) else seen.origin.warn
        yield tell(
            f"{message}: {ranges(found)}",
            (found[0][0], found[-1][1]),
            f"obs/{name}_image",
            measured=float(doubled.sum()),
            threshold=limits["doubled_frames"],
        )


def _half_rate(episode: Episode, rng: Generator) -> Episode | None:
    """A camera of half the rate in a recording of the full one."""
    found = tamper.one_camera(episode, rng, tamper.pictures)
    if found is None or found[1].rgb is None:
        return None
    return tamper.camera(episode, found[0], rgb=found[1].rgb[np.arange(episode.steps) // 2 * 2])


CHECK = Check(
    name="doubled",
    reads="pictures",
    finds="frames that repeat the one before while the robot moves",
    reason="a policy learns to move while the picture says that nothing does: the "
    "camera is slower than the file",
    source="measured on real data of a Unitree G1: 9 to 26 % of the frames",
    find=find,
    faults={"camera at half the rate": _half_rate},
    thresholds=[
        Threshold("doubled_frames", 3, "repeated frames in an episode that are worth a word"),
        Threshold("moved_rad", 0.02, "a step in which a joint turned so far cannot look the same"),
        Threshold("moved_m", 0.005, "nor one in which the camera moved so far"),
    ],
)
