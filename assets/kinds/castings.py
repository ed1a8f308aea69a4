"""Fittings, housings and handles: cast, bent and moulded things."""

from __future__ import annotations

import numpy as np

from assets.frames import IDENTITY, rest, seven, turn
from assets.geometry.grasps import FULL_CIRCLE, cylinder_grasps, from_above
from assets.geometry.shapes import (
    at_height,
    circle,
    cuboid,
    join,
    loft,
    moved,
    prism,
    rectangle,
    revolve,
    tube,
    turned,
)
from assets.geometry.solid import MM, RGB, box, hexagon, inked, require, solid, upright
from assets.kinds.fasteners import REACH, SIXTHS, flipped, lying, thread
from assets.kinds.workpieces import TO_X
from assets.part import Cylinder, Part, Piece
from episodes.array_types import Floats

DARK: RGB = (0.08, 0.08, 0.09)
STEEL: RGB = (0.60, 0.60, 0.59)
BRASS: RGB = (0.70, 0.55, 0.26)
TO_FRONT = turn("x", -np.pi / 2)
STAND = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])  # y of an outline is up


def elbow(
    *,
    pipe_mm: float = 27.0,
    bore_mm: float = 21.0,
    collar_mm: float = 34.0,
    collar_length_mm: float = 21.0,
    leg_mm: float = 42.0,
    material: str = "cast_iron",
) -> Part:
    """A 90 degree pipe elbow with a collar at either end (EN 10242 A1), lying flat; its ends look
    to +x and +y. leg_mm: from the axes' crossing to an end. frames: "end_x", "end_y", z out."""
    require(
        bore_mm + 2.0 <= pipe_mm <= collar_mm - 2.0,
        "elbow: pipe_mm must be 2 mm over bore_mm and 2 mm under collar_mm",
    )
    require(
        leg_mm > collar_length_mm + 0.55 * pipe_mm,
        "elbow: leg_mm must be over collar_length_mm + 0.55 pipe_mm",
    )
    r, b, k = pipe_mm * MM / 2, bore_mm * MM / 2, collar_mm * MM / 2
    long, leg = collar_length_mm * MM, leg_mm * MM
    bend, c = leg - long, 1.0 * MM
    shift = -0.45 * leg  # the crossing of the axes, so that the footprint's middle is the origin

    def ring(radius: float, angle: float, along: float = 0.0) -> Floats:
        """A circle on the axis: `along` [m] before (< 0) or after the bend, or `angle` into it."""
        flat = circle(radius, 36)
        out = np.array([np.sin(angle), -np.cos(angle)])  # from the bend's centre to the axis
        ahead = np.array([np.cos(angle), np.sin(angle)])
        centre = np.array([bend, bend])
        middle = centre + bend * out + along * ahead
        points = middle + flat[:, :1] * out
        return np.column_stack([points, k + flat[:, 1]])

    angles = -np.linspace(0.0, np.pi / 2, 13)
    stops = [(a, 0.0) for a in angles]
    # from the +x end inwards, around, and out at the +y end
    way = [(0.0, long), *stops, (-np.pi / 2, -long)]
    outer = [ring(r, a, s) for a, s in way]
    inner = [ring(b, a, s) for a, s in way]
    pipe = loft([*outer, *inner[::-1]], closed=True)
    collar = revolve(tube(b, k, long, c), closed=True)
    pose_x = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    pose_y = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    skins = [
        pipe,
        turned(collar, pose_x, (bend, 0.0, k)),
        turned(collar, pose_y, (0.0, bend, k)),
    ]
    mesh = moved(join(*skins), (shift, shift, 0.0))
    pieces: list[Piece] = [
        Cylinder(k, long, seven((shift + bend + long / 2, shift, k), pose_x)),
        Cylinder(k, long, seven((shift, shift + bend + long / 2, k), pose_y)),
    ]
    for a0, a1 in ((0.0, np.pi / 4), (np.pi / 4, np.pi / 2)):
        a = (a0 + a1) / 2
        at = np.array([bend, bend]) + bend * np.array([-np.sin(a), -np.cos(a)])
        way_ = seven((shift + at[0], shift + at[1], k), turn("z", -a) @ pose_x)
        pieces.append(Cylinder(r, bend * np.pi / 4 * 1.02, way_))
    grasps = []
    for x, y, yaw in ((bend + long / 2, 0.0, 0.0), (0.0, bend + long / 2, np.pi / 2)):
        spot = (shift + x, shift + y)
        grasps += from_above(2 * k, [(yaw, 2 * k), (yaw + np.pi, 2 * k)], spot=spot)
    return solid(
        mesh,
        pieces,
        material,
        {"pipe": 2 * r, "collar": 2 * k, "leg": leg},
        {"end_x": seven((shift + leg, shift, k), pose_x),
         "end_y": seven((shift, shift + leg, k), pose_y)},
        grasps=grasps,
        rests=[IDENTITY, rest(turn("x", np.pi), (0.0, 0.0, 2 * k))],
        norm="EN 10242",
    )  # fmt: skip


