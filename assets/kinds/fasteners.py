"""Washers, nuts and bolts by metric size. Sources of the dimensions: `assets.kinds.standards`."""

from __future__ import annotations

import numpy as np

from assets.frames import IDENTITY, Seven, rest, turn
from assets.geometry.grasps import FULL_CIRCLE, cylinder_grasps, from_above
from assets.geometry.shapes import SEGMENTS, at_height, circle, join, loft, revolve, tube
from assets.geometry.solid import MM, hexagon, require, solid, upright
from assets.part import Part
from episodes.array_types import Floats

SIXTHS = tuple(np.pi * k / 3.0 for k in range(6))
REACH = 0.045  # [m] the tallest bolt whose head the jaws reach past its tip
SHANK = 24  # segments of a bolt's shank, whose thread has many rings
CROWN = np.tan(np.radians(30.0))  # slope of the turned-down corners of a hexagon


def washer(
    *,
    bore_mm: float = 13.0,
    outside_mm: float = 24.0,
    height_mm: float = 2.5,
    material: str = "zinc_plated",
) -> Part:
    """A plain washer (ISO 7089), lying flat."""
    require(bore_mm < outside_mm - 1.0, "washer: bore_mm must be 1 mm under outside_mm or less")
    inner, outer, h = bore_mm * MM / 2.0, outside_mm * MM / 2.0, height_mm * MM
    c = min(0.1 * h, 0.1 * (outer - inner))
    mesh = revolve(tube(inner, outer, h, c), closed=True)
    return solid(
        mesh,
        [upright(outer, 0.0, h)],
        material,
        {"bore": 2 * inner, "outside": 2 * outer, "height": h},
        grasps=from_above(h, [(yaw, 2 * outer) for yaw in FULL_CIRCLE]),
        rests=[IDENTITY, flipped(h)],
        turns=0,
        norm="ISO 7089",
    )


def hex_nut(
    *,
    diameter_mm: float = 12.0,
    pitch_mm: float = 1.75,
    flats_mm: float = 18.0,
    height_mm: float = 10.8,
    washer_face_mm: float = 16.6,
    material: str = "zinc_plated",
) -> Part:
    """A hexagon nut (ISO 4032), lying flat, two flats facing +-y; corners crowned on both sides."""
    require(diameter_mm < 0.9 * flats_mm, "hex_nut: diameter_mm must be under 0.9 of flats_mm")
    require(pitch_mm < diameter_mm / 3.0, "hex_nut: pitch_mm must be under a third of diameter_mm")
    require(
        diameter_mm * 1.08 < washer_face_mm <= flats_mm,
        "hex_nut: washer_face_mm must lie between 1.08 diameter_mm and flats_mm",
    )
    d, pitch, s, m = diameter_mm * MM, pitch_mm * MM, flats_mm * MM, height_mm * MM
    corner, drop = crown(s, washer_face_mm * MM)
    require(
        2.2 * float(drop.max()) < m, "hex_nut: height_mm is too small for its width across flats"
    )
    face, mouth = circle(washer_face_mm * MM / 2.0), circle(1.04 * d / 2.0)
    sink = 0.04 * d / 2.0  # depth of the countersink, at 45 degrees
    rings = [at_height(face, 0.0), at_height(corner, drop), at_height(corner, m - drop)]
    rings += [at_height(face, m), at_height(mouth, m)]
    rings += [*thread(d, pitch, m - sink, sink, inside=True), at_height(mouth, 0.0)]
    return solid(
        loft(rings, closed=True),
        hexagon(s, 0.0, m),
        material,
        {"diameter": d, "pitch": pitch, "flats": s, "height": m},
        grasps=from_above(m, [(yaw, s) for yaw in SIXTHS]),
        rests=[IDENTITY, flipped(m)],
        turns=6,
        norm="ISO 4032",
    )


