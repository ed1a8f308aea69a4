"""What a machine holds its work with: a vise and a chuck, jaws apart from their bodies."""

from __future__ import annotations

import numpy as np

from assets.frames import Seven, seven, turn
from assets.geometry.shapes import circle, cuboid, join, moved, prism, revolve, turned
from assets.geometry.solid import MM, box, inked, require, solid, upright
from assets.kinds.machine import DARK
from assets.part import Hull, Part, Piece
from episodes.array_types import Floats


def vise_base(
    *,
    width_mm: float = 80.0,
    opening_mm: float = 90.0,
    bed_mm: float = 40.0,
    jaw_height_mm: float = 25.0,
    jaw_mm: float = 30.0,
    material: str = "brushed_steel",
) -> Part:
    """A precision vise's body with its fixed jaw at -y; its vise_jaw slides along y on the bed.

    width_mm: of the jaws, along x. opening_mm: the most between the jaws. bed_mm: height of the bed
    on which the work lies. jaw_mm: thickness of a jaw. frames: "bed", on the bed midway between the
    open jaws; "fixed_jaw", at the foot of the fixed jaw's face, in its middle, y towards the work;
    "jaw", where a vise_jaw of the same width, height and thickness stands when open.
    """
    require(
        min(width_mm, opening_mm, bed_mm, jaw_mm) >= 10.0,
        "vise_base: width_mm, opening_mm, bed_mm and jaw_mm of 10 or more",
    )
    width, gap, bed = width_mm * MM, opening_mm * MM, bed_mm * MM
    rise, jaw = jaw_height_mm * MM, jaw_mm * MM
    length = gap + 2 * jaw + 0.03
    y0 = -length / 2 + jaw  # the fixed jaw's face
    slide, c = 0.5 * width, 0.0012
    foot = 0.35 * bed
    skins = [
        cuboid(width, length, foot + 0.0005, chamfer=c),
        cuboid(0.82 * width, length, bed - foot, (0.0, 0.0, foot), c),
        cuboid(width, jaw, bed + rise - foot, (0.0, -length / 2 + jaw / 2, foot), c),
    ]
    dark = [cuboid(0.2 * slide, length - jaw - 0.004, 0.0008, (0.0, jaw / 2, bed - 0.0002))]
    for s in (-1.0, 1.0):
        hole = revolve([(0.0045, 0.0), (0.0045, 0.0006), (0.003, 0.0009)], segments=20)
        dark.append(turned(hole, turn("x", -np.pi / 2), (s * 0.3 * width, y0, bed + rise / 2)))
        for y in (-0.3 * length, 0.3 * length):
            dark.append(cuboid(0.002, 0.02, 0.5 * foot, (s * (width / 2 - 0.0008), y, 0.25 * foot)))
    screw = [(0.011, -0.002), (0.011, 0.012), (0.007, 0.013), (0.007, 0.018)]
    skins.append(
        turned(revolve(screw, segments=6), turn("x", -np.pi / 2), (0.0, length / 2, 0.55 * bed))
    )
    mesh, inks = inked((join(*skins), None), (join(*dark), DARK))
    end = length / 2
    pieces: list[Piece] = [
        box(width, length, bed, (0.0, 0.0, 0.0)),
        box(width, jaw, rise, (0.0, -end + jaw / 2, bed)),
        box(0.02, 0.018, 0.02, (0.0, end + 0.009, 0.55 * bed - 0.01)),
    ]
    return solid(
        mesh,
        pieces,
        material,
        {"width": width, "opening": gap, "bed": bed, "jaw_height": rise, "jaw": jaw,
         "length": length, "height": bed + rise},
        {"bed": _at(0.0, y0 + gap / 2, bed), "fixed_jaw": _at(0.0, y0, bed),
         "jaw": _at(0.0, y0 + gap + jaw / 2, bed)},
        inks=inks,
    )  # fmt: skip