def standoff(
    *,
    flats_mm: float = 13.0,
    length_mm: float = 30.0,
    thread_mm: float = 6.0,
    material: str = "brass",
) -> Part:
    """A hexagon spacer with a thread in either end, upright, two flats facing +-y."""
    require(thread_mm < 0.75 * flats_mm, "standoff: thread_mm must be under 0.75 of flats_mm")
    s, h, r, c = flats_mm * MM, length_mm * MM, thread_mm * MM / 2, 0.5 * MM
    angle = np.pi / 6 + np.pi / 3 * np.arange(6) - np.pi / 6
    corners = s / np.sqrt(3.0) * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    deep = min(0.3 * h, 2 * thread_mm * MM)
    body = prism(corners, deep, h - deep)
    hole = circle(r, 28)[::-1]
    ends = [
        prism(corners, 0.0, deep, [hole], 0.0, chamfer_bottom=c),
        prism(corners, h - deep, h, [hole], c, chamfer_bottom=0.0),
    ]
    return solid(
        join(ends[0], body, ends[1]),
        hexagon(s, 0.0, h),
        material,
        {"flats": s, "length": h, "thread": 2 * r},
        {"top": (0.0, 0.0, h, 0.0, 0.0, 0.0, 1.0)},
        grasps=from_above(h, [(yaw, s) for yaw in SIXTHS]),
        rests=[IDENTITY, flipped(h)],
        turns=6,
    )


def socket_screw(
    *,
    diameter_mm: float = 12.0,
    pitch_mm: float = 1.75,
    head_mm: float = 18.0,
    socket_mm: float = 10.0,
    length_mm: float = 40.0,
    material: str = "black_oxide",
) -> Part:
    """A hexagon socket head cap screw (ISO 4762), threaded to its head, on its head, tip up.

    frames: "tip", its z out of the shank's end; "under_head"; "socket", its z into the head.
    """
    require(
        1.3 * diameter_mm < head_mm and socket_mm < 0.9 * diameter_mm,
        "socket_screw: head_mm must be over 1.3 diameter_mm and socket_mm under 0.9 of it",
    )
    require(pitch_mm < diameter_mm / 3.0, "socket_screw: pitch_mm must be under a third of it")
    require(length_mm > 4 * pitch_mm, "socket_screw: length_mm must be over 4 pitches")
    d, pitch, k, wide = diameter_mm * MM, pitch_mm * MM, diameter_mm * MM, head_mm * MM
    length, top, c = length_mm * MM, (diameter_mm + length_mm) * MM, 0.06 * diameter_mm * MM
    deep = 0.5 * k
    side = socket_mm * MM / np.sqrt(3.0)
    angle = np.pi / 3 * np.arange(6)
    hexa = side * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    rim = prism(circle(wide / 2), 0.0, deep, [hexa[::-1]], 0.0, chamfer_bottom=c)
    cap = revolve([(wide / 2, deep), (wide / 2, k - 0.3 * c), (wide / 2 - 0.3 * c, k)])
    rings = [at_height(circle(d / 2.0, 24), k - 1e-4)]
    rings += thread(d, pitch, k + 0.3 * pitch, top - 0.6 * pitch, inside=False)
    rings += [at_height(circle(d / 2.0 - 0.6 * pitch, 24), top)]
    lie = lying(k, length, wide, d, float(rim.volume + cap.volume))
    grasps = from_above(top, [(yaw, d) for yaw in FULL_CIRCLE], floor=k + 0.001)
    grasps += from_above(k, [(yaw, wide) for yaw in FULL_CIRCLE]) if top < REACH else []
    grasps += cylinder_grasps(d, (0.0, 0.0, k + 0.55 * length), (0.0, 0.0, 1.0))
    return solid(
        join(rim, cap, loft(rings)),
        [upright(wide / 2, 0.0, k), upright(d / 2, k, top)],
        material,
        {"diameter": d, "head": wide, "length": length, "socket": socket_mm * MM},
        {"tip": (0, 0, top, 0, 0, 0, 1.0), "under_head": (0, 0, k, 0, 0, 0, 1.0),
         "socket": (0, 0, 0, 0, 0, 0, 1.0)},
        grasps=grasps,
        rests=[IDENTITY, lie] if top < 3.2 * wide else [lie, IDENTITY],
        turns=6,
        norm="ISO 4762",
    )  # fmt: skip


