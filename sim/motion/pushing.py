"""Moving members of devices by pushing them: doors, buttons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sim.motion.moves import Command, Failed
from sim.station import Station

BRAKE = 0.06  # way over which a push slows down before its end [m]
RAMP = 0.3  # [m/s^2]
TOUCH = 0.03  # how fast the tool meets what it pushes [m/s]: it has to be set in motion


@dataclass(frozen=True)
class Push:
    """The tool goes straight on until it has pushed a device's member as far as `to`.

    member: a body on a joint; to: the position of its joint [m or rad], beyond where it is;
    direction: of the tool, unit, in world axes; speed: of the tool [m/s], which falls towards the
    end; most: the force on the tool at which the work is given up [N], `force_limit`; farthest: how
    far the tool may go without success [m], `not_moved`.
    """

    member: str
    to: float
    direction: tuple[float, float, float]
    speed: float = 0.1
    most: float = 60.0
    farthest: float = 0.8

    def commands(self, station: Station) -> Iterator[Command]:
        hz = station.world.cell.physics.control_hz
        start = station.tcp_to_world
        first = station.world.travel(self.member)
        sense = np.sign(self.to - first)
        free = station.push()
        gone = speed = 0.0
        while (left := sense * (self.to - station.world.travel(self.member))) > 0.0:
            force = float(np.linalg.norm(station.push() - free))
            if force > self.most:
                raise Failed("force_limit", f"{force:.0f} N on the {self.member}")
            if gone > self.farthest:
                raise Failed("not_moved", f"the {self.member} stands {1000 * left:.0f} mm short")
            moves = sense * (station.world.travel(self.member) - first) > 0.0005
            top = self.speed * max(0.2, min(1.0, left / BRAKE)) if moves else TOUCH
            speed = min(speed + RAMP / hz, top)
            gone += speed / hz
            yield Command(start.shifted(*(gone * np.asarray(self.direction))), station.gripper)
