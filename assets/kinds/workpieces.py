"""Blocks, shafts, pegs, bushings and brackets: what is handled, beside fasteners."""

from __future__ import annotations

import numpy as np
import trimesh

from assets.frames import IDENTITY, Seven, rest, seven, turn
from assets.geometry.grasps import FULL_CIRCLE, cylinder_grasps, from_above
from assets.geometry.shapes import circle, cuboid, join, prism, rectangle, revolve, tube, turned
from assets.geometry.solid import MM, box, require, solid, upright
from assets.part import Cylinder, Grasp, Part

QUARTERS = tuple(np.pi * k / 2.0 for k in range(4))
TO_X = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])  # turns z into x


def block(
    *,
    length_mm: float = 60.0,
    width_mm: float = 40.0,
    height_mm: float = 25.0,
    chamfer_mm: float = 1.0,
    material: str = "machined_aluminium",
) -> Part:
    """A milled block, its long side along x."""
    size = np.array([length_mm, width_mm, height_mm]) * MM
    require(
        2.5 * chamfer_mm <= min(length_mm, width_mm, height_mm),
        f"block: chamfer_mm={chamfer_mm:g} is too large; at most 0.4 of the shortest side",
    )
    length, width, height = (float(v) for v in size)
    centre = np.array([0.0, 0.0, height / 2.0])
    rests, grasps = [], []
    for rotation in (
        np.eye(3),
        turn("x", np.pi),
        *(turn(a, v) for a in "xy" for v in (np.pi / 2, -np.pi / 2)),
    ):
        x, y, z = np.abs(rotation) @ size
        pose = rest(rotation, np.array([0.0, 0.0, z / 2.0]) - rotation @ centre)
        rests.append(pose)
        grasps += from_above(
            z, [(yaw, y if k % 2 == 0 else x) for k, yaw in enumerate(QUARTERS)], pose
        )
    return solid(
        cuboid(length, width, height, chamfer=chamfer_mm * MM),
        [box(length, width, height, (0.0, 0.0, 0.0))],
        material,
        {"length": length, "width": width, "height": height},
        grasps=grasps,
        rests=rests,
        turns=4 if length == width else 2,
    )


def shaft(
    *,
    diameter_mm: float = 20.0,
    length_mm: float = 80.0,
    chamfer_mm: float = 1.0,
    material: str = "brushed_steel",
) -> Part:
    """A plain turned shaft, lying along x."""
    return lying_round("shaft", diameter_mm, length_mm, 0.0, 0.0, diameter_mm, chamfer_mm, material)


def stepped_shaft(
    *,
    diameter_mm: float = 24.0,
    length_mm: float = 90.0,
    journal_diameter_mm: float = 16.0,
    journal_left_mm: float = 18.0,
    journal_right_mm: float = 18.0,
    chamfer_mm: float = 1.0,
    material: str = "brushed_steel",
) -> Part:
    """A shaft with a thinner journal at either end, lying along x on its thick middle."""
    require(
        2.0 < journal_diameter_mm < diameter_mm,
        "stepped_shaft: journal_diameter_mm must lie between 2 and diameter_mm",
    )
    middle = length_mm - journal_left_mm - journal_right_mm
    require(
        middle > 1.2 * abs(journal_left_mm - journal_right_mm) and middle >= 4.0 * chamfer_mm,
        "stepped_shaft: the journals leave too short a middle to lie on; shorten or even them",
    )
    return lying_round(
        "stepped_shaft",
        diameter_mm,
        length_mm,
        journal_left_mm,
        journal_right_mm,
        journal_diameter_mm,
        chamfer_mm,
        material,
    )


def lying_round(
    kind: str,
    diameter_mm: float,
    length_mm: float,
    left_mm: float,
    right_mm: float,
    journal_mm: float,
    chamfer_mm: float,
    material: str,
) -> Part:
    require(
        2.5 * chamfer_mm <= min(journal_mm, length_mm),
        f"{kind}: chamfer_mm={chamfer_mm:g} is too large; at most 0.4 of diameter and length",
    )
    r, length, c = diameter_mm * MM / 2.0, length_mm * MM, chamfer_mm * MM
    j, left, right = journal_mm * MM / 2.0, left_mm * MM, right_mm * MM
    half = length / 2.0
    profile = [(j - c, -half), (j, -half + c)]
    pieces = [_along_x(r, -half + left, half - right, r)]
    if left > 0.0:
        profile += [(j, -half + left), (r - c / 2, -half + left), (r, -half + left + c / 2)]
        pieces.append(_along_x(j, -half, -half + left, r))
    if right > 0.0:
        profile += [(r, half - right - c / 2), (r - c / 2, half - right), (j, half - right)]
        pieces.append(_along_x(j, half - right, half, r))
    profile += [(j, half - c), (j - c, half)]
    middle = (left - right) / 2.0
    return solid(
        turned(revolve(profile), TO_X, (0.0, 0.0, r)),
        pieces,
        material,
        {"diameter": 2 * r, "length": length, "journal": 2 * j},
        grasps=cylinder_grasps(2 * r, (middle, 0.0, r), (1.0, 0.0, 0.0)),
        rests=[IDENTITY] + ([stood_up(length, r)] if left == 0.0 and length < 5.0 * r else []),
        turns=2 if left == right else 1,
    )


def stood_up(length: float, radius: float) -> Seven:
    """A part that lies along x, on its end."""
    return rest(turn("y", -np.pi / 2.0), (radius, 0.0, length / 2.0))


def laid_down(length: float, radius: float) -> Seven:
    """A part that stands, on its side and along x."""
    return rest(TO_X, (-length / 2.0, 0.0, radius))


