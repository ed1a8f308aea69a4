"""Cameras that can be bought: what they see, and how they err.

D435: depth is best at 848x480 over 90 degrees, from a baseline of 50 mm, with disparity in steps of
1/32 pixel (Grunnet-Jepsen, Sweetser, Woodfill, "Tuning depth cameras for best performance", and
"Subpixel linearity improvement", Intel RealSense documentation); its makers advise to reckon with
0.08 pixel of noise (librealsense issue 3904) and 0.17 m as the nearest (issue 999); colour sees
69.4 x 42.5 degrees. Zivid 2 M70: 1944x1200 points over 754 x 449 mm at 700 mm, with about 0.06 mm
of noise there (data sheet). Lateral noise is 0.8 pixel as of Nguyen, Izadi, Lovell ("Modeling
Kinect sensor noise", 3DIMPVT 2012), half of that for structured light. Colour noise is the
Poisson-Gaussian model of Foi et al. (IEEE TIP 17(10), 2008) with values as small sensors have them
indoors. Ours, since no maker states them: Zivid's baseline, and what is lost on shiny, dark and
slanted surfaces.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Ranging:
    """How depth is measured. focal [px] and baseline [m] turn depth z into disparity
    focal * baseline / z; noise (rms) and step [px] are of that disparity."""

    focal: float
    baseline: float
    noise: float
    step: float
    nearest: float  # [m]
    farthest: float  # [m]
    lateral: float  # rms of where a pixel looks [px]
    slant: float  # beyond this angle to the surface little comes back [rad]
    lost_shiny: float  # share lost on a mirror, and on black, seen straight
    lost_dark: float


@dataclass(frozen=True)
class CameraModel:
    """width, height [px] and fov, vertical [rad], of the colour picture. shot and read: variance of
    linear colour is shot * value + read**2. ranging: None for a camera without depth."""

    width: int
    height: int
    fov: float
    shot: float
    read: float
    ranging: Ranging | None = None


MODELS: Mapping[str, CameraModel] = {
    "d435": CameraModel(
        1280, 720, 0.7418, 6e-4, 4e-3,
        Ranging(424.0, 0.05, 0.08, 1 / 32, 0.17, 10.0, 0.8, 1.35, 0.35, 0.20),
    ),
    "zivid": CameraModel(
        1944, 1200, 0.6216, 1e-4, 1e-3,
        Ranging(1805.0, 0.11, 0.024, 0.0, 0.30, 1.5, 0.4, 1.30, 0.25, 0.10),
    ),
    "wrist_usb": CameraModel(640, 480, 0.9599, 1.2e-3, 8e-3),
}  # fmt: skip


def names() -> list[str]:
    return ["ideal", *MODELS]
