"""What turns, and what keeps it in place: bearings, gears, pulleys, keys, pins, rings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from assets.frames import IDENTITY, rest, turn
from assets.geometry.grasps import FULL_CIRCLE, from_above
from assets.geometry.shapes import circle, join, prism, revolve, tube
from assets.geometry.solid import MM, RGB, box, inked, require, solid, upright
from assets.kinds.fasteners import flipped
from assets.kinds.workpieces import lying_round
from assets.part import Part, Piece
from episodes.array_types import Floats

SEAL: RGB = (0.07, 0.07, 0.08)
PRESSURE = np.radians(20.0)  # pressure angle of ISO 53


def bearing(
    *,
    bore_mm: float = 20.0,
    outside_mm: float = 42.0,
    width_mm: float = 12.0,
    material: str = "brushed_steel",
) -> Part:
    """A sealed deep groove ball bearing (boundary dimensions: ISO 15), flat."""
    require(bore_mm + 8.0 <= outside_mm, "bearing: outside_mm must be 8 mm over bore_mm or more")
    inner, outer, w = bore_mm * MM / 2, outside_mm * MM / 2, width_mm * MM
    section = outer - inner
    ring, c = 0.24 * section, min(0.6 * MM, 0.08 * section)
    rings = join(
        revolve(tube(inner, inner + ring, w, c), closed=True),
        revolve(tube(outer - ring, outer, w, c), closed=True, segments=72),
    )
    low = 0.05 * w
    seal = tube(inner + 0.9 * ring, outer - 0.9 * ring, w - 2 * low, 0.02 * w)
    mesh, inks = inked((rings, None), (revolve([(r, z + low) for r, z in seal], True), SEAL))
    return solid(
        mesh,
        [upright(outer, 0.0, w)],
        material,
        {"bore": 2 * inner, "outside": 2 * outer, "width": w},
        grasps=from_above(w, [(yaw, 2 * outer) for yaw in FULL_CIRCLE]),
        rests=[IDENTITY, flipped(w)],
        turns=0,
        norm="ISO 15",
        inks=inks,
    )


def spur_gear(
    *,
    module_mm: float = 2.0,
    teeth: int = 20,
    width_mm: float = 16.0,
    bore_mm: float = 12.0,
    hub_mm: float = 25.0,
    hub_height_mm: float = 10.0,
    material: str = "brushed_steel",
) -> Part:
    """A spur gear with involute teeth (basic rack: ISO 53, modules: ISO 54), its hub upwards.

    The number of teeth is even: jaws hold it over two that face each other.
    """
    require(
        8 <= teeth <= 120 and teeth % 2 == 0, f"spur_gear: teeth={teeth} must be even, 8 to 120"
    )
    tip, root = module_mm * MM * (teeth / 2 + 1), module_mm * MM * (teeth / 2 - 1.25)
    hub, bore = hub_mm * MM / 2, bore_mm * MM / 2
    require(
        bore + 2 * MM <= hub <= root - 0.5 * MM,
        f"spur_gear: hub_mm must be 4 mm over bore_mm and under {2000 * root - 1:.1f}",
    )
    w, h = width_mm * MM, (width_mm + hub_height_mm) * MM
    c = min(0.12 * module_mm * MM, 0.1 * w)
    ring = circle(bore)[::-1]
    wheel = prism(involute(module_mm * MM, teeth), 0.0, w, [ring], c)
    boss = revolve([(r, z + w - 0.002) for r, z in tube(bore, hub, h - w + 0.002, 0.6 * MM)], True)
    across = [(2 * np.pi * k / teeth - np.pi / 2, 2 * tip) for k in _spread(teeth)]
    on_hub = [(yaw, 2 * hub) for yaw in FULL_CIRCLE]
    grasps = from_above(h, on_hub, floor=w + 0.0005) + from_above(w, across)
    return solid(
        join(wheel, boss),
        [upright(tip, 0.0, w), upright(hub, w, h)],
        material,
        {"module": module_mm * MM, "tip": 2 * tip, "pitch": module_mm * MM * teeth, "width": w,
         "hub": 2 * hub, "height": h, "bore": 2 * bore},
        grasps=grasps,
        rests=[IDENTITY],
        turns=teeth,
        norm="ISO 54",
    )  # fmt: skip


def _spread(teeth: int) -> list[int]:
    """At most 12 teeth, evenly around."""
    return [int(k) for k in np.unique(np.round(np.linspace(0, teeth, 13)[:-1]).astype(int))]


def involute(module: float, teeth: int) -> Floats:
    """The outline (N, 2) of a spur gear, counter-clockwise, a tooth in the middle of +x."""
    pitch, tip, root = module * teeth / 2, module * (teeth / 2 + 1), module * (teeth / 2 - 1.25)
    base = pitch * np.cos(PRESSURE)

    def bend(radius: Floats) -> Floats:
        """The involute's angle at a radius."""
        lean = np.arccos(np.minimum(1.0, base / radius))
        angle: Floats = np.tan(lean) - lean
        return angle

    radii = np.linspace(max(base, root), tip, 5)
    half = np.pi / (2 * teeth) + bend(np.array([pitch])) - bend(radii)
    half = np.maximum(half, 0.04 * np.pi / teeth)
    flank = list(zip(radii, half, strict=True))
    low = [(root, float(half[0]) + 0.02 * np.pi / teeth)] if root < base else []
    up = [(r, -a) for r, a in low + flank]
    down = [(r, a) for r, a in (low + flank)[::-1]]
    tooth = np.array([*up, (tip, 0.0), *down])
    out = []
    for k in range(teeth):
        angle = tooth[:, 1] + 2 * np.pi * k / teeth
        out.append(tooth[:, :1] * np.stack([np.cos(angle), np.sin(angle)], axis=1))
    return np.concatenate(out)


