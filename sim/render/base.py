"""What every renderer promises."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from episodes.array_types import Floats
from sim.spec import Cell

DEPTH_UNIT_M = 1e-4  # one count of a stored depth [m]; 65535 counts reach 6.5535 m


@dataclass(frozen=True)
class Frame:
    """One view of one instant.

    rgb (H, W, 3) u1, sRGB. depth (H, W) u2: z-depth in DEPTH_UNIT_M, 0 = no return.
    segmentation (H, W) u2: ids of `sim.state_layout.segments(cell)`, 0 = background.
    """

    rgb: NDArray[np.uint8]
    depth: NDArray[np.uint16]
    segmentation: NDArray[np.uint16]


class Renderer(Protocol):
    """Pictures from (cell, states) alone. One renderer is one file; `close` frees what it holds."""

    name: str  # as written in `renderer=`
    version: str  # changes whenever a pixel may change

    def frames(
        self, cell: Cell, states: Floats, cameras: Sequence[str]
    ) -> Iterator[dict[str, Frame]]:
        """For each of states (T, S), one frame of every named camera."""
        ...

    def close(self) -> None: ...
