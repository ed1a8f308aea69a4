"""A conveyor line: frame, belt, chute, and the fence around it.

The belt is a kind of its own, since it moves while its frame stands. Transport is along +x.
"""

from __future__ import annotations

import numpy as np

from assets.frames import Seven, seven, turn
from assets.geometry.shapes import cuboid, join, prism, rectangle, revolve, turned
from assets.geometry.solid import MM, RGB, box, inked, require, solid
from assets.part import Box, Cylinder, Part, Piece

DARK: RGB = (0.10, 0.10, 0.11)
STEEL: RGB = (0.62, 0.62, 0.61)
CLEAR = 0.004  # [m] between the belt and the rails


def conveyor_frame(
    *,
    length_mm: float = 1000.0,
    width_mm: float = 200.0,
    height_mm: float = 760.0,
    drum_mm: float = 50.0,
    guide_mm: float = 12.0,
    rail_mm: float = 30.0,
    material: str = "anodised",
) -> Part:
    """The standing part of a belt conveyor: two rails, end drums, legs, motor under the outfeed.

    width_mm: of the belt between the rails. height_mm: of the belt's upper side over the floor.
    guide_mm: how far the rails stand above the belt. frames: "belt", where a conveyor_belt of the
    same length, width and drum lies; "start" and "end" of the belt's upper side, in its middle,
    x along the transport.
    """
    require(
        height_mm > drum_mm + 60.0, "conveyor_frame: height_mm must be 60 mm over drum_mm or more"
    )
    require(length_mm > 4 * drum_mm, "conveyor_frame: length_mm must be over 4 drum_mm")
    length, width, top, drum = length_mm * MM, width_mm * MM, height_mm * MM, drum_mm * MM
    guide, rail = guide_mm * MM, rail_mm * MM
    tall, y = drum + 0.02 + guide, width / 2 + CLEAR + rail / 2
    low = top + guide - tall
    section = rectangle(rail, tall, 0.0015)
    to_x = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    bar = prism(section, -length / 2, length / 2, chamfer=0.001)
    skins = [turned(bar, to_x, (0.0, s * y, low + tall / 2)) for s in (-1.0, 1.0)]
    pieces: list[Piece] = [box(length, rail, tall, (0.0, s * y, low)) for s in (-1.0, 1.0)]
    dark, bright = [], []
    for s in (-1.0, 1.0):  # the slots of the rails' profile, as strips
        for z in (0.3, 0.7):
            at = (0.0, s * (y + rail / 2), low + z * tall - 0.004)
            dark.append(cuboid(length - 0.01, 0.0012, 0.008, at))
        end = cuboid(0.003, rail + 0.002, tall + 0.002, (0, 0, 0), 0.001)
        for x in (-length / 2, length / 2):
            dark.append(turned(end, np.eye(3), (x, s * y, low - 0.001)))
    leg, step = 0.04, 0.2 * length
    for x in (-length / 2 + step, length / 2 - step):
        for s in (-1.0, 1.0):
            skins.append(cuboid(leg, leg, low - 0.03, (x, s * y, 0.03), 0.002))
            dark.append(revolve([(0.03, 0.0), (0.03, 0.006), (0.008, 0.012), (0.008, 0.034)]))
            dark[-1] = turned(dark[-1], np.eye(3), (x, s * y, 0.0))
        skins.append(cuboid(leg * 0.8, 2 * y - leg, leg, (x, 0.0, 0.25 * low), 0.002))
        pieces.append(box(0.06, 2 * y + 0.06, low, (x, 0.0, 0.0)))
    skins.append(cuboid(length - 2 * step, leg * 0.8, leg, (0.0, 0.0, 0.25 * low), 0.002))
    roll = [(0.3 * drum, -width / 2), (0.3 * drum, width / 2)]
    for x in (-length / 2 + drum / 2, length / 2 - drum / 2):
        bright.append(
            turned(revolve(roll, segments=24), turn("x", -np.pi / 2), (x, 0, top - drum / 2))
        )
    x, hang = length / 2 - 0.11, min(0.12, 0.4 * low)
    motor = [
        (0.045, 0.0),
        (0.05, 0.004),
        (0.05, 0.13),
        (0.042, 0.136),
        (0.042, 0.16),
        (0.03, 0.164),
    ]
    dark.append(turned(revolve(motor, segments=32), turn("x", -np.pi / 2), (x, -0.08, low - 0.06)))
    skins.append(cuboid(0.12, 0.012, hang, (x, y - rail / 2, low - hang + 0.02), 0.002))
    pieces.append(box(0.12, 2 * y - rail, 0.13, (x, 0.0, low - 0.13)))
    mesh, inks = inked((join(*skins), None), (join(*dark), DARK), (join(*bright), STEEL))
    return solid(
        mesh,
        pieces,
        material,
        {"length": length, "width": width, "height": top, "drum": drum, "guide": guide,
         "outside": 2 * y + rail},
        {"belt": _level(0.0, top - drum), "start": _level(-length / 2 + drum / 2, top),
         "end": _level(length / 2 - drum / 2, top)},
        inks=inks,
    )  # fmt: skip


