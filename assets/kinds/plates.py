"""Drilled plates and flanges, sound or with a defect to be found."""

from __future__ import annotations

import numpy as np

from assets.frames import IDENTITY, turn
from assets.geometry.grasps import FULL_CIRCLE, from_above
from assets.geometry.shapes import circle, prism, rectangle, revolve, tube, turned
from assets.geometry.solid import MM, Layer, box, inked, require, solid, upright
from assets.kinds.defects import bitten, bitten_disc, scratch
from assets.kinds.fasteners import flipped
from assets.kinds.workpieces import QUARTERS, TO_X
from assets.part import Part

SCRATCH_AT = 0.6  # [rad] its way over a plate


def drilled_plate(
    *,
    length_mm: float = 80.0,
    width_mm: float = 50.0,
    thickness_mm: float = 8.0,
    hole_mm: float = 8.0,
    columns: int = 2,
    rows: int = 2,
    missing_hole: int = 0,
    chip_mm: float = 0.0,
    scratch_mm: float = 0.0,
    chamfer_mm: float = 0.6,
    material: str = "machined_aluminium",
) -> Part:
    """A plate with columns x rows holes, flat.

    Defects, 0 for none: missing_hole, the number of the hole that was not drilled, from 1, row by
    row from -x -y; chip_mm, the size of what broke off its corner at +x +y; scratch_mm, the length
    of a scratch across its upper side. frames: "top"; "hole_i", from 0, at the upper rims.
    """
    count = columns * rows
    require(1 <= count <= 64, f"drilled_plate: columns x rows = {count} must be 1 to 64")
    require(
        0 <= missing_hole <= count,
        f"drilled_plate: missing_hole={missing_hole} must be 0 (none) to {count}",
    )
    short = min(length_mm / columns, width_mm / rows)
    require(
        1.5 * hole_mm + 2 * chamfer_mm < short,
        f"drilled_plate: holes of {hole_mm:g} mm leave too little between them; use fewer",
    )
    require(chip_mm < 0.4 * short, "drilled_plate: chip_mm must be under 0.4 of a hole's field")
    require(
        scratch_mm < 0.9 * min(length_mm, width_mm) and 2.5 * chamfer_mm <= thickness_mm,
        "drilled_plate: scratch_mm must be under 0.9 width_mm, chamfer_mm 0.4 of thickness_mm",
    )
    length, width, t, c = length_mm * MM, width_mm * MM, thickness_mm * MM, chamfer_mm * MM
    outline = rectangle(length, width, 2 * c)
    if chip_mm > 0.0:
        outline = bitten(rectangle(length, width), 1, chip_mm * MM)
    spots = [
        (length * ((i + 0.5) / columns - 0.5), width * ((j + 0.5) / rows - 0.5))
        for j in range(rows)
        for i in range(columns)
    ]
    if columns > 1 and rows > 1:  # near the edge, as bolt holes are
        spots = [(1.25 * x, 1.25 * y) for x, y in spots] if max(columns, rows) == 2 else spots
    rings = [
        circle(hole_mm * MM / 2, 32)[::-1] + np.array(spot)
        for k, spot in enumerate(spots)
        if k + 1 != missing_hole
    ]
    layers: list[Layer] = [(prism(outline, 0.0, t, rings, c), None)]
    if scratch_mm > 0.0:
        layers += scratch(scratch_mm * MM, (0.0, 0.0), SCRATCH_AT, t)
    mesh, inks = inked(*layers)
    grasps = from_above(t, [(yaw, (width, length)[k % 2]) for k, yaw in enumerate(QUARTERS)])
    frames = {f"hole_{k}": (x, y, t, 0.0, 0.0, 0.0, 1.0) for k, (x, y) in enumerate(spots)}
    sound = not (missing_hole or chip_mm or scratch_mm)
    return solid(
        mesh,
        [box(length, width, t, (0.0, 0.0, 0.0))],
        material,
        {"length": length, "width": width, "thickness": t, "hole": hole_mm * MM},
        {"top": (0.0, 0.0, t, 0.0, 0.0, 0.0, 1.0), **frames},
        grasps=grasps,
        rests=[IDENTITY, flipped(t)],
        turns=2 if sound else 1,
        inks=inks,
    )


