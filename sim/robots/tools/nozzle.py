"""A nozzle: a valve and a tip, which holds nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from assets.part import Part
from sim.pose import Pose
from sim.robots.fields import Fields
from sim.robots.tools.base import GraspPose, ToolReading
from sim.robots.tools.valve import Valve


@dataclass(frozen=True)
class Nozzle(Valve):
    """Its valve is open as long as the command is on."""

    kind: ClassVar[str] = "nozzle"
    tips: ClassVar[tuple[str, ...]] = ()

    @staticmethod
    def read(card: Fields) -> Nozzle:
        return Nozzle()

    def closed(self, reading: ToolReading) -> float:
        return float(reading.on)

    def holding(self, reading: ToolReading, body: str | None, at_least: float) -> bool:
        return False

    def empty(self, reading: ToolReading) -> str:
        return "a nozzle holds nothing"

    def grasps(self, part: Part, part_to_world: Pose, tilt: float) -> Iterator[GraspPose]:
        return iter(())
