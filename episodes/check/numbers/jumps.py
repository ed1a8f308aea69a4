"""Positions that jump."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from episodes.array_types import AnyArray
from episodes.check import tamper
from episodes.check.kind import Check, Limits, Threshold
from episodes.check.recording import Recording
from episodes.check.wording import span
from episodes.episode import Episode
from episodes.finding import Finding

POSITIONS = ("joint_position", "state")  # measured, of smooth motion
LEAST_ROWS = 30
OFTEN = 0.2  # of the steps in which a column must move for its steps to be compared


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    """A step several times the third largest of its column: a glitch makes two large ones."""
    for name in POSITIONS:
        rows = seen.episode.obs.get(name)
        if rows is None or rows.ndim != 2 or len(rows) < LEAST_ROWS:
            continue
        steps = np.abs(np.diff(rows.astype(float), axis=0))
        third = np.sort(steps, axis=0)[-3]
        often = (steps > 0.01 * third).mean(axis=0) > OFTEN
        jumps = (steps > limits["jump_ratio"] * third) & often & (third > 0)
        if jumps.any():
            column = int(np.flatnonzero(jumps.any(axis=0))[0])
            ratio = float((steps[:, column] / third[column]).max())
            yield seen.origin.warn(
                f"column {column} jumps by {steps[:, column].max():.4g}, {ratio:.0f} times its "
                "usual largest step",
                span(np.append(False, jumps[:, column])),
                f"obs/{name}",
                measured=ratio,
                threshold=limits["jump_ratio"],
            )


def _glitch(episode: Episode, rng: Generator) -> Episode | None:
    """One reading of an encoder is wrong."""
    joints = episode.obs.get("joint_position")
    if joints is None or episode.steps < LEAST_ROWS:
        return None
    place = int(rng.integers(1, episode.steps - 1)), _moving(joints, rng)
    wrong = joints[place] + rng.choice([-1, 1]) * rng.uniform(0.8, 3.1)
    return tamper.obs(episode, joint_position=tamper.put(joints, place, wrong))


def _wrapped(episode: Episode, rng: Generator) -> Episode | None:
    """An angle that leaps by a whole turn, from some step on."""
    joints = episode.obs.get("joint_position")
    if joints is None or episode.steps < LEAST_ROWS:
        return None
    place = slice(int(rng.integers(1, episode.steps - 1)), None), _moving(joints, rng)
    turned = joints[place] - 2 * np.pi
    return tamper.obs(episode, joint_position=tamper.put(joints, place, turned))


def _moving(joints: AnyArray, rng: Generator) -> int:
    """One of the columns that move most."""
    return int(rng.choice(np.argsort(np.ptp(joints, axis=0))[-3:]))


CHECK = Check(
    name="jumps",
    reads="numbers",
    finds="measured positions that jump",
    reason="no arm moves so: a glitch, a turn too many, rows lost, or two recordings in one",
    source="the largest steps of a smooth motion are alike",
    find=find,
    faults={"a glitch of an encoder": _glitch, "an angle wraps round": _wrapped},
    thresholds=[Threshold("jump_ratio", 4, "times the third largest step of a column")],
)
