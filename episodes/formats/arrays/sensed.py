"""What was sensed in an episode: cameras, and all that is numbers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from episodes.array_types import AnyArray
from episodes.episode import CameraTrack
from episodes.formats import guard
from episodes.formats.arrays import columns, pictures
from episodes.formats.arrays.layout import ArrayLayout, under
from episodes.formats.arrays.nodes import Leaf

FOLDERS = ("obs", "observation", "observations")  # not part of a name


@dataclass
class Sensed:
    """Collects the arrays of one episode of `steps`. bgr: of encoded and of raw pictures."""

    layout: ArrayLayout
    steps: int
    place: str
    bgr: tuple[bool, bool]
    cameras: dict[str, CameraTrack] = field(default_factory=dict)
    obs: dict[str, AnyArray] = field(default_factory=dict)
    converted: dict[str, str] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)  # name -> why it is no picture or depth

    def add(self, leaf: Leaf, lost: dict[str, str]) -> None:
        """Read an array, or say in `lost` why it is none of the steps."""
        if leaf.rows not in range(self.steps, self.steps + self.layout.ahead + 2):
            many = f"{leaf.rows} rows" if leaf.shape else "one value"
            lost[leaf.path] = f"{many} for {self.steps} steps"
            return
        if not all(leaf.shape):
            return  # rows of nothing
        place = f"{self.place}: {leaf.path}"
        guard.check_rows(self.steps, leaf.item, place)
        path = _short(leaf.path)
        short = replace(leaf, path=path)
        if columns.kind(leaf) == "pictures":
            found = {
                pictures.camera_of(path): pictures.decode(leaf, self.steps, place, self.bgr[0])
            }
            self._show(path, found)
            return
        rows = columns.numbers(leaf, self.steps)  # row T is what was sensed after the last action
        for pattern, unit_m in self.layout.depth_m.items():
            if under(leaf.path, (pattern,)) and rows.dtype.kind in "iu":
                self._depth(path, rows, unit_m)
                return
        several = pictures.of_numbers(short, rows, self.bgr[1])
        if several is None:
            self._number(path, rows)
        else:
            self._show(path, several)

    def _show(self, path: str, found: dict[str, pictures.Pictures]) -> None:
        for camera, seen in found.items():
            name = camera
            if seen.rgb is None:
                assert seen.plain is not None
                self._number(path, seen.plain)
                continue
            if self.cameras.get(name, CameraTrack()).rgb is not None:
                name = path.replace("/", ".")
            self.cameras[name] = replace(self.cameras.get(name, CameraTrack()), rgb=seen.rgb)
            if seen.alpha is not None and not (seen.alpha == 255).all():
                self.obs[f"{name}.alpha"] = seen.alpha
            if seen.note:
                self.converted[f"obs/{name}_image"] = seen.note

    def _depth(self, path: str, rows: AnyArray, unit_m: float) -> None:
        name = pictures.camera_of(path.rpartition("/")[0])
        flat = rows[..., 0] if rows.ndim == 4 else rows
        track = self.cameras.get(name, CameraTrack())
        depth = flat.clip(0, 0xFFFF).astype(np.uint16)
        self.cameras[name] = replace(track, depth=depth, unit_m=unit_m)

    def _number(self, path: str, rows: AnyArray) -> None:
        name = path.replace("/", ".")
        self.obs[name] = rows
        if rows.ndim >= 3 and (rows.dtype == np.uint16 or "depth" in name):
            self.unknown[name] = "its unit is not known: kept as it is, not as depth"
        elif rows.ndim >= 4 and rows.dtype.kind == "f" and pictures.looks_like_one(path):
            self.unknown[name] = "no whole numbers of 0 to 255: kept as it is, not as pictures"


def _short(path: str) -> str:
    first, _, rest = path.partition("/")
    return rest if rest and first in FOLDERS else path
