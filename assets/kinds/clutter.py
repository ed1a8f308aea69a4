"""Clutter that stands about in a shop: carts, cartons, boxes, clamps and cups."""

from __future__ import annotations

import numpy as np

from assets.frames import turn
from assets.geometry.shapes import (
    circle,
    cuboid,
    join,
    loft,
    moved,
    prism,
    rectangle,
    revolve,
    rim,
    turned,
)
from assets.geometry.solid import MM, box, require, scenery, upright
from assets.part import Part, Piece


def tool_cart(
    *,
    length_mm: float = 700.0,
    width_mm: float = 450.0,
    height_mm: float = 850.0,
    drawers: int = 5,
    material: str = "painted",
) -> Part:
    """A roller cabinet: castors, drawers with handles on the +y side, a rim on top."""
    require(1 <= drawers <= 12, f"tool_cart: drawers={drawers} must be 1 to 12")
    require(height_mm > 300.0, "tool_cart: height_mm must be over 300")
    length, width, h = length_mm * MM, width_mm * MM, height_mm * MM
    foot, front = 0.13, width / 2
    skins = [cuboid(length, width, h - foot, (0.0, 0.0, foot), 0.01)]
    skins.append(rim(length + 0.02, width + 0.02, 0.03, h - 0.01, h + 0.025))
    wheel = revolve([(0.03, -0.015), (0.055, -0.012), (0.055, 0.012), (0.03, 0.015)], segments=24)
    for x in (-length / 2 + 0.08, length / 2 - 0.08):
        for y in (-width / 2 + 0.08, width / 2 - 0.08):
            skins.append(turned(wheel, turn("x", np.pi / 2), (x, y, 0.055)))
            skins.append(cuboid(0.05, 0.045, 0.075, (x, y, 0.06), 0.005))
    pitch = (h - foot - 0.06) / drawers
    for k in range(drawers):
        z = foot + 0.03 + k * pitch
        skins.append(cuboid(length - 0.06, 0.016, pitch - 0.012, (0.0, front, z), 0.004))
        skins.append(
            cuboid(length - 0.16, 0.03, 0.018, (0.0, front + 0.015, z + pitch - 0.045), 0.006)
        )
    return scenery(join(*skins), [box(length, width, h, (0.0, 0.0, 0.0))], material, top=h)


def crate(
    *,
    length_mm: float = 400.0,
    width_mm: float = 300.0,
    height_mm: float = 260.0,
    material: str = "cardboard",
) -> Part:
    """A closed carton: four flaps on top with a gap between them, a strip of tape across."""
    length, width, h = length_mm * MM, width_mm * MM, height_mm * MM
    require(min(length, width, h) >= 0.03, "crate: sides of 30 mm or more")
    t = 0.003
    skins = [cuboid(length, width, h - t, chamfer=0.0015)]
    flap = width / 2 - 0.0015
    for sign in (-1.0, 1.0):
        skins.append(cuboid(length, flap, t, (0.0, sign * (width - flap) / 2, h - t), 0.0008))
    skins.append(cuboid(0.05 if length > 0.2 else 0.3 * length, width, 0.0006, (0.0, 0.0, h)))
    return scenery(join(*skins), [box(length, width, h, (0.0, 0.0, 0.0))], material, top=h)


def cable_box(
    *,
    length_mm: float = 300.0,
    width_mm: float = 120.0,
    height_mm: float = 400.0,
    glands: int = 4,
    material: str = "painted",
) -> Part:
    """A junction cabinet with a raised lid and lock on +y and cable glands on top."""
    require(1 <= glands <= 10, f"cable_box: glands={glands} must be 1 to 10")
    require(min(length_mm, height_mm) > 80.0, "cable_box: length_mm and height_mm must be over 80")
    length, width, h = length_mm * MM, width_mm * MM, height_mm * MM
    skins = [cuboid(length, width, h, chamfer=0.006)]
    skins.append(cuboid(length - 0.02, 0.012, h - 0.02, (0.0, width / 2, 0.01), 0.005))
    lock = prism(circle(0.01, 20), 0.0, 0.012, chamfer=0.002)
    skins.append(turned(lock, turn("x", -np.pi / 2), (length / 2 - 0.03, width / 2, h / 2)))
    radius = min(0.016, 0.3 * length / glands)
    for k in range(glands):
        x = length * ((k + 0.5) / glands - 0.5)
        profile = [(radius, h - 0.002), (radius, h + 0.012), (0.75 * radius, h + 0.016)]
        profile += [(0.75 * radius, h + 0.03), (0.5 * radius, h + 0.034), (0.5 * radius, h + 0.12)]
        skins.append(moved(revolve(profile, segments=20), (x, 0.0, 0.0)))
    return scenery(join(*skins), [box(length, width, h, (0.0, 0.0, 0.0))], material)


