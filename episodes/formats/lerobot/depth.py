"""Depth in LeRobot data sets: video of quantised codes, or 16-bit and float pictures.

lerobot 0.6 stores a depth camera as 12-bit codes in the luma of a video (`gray12le`, HEVC) and says
in the feature's info how they are meant. With d the depth [m] and s the shift,

    code = rint(4095 (log(d + s) - log(low + s)) / (log(high + s) - log(low + s)))

or, where `use_log` is false, linear from low to high; clipped to 0 .. 4095. Source of the formula
and of the names: huggingface/lerobot 0.6, src/lerobot/datasets/depth_utils.py (`quantize_depth`,
`dequantize_depth`) and src/lerobot/configs/video.py (DEPTH_QMAX), after BEHAVIOR-1K's obs_utils.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from episodes.array_types import AnyArray
from episodes.episode import CameraTrack

BITS = 12
TOP = (1 << BITS) - 1
MILLIMETRE = 1e-3
TENTH = 1e-4  # m: our usual unit
WHOLE = np.iinfo(np.uint16).max


@dataclass(frozen=True)
class Quantiser:
    """low, high: depth at code 0 and at code 4095 [m]; shift [m], of the logarithm.

    unit_m: of the numbers that we store: millimetres where such were recorded, else finer.
    """

    low: float
    high: float
    shift: float
    log: bool
    unit_m: float

    def depth(self, codes: NDArray[np.uint16]) -> NDArray[np.uint16]:
        """(...) in `unit_m`. Code 0 is 0, no return: there went all that was no nearer than `low`,
        and a sensor's zeros for no return with it."""
        shift = self.shift
        if self.log:
            ends = math.log(self.low + shift), math.log(self.high + shift)
            metres = np.exp(np.linspace(*ends, TOP + 1)) - shift
        else:
            metres = np.linspace(self.low, self.high, TOP + 1)
        table = np.rint(metres.clip(self.low, self.high) / self.unit_m).astype(np.uint16)
        table[0] = 0
        return table[np.minimum(codes, TOP)]


def is_depth(feature: Mapping[str, Any]) -> bool:
    """Whether the feature says that its pictures are depth."""
    return _info(feature).get("is_depth_map") is True


def quantiser(feature: Mapping[str, Any]) -> Quantiser | None:
    """What the feature says of the codes in its video; None where it does not say enough."""
    info = _info(feature)
    try:
        low, high, shift = (float(info[name]) for name in ("depth_min", "depth_max", "shift"))
    except (KeyError, TypeError, ValueError):
        return None
    log = info.get("use_log")
    good = math.isfinite(low + high + shift) and 0 <= low < high and isinstance(log, bool)
    if not good or (log and low + shift <= 0):
        return None
    unit = _unit(TENTH if info.get("depth_unit") == "m" else MILLIMETRE, high)
    return Quantiser(low, high, shift, bool(log), unit)


def is_coded(feature: Mapping[str, Any], bits: int) -> bool:
    """Whether a video of so many bits holds codes that can be read."""
    return bits == BITS and quantiser(feature) is not None


def track(feature: Mapping[str, Any], rows: AnyArray, video: bool) -> CameraTrack | None:
    """The depth in grey pictures (T, H, W); None where the feature does not say what they mean."""
    if not is_depth(feature):
        return None
    if video:
        told = quantiser(feature)
        return CameraTrack(depth=told.depth(rows), unit_m=told.unit_m) if told else None
    unit = {"mm": MILLIMETRE, "m": 1.0}.get(str(_info(feature).get("depth_unit")))
    if unit is None:
        return None
    if rows.dtype.kind in "iu":
        return CameraTrack(depth=rows.astype(np.uint16), unit_m=unit)
    metres = np.nan_to_num(rows.astype(np.float64) * unit, posinf=0.0, neginf=0.0).clip(0)
    fine = _unit(TENTH, float(metres.max(initial=0)))
    return CameraTrack(depth=np.rint(metres / fine).astype(np.uint16), unit_m=fine)


def _unit(finest: float, most: float) -> float:
    """The finest unit, by powers of ten, in which 16 bits hold `most` [m]."""
    while most / finest > WHOLE:
        finest *= 10
    return finest


def _info(feature: Mapping[str, Any]) -> dict[str, Any]:
    """The notes of a feature, by names without "video.": lerobot has had them either way."""
    out: dict[str, Any] = {}
    for name in ("video_info", "info"):
        notes = feature.get(name)
        if isinstance(notes, dict):
            out |= {str(key).removeprefix("video."): value for key, value in notes.items()}
    return out