def v_pulley(
    *,
    datum_mm: float = 63.0,
    width_mm: float = 16.0,
    hub_mm: float = 34.0,
    height_mm: float = 26.0,
    bore_mm: float = 14.0,
    material: str = "cast_iron",
) -> Part:
    """A pulley for one SPZ belt (ISO 4183: groove 8.5 mm wide at the datum, 2 mm under the rim),
    its hub upwards."""
    require(width_mm >= 14.0, "v_pulley: width_mm must be 14 or more, for the groove")
    require(
        bore_mm + 6.0 <= hub_mm <= datum_mm - 20.0,
        "v_pulley: hub_mm must be 6 mm over bore_mm and 20 mm under datum_mm",
    )
    require(height_mm >= width_mm + 2.0, "v_pulley: height_mm must be 2 mm over width_mm")
    r, w, h = datum_mm * MM / 2 + 2 * MM, width_mm * MM, height_mm * MM
    hub, bore, c, mid = hub_mm * MM / 2, bore_mm * MM / 2, 0.6 * MM, w / 2
    mouth, floor, deep = 4.95 * MM, 2.6 * MM, 11 * MM
    web = 0.12 * w
    profile = [
        (bore + c, 0.0), (hub, 0.0), (hub + 0.001, web), (r - 0.013, web), (r - 0.012, 0.0),
        (r - c, 0.0), (r, c), (r, mid - mouth), (r - deep, mid - floor), (r - deep, mid + floor),
        (r, mid + mouth), (r, w - c), (r - c, w), (r - 0.012, w), (r - 0.013, w - web),
        (hub + 0.001, w - web), (hub, w), (hub, h - c), (hub - c, h), (bore + c, h), (bore, h - c),
        (bore, c),
    ]  # fmt: skip
    require(r - 0.013 - deep > -1.0 and r - 0.0135 > hub + 0.001, "v_pulley: datum_mm is too small")
    grasps = from_above(h, [(yaw, 2 * hub) for yaw in FULL_CIRCLE], floor=w + 0.0005)
    grasps += from_above(w, [(yaw, 2 * r) for yaw in FULL_CIRCLE])
    return solid(
        revolve(profile, closed=True, segments=72),
        [upright(r, 0.0, w), upright(hub, w, h)],
        material,
        {"outside": 2 * r, "datum": datum_mm * MM, "width": w, "hub": 2 * hub, "height": h},
        grasps=grasps,
        rests=[IDENTITY],
        turns=0,
        norm="ISO 4183",
    )


def coupling(
    *,
    outside_mm: float = 40.0,
    bore_mm: float = 15.0,
    hub_mm: float = 25.0,
    claw_mm: float = 10.0,
    material: str = "machined_aluminium",
) -> Part:
    """One half of a claw coupling, its three claws upwards."""
    require(bore_mm < 0.55 * outside_mm, "coupling: bore_mm must be under 0.55 of outside_mm")
    require(hub_mm >= 12.0 and claw_mm <= hub_mm, "coupling: hub_mm >= 12, claw_mm at most hub_mm")
    r, b, low, h = outside_mm * MM / 2, bore_mm * MM / 2, hub_mm * MM, (hub_mm + claw_mm) * MM
    c, inside = 0.8 * MM, max(0.58 * r, b + 0.001)
    skins = [revolve(tube(b, r, low, c), closed=True)]
    pieces: list[Piece] = [upright(r, 0.0, low)]
    for k in range(3):
        a = 2 * np.pi * k / 3
        angle = np.linspace(a - 0.5, a + 0.5, 9)
        ray = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        sector = np.concatenate([r * ray, (inside * ray)[::-1]])
        skins.append(prism(sector, low - 2 * c, h, chamfer=c, chamfer_bottom=0.0))
        wide, deep = 0.8 * r * np.sin(0.5), 0.97 * r * np.cos(0.42) - inside
        middle = inside + deep / 2
        at = (float(middle * np.cos(a)), float(middle * np.sin(a)), low)
        pieces.append(box(deep, 2 * wide, h - low, at, a))
    grasps = from_above(low, [(yaw, 2 * r) for yaw in FULL_CIRCLE], floor=h - 0.021)
    if h >= 0.03:
        grasps += from_above(h, [(yaw, 2 * r) for yaw in FULL_CIRCLE])
    return solid(
        join(*skins),
        pieces,
        material,
        {"outside": 2 * r, "bore": 2 * b, "hub": low, "height": h},
        grasps=grasps,
        rests=[IDENTITY, flipped(h)],
        turns=3,
    )


