"""Motion that shakes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from episodes.array_types import AnyFloats
from episodes.check import tamper
from episodes.check.kind import Check, Limits, Threshold
from episodes.check.recording import Recording
from episodes.episode import Episode
from episodes.finding import Finding

POSITIONS = ("joint_position", "state")
LEAST_ROWS = 30
HELD = 0.3  # of the steps in which a column repeats itself


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    for name in POSITIONS:
        rows = seen.episode.obs.get(name)
        if rows is None or rows.ndim != 2 or len(rows) < LEAST_ROWS:
            continue
        rough = roughness(rows)
        if rough > limits["shaking_ratio"]:
            yield seen.origin.warn(
                f"it shakes: from step to step, steps change by {rough:.2f} of their size",
                None,
                f"obs/{name}",
                measured=rough,
                threshold=limits["shaking_ratio"],
            )


def roughness(rows: AnyFloats) -> float:
    """How much the steps of a motion change from one to the next, against their size: near 0 where
    it is smooth, sqrt(3) for noise alone. The median of the columns that move most; one that is
    mostly held (a hand that is read at a lower rate) tells nothing of it."""
    steps = np.diff(rows.astype(float), axis=0)
    size = np.sqrt((steps**2).mean(axis=0))
    change = np.sqrt((np.diff(steps, axis=0) ** 2).mean(axis=0))
    moves = (size > 0.1 * size.max(initial=0)) & ((steps == 0).mean(axis=0) < HELD)
    return float(np.median(change[moves] / size[moves])) if moves.any() and size.max() > 0 else 0.0


def _shakes(episode: Episode, rng: Generator) -> Episode | None:
    """A loose encoder, or an operator's hand that is written down unfiltered."""
    joints = episode.obs.get("joint_position")
    if joints is None or episode.steps < LEAST_ROWS:
        return None
    size = np.sqrt((np.diff(joints, axis=0) ** 2).mean(axis=0))
    noise = rng.normal(0.0, 1.0, joints.shape) * 1.5 * size
    return tamper.obs(episode, joint_position=(joints + noise).astype(np.float32))


CHECK = Check(
    name="shaking",
    reads="numbers",
    finds="measured positions that shake from step to step",
    reason="a policy cannot foresee noise, and an arm that repeats it wears out",
    source="dimensionless measures of jerk: Hogan and Sternad, 2009",
    find=find,
    faults={"readings shake": _shakes},
    thresholds=[Threshold("shaking_ratio", 1.2, "change of steps by their size; noise has 1.73")],
)