def conveyor_belt(
    *,
    length_mm: float = 1000.0,
    width_mm: float = 200.0,
    drum_mm: float = 50.0,
    material: str = "rubber",
) -> Part:
    """The belt around its two drums: a slab with round ends, its upper side at z = drum_mm.

    frames: "top" in the middle of the upper side; "start" and "end", where it begins to be level.
    """
    require(length_mm > 2 * drum_mm, "conveyor_belt: length_mm must be over 2 drum_mm")
    length, width, drum = length_mm * MM, width_mm * MM, drum_mm * MM
    r, reach = drum / 2, length / 2 - drum / 2
    angle = np.linspace(-np.pi / 2, np.pi / 2, 13)
    half = np.stack([reach + r * np.cos(angle), r * np.sin(angle)], axis=1)
    outline = np.concatenate([half, -half])
    stand = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])  # y of the outline is up
    mesh = turned(prism(outline, -width / 2, width / 2, chamfer=0.001), stand, (0.0, 0.0, r))
    ends: list[Piece] = [_across(r, width, s * reach, r) for s in (-1.0, 1.0)]
    return solid(
        mesh,
        [box(2 * reach, width, drum, (0.0, 0.0, 0.0)), *ends],
        material,
        {"length": length, "width": width, "drum": drum, "flat": 2 * reach},
        {"top": _level(0.0, drum), "start": _level(-reach, drum), "end": _level(reach, drum)},
        turns=2,
    )


def _level(x: float, z: float) -> Seven:
    return (x, 0.0, z, 0.0, 0.0, 0.0, 1.0)


def _across(radius: float, width: float, x: float, z: float) -> Piece:
    return Cylinder(radius, width, seven((x, 0.0, z), turn("x", np.pi / 2)))


