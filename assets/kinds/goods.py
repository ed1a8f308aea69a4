"""What is packed and sorted: cartons, bottles, bricks, lids, connectors and circuit boards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import trimesh

from assets.frames import IDENTITY, seven, turn
from assets.geometry.grasps import FULL_CIRCLE, from_above
from assets.geometry.shapes import (
    SEGMENTS,
    at_height,
    cuboid,
    inset,
    join,
    loft,
    moved,
    prism,
    rectangle,
    revolve,
    tube,
    turned,
)
from assets.geometry.solid import MM, RGB, Layer, box, inked, require, solid, upright
from assets.part import Ink, Part, Piece

WHITE: RGB = (0.93, 0.93, 0.91)
BLACK: RGB = (0.05, 0.05, 0.05)
DARK: RGB = (0.09, 0.09, 0.10)
METAL: RGB = (0.66, 0.66, 0.64)
COPPER: RGB = (0.80, 0.68, 0.36)
GREEN: RGB = (0.08, 0.32, 0.16)
# Printing inks: a brand's colours, and what a camera sorts by.
PRINTS: tuple[RGB, ...] = (
    (0.10, 0.28, 0.58), (0.70, 0.12, 0.10), (0.10, 0.44, 0.22), (0.90, 0.62, 0.08),
    (0.34, 0.16, 0.48), (0.06, 0.45, 0.48),
)  # fmt: skip
SKIN = 5e-5  # [m] how far print stands out, so that it is seen and not felt
PIPS: tuple[tuple[tuple[int, int], ...], ...] = (  # as on dice
    (), ((0, 0),), ((-1, -1), (1, 1)), ((-1, -1), (0, 0), (1, 1)),
    ((-1, -1), (-1, 1), (1, -1), (1, 1)), ((-1, -1), (-1, 1), (0, 0), (1, -1), (1, 1)),
    ((-1, -1), (-1, 0), (-1, 1), (1, -1), (1, 0), (1, 1)),
)  # fmt: skip


def carton(
    *,
    length_mm: float = 90.0,
    width_mm: float = 60.0,
    height_mm: float = 50.0,
    print_colour: int = 0,
    code: int = 0,
    label: int = 1,
    taped: int = 0,
    material: str = "cardboard",
) -> Part:
    """A closed carton: a tucked folding carton (ECMA A20), or with taped=1 a shipping case
    (FEFCO 0201) with a strip of tape.

    label: 1 for printed bands around it and a label at +y, 0 for plain board. print_colour: 0 to 5,
    blue, red, green, yellow, purple, teal. code: 1 to 6 pips printed on its top, 0 for none.
    frames: "top". It weighs as if filled loosely: its volume at the board's bulk density.
    """
    require(0 <= print_colour < len(PRINTS), f"carton: print_colour={print_colour} must be 0 to 5")
    require(0 <= code <= 6, f"carton: code={code} must be 0 (none) to 6")
    require(label in (0, 1) and taped in (0, 1), "carton: label and taped must be 0 or 1")
    require(
        min(length_mm, width_mm, height_mm) >= 15.0, "carton: length, width and height >= 15 mm"
    )
    length, w, h = length_mm * MM, width_mm * MM, height_mm * MM
    ink, board = PRINTS[print_colour], 0.7 * MM
    layers: list[Layer] = [(cuboid(length, w, h), None)]  # sharp edges: print lies on its sides
    low, high = 0.16 * h, 0.42 * h
    if label:
        x, y = length - 2 * board, w - 2 * board
        for s in (-1.0, 1.0):
            layers += [
                (cuboid(x, 2 * SKIN, high - low, (0.0, s * w / 2, low)), ink),
                (cuboid(2 * SKIN, y, high - low, (s * length / 2, 0.0, low)), ink),
            ]
        side = min(0.5 * length, 1.1 * h)
        at = (0.1 * length, w / 2, 0.5 * h)
        layers.append((cuboid(side, 2.4 * SKIN, 0.36 * h, at), WHITE))
        bars = [0.06, 0.03, 0.08, 0.03, 0.05, 0.09, 0.03, 0.06]
        start, step = -0.42, 0.115
        for k, bar in enumerate(bars):
            spot = (at[0] + (start + k * step + bar / 2) * side, w / 2, at[2] + 0.06 * h)
            layers.append((cuboid(bar * side, 2.8 * SKIN, 0.16 * h, spot), BLACK))
        layers.append((cuboid(0.7 * side, 2.8 * SKIN, 0.04 * h, (at[0], w / 2, 0.77 * h)), BLACK))
    if taped:
        tape = min(0.05, 0.4 * w)
        wrap = cuboid(length + 2 * SKIN, tape, 0.3 * h + SKIN, (0.0, 0.0, 0.7 * h))
        slit = cuboid(length - 2 * board, 0.0012, SKIN, (0.0, 0.0, h - SKIN / 4))
        layers += [(wrap, (0.66, 0.52, 0.34)), (slit, DARK)]
    else:
        # the slits of the tucked flap, seen on top
        seam = cuboid(length - 4 * board, 0.0008, SKIN, (0.0, w / 2 - 1.6 * board, h - SKIN / 2))
        ears = [
            cuboid(0.0008, 0.55 * w, SKIN, (s * (length / 2 - 1.6 * board), 0.2 * w, h - SKIN / 2))
            for s in (-1.0, 1.0)
        ]
        layers.append((join(seam, *ears), (0.16, 0.12, 0.08)))
    field = 0.62 * min(length, w)
    if code:
        layers.append((cuboid(field, field, 1.1 * SKIN, (0.0, 0.0, h)), WHITE))
        for x, y in PIPS[code]:
            pip = revolve([(0.115 * field, h), (0.115 * field, h + 1.45 * SKIN)], segments=20)
            layers.append((moved(pip, (0.3 * field * x, 0.3 * field * y, 0.0)), BLACK))
    mesh, inks = inked(*layers)
    yaws = [(0.0, w), (np.pi, w), (np.pi / 2, length), (-np.pi / 2, length)]
    return solid(
        mesh,
        [box(length, w, h, (0.0, 0.0, 0.0))],
        material,
        {"length": length, "width": w, "height": h},
        {"top": (0.0, 0.0, h, 0.0, 0.0, 0.0, 1.0)},
        grasps=from_above(h, yaws),
        rests=[IDENTITY],
        turns=1 if label or code or not taped else 2,
        norm="FEFCO 0201" if taped else "ECMA A20",
        inks=inks,
    )


def bottle(
    *,
    diameter_mm: float = 50.0,
    height_mm: float = 110.0,
    cap_mm: float = 28.0,
    print_colour: int = 0,
    material: str = "polypropylene",
) -> Part:
    """A round bottle with its cap and a label around it, standing; it weighs as if full of water.

    frames: "cap", on its top. cap_mm: diameter of the cap (neck finishes: GPI 28-400 and so on).
    """
    require(0 <= print_colour < len(PRINTS), f"bottle: print_colour={print_colour} must be 0 to 5")
    require(12.0 <= cap_mm <= 0.9 * diameter_mm, "bottle: cap_mm must be 12 to 0.9 of diameter_mm")
    require(
        height_mm > 0.9 * diameter_mm + 0.8 * cap_mm,
        "bottle: height_mm must be over 0.9 diameter_mm + 0.8 cap_mm",
    )
    r, h, k = diameter_mm * MM / 2, height_mm * MM, cap_mm * MM / 2
    cap, c = max(0.6 * 2 * k, 0.012), 0.12 * r
    neck, slope = h - cap, 0.55 * (r - 0.82 * k)
    shoulder = neck - 0.002 - slope
    round_ = [
        (0.82 * k + (r - 0.82 * k) * float(np.cos(a)), shoulder + slope * float(np.sin(a)))
        for a in np.linspace(0.0, np.pi / 2, 8)[1:]
    ]
    label = [(r, z * h) for z in (0.18, 0.27, 0.42)] + [(r, shoulder - 0.05 * h)]
    profile = [(0.8 * r, 0.0015), (0.82 * r, 0.0), (r - 0.5 * c, 0.0), (r, c), *label]
    profile.append((r, shoulder))
    body = revolve([*profile, *round_, (0.82 * k, h - 0.4 * cap)])
    angle = 2 * np.pi * np.arange(96) / 96
    grip = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    knurl = grip * (k - 4e-4 * (np.arange(96) % 4 == 2))[:, None]
    rings = [at_height(knurl, neck), at_height(knurl, h - 0.08 * cap)]
    rings += [at_height(grip * (k - 0.05 * cap), h), at_height(grip * 0.5 * k, h)]
    mesh, inks = inked((body, None), (loft(rings), WHITE))
    inks += tuple(  # the label: bands of the body's own skin, which has two triangles a segment
        Ink(2 * SEGMENTS * k, 2 * SEGMENTS * (k + 1), rgb)
        for k, rgb in ((4, WHITE), (5, PRINTS[print_colour]), (6, WHITE))
    )
    low = h - 0.024 if cap < 0.021 else neck + 0.0005
    grasps = from_above(h, [(yaw, 2 * k) for yaw in FULL_CIRCLE], floor=max(low, neck + 0.0005))
    return solid(
        mesh,
        [upright(r, 0.0, shoulder), upright(0.25 * k + 0.7 * r, shoulder, neck - 0.002),
         upright(k, neck - 0.002, h)],
        material,
        {"diameter": 2 * r, "height": h, "cap": 2 * k, "cap_height": cap},
        {"cap": (0.0, 0.0, h, 0.0, 0.0, 0.0, 1.0)},
        grasps=grasps,
        rests=[IDENTITY],
        turns=0,
        inks=inks,
    )  # fmt: skip


def brick_pack(
    *,
    length_mm: float = 85.0,
    width_mm: float = 55.0,
    height_mm: float = 60.0,
    print_colour: int = 1,
    material: str = "polypropylene",
) -> Part:
    """A sealed bag of granules, vacuum-packed to a brick: soft edges and a folded seam on top."""
    require(0 <= print_colour < len(PRINTS), "brick_pack: print_colour must be 0 to 5")
    require(min(length_mm, width_mm, height_mm) >= 25.0, "brick_pack: sides of 25 mm or more")
    length, w, h = length_mm * MM, width_mm * MM, height_mm * MM
    soft = 0.07 * min(length, w, h)

    def ring(by: float, z: float, waist: float = 0.0) -> np.ndarray:
        return at_height(_rounded(length - 2 * by - waist, w - 2 * by - waist, 2 * soft - by), z)

    fold = 0.0022
    top = h - fold
    rings = [ring(soft, 0.0), ring(0.3 * soft, 0.3 * soft), ring(0.0, soft)]
    rings += [ring(0.0, top - soft), ring(0.3 * soft, top - 0.3 * soft), ring(soft, top)]
    flap = cuboid(length - 2.4 * soft, 0.34 * w, fold, (0.0, 0.06 * w, top), 0.0008)
    crimp = [
        cuboid(length - 2.6 * soft, 0.0012, SKIN, (0.0, 0.06 * w + y * w, h - SKIN / 2))
        for y in (-0.12, -0.08, -0.04)
    ]
    band = []
    for s in (-1.0, 1.0):
        band.append(cuboid(length - 5 * soft, 2 * SKIN, 0.4 * h, (0.0, s * w / 2, 0.3 * h)))
        band.append(cuboid(2 * SKIN, w - 5 * soft, 0.4 * h, (s * length / 2, 0.0, 0.3 * h)))
    badge = [cuboid(0.36 * length, 3.6 * SKIN, 0.2 * h, (0.0, s * w / 2, 0.4 * h)) for s in (-1, 1)]
    mesh, inks = inked(
        (join(loft(rings), flap), None), (join(*crimp), DARK), (join(*band), PRINTS[print_colour]),
        (join(*badge), WHITE),
    )  # fmt: skip
    yaws = [(0.0, w), (np.pi, w), (np.pi / 2, length), (-np.pi / 2, length)]
    return solid(
        mesh,
        [box(length, w, h, (0.0, 0.0, 0.0))],
        material,
        {"length": length, "width": w, "height": h},
        {"top": (0.0, 0.0, h, 0.0, 0.0, 0.0, 1.0)},
        grasps=from_above(h, yaws),
        rests=[IDENTITY],
        turns=1,
        inks=inks,
    )


def _rounded(length: float, width: float, radius: float) -> np.ndarray:
    """(32, 2): a rectangle with round corners, counter-clockwise."""
    angle = np.linspace(0.0, np.pi / 2, 8)
    corner = radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    x, y = length / 2 - radius, width / 2 - radius
    out: list[np.ndarray] = []
    for k, middle in enumerate(((x, y), (-x, y), (-x, -y), (x, -y))):
        c, s = round(np.cos(k * np.pi / 2)), round(np.sin(k * np.pi / 2))
        out.append(corner @ np.array([[c, s], [-s, c]]) + np.array(middle))
    return np.concatenate(out)


def tote_lid(
    *,
    length_mm: float = 300.0,
    width_mm: float = 200.0,
    thickness_mm: float = 4.0,
    rim_mm: float = 14.0,
    grip_mm: float = 24.0,
    material: str = "polypropylene",
) -> Part:
    """A tote's lid on its rim, with a bar to grip in its middle, along x."""
    require(
        rim_mm > thickness_mm + 2.0 and grip_mm >= 21.0,
        "tote_lid: rim_mm must be 2 mm over thickness_mm, grip_mm 21 or more",
    )
    require(min(length_mm, width_mm) >= 80.0, "tote_lid: length_mm and width_mm of 80 or more")
    length, w, t = length_mm * MM, width_mm * MM, thickness_mm * MM
    rim, h, bar = rim_mm * MM, (rim_mm + grip_mm) * MM, 18 * MM
    wall = 0.003
    panel = prism(rectangle(length, w, 0.008), rim - t, rim, chamfer=0.0015)
    skirt = rectangle(length, w, 0.008)
    edge = prism(skirt, 0.0, rim - t + 0.0005, [inset(skirt, wall)[::-1]], 0.0)
    grip = cuboid(0.4 * length, bar, h - rim + 0.001, (0.0, 0.0, rim - 0.001), 0.003)
    ribs = [
        cuboid(0.36 * length, 0.003, 0.0014, (s * 0.25 * length, y * w, rim - 0.0002), 0.0006)
        for s in (-1.0, 1.0)
        for y in (-0.36, -0.24, 0.24, 0.36)
    ]
    pieces: list[Piece] = [
        box(length, w, t, (0.0, 0.0, rim - t)),
        box(0.4 * length, bar, h - rim, (0.0, 0.0, rim)),
    ]
    for s in (-1.0, 1.0):
        pieces.append(box(length, wall, rim - t, (0.0, s * (w - wall) / 2, 0.0)))
        pieces.append(box(wall, w - 2 * wall, rim - t, (s * (length - wall) / 2, 0.0, 0.0)))
    return solid(
        join(panel, edge, grip, *ribs),
        pieces,
        material,
        {"length": length, "width": w, "rim": rim, "height": h, "grip": bar},
        {"grip": (0.0, 0.0, h, 0.0, 0.0, 0.0, 1.0)},
        grasps=from_above(h, [(0.0, bar), (np.pi, bar)], floor=rim + 0.0025),
        rests=[IDENTITY],
        turns=2,
        norm="EN 13199-1",
    )


