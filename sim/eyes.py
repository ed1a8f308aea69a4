"""What the cameras of a running cell show, step by step, as they would have recorded it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

import gymnasium
import numpy as np
from gymnasium.spaces import Box
from numpy.typing import NDArray

from episodes.array_types import AnyArray, Floats
from episodes.errors import unknown
from sim import state_layout
from sim.render import sensors
from sim.render.base import Frame, Renderer
from sim.spec import Camera, Cell

CHANNELS = ("image", "depth", "segmentation", "intrinsics", "camera_to_world")


def chosen(channels: Sequence[str]) -> tuple[str, ...]:
    """The channels, each once. BadValue for one that there is none of."""
    names = [channels] if isinstance(channels, str) else list(channels)
    for name in names:
        if name not in CHANNELS:
            raise unknown("channel", name, CHANNELS)
    return tuple(dict.fromkeys(names))


def spaces(
    cameras: Iterable[Camera], channels: Sequence[str]
) -> dict[str, gymnasium.Space[AnyArray]]:
    """ "{camera}_{channel}" -> what is delivered of it; no depth of a camera that measures none."""
    out: dict[str, gymnasium.Space[AnyArray]] = {}
    for camera in cameras:
        size = (camera.height, camera.width)
        boxes: dict[str, gymnasium.Space[AnyArray]] = {
            "image": Box(0, 255, (*size, 3), np.uint8),
            "depth": Box(0, 65535, size, np.uint16),
            "segmentation": Box(0, 65535, size, np.uint16),
            "intrinsics": Box(-np.inf, np.inf, (3, 3), np.float64),
            "camera_to_world": Box(-np.inf, np.inf, (4, 4), np.float64),
        }
        for channel in channels:
            if channel != "depth" or sensors.has_depth(camera):
                out[f"{camera.name}_{channel}"] = boxes[channel]
    return out


class Eyes:
    """A cell's cameras and the renderer that draws for them, over the instants of one episode.

    noise: the stream from which the recorded pictures of this episode have theirs.
    """

    def __init__(self, renderer: Renderer, cell: Cell, noise: np.random.Generator) -> None:
        self._renderer, self._cell = renderer, cell
        self._sensors = sensors.Sensors(cell, noise)
        self._instant = -1
        self._states: list[Floats] = []  # the one before, and the present one
        self._frames: dict[str, Frame] = {}  # what each camera took last
        self._poses: dict[str, Floats] = {}  # and from where

    def advance(self, state: Floats) -> None:
        """The next instant has this state (S,)."""
        self._states = [self._states[-1] if self._states else state, state]
        self._instant += 1

    def look(self, *, all_of_them: bool = False) -> None:
        """The cameras that take a picture at this instant take it; or all of them do."""
        due = [c for c in self._cell.cameras if all_of_them or self._instant % c.every == 0]
        if not due:
            return
        before, state = self._states
        names = [camera.name for camera in due]
        row = next(iter(self._renderer.frames(self._cell, state[None], names)))
        self._frames |= self._sensors.take(self._instant, before, state, row)
        for camera in due:
            poses = state_layout.camera_to_world(self._cell, state[None], camera)
            self._poses[camera.name] = poses[0]

    def shown(self, names: Container[str]) -> dict[str, AnyArray]:
        """What of `spaces` is named, as it was when each camera took its last picture."""
        out: dict[str, AnyArray] = {}
        for camera in self._cell.cameras:
            frame = self._frames[camera.name]
            arrays: dict[str, AnyArray] = {
                "image": frame.rgb,
                "depth": frame.depth,
                "segmentation": frame.segmentation,
                "intrinsics": camera.intrinsics(),
                "camera_to_world": self._poses[camera.name],
            }
            for channel, array in arrays.items():
                if f"{camera.name}_{channel}" in names:
                    out[f"{camera.name}_{channel}"] = array.copy()
        return out

    def mosaic(self) -> NDArray[np.uint8]:
        """(H, W, 3): all pictures side by side, black below the lower ones; even sides, as video
        codecs want them."""
        pictures = [self._frames[camera.name].rgb for camera in self._cell.cameras]
        height = max(len(picture) for picture in pictures)
        width = sum(picture.shape[1] for picture in pictures)
        out = np.zeros((height + height % 2, width + width % 2, 3), np.uint8)
        left = 0
        for picture in pictures:
            out[: len(picture), left : left + picture.shape[1]] = picture
            left += picture.shape[1]
        return out