def bearing_housing(
    *,
    bore_mm: float = 12.0,
    centre_mm: float = 19.0,
    length_mm: float = 71.0,
    width_mm: float = 16.0,
    height_mm: float = 38.0,
    bolts_mm: float = 56.0,
    material: str = "cast_iron",
) -> Part:
    """A pillow block with its insert bearing (in the manner of ISO 3228), feet along x.

    centre_mm: height of the shaft's axis. frames: "axis", on it in the middle, z along the shaft.
    """
    require(
        0.6 * bore_mm + 3.0 < height_mm - centre_mm < centre_mm + 4.0,
        "bearing_housing: height_mm - centre_mm, the round's radius, must be over 0.6 bore_mm + 3 "
        "and under centre_mm + 4",
    )
    radius = height_mm - centre_mm
    require(
        2 * radius + 6.0 < bolts_mm < length_mm - 8.0,
        "bearing_housing: bolts_mm must clear the round by 6 mm and the ends by 8 mm",
    )
    require(bore_mm < 0.9 * width_mm + 6.0, "bearing_housing: bore_mm is too large for width_mm")
    b, z, length, w = bore_mm * MM / 2, centre_mm * MM, length_mm * MM, width_mm * MM
    r, pitch, foot, c = radius * MM, bolts_mm * MM / 2, 0.32 * centre_mm * MM, 0.6 * MM
    bolt = min(0.17 * width_mm, 0.25 * (length_mm - bolts_mm)) * MM
    slots = [circle(bolt, 24)[::-1] + np.array([s * pitch, 0.0]) for s in (-1.0, 1.0)]
    base = prism(rectangle(length, w, 2 * c), 0.0, foot, slots, c)
    angle = np.linspace(-0.25, np.pi + 0.25, 40)
    arch = np.stack([r * np.cos(angle), z + r * np.sin(angle)], axis=1)
    outline = np.concatenate([[[-1.12 * r, 0.5 * foot], [1.12 * r, 0.5 * foot]], arch])
    seat = 0.78 * r
    body = prism(outline, -w / 2, w / 2, [circle(seat)[::-1] + np.array([0.0, z])], 0.027 * r)
    insert = revolve([(x, y - w / 2) for x, y in tube(b, b + 0.36 * (seat - b), w, 3e-4)], True)
    outer = revolve(
        [(x, y - 0.42 * w) for x, y in tube(seat - 0.3 * (seat - b), seat + 2e-4, 0.84 * w, 3e-4)],
        True,
    )
    seal = revolve(
        [
            (x, y - 0.36 * w)
            for x, y in tube(b + 0.3 * (seat - b), seat - 0.25 * (seat - b), 0.72 * w, 2e-4)
        ],
        True,
    )
    nipple = revolve([(0.1 * r, 0.0), (0.1 * r, 0.08 * r), (0.04 * r, 0.12 * r)], segments=12)
    up = (0.0, 0.0, z)
    mesh, inks = inked(
        (join(base, turned(body, STAND, (0, 0, 0))), None),
        (join(turned(insert, TO_FRONT, up), turned(outer, TO_FRONT, up)), STEEL),
        (turned(seal, TO_FRONT, up), DARK),
        (turned(nipple, turn("y", 0.7), (0.62 * r, 0.0, z + 0.74 * r)), BRASS),
    )
    pieces: list[Piece] = [
        box(length, w, foot, (0.0, 0.0, 0.0)),
        box(2 * r, w, z - foot, (0.0, 0.0, foot)),
        Cylinder(r, w, seven(up, turn("x", np.pi / 2))),
    ]
    h = z + r
    return solid(
        mesh,
        pieces,
        material,
        {"bore": 2 * b, "centre": z, "length": length, "width": w, "height": h},
        {"axis": seven(up, TO_FRONT)},
        grasps=from_above(h, [(0.0, w), (np.pi, w)]),
        rests=[IDENTITY],
        turns=2,
        norm="ISO 3228",
        inks=inks,
    )