def connector(
    *,
    ways: int = 6,
    pitch_mm: float = 5.0,
    length_mm: float = 34.0,
    material: str = "pom",
) -> Part:
    """A rectangular cable connector, two rows of cavities towards +x, latch on top, seal behind.

    frames: "mating", in the middle of its face, z out.
    """
    require(2 <= ways <= 16 and ways % 2 == 0, f"connector: ways={ways} must be even, 2 to 16")
    require(3.0 <= pitch_mm <= 8.0, "connector: pitch_mm must be 3 to 8")
    require(length_mm >= 22.0, "connector: length_mm must be 22 or more")
    pitch, length, columns = pitch_mm * MM, length_mm * MM, ways // 2
    w, h = pitch * columns + 5 * MM, 2 * pitch + 5 * MM
    collar, tall, wide = 0.22 * length, h + 1.4 * MM, w + 2.4 * MM
    back = (0.2 * length, w - 1.5 * MM, h - 0.8 * MM, (-0.4 * length, 0.0, 0.0))
    arm = cuboid(0.55 * length, 0.3 * w, 1.6 * MM, (0.12 * length, 0.0, h + 1.0 * MM), 0.4 * MM)
    nose = cuboid(2.5 * MM, 0.3 * w, 1.6 * MM, (0.36 * length, 0.0, h - 0.3 * MM), 0.4 * MM)
    foot = cuboid(3 * MM, 0.3 * w, 2 * MM, (-0.12 * length, 0.0, h - 0.2 * MM), 0.3 * MM)
    front = (0.62 * length, w, h, (0.19 * length, 0.0, 0.0))
    ring = (collar, wide, tall, (-0.2 * length, 0.0, 0.0))
    holes, wires = [], []
    to_face = turn("y", np.pi / 2)
    for k in range(columns):
        for row in (-0.5, 0.5):
            y, z = pitch * (k - (columns - 1) / 2), h / 2 + row * pitch
            at = (0.5 * length, y, z - 0.28 * pitch)
            holes.append(cuboid(8 * SKIN, 0.56 * pitch, 0.56 * pitch, at))
            wire = revolve([(0.22 * pitch, 0.0), (0.22 * pitch, 8 * SKIN)], segments=12)
            wires.append(turned(wire, to_face, (-0.5 * length - 4 * SKIN, y, z)))
    body = join(*(cuboid(*part, chamfer=0.6 * MM) for part in (front, ring, back)), arm, nose, foot)
    mesh, inks = inked((body, None), (join(*holes, *wires), DARK))
    total = h + 2.6 * MM
    pieces: list[Piece] = [*(box(*part) for part in (front, ring, back))]
    pieces.append(box(0.55 * length, 0.3 * w, 2.6 * MM, (0.12 * length, 0.0, h)))
    grasps = from_above(h, [(0.0, w), (np.pi, w)], spot=(0.24 * length, 0.0))
    return solid(
        mesh,
        pieces,
        material,
        {"length": length, "width": wide, "height": total, "pitch": pitch},
        {"mating": seven((0.5 * length, 0.0, h / 2), to_face)},
        grasps=grasps,
        rests=[IDENTITY],
        inks=inks,
    )