def flange(
    *,
    outside_mm: float = 70.0,
    thickness_mm: float = 12.0,
    bolt_circle_mm: float = 52.0,
    bolt_mm: float = 7.0,
    holes: int = 4,
    neck_mm: float = 28.0,
    height_mm: float = 36.0,
    bore_mm: float = 18.0,
    missing_hole: int = 0,
    chip_mm: float = 0.0,
    scratch_mm: float = 0.0,
    material: str = "brushed_steel",
) -> Part:
    """A welding neck flange (EN 1092-1, type 11, the neck here a cylinder), its neck upwards.

    Defects, 0 for none: missing_hole, the number of the bolt hole that was not drilled, from 1;
    chip_mm, what broke out of its rim at +x; scratch_mm, the length of a scratch on its upper side.
    frames: "top", the neck's end; "hole_i", from 0, at the bolt holes' upper rims.
    """
    require(2 <= holes <= 16, f"flange: holes={holes} must be 2 to 16")
    require(0 <= missing_hole <= holes, f"flange: missing_hole={missing_hole} must be 0 to {holes}")
    require(
        bore_mm + 2.0 <= neck_mm and neck_mm + bolt_mm < bolt_circle_mm
        and bolt_circle_mm + bolt_mm + 2.0 < outside_mm
        and bolt_mm * 1.2 < bolt_circle_mm * np.sin(np.pi / holes),
        "flange: from the middle outwards bore, neck, bolt circle and outside need 2 mm between "
        "them, and bolt holes 0.2 bolt_mm between each other",
    )  # fmt: skip
    require(
        4.0 < thickness_mm < height_mm - 8.0,
        "flange: thickness_mm must be over 4 and 8 under height_mm",
    )
    require(
        chip_mm < 0.4 * (outside_mm - bolt_circle_mm - bolt_mm) + 0.2 * outside_mm / holes,
        "flange: chip_mm is too large for the rim",
    )
    r, t, h, b = outside_mm * MM / 2, thickness_mm * MM, height_mm * MM, bore_mm * MM / 2
    pitch, neck, c, face = bolt_circle_mm * MM / 2, neck_mm * MM / 2, 0.8 * MM, 1.6 * MM
    require(scratch_mm * MM < 1.3 * (r - neck), "flange: scratch_mm is too long for its upper side")
    outline = circle(r, 72)
    if chip_mm > 0.0:
        outline = bitten_disc(outline, 0.0, chip_mm * MM)
    angles = 2 * np.pi * (np.arange(holes) + 0.5) / holes
    spots = [(float(pitch * np.cos(a)), float(pitch * np.sin(a))) for a in angles]
    rings = [
        circle(bolt_mm * MM / 2, 28)[::-1] + np.array(spot)
        for k, spot in enumerate(spots)
        if k + 1 != missing_hole
    ]
    hub = circle(b, 48)[::-1]
    sealing = prism(circle(pitch - bolt_mm * MM / 2 - 0.0005), 0.0, face, [hub], 0.0, 0.0003)
    plate = prism(outline, face, t, [hub, *rings], min(c, 0.2 * t))
    tube_ = revolve([(x, z + t - 0.002) for x, z in tube(b, neck, h - t + 0.002, 1.2 * MM)], True)
    layers: list[Layer] = [(sealing, None), (plate, None), (tube_, None)]
    if scratch_mm > 0.0:
        middle = (neck + r) / 2
        layers += scratch(scratch_mm * MM, (0.0, middle), 0.5, t)  # between two bolts
    mesh, inks = inked(*layers)
    grasps = from_above(h, [(yaw, 2 * neck) for yaw in FULL_CIRCLE], floor=t + 0.0006)
    if 2 * r <= 0.075:
        grasps += from_above(t, [(yaw, 2 * r) for yaw in FULL_CIRCLE[1:6:2]], floor=0.002)
    frames = {f"hole_{k}": (x, y, t, 0.0, 0.0, 0.0, 1.0) for k, (x, y) in enumerate(spots)}
    sound = not (missing_hole or chip_mm or scratch_mm)
    return solid(
        mesh,
        [upright(pitch - bolt_mm * MM / 2 - 0.0005, 0.0, face), upright(r, face, t),
         upright(neck, t, h)],
        material,
        {"outside": 2 * r, "thickness": t, "height": h, "neck": 2 * neck, "bore": 2 * b},
        {"top": (0.0, 0.0, h, 0.0, 0.0, 0.0, 1.0), **frames},
        grasps=grasps,
        rests=[IDENTITY],
        turns=holes if sound else 1,
        norm="EN 1092-1",
        inks=inks,
    )  # fmt: skip


