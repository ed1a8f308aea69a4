"""A joint whose reading stands still while it is commanded to move."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from episodes.check import tamper
from episodes.check.kind import Check, Limits, Threshold
from episodes.check.recording import Recording
from episodes.check.wording import runs
from episodes.episode import Episode
from episodes.finding import Finding

LEAST_RAD = 0.02  # a command that stiction may hold back


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    """Of arms alone: fingers that hold something stand still whatever they are commanded."""
    episode = seen.episode
    sensed, commanded = episode.obs.get("joint_position"), episode.action.get("joint_position")
    if sensed is None or commanded is None or sensed.shape != commanded.shape:
        return
    least = max(3, round(limits["stuck_s"] * episode.control_hz))
    still = sensed[1:] == sensed[:-1]
    for column in range(sensed.shape[1]):
        way = limits["stuck_share"] * float(np.ptp(commanded[:, column]))
        for a, b in runs(still[:, column]):
            asked = float(np.ptp(commanded[a:b, column]))
            if b - a >= least and asked > max(way, LEAST_RAD):
                yield seen.origin.fault(
                    f"column {column} stands still while it is commanded by {asked:.3g}",
                    (a, b + 1),
                    "obs/joint_position",
                    measured=(b - a) / episode.control_hz,
                    threshold=limits["stuck_s"],
                )
                break


def _stuck(episode: Episode, rng: Generator) -> Episode | None:
    """The encoder of a joint hands out its last value while the joint moves."""
    joints, commanded = episode.obs.get("joint_position"), episode.action.get("joint_position")
    length = round(2 * episode.control_hz)
    if joints is None or commanded is None or episode.steps < length + 2:
        return None
    column = int(np.argmax(np.ptp(commanded, axis=0)))
    ways = [np.ptp(commanded[t : t + length, column]) for t in range(episode.steps - length)]
    start = int(np.argmax(ways))
    place = slice(start, start + length), column
    return tamper.obs(episode, joint_position=tamper.put(joints, place, joints[start, column]))


CHECK = Check(
    name="stuck",
    reads="numbers",
    finds="a joint whose reading stands still while it is commanded to move",
    reason="a broken encoder, or a column that a driver no longer fills",
    source="a simulated or real joint that is moved is never read twice alike for a second",
    find=find,
    faults={"an encoder is stuck": _stuck},
    thresholds=[
        Threshold("stuck_s", 1.0, "[s] without a change"),
        Threshold("stuck_share", 0.2, "of its way in the episode that a joint is commanded", 1),
    ],
)