def vise_jaw(
    *,
    width_mm: float = 80.0,
    jaw_height_mm: float = 25.0,
    jaw_mm: float = 30.0,
    material: str = "brushed_steel",
) -> Part:
    """The moving jaw of a vise_base; it grips at -y. frames: "face", at the foot of its face."""
    require(min(width_mm, jaw_mm) >= 10.0, "vise_jaw: width_mm and jaw_mm of 10 or more")
    width, rise, jaw = width_mm * MM, jaw_height_mm * MM, jaw_mm * MM
    body = cuboid(width, jaw, rise, chamfer=0.0012)
    dark = []
    for s in (-1.0, 1.0):
        hole = revolve([(0.0045, 0.0), (0.0045, 0.0006), (0.003, 0.0009)], segments=20)
        dark.append(moved(hole, (s * 0.3 * width, 0.12 * jaw, rise - 0.0007)))
    mesh, inks = inked((body, None), (join(*dark), DARK))
    return solid(
        mesh,
        [box(width, jaw, rise, (0.0, 0.0, 0.0))],
        material,
        {"width": width, "jaw_height": rise, "jaw": jaw},
        {"face": _at(0.0, -jaw / 2, 0.0)},
        inks=inks,
    )


def chuck_body(
    *,
    diameter_mm: float = 160.0,
    height_mm: float = 70.0,
    bore_mm: float = 40.0,
    slot_mm: float = 14.0,
    jaws: int = 3,
    material: str = "brushed_steel",
) -> Part:
    """A self-centring chuck (ISO 3442) with its axis upright, as on a mill's table.

    frames: "seat", on the face in its middle, where the work stands; "jaw_i", on the axis at the
    face, x outwards along the slot of a jaw. A chuck_jaw grips at radius r when its own frame is
    jaw_i moved by r + its dims["length"] / 2 along x. The work stands on a stop that closes the
    bore. dims: "open", the radius to which the jaws open.
    """
    require(2 <= jaws <= 4, f"chuck_body: jaws={jaws} must be 2 to 4")
    require(bore_mm < 0.4 * diameter_mm, "chuck_body: bore_mm must be under 0.4 of diameter_mm")
    require(4.0 <= slot_mm < 0.5 * bore_mm, "chuck_body: slot_mm must be 4 to half of bore_mm")
    require(height_mm >= 20.0, "chuck_body: height_mm must be 20 or more")
    r, h, bore, slot = diameter_mm * MM / 2, height_mm * MM, bore_mm * MM / 2, slot_mm * MM
    deep, c = 0.012, 0.002
    skirt = [(1.12 * r, 0.0), (1.12 * r, 0.16 * h), (1.1 * r, 0.18 * h), (r, 0.18 * h)]
    body = revolve([*skirt, (r, h - deep)], segments=72)
    plate = prism(_slotted(r, bore, slot / 2, jaws), h - deep - 1e-6, h, [], c, chamfer_bottom=0.0)
    dark = [revolve([(bore + 0.3 * slot, h - deep - 0.0002), (bore, h - deep + 0.0005)])]
    for k in range(jaws):  # the floors of the slots, in shadow
        strip = cuboid(r - bore - 0.002, 0.6 * slot, 0.0008, ((r + bore) / 2, 0.0, h - deep - 4e-4))
        dark.append(turned(strip, turn("z", 2 * np.pi * k / jaws), (0, 0, 0)))
        key = revolve([(0.009, 0.0), (0.009, 0.001), (0.0055, 0.0012)], segments=24)
        side = turn("z", 2 * np.pi * (k + 0.5) / jaws) @ turn("y", np.pi / 2)
        dark.append(turned(key, side, side @ np.array([0.0, 0.0, r - 0.0008]) + [0, 0, 0.62 * h]))
    for k in range(6):
        a = np.pi * (k + 0.5) / 3
        screw = revolve([(0.05 * r, 0.0), (0.05 * r, 0.003), (0.03 * r, 0.0032)], segments=20)
        dark.append(moved(screw, (1.06 * r * np.cos(a), 1.06 * r * np.sin(a), 0.178 * h)))
    stop = revolve(
        [(bore - 0.001, h - deep - 0.0004), (bore - 0.001, h - 0.001), (bore - 0.002, h)]
    )
    mesh, inks = inked((join(body, plate, stop), None), (join(*dark), DARK))
    pieces: list[Piece] = [upright(1.12 * r, 0.0, 0.18 * h), upright(r, 0.18 * h, h)]
    frames: dict[str, Seven] = {"seat": _at(0.0, 0.0, h)}
    for k in range(jaws):
        frames[f"jaw_{k}"] = seven((0.0, 0.0, h), turn("z", 2 * np.pi * k / jaws))
    return solid(
        mesh,
        pieces,
        material,
        {"diameter": 2 * r, "height": h, "bore": 2 * bore, "open": 0.5 * r, "outside": 2.24 * r},
        frames,
        turns=jaws,
        norm="ISO 3442",
        inks=inks,
    )