def pcb(
    *,
    length_mm: float = 80.0,
    width_mm: float = 56.0,
    thickness_mm: float = 1.6,
    layout: int = 0,
    material: str = "fr4",
) -> Part:
    """A populated circuit board, one rigid part: chips, capacitors, header, terminals and socket.

    layout: 0 to 3, other places for the same components. Jaws hold the board's long edges, which
    are kept free. frames: "top", on the board; "chip", on the largest chip, for a cup.
    """
    require(0 <= layout <= 3, f"pcb: layout={layout} must be 0 to 3")
    require(length_mm >= 60.0 and width_mm >= 45.0, "pcb: length_mm of 60, width_mm of 45 or more")
    require(thickness_mm <= 4.0, "pcb: thickness_mm must be 4 or less")
    length, w, t = length_mm * MM, width_mm * MM, thickness_mm * MM
    flip_x, flip_y = (-1.0 if layout & 1 else 1.0), (-1.0 if layout & 2 else 1.0)
    x_, y_ = length / 2, w / 2
    ring = rectangle(0.0032, 0.0032, 0.0009)
    corners = [(sx * (x_ - 0.004), sy * (y_ - 0.004)) for sx in (-1, 1) for sy in (-1, 1)]
    board = prism(
        rectangle(length, w, 0.002), 0.0, t, [ring[::-1] + np.array(c) for c in corners], 1e-4
    )
    skins: dict[RGB, list[trimesh.Trimesh]] = {c: [] for c in (COPPER, BLACK, METAL, GREEN)}
    pads, chips, metal, green = skins.values()
    pieces: list[Piece] = [box(length, w, t, (0.0, 0.0, 0.0))]

    def put(
        into: list[trimesh.Trimesh],
        size: Sequence[float],
        x: float,
        y: float,
        chamfer: float = 3e-4,
    ) -> None:
        into.append(cuboid(size[0], size[1], size[2], (flip_x * x, flip_y * y, t), chamfer))

    for c in corners:
        pads.append(moved(_washer(0.0021, 0.0033), (*c, t)))
    # the processor, with its legs
    big = 0.016
    put(chips, (big, big, 0.0032), 0.04 * length, 0.04 * w)
    for k in range(9):
        s = (k - 4) * 0.0016
        for a, b in ((s, 1.0), (s, -1.0)):
            put(
                pads,
                (0.0008, 0.0022, 0.0007),
                0.04 * length + a,
                0.04 * w + b * (big / 2 + 5e-4),
                0,
            )
            put(
                pads,
                (0.0022, 0.0008, 0.0007),
                0.04 * length + b * (big / 2 + 5e-4),
                0.04 * w + a,
                0,
            )
    for k, (x, y) in enumerate(((-0.17, 0.22), (-0.17, -0.14), (0.27, 0.26))):
        put(chips, (0.0055, 0.0095 if k else 0.007, 0.0022), x * length, y * w)
        for s in (-1.0, 1.0):
            for j in range(4):
                at = (x * length + s * 0.0032, y * w + (j - 1.5) * 0.002)
                put(pads, (0.0016, 0.0008, 6e-4), *at, 0)
    for k in range(10):  # resistors and capacitors
        x, y = 0.16 + 0.035 * (k % 5), -0.2 - 0.07 * (k // 5)
        put(chips if k % 3 else metal, (0.002, 0.0012, 8e-4), x * length, y * w, 1e-4)
    can = revolve([(0.0036, 0.0), (0.0036, 0.0075), (0.003, 0.0082)], segments=24)
    for k in range(2):
        at = (flip_x * (-0.02 - 0.1 * k) * length, flip_y * -0.3 * w)
        metal.append(moved(can, (*at, t)))
        pieces.append(upright_on(0.0036, t, 0.0082, at))
    put(chips, (0.0055, 0.020, 0.0085), 0.43 * length, -0.08 * w, 5e-4)  # the pin header
    for k in range(7):
        at = (0.43 * length, -0.08 * w + (k - 3) * 0.00254)
        put(metal, (0.0007, 0.0007, 0.0115), *at, 0)
    put(green, (0.008, 0.022, 0.010), -0.4 * length, 0.02 * w, 6e-4)  # terminals
    for k in range(4):
        at = (flip_x * (-0.4 * length), flip_y * (0.02 * w + (k - 1.5) * 0.005))
        screw = revolve([(0.0016, 0.0), (0.0016, 0.0102), (0.0008, 0.0104)], segments=14)
        metal.append(moved(screw, (*at, t)))
    put(metal, (0.0135, 0.0095, 0.0065), -0.28 * length, -0.37 * w + 0.003, 4e-4)  # a socket
    pieces += [
        box(big, big, 0.0032, (flip_x * 0.04 * length, flip_y * 0.04 * w, t)),
        box(0.0055, 0.020, 0.0115, (flip_x * 0.43 * length, flip_y * -0.08 * w, t)),
        box(0.008, 0.022, 0.0104, (flip_x * -0.4 * length, flip_y * 0.02 * w, t)),
        box(0.0135, 0.0095, 0.0065, (flip_x * -0.28 * length, flip_y * (-0.37 * w + 0.003), t)),
    ]
    mesh, inks = inked(
        (board, None), *((join(*meshes), colour) for colour, meshes in skins.items())
    )
    edge = 0.0008  # the pads' lower edge, so that they clear what the board lies on
    grasps = from_above(t, [(0.0, w), (np.pi, w)], floor=min(edge, 0.45 * t))
    return solid(
        mesh,
        pieces,
        material,
        {"length": length, "width": w, "thickness": t},
        {"top": (0.0, 0.0, t, 0.0, 0.0, 0.0, 1.0),
         "chip": (flip_x * 0.04 * length, flip_y * 0.04 * w, t + 0.0032, 0.0, 0.0, 0.0, 1.0)},
        grasps=grasps,
        rests=[IDENTITY],
        inks=inks,
    )  # fmt: skip


def upright_on(radius: float, bottom: float, height: float, at: tuple[float, float]) -> Piece:
    """A collision cylinder along z that stands at x, y."""
    one = upright(radius, bottom, bottom + height)
    return replace(one, at=(*at, *one.at[2:]))


def _washer(inner: float, outer: float) -> trimesh.Trimesh:
    return revolve(tube(inner, outer, 1e-4, 1e-5), closed=True, segments=20)
