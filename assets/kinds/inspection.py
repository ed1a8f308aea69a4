"""Inspection cameras in their ring lights: on a stand, and in a housing that looks up."""

from __future__ import annotations

import numpy as np

from assets.frames import seven, turn
from assets.geometry.shapes import cuboid, join, moved, revolve, tube, turned
from assets.geometry.solid import MM, RGB, box, inked, require, solid
from assets.kinds.machine import DARK, STEEL, upright_at
from assets.part import Part, Piece

GLOW: RGB = (0.96, 0.97, 0.98)
LENS: RGB = (0.02, 0.02, 0.03)


def inspection_stand(
    *,
    height_mm: float = 420.0,
    reach_mm: float = 180.0,
    ring_mm: float = 90.0,
    base_mm: float = 160.0,
    material: str = "anodised",
) -> Part:
    """A post on a plate; its arm holds a camera that looks down in front of it, at +x.

    height_mm: of the post. reach_mm: from the post to the camera's axis. frames: "camera", at the
    lens, OpenCV axes (z down, the way it looks); "spot", under it at z = 0. dims: "lens", its
    height.
    """
    require(
        reach_mm > 0.5 * ring_mm + 30.0,
        "inspection_stand: reach_mm must be 30 over half of ring_mm",
    )
    require(height_mm > 200.0, "inspection_stand: height_mm must be over 200")
    require(ring_mm >= 50.0 and base_mm >= 60.0, "inspection_stand: ring_mm >= 50, base_mm >= 60")
    h, reach, ring, base = height_mm * MM, reach_mm * MM, ring_mm * MM / 2, base_mm * MM
    post, bar = 0.02, 0.03
    z = h - 0.07  # middle of the arm
    arm = cuboid(reach + 0.02, 0.02, 0.02, (reach / 2 - 0.01, 0.0, z - 0.01), 0.001)
    skins = [cuboid(base, base, 0.012, (0.0, 0.0, 0.0), 0.002), arm]
    rod = revolve([(post, 0.01), (post, h - 0.002), (post - 0.002, h)], segments=32)
    clamp = cuboid(2 * post + 0.024, 2 * post + 0.02, bar, (0.0, 0.0, z - bar / 2), 0.003)
    knob = revolve([(0.012, 0.0), (0.013, 0.012), (0.009, 0.015)], segments=20)
    dark = [clamp, turned(knob, turn("x", np.pi / 2), (0.0, -post - 0.008, z))]
    lens = z - 0.055
    camera = cuboid(0.042, 0.042, 0.06, (reach, 0.0, z - 0.015), 0.002)
    barrel = revolve(
        [(0.010, lens), (0.0165, lens), (0.0165, lens + 0.02), (0.015, lens + 0.022),
         (0.015, z - 0.013)], segments=32,
    )  # fmt: skip
    dark += [camera, moved(barrel, (reach, 0.0, 0.0))]
    plug = revolve([(0.006, 0.0), (0.006, 0.012), (0.003, 0.014), (0.003, 0.03)], segments=16)
    dark.append(moved(plug, (reach + 0.008, 0.0, z + 0.044)))
    inner = 0.022
    shade = revolve(
        [(r, lens - 0.005 + y) for r, y in tube(inner, ring, 0.016, 0.0015)], closed=True
    )
    lit = tube(inner + 0.004, ring - 0.005, 0.002, 0.0004)
    glow = revolve([(r, lens - 0.0056 + y) for r, y in lit], closed=True)
    dark.append(moved(shade, (reach, 0.0, 0.0)))
    for s in (-1.0, 1.0):
        dark.append(cuboid(0.008, 0.004, 0.05, (reach, s * 0.0225, lens + 0.008)))
    glass = revolve([(0.0095, lens - 0.0004), (0.0095, lens + 0.001)], segments=24)
    mesh, inks = inked(
        (join(*skins), None),
        (rod, STEEL),
        (join(*dark), DARK),
        (moved(glow, (reach, 0.0, 0.0)), GLOW),
        (moved(glass, (reach, 0.0, 0.0)), LENS),
    )
    pieces: list[Piece] = [
        box(base, base, 0.012, (0.0, 0.0, 0.0)),
        upright_at(post, 0.012, h, 0.0, 0.0),
        box(reach - post, 0.03, bar, (reach / 2, 0.0, z - bar / 2)),
        box(0.046, 0.05, h + 0.004 - lens, (reach, 0.0, lens)),
        upright_at(ring, lens - 0.0056, lens + 0.011, reach, 0.0),
    ]
    return solid(
        mesh,
        pieces,
        material,
        {"height": h, "reach": reach, "lens": lens, "ring": 2 * ring},
        {"camera": seven((reach, 0.0, lens), turn("x", np.pi)),
         "spot": (reach, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)},
        inks=inks,
    )  # fmt: skip


def vision_camera(
    *,
    ring_mm: float = 100.0,
    height_mm: float = 90.0,
    base_mm: float = 130.0,
    material: str = "anodised",
) -> Part:
    """A housing on a plate with a camera that looks straight up out of a ring light.

    frames: "camera", at the lens, OpenCV axes (z up, the way it looks). dims: "lens", its height.
    """
    require(50.0 <= ring_mm <= base_mm, "vision_camera: ring_mm must be 50 to base_mm")
    require(height_mm > 50.0, "vision_camera: height_mm must be over 50")
    h, ring, base = height_mm * MM, ring_mm * MM / 2, base_mm * MM
    plate, low = 0.012, height_mm * MM - 0.018
    inner = 0.024
    body = cuboid(0.056, 0.056, low - plate, (0.0, 0.0, plate), 0.002)
    shade = revolve([(r, low + y) for r, y in tube(inner, ring, 0.018, 0.0015)], closed=True)
    lit = tube(inner + 0.004, ring - 0.005, 0.002, 0.0004)
    glow = revolve([(r, h - 0.0014 + y) for r, y in lit], closed=True)
    foot, lens = low - 0.004, h - 0.004
    barrel = revolve([(0.0165, foot), (0.0165, lens)], segments=32)
    glass = revolve([(0.0095, h - 0.006), (0.0095, h - 0.0036)], segments=24)
    mesh, inks = inked(
        (cuboid(base, base, plate, (0.0, 0.0, 0.0), 0.002), None),
        (join(body, shade, barrel), DARK),
        (glow, GLOW),
        (glass, LENS),
    )
    pieces: list[Piece] = [
        box(base, base, plate, (0.0, 0.0, 0.0)),
        box(0.056, 0.056, low - plate, (0.0, 0.0, plate)),
        upright_at(ring, low, h, 0.0, 0.0),
    ]
    return solid(
        mesh,
        pieces,
        material,
        {"lens": h, "ring": 2 * ring},
        {"camera": (0.0, 0.0, h, 0.0, 0.0, 0.0, 1.0)},
        inks=inks,
    )