def _slotted(radius: float, bore: float, half: float, jaws: int) -> Floats:
    """A disc's outline with radial slots cut in from the edge to the bore's circle."""
    points = []
    for k in range(jaws):
        a0, a1 = 2 * np.pi * k / jaws, 2 * np.pi * (k + 1) / jaws
        spin = turn("z", a0)[:2, :2]
        points += [
            spin @ np.array([bore, half]),
            spin @ np.array([np.sqrt(radius**2 - half**2), half]),
        ]
        edge = np.arcsin(half / radius)
        for a in np.linspace(a0 + edge, a1 - edge, 26)[1:-1]:
            points.append(radius * np.array([np.cos(a), np.sin(a)]))
        spin = turn("z", a1)[:2, :2]
        points += [
            spin @ np.array([np.sqrt(radius**2 - half**2), -half]),
            spin @ np.array([bore, -half]),
        ]
    return np.array(points)


def chuck_jaw(
    *,
    length_mm: float = 40.0,
    width_mm: float = 24.0,
    height_mm: float = 35.0,
    material: str = "machined_aluminium",
) -> Part:
    """A soft jaw; it grips at -x, where it has been turned to a blunt nose.

    frames: "face", at the foot of the gripping face, x outwards.
    """
    require(
        length_mm > 0.9 * width_mm and width_mm >= 8.0,
        "chuck_jaw: length_mm must be over 0.9 width_mm, which is 8 or more",
    )
    length, width, h, c = length_mm * MM, width_mm * MM, height_mm * MM, 0.001
    nose = 0.3 * width
    outline = np.array(
        [
            [length / 2, -width / 2], [length / 2, width / 2],
            [-length / 2 + nose, width / 2], [-length / 2, width / 2 - nose],
            [-length / 2, -width / 2 + nose], [-length / 2 + nose, -width / 2],
        ]
    )  # fmt: skip
    radius = min(0.005, 0.25 * width, 0.16 * length - 1.4 * c)
    holes = [circle(radius, 24)[::-1] + np.array([x, 0.0]) for x in (-0.05 * length, 0.27 * length)]
    top = 0.6 * h
    mesh = join(
        prism(outline, 0.0, top, chamfer=0.0, chamfer_bottom=c / 2),
        prism(outline, top, h, holes, c, chamfer_bottom=0.0),
    )
    core = np.concatenate([np.c_[outline, np.zeros(6)], np.c_[outline, np.full(6, h)]])
    return solid(
        mesh,
        [Hull(tuple((float(x), float(y), float(z)) for x, y, z in core))],
        material,
        {"length": length, "width": width, "height": h, "face": width - 2 * nose},
        {"face": _at(-length / 2, 0.0, 0.0)},
    )


def _at(x: float, y: float, z: float) -> Seven:
    return (float(x), float(y), float(z), 0.0, 0.0, 0.0, 1.0)
