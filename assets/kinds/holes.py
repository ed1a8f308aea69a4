"""Things with a round hole that a peg goes into. Walls are boxes tangent to the hole's circle."""

from __future__ import annotations

import numpy as np

from assets.geometry.shapes import circle, join, prism, rectangle
from assets.geometry.solid import MM, box, require, solid
from assets.part import Part, Piece

SIDES = 16  # of the hole as the physics sees it; its inscribed circle is the true hole


def hole_plate(
    *,
    hole_mm: float = 17.0,
    length_mm: float = 90.0,
    width_mm: float = 90.0,
    height_mm: float = 30.0,
    chamfer_mm: float = 1.0,
    material: str = "machined_aluminium",
) -> Part:
    """A plate with a through hole in its middle.

    frames: "hole" in the middle of the hole's upper rim, z up; "bottom" under it.
    """
    _check("hole_plate", hole_mm, length_mm, width_mm, height_mm, chamfer_mm)
    length, width, h, c = length_mm * MM, width_mm * MM, height_mm * MM, chamfer_mm * MM
    rim = circle(hole_mm * MM / 2.0)[::-1]
    mesh = prism(rectangle(length, width, 3 * c), 0.0, h, [rim], c, chamfer_bottom=c / 2)
    return solid(
        mesh,
        ring(hole_mm * MM / 2.0, length, width, 0.0, h),
        material,
        {"hole": hole_mm * MM, "length": length, "width": width, "height": h},
        {"hole": (0.0, 0.0, h, 0.0, 0.0, 0.0, 1.0), "bottom": (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)},
        turns=4 if length == width else 2,
    )


def peg_nest(
    *,
    hole_mm: float = 17.5,
    length_mm: float = 50.0,
    width_mm: float = 50.0,
    height_mm: float = 25.0,
    floor_mm: float = 5.0,
    chamfer_mm: float = 1.0,
    material: str = "pom",
) -> Part:
    """A holder in which a peg stands upright. frames: "seat", on the floor of the hole, z up."""
    _check("peg_nest", hole_mm, length_mm, width_mm, height_mm, chamfer_mm)
    require(floor_mm < height_mm - 2 * chamfer_mm, "peg_nest: floor_mm must be under height_mm")
    length, width, h = length_mm * MM, width_mm * MM, height_mm * MM
    low, c = floor_mm * MM, chamfer_mm * MM
    outline = rectangle(length, width, 3 * c)
    rim = circle(hole_mm * MM / 2.0)[::-1]
    mesh = join(
        prism(outline, 0.0, low, chamfer=0.0, chamfer_bottom=c / 2),
        prism(outline, low, h, [rim], c, chamfer_bottom=0.0),
    )
    pieces: list[Piece] = [box(length, width, low, (0.0, 0.0, 0.0))]
    pieces += ring(hole_mm * MM / 2.0, length, width, low, h, sides=8)
    return solid(
        mesh,
        pieces,
        material,
        {"hole": hole_mm * MM, "length": length, "width": width, "height": h, "floor": low},
        {"seat": (0.0, 0.0, low, 0.0, 0.0, 0.0, 1.0)},
        turns=4 if length == width else 2,
    )


def _check(
    kind: str,
    hole_mm: float,
    length_mm: float,
    width_mm: float,
    height_mm: float,
    chamfer_mm: float,
) -> None:
    require(
        hole_mm * 1.45 + 2 * chamfer_mm < min(length_mm, width_mm),
        f"{kind}: a hole of {hole_mm:g} mm needs length_mm and width_mm over "
        f"{hole_mm * 1.45 + 2 * chamfer_mm:.1f}",
    )
    require(2 * chamfer_mm < height_mm, f"{kind}: chamfer_mm must be under half of height_mm")


def ring(
    radius: float, length: float, width: float, bottom: float, top: float, sides: int = SIDES
) -> list[Piece]:
    """Boxes that fill a rectangle about z but for a hole: its wall is a regular polygon of
    `sides` (a multiple of 4) around the circle of `radius`, so a peg of that radius just fits."""
    h, x, y = top - bottom, length / 2.0, width / 2.0
    pieces: list[Piece] = [
        box(length, y - radius, h, (0.0, sign * (y + radius) / 2.0, bottom)) for sign in (-1.0, 1.0)
    ]
    pieces += [
        box(x - radius, 2 * radius, h, (sign * (x + radius) / 2.0, 0.0, bottom))
        for sign in (-1.0, 1.0)
    ]
    # Between those four: the corners of the square hole, out to sqrt(2) radius.
    depth = (np.sqrt(2.0) - 1.0) * radius
    for k in range(sides):
        if k % (sides // 4) == 0:
            continue
        angle = 2.0 * np.pi * k / sides
        at = (radius + depth / 2.0) * np.array([np.cos(angle), np.sin(angle)])
        side = 2.0 * radius * np.tan(np.pi / sides)
        pieces.append(box(depth, side, h, (float(at[0]), float(at[1]), bottom), angle))
    return pieces
