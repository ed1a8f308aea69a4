"""Suction cups on one valve: they hold what they seal on, and a vacuum switch tells them so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from assets.geometry.suction import spots
from assets.part import Part
from sim.pose import Pose
from sim.robots.fields import Fields
from sim.robots.tools.base import GraspPose, ToolReading
from sim.robots.tools.valve import Valve

YAWS = 8  # ways to turn a cup about its axis
OFF_CENTRE = 30.0  # what a metre beside the centre of mass counts, in radians of turning
GRAVITY, LIFT = 9.81, 2.0  # what a cup works against when it lifts [m/s^2]
SURE = 0.6  # of what cups hold, how much is relied on


@dataclass(frozen=True)
class Cups(Valve):
    """Their lips are in the plane of the TCP. link: that carries the lips; centres: x y in the
    TCP's frame; radius: that seals; press: how far a lip is pushed in to seal [m]; pressure: below
    the air's [Pa]."""

    link: str
    centres: tuple[tuple[float, float], ...]
    radius: float
    pressure: float
    press: float

    kind: ClassVar[str] = "vacuum"

    @staticmethod
    def read(card: Fields) -> Cups:
        """The cups of a tool's card: its `vacuum`."""
        return card.one(
            "vacuum",
            lambda vacuum: Cups(
                vacuum.text("link"), vacuum.points("cups", 1), vacuum.number("radius", above=0.0),
                vacuum.number("pressure", above=0.0), vacuum.number("press", 0.0, least=0.0),
            ),
        )  # fmt: skip

    @property
    def tips(self) -> tuple[str, ...]:
        return (self.link,)

    @property
    def spread(self) -> float:
        """From the TCP to the farthest rim [m]."""
        return self.radius + max(float(np.hypot(x, y)) for x, y in self.centres)

    def closed(self, reading: ToolReading) -> float:
        return float(reading.held is not None)

    def holding(self, reading: ToolReading, body: str | None, at_least: float) -> bool:
        return reading.held is not None and body in (None, reading.held)

    def empty(self, reading: ToolReading) -> str:
        return "no seal"

    def grasps(self, part: Part, part_to_world: Pose, tilt: float) -> Iterator[GraspPose]:
        down = part_to_world.rotation.T @ [0.0, 0.0, -1.0]
        for spot in spots(part.mesh, down, tilt):
            at = Pose.from_array(spot.at)
            if spot.radius >= self.spread and self._carry(part, at):
                for k in range(YAWS):
                    about = Pose.turned((0, 0, 0), (0, 0, 1), 2 * np.pi * k / YAWS)
                    tcp_to_part = at @ about @ Pose((0.0, 0.0, self.press))
                    # what hangs askew tips off
                    x, y, _ = tcp_to_part.inverse().apply(np.asarray(part.centre_of_mass))
                    yield GraspPose(tcp_to_part, 0.0, OFF_CENTRE * float(np.hypot(x, y)))

    def _carry(self, part: Part, cup_to_part: Pose) -> bool:
        """Whether they carry the part, sealed there: its weight, and its moment about the lip."""
        off = cup_to_part.inverse().apply(part.centre_of_mass)[:2]
        force = part.mass * (GRAVITY + LIFT)
        holds_n = self.pressure * np.pi * self.radius**2 * len(self.centres)
        return bool(force * (1.0 + np.linalg.norm(off) / self.spread) <= SURE * holds_n)
