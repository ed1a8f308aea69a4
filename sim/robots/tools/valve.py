"""What tools have in common that only a valve drives: nothing on them moves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from assets.part import Box
from episodes.array_types import Floats
from sim.robots.tools.base import ToolReading


class Valve:
    """A part of `Tool`."""

    joints: ClassVar[tuple[str, ...]] = ()
    pads: ClassVar[Mapping[str, tuple[Box, ...]]] = {}

    def positions(self, commands: Floats) -> Floats:
        return commands[..., :0]

    def opened(self, opening: float) -> tuple[float, ...]:
        return ()

    def command(self, opening: float) -> float:
        return 0.0

    def way_in(self, width: float) -> float:
        return 0.0

    def ramp(self, ticks: int) -> int:
        return 1

    def opening(self, reading: ToolReading) -> float:
        return 0.0
