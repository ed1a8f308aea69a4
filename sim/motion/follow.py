"""Following a line at a steady speed with the tool switched on, as dispensing does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from episodes.array_types import Floats
from sim.motion.moves import Command
from sim.pose import Pose
from sim.station import Station


@dataclass(frozen=True)
class Follow:
    """The tool's tip runs along points (N, 3) [m, world] at `speed` [m/s], turned as it is now. It
    starts and ends at rest, `run` [m] before and beyond the line, in its direction, so that it has
    its speed where it is switched on (gripper 1): along the line alone."""

    points: tuple[tuple[float, ...], ...]
    speed: float
    run: float = 0.015

    def commands(self, station: Station) -> Iterator[Command]:
        turned = station.tcp_to_world.rotation
        hz = station.world.cell.physics.control_hz
        line = self.line()
        length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
        ramp = 2 * self.run / self.speed  # a run from rest at constant acceleration [s]
        steady = (length[-1] - 2 * self.run) / self.speed
        seconds = 2 * ramp + steady
        for k in range(1, int(np.ceil(seconds * hz)) + 1):
            s = self._travelled(min(k / hz, seconds), ramp, steady)
            tip = np.array([np.interp(s, length, line[:, axis]) for axis in range(3)])
            on = self.run <= s <= length[-1] - self.run
            yield Command(Pose.at(tip, turned), float(on))
        yield Command(Pose.at(line[-1], turned), 0.0)

    def line(self) -> Floats:
        """(N + 2, 3): the points, and where the runs begin and end."""
        points = np.array(self.points)
        first, last = points[0] - points[1], points[-1] - points[-2]
        before = points[0] + self.run * first / np.linalg.norm(first)
        beyond = points[-1] + self.run * last / np.linalg.norm(last)
        return np.concatenate([before[None], points, beyond[None]])

    def _travelled(self, t: float, ramp: float, steady: float) -> float:
        """How far it has come after t seconds [m]."""
        v = self.speed
        if t < ramp:
            return v * t * t / (2 * ramp)
        if t < ramp + steady:
            return self.run + v * (t - ramp)
        left = 2 * ramp + steady - t
        return 2 * self.run + v * steady - v * left * left / (2 * ramp)