def housing(
    *,
    length_mm: float = 64.0,
    width_mm: float = 48.0,
    height_mm: float = 34.0,
    gland_mm: float = 12.0,
    material: str = "painted",
) -> Part:
    """A small die-cast enclosure: a lid with four screws, cooling ribs, a cable gland at +x.

    frames: "lid", on the lid in its middle; "gland", its z out.
    """
    require(
        gland_mm < 0.6 * min(width_mm, 0.66 * height_mm),
        "housing: gland_mm must be under 0.6 of width_mm and 0.4 of height_mm",
    )
    require(
        min(length_mm, width_mm) >= 25.0 and height_mm >= 18.0,
        "housing: sides of 25 mm and a height of 18 mm or more",
    )
    length, w, h, g = length_mm * MM, width_mm * MM, height_mm * MM, gland_mm * MM / 2
    split, gap, c = 0.66 * h, 0.8 * MM, 1.2 * MM
    lid = cuboid(length, w, h - split - gap, (0.0, 0.0, split + gap), c)
    body = cuboid(length, w, split, (0, 0, 0), c)
    seam = [cuboid(length - 2 * MM, w - 2 * MM, 4 * gap, (0.0, 0.0, split - 1.5 * gap))]
    ribs = [
        cuboid(0.5 * length, 2.2 * MM, 0.0012, (-0.04 * length, y, h - 0.0008), 0.0004)
        for y in np.linspace(-0.26, 0.26, 5) * w
    ]
    bolt, steel = [(2.6 * MM, -0.0006), (2.6 * MM, 0.0002), (1.3 * MM, 0.00028)], []
    for x in (-length / 2 + 5 * MM, length / 2 - 5 * MM):
        for y in (-w / 2 + 5 * MM, w / 2 - 5 * MM):
            steel.append(moved(revolve(bolt, segments=18), (x, y, h)))
    ribs = [moved(rib, (0.0, 0.0, -0.00018)) for rib in ribs]
    z, out = 0.5 * split, 0.011
    nut = loft([at_height(circle(1.15 * g, 6), 0.0), at_height(circle(1.15 * g, 6), 0.4 * out)])
    cone = revolve([(g, 0.3 * out), (g, 0.8 * out), (0.7 * g, out), (0.45 * g, out)], segments=28)
    seam += [turned(join(nut, cone), TO_X, (length / 2 - 1e-4, 0.0, z))]
    mesh, inks = inked((join(body, lid, *ribs), None), (join(*seam), DARK), (join(*steel), STEEL))
    gland = Cylinder(1.15 * g, 0.4 * out, seven((length / 2 + 0.2 * out, 0.0, z), TO_X))
    tail = Cylinder(g, 0.6 * out, seven((length / 2 + 0.7 * out - 1e-4, 0.0, z), TO_X))
    holds = [(0.0, w), (np.pi, w)]
    return solid(
        mesh,
        [box(length, w, h, (0.0, 0.0, 0.0)), gland, tail],
        material,
        {"length": length, "width": w, "height": h},
        {"lid": (0.0, 0.0, h, 0.0, 0.0, 0.0, 1.0),
         "gland": seven((length / 2 + out - 1e-4, 0.0, z), TO_X)},
        grasps=from_above(h, holds),
        rests=[IDENTITY, flipped(h)],
        inks=inks,
    )  # fmt: skip


