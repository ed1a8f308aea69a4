"""Turning: the blank that goes into a chuck and the part that comes out. Milling starts from
`workpieces.block`."""

from __future__ import annotations

import numpy as np

from assets.frames import IDENTITY, rest, turn
from assets.geometry.grasps import FULL_CIRCLE, cylinder_grasps, from_above
from assets.geometry.shapes import revolve
from assets.geometry.solid import MM, require, solid, upright
from assets.kinds.workpieces import laid_down
from assets.part import Part


def round_blank(
    *,
    diameter_mm: float = 40.0,
    length_mm: float = 70.0,
    chamfer_mm: float = 0.6,
    material: str = "machined_aluminium",
) -> Part:
    """A sawn and faced slug of bar (EN 10278 diameters), upright. frames: "bottom" and "top"."""
    require(
        2.5 * chamfer_mm <= min(diameter_mm, length_mm),
        f"round_blank: chamfer_mm={chamfer_mm:g} is too large; at most 0.4 of diameter and length",
    )
    r, length, c = diameter_mm * MM / 2, length_mm * MM, chamfer_mm * MM
    mark = min(0.15 * MM, 0.3 * c) if c > 0 else 0.05 * MM  # the pip left by facing
    profile = [(r - c, 0.0), (r, c), (r, length - c), (r - c, length), (0.55 * r, length)]
    profile += [(0.54 * r, length - mark), (0.12 * r, length - mark)]
    over = [(yaw, 2 * r) for yaw in FULL_CIRCLE]
    grasps = from_above(length, over, floor=length - 0.021)  # leaves the rest free for a chuck
    grasps += from_above(length, over)
    grasps += cylinder_grasps(2 * r, (0.0, 0.0, length / 2), (0.0, 0.0, 1.0))
    return solid(
        revolve(profile),
        [upright(r, 0.0, length)],
        material,
        {"diameter": 2 * r, "length": length},
        {"bottom": IDENTITY, "top": (0.0, 0.0, length, 0.0, 0.0, 0.0, 1.0)},
        grasps=grasps,
        rests=[IDENTITY, rest(turn("x", np.pi), (0.0, 0.0, length)), laid_down(length, r)],
        turns=0,
        norm="EN 10278",
    )


def turned_part(
    *,
    diameter_mm: float = 40.0,
    length_mm: float = 66.0,
    base_mm: float = 38.0,
    spigot_mm: float = 26.0,
    bore_mm: float = 12.0,
    material: str = "machined_aluminium",
) -> Part:
    """What is turned from a round_blank: a base that stays as the blank was, a relief groove and a
    bored spigot. frames: "bottom" and "top"."""
    require(
        bore_mm + 4.0 <= spigot_mm <= diameter_mm - 4.0,
        "turned_part: spigot_mm must be 4 mm over bore_mm and 4 mm under diameter_mm",
    )
    require(
        10.0 <= base_mm <= length_mm - 12.0,
        "turned_part: base_mm must be 10 or more, and leave a spigot of 12",
    )
    r, length, base = diameter_mm * MM / 2, length_mm * MM, base_mm * MM
    s, b, c = spigot_mm * MM / 2, bore_mm * MM / 2, 0.8 * MM
    groove = 0.06 * s
    profile = [
        (r - c, 0.0), (r, c), (r, base - c), (r - c, base), (s + 0.6 * MM, base),
        (s - groove, base + 0.3 * MM), (s - groove, base + 2.5 * MM), (s, base + 3.2 * MM),
        (s, length - c), (s - c, length), (b + c, length), (b, length - c), (b, c), (b + c, 0.0),
    ]  # fmt: skip
    on_spigot = [(yaw, 2 * s) for yaw in FULL_CIRCLE]
    grasps = from_above(length, on_spigot, floor=max(base + 0.6 * MM, length - 0.021))
    grasps += cylinder_grasps(2 * r, (0.0, 0.0, base / 2), (0.0, 0.0, 1.0)) if base >= 0.021 else []
    return solid(
        revolve(profile, closed=True),
        [upright(r, 0.0, base), upright(s, base, length)],
        material,
        {"diameter": 2 * r, "length": length, "base": base, "spigot": 2 * s, "bore": 2 * b},
        {"bottom": IDENTITY, "top": (0.0, 0.0, length, 0.0, 0.0, 0.0, 1.0)},
        grasps=grasps,
        rests=[IDENTITY, rest(turn("x", np.pi), (0.0, 0.0, length))],
        turns=0,
    )
