"""What a tool promises: what its one command means, what it senses, how it takes hold of parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from assets.part import Box, Part
from episodes.array_types import Floats
from sim.pose import Pose

ON = 0.5  # from this command on a valve is open


@dataclass(frozen=True)
class ToolReading:
    """What a tool's own sensors say. joints: positions of its joints (G,) [m]; held: the body that
    hangs on its cups, None for none; on: whether its valve is open."""

    joints: tuple[float, ...] = ()
    held: str | None = None
    on: bool = False


@dataclass(frozen=True)
class GraspPose:
    """A way to take a part. width: of what is held there [m]; askew: a penalty on a score in
    radians, for what will not hang straight."""

    tcp_to_part: Pose
    width: float
    askew: float = 0.0


class Tool(Protocol):
    """A tool is commanded by one number, 0 (open, off) .. 1 (closed, on)."""

    @property
    def kind(self) -> str:
        """As a task's `tools` asks for: the key in `sim.robots.tools.KINDS`."""
        ...

    @property
    def joints(self) -> tuple[str, ...]:
        """The joints that the command drives; none of a tool that only has a valve."""
        ...

    @property
    def pads(self) -> Mapping[str, tuple[Box, ...]]:
        """link -> the boxes that it touches things with, in place of its own collision shapes."""
        ...

    @property
    def tips(self) -> tuple[str, ...]:
        """The links that are there to touch things."""
        ...

    def positions(self, commands: Floats) -> Floats:
        """(..., G): where commands (..., 1) put the joints [m]."""
        ...

    def opened(self, opening: float) -> tuple[float, ...]:
        """(G,): where the joints are when it is `opening` [m] wide."""
        ...

    def command(self, opening: float) -> float:
        """The command that opens it to `opening` [m]; inf: as far as it goes."""
        ...

    def way_in(self, width: float) -> float:
        """How far to open it to come down past something `width` [m] wide."""
        ...

    def ramp(self, ticks: int) -> int:
        """Over how many of `ticks` control periods a change of the command is spread."""
        ...

    def closed(self, reading: ToolReading) -> float:
        """The `gripper_position` that is recorded: 0 open, or nothing held .. 1."""
        ...

    def opening(self, reading: ToolReading) -> float:
        """The measured distance between its jaws [m]; 0 of a tool without any."""
        ...

    def holding(self, reading: ToolReading, body: str | None, at_least: float) -> bool:
        """Whether it holds something, and, if it can tell, whether that is `body`. at_least: how
        far jaws that hold something are apart [m]."""
        ...

    def empty(self, reading: ToolReading) -> str:
        """How a failure is worded where it should hold something."""
        ...

    def grasps(self, part: Part, part_to_world: Pose, tilt: float) -> Iterator[GraspPose]:
        """Every way to take a part that lies there, among them all from within `tilt` [rad] of
        straight above."""
        ...