def chute(
    *,
    length_mm: float = 300.0,
    width_mm: float = 140.0,
    height_mm: float = 220.0,
    fall_mm: float = 150.0,
    side_mm: float = 40.0,
    sheet_mm: float = 2.0,
    material: str = "brushed_steel",
) -> Part:
    """A slide of bent sheet on a stand, falling towards +x: for what an inspection sorts out.

    length_mm: as seen from above. height_mm: of the slide's upper end; fall_mm: how much lower its
    lower end is. frames: "top" and "bottom", in the middle of the slide's ends, x down the slope.
    """
    require(fall_mm < height_mm - 20.0, "chute: fall_mm must be 20 mm under height_mm or less")
    require(width_mm > 10 * sheet_mm, "chute: width_mm must be over 10 sheet_mm")
    length, width, h, fall = length_mm * MM, width_mm * MM, height_mm * MM, fall_mm * MM
    side, t = side_mm * MM, sheet_mm * MM
    slope = float(np.arctan2(fall, length))
    run = float(np.hypot(fall, length))
    down = turn("y", slope)
    middle = np.array([0.0, 0.0, h - side * np.cos(slope) - fall / 2])
    sheet = [
        (run, width, t, (0.0, 0.0, -t)),
        (run, t, side + t, (0.0, width / 2 - t / 2, -t)),
        (run, t, side + t, (0.0, -width / 2 + t / 2, -t)),
    ]
    skins = [turned(cuboid(*s, chamfer=0.0004), down, middle) for s in sheet]
    pieces: list[Piece] = []
    for (x, y, z, at), thick in zip(sheet, (3.0, 1.0, 1.0), strict=True):
        # the floor is thicker to physics, downwards, so that nothing falls through it
        depth = z * thick
        centre = middle + down @ np.array([at[0], at[1], at[2] + z - depth / 2])
        pieces.append(Box((x / 2, y / 2, depth / 2), seven(centre, down)))
    foot = 0.03
    for x in (-0.36 * length, 0.36 * length):
        under = middle[2] - np.tan(slope) * x - t / np.cos(slope)
        for s in (-1.0, 1.0):
            skins.append(cuboid(foot / 2, t * 1.5, under, (x, s * (width / 2 - 0.008), 0.0)))
        skins.append(cuboid(foot, width, 0.004, (x, 0.0, 0.0), 0.0008))
        pieces.append(box(foot, width, under - 0.002, (x, 0.0, 0.0)))
    ends = {
        name: seven(middle + down @ np.array([x, 0.0, 0.0]), down)
        for name, x in (("top", -run / 2), ("bottom", run / 2))
    }
    return solid(
        join(*skins),
        pieces,
        material,
        {"length": length, "width": width, "height": h, "fall": fall, "inside": width - 2 * t},
        ends,
    )


def guard_fence(
    *,
    length_mm: float = 1000.0,
    height_mm: float = 1400.0,
    post_mm: float = 40.0,
    mesh_mm: float = 50.0,
    material: str = "painted",
) -> Part:
    """A panel of a safety fence (ISO 14120): two posts on feet, welded wire above a sheet."""
    require(
        mesh_mm >= 20.0 and length_mm > 4 * mesh_mm, "guard_fence: mesh_mm must be 20 to length / 4"
    )
    require(height_mm > 400.0, "guard_fence: height_mm must be over 400")
    length, h, post = length_mm * MM, height_mm * MM, post_mm * MM
    x, low = length / 2 - post / 2, 0.12
    skins = [cuboid(post, post, h, (s * x, 0.0, 0.0), 0.002) for s in (-1.0, 1.0)]
    wires = []
    skins += [
        cuboid(2.5 * post, 3 * post, 0.008, (s * (x - 0.75 * post), 0.0, 0.0), 0.001)
        for s in (-1, 1)
    ]
    for z in (low, h - 0.03):
        wires.append(cuboid(2 * x - post, 0.02, 0.02, (0.0, 0.0, z), 0.001))
    inner, wire, sheet = 2 * x - post, 0.004, 0.25 * h
    skins.append(cuboid(inner, 0.006, sheet, (0.0, 0.0, low), 0.001))  # keeps chips inside
    count = max(2, round(inner / (mesh_mm * MM)))
    for k in range(1, count):
        wires.append(
            cuboid(
                wire, wire, h - low - sheet, (inner * (k / count - 0.5), 0.0, low + sheet - 0.02)
            )
        )
    rows = max(2, round((h - low - sheet) / 0.2))
    for k in range(1, rows):
        wires.append(
            cuboid(inner, wire, wire, (0.0, wire, low + sheet + (h - low - sheet) * k / rows))
        )
    mesh, inks = inked((join(*skins), None), (join(*wires), DARK))
    pieces: list[Piece] = [
        box(length, max(post, 0.02), h, (0.0, 0.0, 0.0)),
        *(box(2.5 * post, 3 * post, 0.008, (s * (x - 0.75 * post), 0.0, 0.0)) for s in (-1, 1)),
    ]
    return solid(mesh, pieces, material, {"length": length, "height": h}, turns=2, inks=inks)