def u_channel(
    *,
    length_mm: float = 60.0,
    width_mm: float = 40.0,
    height_mm: float = 25.0,
    thickness_mm: float = 3.0,
    hole_mm: float = 6.6,
    material: str = "zinc_plated",
) -> Part:
    """A piece of bent U channel (EN 10162), open upwards, along x, with a hole in its web."""
    require(
        4 * thickness_mm < min(width_mm, height_mm),
        "u_channel: thickness_mm must be under a quarter of width_mm and height_mm",
    )
    require(
        hole_mm < 0.6 * min(length_mm, width_mm - 2 * thickness_mm),
        "u_channel: hole_mm must be under 0.6 of the web",
    )
    length, w, h, t = length_mm * MM, width_mm * MM, height_mm * MM, thickness_mm * MM
    c = 0.12 * t
    hole = circle(hole_mm * MM / 2, 28)[::-1]
    web = prism(rectangle(length, w - 2 * t + 2e-4), 0.0, t, [hole], 0.0)
    bend = t * (1 - np.cos(np.linspace(0, np.pi / 2, 5)))
    foot = np.stack([bend, t * (1 - np.sin(np.linspace(0, np.pi / 2, 5)))], axis=1)
    wall = np.concatenate([foot, [[t, 0.0], [t, h - c], [t - c, h], [c, h], [0.0, h - c]]])
    wall = np.concatenate([wall[1:4], wall[5:]])  # counter-clockwise, without its double corner
    side = prism(wall, -length / 2, length / 2)
    left = turned(side, TO_X, (0.0, -w / 2, 0.0))
    right = turned(left, turn("z", np.pi), (0, 0, 0))
    pieces: list[Piece] = [box(length, w, t, (0.0, 0.0, 0.0))]
    pieces += [box(length, t, h - t, (0.0, s * (w - t) / 2, t)) for s in (-1.0, 1.0)]
    return solid(
        join(web, left, right),
        pieces,
        material,
        {"length": length, "width": w, "height": h, "thickness": t},
        grasps=from_above(h, [(0.0, w), (np.pi, w)]),
        rests=[IDENTITY, flipped(h)],
        turns=2,
        norm="EN 10162",
    )


