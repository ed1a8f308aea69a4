"""What is told of the cameras in a window: where they were, how they see, what their ids mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from episodes.array_types import AnyArray
from episodes.mix.cameras import INTRINSICS, NAMES, SEGMENTATION
from episodes.mix.manifest import TEXT, Key, TrainingView
from episodes.mix.row_reader import Demo
from episodes.mix.spans import Span


class Calibration:
    """Of the cameras of one source."""

    def __init__(self, keys: Sequence[Key], name: str, view: TrainingView) -> None:
        """keys: cameras/* of the mix. name: of the source."""
        self._name, self._size = name, view.image_size
        self._texts = tuple(key for key in keys if key.dtype == TEXT)
        self._arrays = tuple(key for key in keys if key.dtype != TEXT)

    @property
    def named(self) -> list[str]:
        """The arrays whose ids have names that will be asked for."""
        return [_ids(key.origin[self._name][0]) for key in self._texts if self._name in key.origin]

    def fill(self, out: Mapping[str, AnyArray], demo: Demo, span: Span) -> None:
        """The calibration (history, ...) of one window."""
        for key in self._arrays:
            there = self._name in key.origin
            if key.partial:
                out[f"has/{key.name}"][...] = there
            out[key.name][...] = self._rows(key, demo, span) if there else 0

    def texts(self, demo: Demo) -> dict[str, str]:
        """JSON, id -> name; empty where the source has none."""
        return {
            key.name: demo.names(_ids(key.origin[self._name][0]))
            if self._name in key.origin
            else ""
            for key in self._texts
        }

    def _rows(self, key: Key, demo: Demo, span: Span) -> AnyArray:
        array, *pictures = key.origin[self._name]
        if not key.name.endswith(INTRINSICS):
            still = demo.length(array) == 1
            return demo.rows(array, [0] * len(span.sensed) if still else span.sensed)
        matrix = demo.rows(array, range(3))
        if self._size is not None and pictures:
            # Pixel (0, 0) covers [0, 1), so what stretches a picture stretches its coordinates.
            height, width = demo.shape(pictures[0])[:2]
            matrix = np.diag([self._size[0] / width, self._size[1] / height, 1.0]) @ matrix
        return matrix


def _ids(path: str) -> str:
    """Of "cameras/front/segmentation_names", the array whose attribute they are."""
    return f"obs/{path.removeprefix('cameras/').removesuffix(NAMES)}{SEGMENTATION}"