def _along_x(radius: float, start: float, end: float, z: float) -> Cylinder:
    return Cylinder(radius, end - start, seven(((start + end) / 2.0, 0.0, z), TO_X))


def peg(
    *,
    diameter_mm: float = 16.0,
    length_mm: float = 60.0,
    chamfer_mm: float = 1.5,
    material: str = "brushed_steel",
) -> Part:
    """A round peg, upright; its lower end has the lead-in chamfer. frames: "tip", "top"."""
    require(
        2.5 * chamfer_mm <= min(diameter_mm, length_mm),
        f"peg: chamfer_mm={chamfer_mm:g} is too large; at most 0.4 of diameter and length",
    )
    r, length, c = diameter_mm * MM / 2.0, length_mm * MM, chamfer_mm * MM
    edge = min(0.5 * MM, c)
    mesh = revolve([(r - c, 0.0), (r, c), (r, length - edge), (r - edge, length)])
    lie = laid_down(length, r)
    around_top = [(yaw, 2 * r) for yaw in FULL_CIRCLE]
    grasps = from_above(length, around_top)
    grasps += from_above(length, around_top, floor=length - 0.021)  # leaves the rest free to go in
    grasps += cylinder_grasps(2 * r, (0.0, 0.0, length / 2.0), (0.0, 0.0, 1.0))
    return solid(
        mesh,
        [upright(r, c, length), upright(r - 0.7 * c, 0.0, c)],
        material,
        {"diameter": 2 * r, "length": length, "chamfer": c},
        frames={"tip": IDENTITY, "top": (0.0, 0.0, length, 0.0, 0.0, 0.0, 1.0)},
        grasps=grasps,
        rests=[IDENTITY, rest(turn("x", np.pi), (0.0, 0.0, length)), lie],
        turns=0,
    )


def bushing(
    *,
    bore_mm: float = 16.0,
    outside_mm: float = 22.0,
    length_mm: float = 20.0,
    material: str = "bronze",
) -> Part:
    """A plain bearing bush (ISO 4379), standing on its end."""
    require(bore_mm <= outside_mm - 2.0, "bushing: bore_mm must be 2 mm under outside_mm or less")
    inner, outer, length = bore_mm * MM / 2.0, outside_mm * MM / 2.0, length_mm * MM
    c = min(0.3 * (outer - inner), 0.1 * length, 0.8 * MM)
    mesh = revolve(tube(inner, outer, length, c), closed=True)
    grasps = from_above(length, [(yaw, 2 * outer) for yaw in FULL_CIRCLE])
    grasps += cylinder_grasps(2 * outer, (0.0, 0.0, length / 2.0), (0.0, 0.0, 1.0))
    return solid(
        mesh,
        [upright(outer, 0.0, length)],
        material,
        {"bore": 2 * inner, "outside": 2 * outer, "length": length},
        grasps=grasps,
        rests=[IDENTITY, rest(turn("x", np.pi), (0.0, 0.0, length)), laid_down(length, outer)],
        turns=0,
        norm="ISO 4379",
    )


def l_bracket(
    *,
    base_mm: float = 40.0,
    rise_mm: float = 40.0,
    width_mm: float = 30.0,
    thickness_mm: float = 4.0,
    hole_mm: float = 6.6,
    material: str = "machined_aluminium",
) -> Part:
    """An angle bracket on its base leg; the other leg rises at the -x end. One hole a leg."""
    require(
        4.0 * thickness_mm < min(base_mm, rise_mm),
        "l_bracket: thickness_mm must be under a quarter of base_mm and of rise_mm",
    )
    require(
        hole_mm < 0.6 * min(width_mm, base_mm - thickness_mm, rise_mm - thickness_mm),
        f"l_bracket: hole_mm={hole_mm:g} does not fit the legs; at most 0.6 of their free width",
    )
    base, rise, w, t = base_mm * MM, rise_mm * MM, width_mm * MM, thickness_mm * MM
    c = 0.12 * t
    left = -base / 2.0
    flat = _leg(base - t + c, w, t, hole_mm * MM, c)
    upper = _leg(rise, w, t, hole_mm * MM, c, off=t / 2.0)
    to_rise = np.array([[0.0, 0.0, 1.0], [0.0, -1.0, 0.0], [1.0, 0.0, 0.0]])
    mesh = join(
        turned(flat, np.eye(3), ((t - c) / 2.0, 0.0, 0.0)),
        turned(upper, to_rise, (left, 0.0, rise / 2.0)),
    )
    stem = left + t / 2.0
    on_rise = rest(turn("y", -np.pi / 2.0), (rise / 2.0, 0.0, -left))
    sides = [rest(turn("x", a), (0.0, 0.0, w / 2.0)) for a in (np.pi / 2.0, -np.pi / 2.0)]
    both = (0.0, np.pi)
    side_on = tuple(a + np.pi / 2.0 for a in both)
    grasps: list[Grasp] = from_above(
        rise, [(a, t) for a in side_on] + [(a, w) for a in both], spot=(stem, 0.0)
    )
    grasps += from_above(base, [(a, t) for a in side_on], on_rise, spot=(rise / 2.0 - t / 2.0, 0.0))
    return solid(
        mesh,
        [box(base, w, t, (0.0, 0.0, 0.0)), box(t, w, rise - t, (stem, 0.0, t))],
        material,
        {"base": base, "rise": rise, "width": w, "thickness": t, "hole": hole_mm * MM},
        grasps=grasps,
        rests=[IDENTITY, on_rise, *sides],
    )


def _leg(
    length: float, width: float, thickness: float, hole: float, c: float, off: float = 0.0
) -> trimesh.Trimesh:
    ring = circle(hole / 2.0, 24)[::-1] + np.array([off, 0.0])
    return prism(rectangle(length, width, 3 * c), 0.0, thickness, [ring], c)