def hex_bolt(
    *,
    diameter_mm: float = 12.0,
    pitch_mm: float = 1.75,
    flats_mm: float = 18.0,
    head_mm: float = 7.5,
    washer_face_mm: float = 16.6,
    length_mm: float = 35.0,
    thread_mm: float = 30.0,
    material: str = "zinc_plated",
) -> Part:
    """A hexagon head bolt (ISO 4017, or 4014 where a plain shank is left), on its head, tip up.

    frames: "tip", its z out of the shank's end; "under_head", where the shank begins.
    """
    require(diameter_mm < 0.9 * flats_mm, "hex_bolt: diameter_mm must be under 0.9 of flats_mm")
    require(pitch_mm < diameter_mm / 3.0, "hex_bolt: pitch_mm must be under a third of diameter_mm")
    require(
        diameter_mm < washer_face_mm <= flats_mm,
        "hex_bolt: washer_face_mm must lie between diameter_mm and flats_mm",
    )
    require(
        2.0 * pitch_mm < thread_mm <= length_mm - 0.5 * pitch_mm,
        "hex_bolt: thread_mm must be over 2 pitches and end half a pitch under the head",
    )
    d, pitch, s, k = diameter_mm * MM, pitch_mm * MM, flats_mm * MM, head_mm * MM
    length, top = length_mm * MM, (head_mm + length_mm) * MM
    corner, drop = crown(s, washer_face_mm * MM)
    require(
        1.2 * float(drop.max()) < k, "hex_bolt: head_mm is too small for its width across flats"
    )
    face = circle(washer_face_mm * MM / 2.0)
    head = loft([at_height(face, 0.0), at_height(corner, drop), at_height(corner, k)])
    start = top - thread_mm * MM
    point = 0.6 * pitch  # the chamfer at the tip
    rings = [at_height(circle(d / 2.0, SHANK), z) for z in (k - 1e-4, start)]
    rings += thread(d, pitch, start + 0.3 * pitch, top - point, inside=False)
    rings += [at_height(circle(d / 2.0 - point, SHANK), top)]
    lie = lying(k, length, s, d, float(head.volume))
    grasps = from_above(top, [(yaw, d) for yaw in FULL_CIRCLE], floor=k + 0.001)
    grasps += from_above(k, [(yaw, s) for yaw in SIXTHS]) if top < REACH else []
    grasps += cylinder_grasps(d, (0.0, 0.0, k + 0.55 * length), (0.0, 0.0, 1.0))
    return solid(
        join(head, loft(rings)),
        [*hexagon(s, 0.0, k), upright(d / 2.0, k, top)],
        material,
        {"diameter": d, "pitch": pitch, "flats": s, "head": k, "length": length},
        frames={"tip": (0, 0, top, 0, 0, 0, 1.0), "under_head": (0, 0, k, 0, 0, 0, 1.0)},
        grasps=grasps,
        rests=[IDENTITY, lie] if top < 3.2 * s else [lie, IDENTITY],
        turns=6,
        norm="ISO 4017" if length - thread_mm * MM < 2.0 * pitch else "ISO 4014",
    )


def crown(flats: float, face: float) -> tuple[Floats, Floats]:
    """A hexagon's outline (SEGMENTS, 2), two sides facing +-y, and how far (SEGMENTS,) a cone of
    30 degrees that starts at the washer face's diameter turns it down at each point."""
    angle = 2.0 * np.pi * np.arange(SEGMENTS) / SEGMENTS
    off_flat = (angle % (np.pi / 3.0)) - np.pi / 6.0
    radius = flats / 2.0 / np.cos(off_flat)
    outline = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return outline, CROWN * (radius - face / 2.0)


def thread(diameter: float, pitch: float, start: float, end: float, inside: bool) -> list[Floats]:
    """Rings of a metric thread from z = start to end, for the eye: grooves, no helix.

    A zigzag whose mean section is that of the pitch circle, d - 0.6495 P (ISO 724), so that the
    mass is right. At most 24 turns are drawn: long fine threads stay cheap.
    """
    turns = int(np.clip(np.floor(abs(end - start) / pitch), 1, 24))
    crest, root = (0.0, 0.65) if not inside else (0.541, 0.109)
    first, second = diameter / 2.0 - crest * pitch, diameter / 2.0 - root * pitch
    segments = SEGMENTS if inside else SHANK
    step = (end - start) / turns
    rings = []
    for k in range(turns):
        rings.append(at_height(circle(first, segments), start + k * step))
        rings.append(at_height(circle(second, segments), start + (k + 0.5) * step))
    rings.append(at_height(circle(first, segments), end))
    return rings


def flipped(height: float) -> Seven:
    """Lying upside down."""
    return rest(turn("x", np.pi), (0.0, 0.0, height))


def lying(head: float, length: float, flats: float, diameter: float, head_volume: float) -> Seven:
    """A bolt on a flat of its head and the edge of its tip, tip towards +x."""
    drop = (flats - diameter) / 2.0
    flat_down = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    rotation = turn("y", np.arctan2(drop, length)) @ flat_down
    under_head = rotation @ np.array([0.0, -flats / 2.0, head])
    shank_volume = np.pi / 4.0 * diameter**2 * length
    middle = (head_volume * head / 2.0 + shank_volume * (head + length / 2.0)) / (
        head_volume + shank_volume
    )
    centre = rotation @ np.array([0.0, 0.0, middle])
    return rest(rotation, (-centre[0], 0.0, -under_head[2]))