def fixture_clamp(
    *,
    length_mm: float = 110.0,
    width_mm: float = 32.0,
    height_mm: float = 60.0,
    material: str = "black_oxide",
) -> Part:
    """A vertical toggle clamp, closed: base, arm with a rubber-tipped spindle at +x, handle."""
    length, width, h = length_mm * MM, width_mm * MM, height_mm * MM
    require(min(length, width, h) >= 0.02, "fixture_clamp: sides of 20 mm or more")
    x = -length / 2
    skins = [cuboid(0.5 * length, width, 0.1 * h, (x + 0.25 * length, 0.0, 0.0), 0.001)]
    for sign in (-1.0, 1.0):
        plate = cuboid(0.28 * length, 0.12 * width, 0.55 * h, chamfer=0.001)
        skins.append(moved(plate, (x + 0.2 * length, sign * 0.25 * width, 0.08 * h)))
    arm_z = 0.5 * h
    skins.append(cuboid(0.86 * length, 0.22 * width, 0.14 * h, (0.07 * length, 0.0, arm_z), 0.001))
    profile = [(0.09, -0.2), (0.16, -0.18), (0.16, -0.1), (0.09, -0.1), (0.09, 0.3), (0.001, 0.3)]
    spindle = revolve([(r * width, arm_z + z * h) for r, z in profile], segments=20)
    skins.append(moved(spindle, (0.43 * length, 0.0, 0.0)))
    handle = prism(
        rectangle(0.12 * length, 0.5 * width, 0.04 * width), 0.0, 0.62 * h, chamfer=0.001
    )
    skins.append(turned(handle, turn("y", -0.35), (x + 0.18 * length, 0.0, 0.42 * h)))
    mesh = join(*skins)
    low, high = mesh.bounds
    (wide, deep), (mid_x, mid_y) = (high - low)[:2], (low + high)[:2] / 2.0
    pieces = [box(wide, deep, arm_z + 0.14 * h, (mid_x, mid_y, 0.0))]
    return scenery(mesh, pieces, material)


def screw_box(
    *,
    length_mm: float = 160.0,
    width_mm: float = 100.0,
    height_mm: float = 75.0,
    material: str = "polypropylene",
) -> Part:
    """An open-fronted storage bin: its front, at +x, is cut down; a label holder below the cut."""
    length, width, h = length_mm * MM, width_mm * MM, height_mm * MM
    require(min(length, width, h) >= 0.03, "screw_box: sides of 30 mm or more")
    t, cut = 0.0025, 0.45 * h
    side = np.array(
        [
            [-length / 2, 0.0],
            [0.42 * length, 0.0],
            [length / 2, cut],
            [0.2 * length, h],
            [-length / 2, h],
        ]
    )
    upright_side = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
    skins = [
        turned(prism(side, 0.0, t), upright_side, (0.0, y, 0.0))
        for y in (-width / 2 + t, width / 2)
    ]
    skins.append(cuboid(0.92 * length, width - t, t, (-0.04 * length, 0.0, 0.0)))
    skins.append(cuboid(t, width - t, h, (-length / 2 + t / 2, 0.0, 0.0)))
    lean = np.arctan2(0.08 * length, cut)
    front = cuboid(t, width - t, cut / np.cos(lean), chamfer=0.0006)
    skins.append(turned(front, turn("y", lean), (0.42 * length - t / 2, 0.0, t / 2 * np.sin(lean))))
    pieces = [
        box(length, width, t, (0.0, 0.0, 0.0)),
        box(2 * t, width, h, (-length / 2 + t, 0.0, 0.0)),
    ]
    pieces += [box(length, 2 * t, 0.8 * h, (0.0, s * (width / 2 - t), 0.0)) for s in (-1.0, 1.0)]
    pieces.append(box(0.08 * length, width, cut, (0.46 * length, 0.0, 0.0)))
    return scenery(join(*skins), pieces, material)


def cup(*, diameter_mm: float = 82.0, height_mm: float = 95.0, material: str = "ceramic") -> Part:
    """A mug with a handle at +x."""
    r, h = diameter_mm * MM / 2, height_mm * MM
    require(min(r, h) >= 0.015, "cup: diameter_mm of 30 or more and height_mm of 15 or more")
    t = 0.004
    outside = [(0.9 * r, 0.0), (r, 0.006), (r, h - 0.001), (r - 0.001, h)]
    mug = revolve([*outside, (r - t + 0.001, h), (r - t, h - 0.001), (r - t, 0.01), (0.8 * r, t)])
    angle = np.linspace(-0.5 * np.pi, 0.5 * np.pi, 13)
    ring = []
    for a in angle:
        out = np.array([np.cos(a), 0.0, np.sin(a)])
        middle = np.array([r - 0.002, 0.0, 0.52 * h]) + 0.3 * h * out * [0.9, 0.0, 1.0]
        section = circle(0.005, 12)
        ring.append(middle + section[:, :1] * out + section[:, 1:] * np.array([0.0, -1.0, 0.0]))
    handle = loft(ring)
    reach = float(handle.bounds[1, 0])
    pieces: list[Piece] = [upright(r, 0.0, h)]
    pieces.append(box(reach - r, 0.01, 0.6 * h, ((r + reach) / 2, 0.0, 0.22 * h)))
    return scenery(join(mug, handle), pieces, material)