def knob(
    *,
    diameter_mm: float = 40.0,
    hub_mm: float = 20.0,
    height_mm: float = 26.0,
    lobes: int = 8,
    material: str = "pom",
) -> Part:
    """A star grip (in the proportions of DIN 6336) on its hub, a brass thread in it."""
    require(lobes in (4, 8, 12), f"knob: lobes={lobes} must be 4, 8 or 12: jaws hold two opposite")
    require(12.0 <= hub_mm <= 0.7 * diameter_mm, "knob: hub_mm must be 12 to 0.7 of diameter_mm")
    require(height_mm >= 0.4 * diameter_mm, "knob: height_mm must be 0.4 of diameter_mm or more")
    r, hub, h = diameter_mm * MM / 2, hub_mm * MM / 2, height_mm * MM
    low, c = 0.42 * h, 0.06 * r
    angle = 2 * np.pi * np.arange(96) / 96
    radius = r * (1 - 0.08 * (1 - np.cos(lobes * angle)))
    star = np.stack([np.cos(angle), np.sin(angle)], axis=1) * radius[:, None]
    rings = [at_height(star * (1 - 2 * c / r), low - c), at_height(star, low + c)]
    rings += [at_height(star, h - 3 * c), at_height(star * (1 - c / r), h - 1.2 * c)]
    rings += [at_height(star * (1 - 2.6 * c / r), h - 0.2 * c), at_height(star * 0.6, h)]
    thread_ = revolve(tube(0.3 * hub, 0.62 * hub, 0.6 * low, 2e-4), closed=True)
    base = revolve(tube(0.58 * hub, hub, low, 0.06 * hub), closed=True)
    core = revolve([(0.6 * hub, 0.5 * low), (0.6 * hub, low + 0.1 * h)])
    mesh, inks = inked((join(loft(rings), base, core), None), (thread_, BRASS))
    return solid(
        mesh,
        [upright(hub, 0.0, low), upright(r, low - 0.5 * c, h)],
        material,
        {"diameter": 2 * r, "hub": 2 * hub, "height": h},
        {"top": (0.0, 0.0, h, 0.0, 0.0, 0.0, 1.0)},
        grasps=from_above(
            h, [(2 * np.pi * k / lobes, 2 * r) for k in range(lobes)], floor=low + 2 * c
        ),
        rests=[IDENTITY, flipped(h)],
        turns=lobes,
        norm="DIN 6336",
        inks=inks,
    )


def bow_handle(
    *,
    pitch_mm: float = 100.0,
    height_mm: float = 38.0,
    width_mm: float = 18.0,
    bar_mm: float = 10.0,
    material: str = "black_oxide",
) -> Part:
    """A bow handle (in the manner of DIN 3136) on its feet, along x."""
    require(
        pitch_mm > 4 * width_mm and height_mm > 2.6 * bar_mm,
        "bow_handle: pitch_mm must be over 4 width_mm, height_mm over 2.6 bar_mm",
    )
    require(bar_mm >= 5.0 and width_mm >= bar_mm, "bow_handle: bar_mm >= 5, width_mm >= bar_mm")
    half, h, w, t = pitch_mm * MM / 2, height_mm * MM, width_mm * MM, bar_mm * MM
    foot = 0.75 * w
    x1, bend = half + foot / 2, 0.9 * t
    inner = max(bend - 0.8 * t, 0.15 * t)
    turn_ = np.linspace(0.0, np.pi / 2, 7)
    outside = np.stack([x1 - bend + bend * np.cos(turn_), h - bend + bend * np.sin(turn_)], axis=1)
    x0, z0 = half - foot / 2, h - t
    inside = np.stack(
        [x0 - inner + inner * np.cos(turn_), z0 - inner + inner * np.sin(turn_)], axis=1
    )
    right = np.concatenate([[[x0, 0.0], [x1, 0.0]], outside])
    left = (outside * [-1, 1])[::-1]
    outline = np.concatenate(
        [right, left, [[-x1, 0.0], [-x0, 0.0]], inside * [-1, 1], inside[::-1]]
    )
    mesh = turned(prism(outline, -w / 2, w / 2, chamfer=0.22 * t), STAND, (0.0, 0.0, 0.0))
    pieces: list[Piece] = [
        *(box(foot, w, h, (s * half, 0.0, 0.0)) for s in (-1.0, 1.0)),
        box(2 * x0, w, t, (0.0, 0.0, h - t)),
    ]
    sides = [rest(turn("x", s * np.pi / 2), (0.0, s * h / 2, w / 2)) for s in (1.0, -1.0)]
    grasps = from_above(h, [(0.0, w), (np.pi, w)])
    for s, side in zip((1.0, -1.0), sides, strict=True):
        spot = (0.0, -s * (h / 2 - t / 2))
        grasps += from_above(w, [(0.0, t), (np.pi, t)], side, spot=spot)
    return solid(
        mesh,
        pieces,
        material,
        {"pitch": 2 * half, "height": h, "width": w, "bar": t},
        grasps=grasps,
        rests=[IDENTITY, *sides],
        turns=2,
        norm="DIN 3136",
    )
