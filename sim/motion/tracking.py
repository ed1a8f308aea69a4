"""Moves that keep pace with what travels in a straight line, such as a part on a belt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from episodes.array_types import Floats
from sim.motion.moves import Command, Move
from sim.pose import Pose, rotvec_to_matrix
from sim.station import Station


@dataclass(frozen=True)
class Meet:
    """The tool catches up with a pose that travels: from rest to the same velocity, without a jerk
    (minimum jerk towards the travelling pose, Flash and Hogan 1985).

    tcp_to_world: where that pose is now; velocity (3,): how it travels [m/s, world]; seconds: when
    they meet. lead: how far ahead of it the tool is commanded to be, since an arm follows late [s].
    """

    tcp_to_world: Pose
    velocity: tuple[float, float, float]
    seconds: float
    lead: float = 0.0

    def commands(self, station: Station) -> Iterator[Command]:
        start, goal = station.tcp_to_world, self.tcp_to_world
        hz = station.world.cell.physics.control_hz
        first, last = station.turn_from_home(start), station.turn_from_home(goal)
        shift = np.subtract(goal.position, start.position)
        v = np.array(self.velocity)
        ticks = max(1, round(self.seconds * hz))
        for k in range(1, ticks + 1):
            s = k / ticks
            share = s**3 * (10 - 15 * s + 6 * s**2)
            position = start.position + share * (shift + v * (k / hz + self.lead))
            turned = rotvec_to_matrix(first + share * (last - first)) @ station.home.rotation
            yield Command(Pose.at(position, turned), station.gripper)


@dataclass(frozen=True)
class Ride:
    """Another move, done while travelling along with `velocity` (3,) [m/s, world]."""

    move: Move
    velocity: tuple[float, float, float]

    def commands(self, station: Station) -> Iterator[Command]:
        hz = station.world.cell.physics.control_hz
        for k, command in enumerate(self.move.commands(station), 1):
            shift: Floats = np.array(self.velocity) * (k / hz)
            pose = command.tcp_to_world
            yield Command(Pose.at(pose.position + shift, pose.rotation), command.gripper)
