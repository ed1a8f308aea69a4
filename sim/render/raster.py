"""The fast renderer: OpenGL without a display, on the CPU, or on a GPU where there is one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from episodes.array_types import Floats
from episodes.errors import UserError
from sim.render import stage
from sim.render.base import Frame
from sim.render.device import Device
from sim.render.loaded import Loaded
from sim.spec import Camera, Cell

BATCH = 256  # states whose kinematics are worked out at once


class RasterRenderer:
    """Colour, depth and ids from one pass over the triangles, lit in a second over the pixels.

    One in a process is enough: it keeps the context, and what it made of the last cell. It is not
    for a forked process, nor for several threads.
    """

    name = "raster"
    version = "5"

    def __init__(self) -> None:
        self._device: Device | None = Device()
        self._loaded: Loaded | None = None

    def frames(
        self, cell: Cell, states: Floats, cameras: Sequence[str]
    ) -> Iterator[dict[str, Frame]]:
        wanted = [cell.camera(name) for name in cameras]
        for camera in wanted:
            _check(camera, self._open().limit)
        for start in range(0, len(states), BATCH):
            batch = np.asarray(states[start : start + BATCH], float)
            loaded = self._load(cell)
            places = loaded.stage.places(batch)
            tracks = [loaded.track(camera, batch, places) for camera in wanted]
            for t in range(len(batch)):
                # Another cell may have been drawn since the last frame was taken.
                loaded = self._load(cell)
                loaded.place(places[t])
                yield {each.camera.name: loaded.shoot(each, t) for each in tracks}

    def segmentation(self, cell: Cell, state: Floats, camera: Camera) -> NDArray[np.uint16]:
        """Only the ids (H, W) that a camera, of the cell or not, would see: cheaper."""
        _check(camera, self._open().limit)
        loaded = self._load(cell)
        places = loaded.stage.places(state[None])
        loaded.place(places[0], shadows=False)
        return loaded.ids(loaded.track(camera, state[None], places))

    def close(self) -> None:
        if self._loaded is not None:
            self._loaded.release()
            self._loaded = None
        if self._device is not None:
            self._device.release()
            self._device = None

    def _open(self) -> Device:
        if self._device is None:
            raise RuntimeError("this renderer is closed: make another")
        return self._device

    def _load(self, cell: Cell) -> Loaded:
        """The cell's buffers and textures; those of the cell before are freed."""
        if self._loaded is None or self._loaded.stage.cell is not cell:
            if self._loaded is not None:
                self._loaded.release()
                self._loaded = None
            self._loaded = Loaded(self._open(), stage.build(cell))
        return self._loaded


def _check(camera: Camera, limit: int) -> None:
    if not (1 <= camera.width <= limit and 1 <= camera.height <= limit):
        raise UserError(
            f"camera {camera.name}: {camera.width}x{camera.height} pixels cannot be drawn here: "
            f"each side must be 1 to {limit}"
        )
