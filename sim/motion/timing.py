"""Joint paths in time: jerk-limited, all joints together (Ruckig, Berscheid and Kröger 2021)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from episodes.array_types import Floats


@dataclass(frozen=True)
class JointLimits:
    """What each joint may do, (J,) each: [rad/s], [rad/s^2], [rad/s^3]."""

    velocity: Floats
    acceleration: Floats
    jerk: Floats


@dataclass(frozen=True)
class Trajectory:
    """Joint positions over time: Ruckig's pieces, one after another, slowed down by `slower`."""

    pieces: tuple[Any, ...]
    slower: float = 1.0

    @property
    def seconds(self) -> float:
        return float(self.slower * sum(piece.duration for piece in self.pieces))

    def at(self, times: Floats) -> Floats:
        """(N, J) positions at `times` (N,) [s]."""
        out = []
        starts = np.cumsum([0.0, *(p.duration for p in self.pieces)])
        for time in np.asarray(times) / self.slower:
            k = min(int(np.searchsorted(starts, time, side="right")) - 1, len(self.pieces) - 1)
            out.append(self.pieces[k].at_time(time - starts[k])[0])
        return np.array(out)


def trajectory(waypoints: Floats, limits: JointLimits, flow: float) -> Trajectory | None:
    """Through joint positions (K, J), from rest to rest; None if Ruckig finds none.

    flow: the share of the top speed that is kept in the positions between, 0: stop in each, with
    straight lines between them. With more the path swings a little wide: check it again.
    """
    import ruckig

    size = waypoints.shape[1]
    velocities = np.zeros_like(waypoints)
    velocities[1:-1] = _through(waypoints, limits, flow)
    pieces = []
    for k in range(len(waypoints) - 1):
        ask = ruckig.InputParameter(size)
        ask.current_position, ask.target_position = waypoints[k], waypoints[k + 1]
        ask.current_velocity, ask.target_velocity = velocities[k], velocities[k + 1]
        ask.max_velocity = limits.velocity
        ask.max_acceleration, ask.max_jerk = limits.acceleration, limits.jerk
        ask.synchronization = ruckig.Synchronization.Phase
        piece = ruckig.Trajectory(size)
        if ruckig.Ruckig(size).calculate(ask, piece) not in (
            ruckig.Result.Working, ruckig.Result.Finished,
        ):  # fmt: skip
            return None
        pieces.append(piece)
    return Trajectory(tuple(pieces))


def _through(waypoints: Floats, limits: JointLimits, flow: float) -> Floats:
    """(K - 2, J): velocities in the positions between, along the mean of the two directions; the
    slower, the sharper the corner and the shorter the way to it."""
    steps = np.diff(waypoints, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    units = steps / np.maximum(lengths, 1e-9)[:, None]
    mean = (units[:-1] + units[1:]) / 2  # short where the corner is sharp
    shortest = np.minimum(lengths[:-1], lengths[1:])
    heading = np.abs(mean) + 1e-9
    fastest = (limits.velocity / heading).min(axis=1)
    brake = np.sqrt(shortest * (limits.acceleration / heading).min(axis=1))
    velocity: Floats = flow * np.minimum(fastest, brake)[:, None] * mean
    return velocity
