"""Parallel jaws: they hold by friction what stands between them, and feel only how far apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from assets.part import Box, Part
from episodes.array_types import Floats
from sim.pose import Pose
from sim.robots.fields import Fields
from sim.robots.pieces import box
from sim.robots.tools.base import GraspPose, ToolReading

LEAST_ROOM = 0.0025  # of each jaw at the least, to come down past a part [m]
SIDE_ROOM = 0.008  # what each jaw opens beyond the part [m]


@dataclass(frozen=True)
class Jaws:
    """open_at, closed_at: the joints' values [m]; width: between the pads when open [m]; force: of
    each jaw [N]; coupled: whether two of them move as one; finger_mass: of each link with pads
    [kg], 0 for what its URDF says."""

    joints: tuple[str, ...]
    open_at: float
    closed_at: float
    width: float
    force: float
    coupled: bool
    finger_mass: float
    pads: Mapping[str, tuple[Box, ...]]

    kind: ClassVar[str] = "jaws"

    @staticmethod
    def read(card: Fields) -> Jaws:
        """The jaws of a tool's card: its `gripper` and its `pads`."""
        pads = card.table("pads", lambda links, name: links.many(name, box))

        def read(gripper: Fields) -> Jaws:
            joints, coupled = gripper.texts("joints"), gripper.flag("couple", False)
            if not joints or (coupled and len(joints) != 2):
                gripper.refuse(
                    "joints", "give two that move as one, or any number without `couple`"
                )
            jaws = Jaws(
                joints, gripper.number("open"), gripper.number("closed", 0.0),
                gripper.number("width", above=0.0), gripper.number("force", above=0.0), coupled,
                gripper.number("finger_mass", 0.0, least=0.0), pads,
            )  # fmt: skip
            if jaws.open_at == jaws.closed_at:
                gripper.refuse("open", "is the same as `closed`")
            return jaws

        return card.one("gripper", read)

    @property
    def tips(self) -> tuple[str, ...]:
        return tuple(self.pads)

    def positions(self, commands: Floats) -> Floats:
        one = self.open_at + commands * (self.closed_at - self.open_at)
        return np.repeat(one, len(self.joints), axis=-1)

    def opened(self, opening: float) -> tuple[float, ...]:
        share = 1.0 - opening / self.width
        return (self.open_at + share * (self.closed_at - self.open_at),) * len(self.joints)

    def command(self, opening: float) -> float:
        return 1.0 - min(1.0, opening / self.width)

    def way_in(self, width: float) -> float:
        return min(self.width, width + 2 * SIDE_ROOM)

    def ramp(self, ticks: int) -> int:
        return max(1, ticks // 2)

    def closed(self, reading: ToolReading) -> float:
        return (_mean(reading) - self.open_at) / (self.closed_at - self.open_at)

    def opening(self, reading: ToolReading) -> float:
        share = (_mean(reading) - self.closed_at) / (self.open_at - self.closed_at)
        return share * self.width

    def holding(self, reading: ToolReading, body: str | None, at_least: float) -> bool:
        return self.opening(reading) >= at_least

    def empty(self, reading: ToolReading) -> str:
        return f"jaws closed to {1000 * self.opening(reading):.1f} mm"

    def grasps(self, part: Part, part_to_world: Pose, tilt: float) -> Iterator[GraspPose]:
        for grasp in part.grasps:
            if grasp.width + 2 * LEAST_ROOM <= self.width + 1e-9:
                yield GraspPose(Pose.from_array(grasp.at), grasp.width)


def _mean(reading: ToolReading) -> float:
    """Of the joints' values [m]."""
    return float(sum(reading.joints)) / len(reading.joints)