def dowel_pin(
    *,
    diameter_mm: float = 10.0,
    length_mm: float = 40.0,
    material: str = "brushed_steel",
) -> Part:
    """A hardened parallel pin (ISO 8734), lying along x."""
    c = min(0.16 * diameter_mm, 0.2 * length_mm)
    part = lying_round("dowel_pin", diameter_mm, length_mm, 0.0, 0.0, diameter_mm, c, material)
    return replace(part, norm="ISO 8734")


def parallel_key(
    *,
    width_mm: float = 10.0,
    height_mm: float = 8.0,
    length_mm: float = 40.0,
    material: str = "brushed_steel",
) -> Part:
    """A parallel key with round ends (DIN 6885-1, form A), lying along x."""
    require(length_mm > 1.5 * width_mm, "parallel_key: length_mm must be over 1.5 width_mm")
    b, h, length = width_mm * MM, height_mm * MM, length_mm * MM
    c, straight = min(0.4 * MM, 0.1 * h), length / 2 - b / 2
    angle = np.linspace(-np.pi / 2, np.pi / 2, 17)
    end = np.stack([straight + b / 2 * np.cos(angle), b / 2 * np.sin(angle)], axis=1)
    mesh = prism(np.concatenate([end, -end]), 0.0, h, chamfer=c)
    pieces: list[Piece] = [box(2 * straight, b, h, (0.0, 0.0, 0.0))]
    for s in (-straight, straight):
        one = upright(b / 2, 0.0, h)
        pieces.append(replace(one, at=(s, *one.at[1:])))
    sides = [
        rest(turn("x", a), (0.0, s * h / 2, b / 2)) for s, a in ((1, np.pi / 2), (-1, -np.pi / 2))
    ]
    both = (0.0, np.pi)
    grasps = from_above(h, [(a, b) for a in both] + [(a + np.pi / 2, length) for a in both])
    for side in sides:
        grasps += from_above(b, [(a, h) for a in both], side)
    return solid(
        mesh,
        pieces,
        material,
        {"width": b, "height": h, "length": length},
        grasps=grasps,
        rests=[IDENTITY, flipped(h), *sides],
        turns=2,
        norm="DIN 6885-1",
    )


def retaining_ring(
    *,
    shaft_mm: float = 30.0,
    thickness_mm: float = 1.5,
    inside_mm: float = 27.9,
    section_mm: float = 3.5,
    lug_mm: float = 5.0,
    hole_mm: float = 2.0,
    material: str = "black_oxide",
) -> Part:
    """A retaining ring for shafts (DIN 471), flat, its gap towards +x."""
    require(inside_mm < shaft_mm, "retaining_ring: inside_mm must be under shaft_mm, to grip it")
    require(
        hole_mm + 1.0 < lug_mm and section_mm < lug_mm < 0.4 * inside_mm,
        "retaining_ring: hole_mm + 1 < lug_mm, and section_mm < lug_mm < 0.4 inside_mm",
    )
    r, b, a = inside_mm * MM / 2, section_mm * MM, lug_mm * MM
    t, out, far = thickness_mm * MM, r + b, r + a
    gap, lug = 0.12, 1.25 * a / far
    ring = _arc(out, gap + lug, 2 * np.pi - gap - lug, 44)
    ear = [
        _arc(far, 2 * np.pi - gap - lug + 0.06, 2 * np.pi - gap, 6),
        _arc(far, gap, gap + lug - 0.06, 6),
    ]
    inside = _arc(r, 2 * np.pi - gap, gap, 50)
    outline = np.concatenate([ring, ear[0], inside, ear[1]])
    middle, at = r + 0.55 * a, gap + 0.5 * lug
    holes = [
        circle(hole_mm * MM / 2, 16)[::-1] + middle * np.array([np.cos(at), s * np.sin(at)])
        for s in (-1.0, 1.0)
    ]
    mesh = prism(outline, 0.0, t, holes, min(0.08 * t, 0.05 * b))
    reach = float(mesh.bounds[1, 0])
    wide = 2 * far * float(np.sin(gap + 0.6 * lug))
    pieces: list[Piece] = [
        upright(out, 0.0, t),
        box(reach - 0.6 * r, wide, t, ((reach + 0.6 * r) / 2, 0.0, 0.0)),
    ]
    return solid(
        mesh,
        pieces,
        material,
        {"shaft": shaft_mm * MM, "outside": 2 * out, "thickness": t},
        grasps=from_above(t, [(yaw, 2 * out) for yaw in (0.0, np.pi, 0.26, 0.26 + np.pi)]),
        rests=[IDENTITY, flipped(t)],
        norm="DIN 471",
    )


def _arc(radius: float, start: float, end: float, count: int) -> Floats:
    angle = np.linspace(start, end, count)
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