def t_slot_nut(
    *,
    slot_mm: float = 14.0,
    side_mm: float = 22.0,
    height_mm: float = 16.0,
    base_mm: float = 8.0,
    thread_mm: float = 12.0,
    material: str = "black_oxide",
) -> Part:
    """A nut for T-slots (DIN 508), foot down, its stem along x."""
    require(
        thread_mm + 1.0 < slot_mm < side_mm - 2.0,
        "t_slot_nut: slot_mm must be 1 mm over thread_mm and 2 mm under side_mm",
    )
    require(base_mm < height_mm - 2.0, "t_slot_nut: base_mm must be 2 mm under height_mm")
    a, e, h, k = slot_mm * MM, side_mm * MM, height_mm * MM, base_mm * MM
    c = min(0.5, 0.15 * (slot_mm - thread_mm)) * MM
    ring = circle(thread_mm * MM / 2, 36)[::-1]
    foot = prism(rectangle(e, e, c), 0.0, k, [ring], c)
    stem = prism(rectangle(e, a, c), k - 1.5 * c, h, [ring], c, chamfer_bottom=0.0)
    cores = [(yaw, a) for yaw in (0.0, np.pi)]
    across = [(yaw + np.pi / 2, e) for yaw in (0.0, np.pi)]
    mesh, inks = inked((foot, None), (stem, None))
    return solid(
        mesh,
        [box(e, e, k, (0.0, 0.0, 0.0)), box(e, a, h - k, (0.0, 0.0, k))],
        material,
        {"slot": a, "side": e, "height": h, "base": k, "thread": thread_mm * MM},
        {"top": (0.0, 0.0, h, 0.0, 0.0, 0.0, 1.0)},
        grasps=from_above(h, cores, floor=k + 0.0004) + from_above(h, across),
        rests=[IDENTITY, flipped(h)],
        turns=2,
        norm="DIN 508",
        inks=inks,
    )


def slot_profile(
    *,
    side_mm: float = 40.0,
    length_mm: float = 70.0,
    slot_mm: float = 8.0,
    material: str = "anodised",
) -> Part:
    """A length of T-slotted aluminium profile (as 40 x 40, slot 8), lying along x."""
    require(3.0 * slot_mm < side_mm, "slot_profile: slot_mm must be under a third of side_mm")
    require(length_mm > 0.4 * side_mm, "slot_profile: length_mm must be over 0.4 side_mm")
    a, length, s = side_mm * MM, length_mm * MM, slot_mm * MM
    half, lip, wide, deep = a / 2, 0.055 * a, 1.25 * s, 0.29 * a
    corner = 0.05 * a
    side = [  # of the side facing +x, from its lower corner upwards
        (half, -half + corner), (half, -s / 2), (half - lip, -s / 2), (half - lip, -wide),
        (half - 0.55 * deep, -wide), (half - deep, -0.55 * s), (half - deep, 0.55 * s),
        (half - 0.55 * deep, wide), (half - lip, wide), (half - lip, s / 2), (half, s / 2),
        (half, half - corner),
    ]  # fmt: skip
    quarters = [np.array(side) @ turn("z", np.pi / 2 * k)[:2, :2].T for k in range(4)]
    mesh = prism(
        np.concatenate(quarters), -length / 2, length / 2, [circle(0.085 * a, 24)[::-1]], 0.0003
    )
    holds = [(0.0, a), (np.pi, a), (np.pi / 2, length), (-np.pi / 2, length)]
    return solid(
        turned(mesh, TO_X, (0.0, 0.0, half)),
        [box(length, a, a, (0.0, 0.0, 0.0))],
        material,
        {"side": a, "length": length, "slot": s},
        grasps=from_above(a, holds),
        rests=[IDENTITY],
        turns=2,
    )
