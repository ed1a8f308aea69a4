"""The room around the work: benches, floor and walls, machines, panels and pallets.

A body has one material, so what has two is two kinds (bench_top and bench_frame belong together).
Collision is coarse here: nothing of this is handled.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import trimesh

from assets.frames import turn
from assets.geometry.shapes import circle, cuboid, join, prism, standing_frame, turned
from assets.geometry.solid import MM, box, require, scenery, upright
from assets.part import Part, Piece


def bench_top(
    *,
    length_mm: float = 1400.0,
    width_mm: float = 800.0,
    thickness_mm: float = 40.0,
    material: str = "wood",
) -> Part:
    """A bench's board; its upper side is at z = thickness. frames: "top"."""
    length, width, t = length_mm * MM, width_mm * MM, thickness_mm * MM
    mesh = cuboid(length, width, t, chamfer=0.003)
    return scenery(mesh, [box(length, width, t, (0.0, 0.0, 0.0))], material, top=t)


def bench_frame(
    *,
    length_mm: float = 1400.0,
    width_mm: float = 800.0,
    height_mm: float = 760.0,
    leg_mm: float = 60.0,
    material: str = "painted",
) -> Part:
    """The legs and rails under a bench board of that size; the board lies on z = height."""
    require(3 * leg_mm < min(length_mm, width_mm, height_mm), "bench_frame: leg_mm is too thick")
    length, width, h, leg = (v * MM for v in (length_mm, width_mm, height_mm, leg_mm))
    x, y = length / 2 - leg, width / 2 - leg
    bars = [(leg, leg, h - leg, (sx * x, sy * y, 0.0)) for sx in (-1, 1) for sy in (-1, 1)]
    bars += [(2 * x + leg, leg, leg, (0.0, sy * y, h - leg)) for sy in (-1, 1)]
    bars += [(leg, 2 * y - leg, leg, (sx * x, 0.0, h - leg)) for sx in (-1, 1)]
    bars += [(0.6 * leg, 2 * y - leg, 0.6 * leg, (sx * x, 0.0, 0.12)) for sx in (-1, 1)]
    bars += [(2 * x - leg, 0.6 * leg, 0.6 * leg, (0.0, y, 0.12))]
    return scenery(_bars(bars, 0.002), [box(*bar) for bar in bars], material, top=h)


def floor(
    *,
    length_mm: float = 8000.0,
    width_mm: float = 8000.0,
    thickness_mm: float = 50.0,
    material: str = "concrete",
) -> Part:
    """The shop floor. Unlike other parts its upper side is at z = 0."""
    length, width, t = length_mm * MM, width_mm * MM, thickness_mm * MM
    mesh = cuboid(length, width, t, (0.0, 0.0, -t))
    return scenery(mesh, [box(length, width, t, (0.0, 0.0, -t))], material, top=0.0)


def wall(
    *,
    length_mm: float = 6000.0,
    height_mm: float = 3000.0,
    thickness_mm: float = 100.0,
    bay_mm: float = 1200.0,
    material: str = "painted",
) -> Part:
    """A wall of sheeted bays between posts, its face towards +y."""
    require(bay_mm > 200.0, "wall: bay_mm must be over 200")
    length, h, t = length_mm * MM, height_mm * MM, thickness_mm * MM
    bays = max(1, round(length_mm / bay_mm))
    skins = [cuboid(length, t, h)]
    for k in range(bays + 1):
        x = -length / 2 + length * k / bays
        x = float(np.clip(x, -length / 2 + 0.03, length / 2 - 0.03))
        skins.append(cuboid(0.06, 0.03, h, (x, t / 2, 0.0), 0.004))
    skins.append(cuboid(length, 0.02, 0.12, (0.0, t / 2, 0.0), 0.004))
    return scenery(join(*skins), [box(length, t, h, (0.0, 0.0, 0.0))], material)


def machine_cabinet(
    *,
    length_mm: float = 1600.0,
    width_mm: float = 1100.0,
    height_mm: float = 1900.0,
    material: str = "painted",
) -> Part:
    """A machine tool's housing: plinth, body, door recess and vents on its +y side."""
    require(
        min(length_mm, width_mm, height_mm) >= 500.0, "machine_cabinet: sides of 500 mm or more"
    )
    length, width, h = length_mm * MM, width_mm * MM, height_mm * MM
    foot, front = 0.1, width / 2
    skins = [
        cuboid(length - 0.08, width - 0.08, foot + 0.01),
        cuboid(length, width, h - foot, (0.0, 0.0, foot), 0.02),
        cuboid(length * 0.9, width * 0.5, 0.12, (0.0, -0.1 * width, h - 0.01), 0.015),
    ]
    door = (0.56 * length, 0.52 * h)
    at = (-0.16 * length, front, 0.34 * h)
    skins.append(standing_frame(door[0], door[1], 0.05, 0.03, at))
    skins.append(
        cuboid(door[0] * 0.9, 0.016, door[1] * 0.9, (at[0], front, at[2] + 0.05 * door[1]), 0.004)
    )
    skins.append(
        cuboid(
            0.03,
            0.05,
            0.3 * door[1],
            (at[0] + 0.38 * door[0], front + 0.02, at[2] + 0.3 * door[1]),
            0.01,
        )
    )
    skins.append(cuboid(0.24 * length, 0.02, 0.5 * h, (0.34 * length, front, 0.36 * h), 0.006))
    for k in range(7):
        skins.append(
            cuboid(
                0.22 * length, 0.016, 0.014, (0.34 * length, front, foot + 0.1 + 0.035 * k), 0.003
            )
        )
    return scenery(join(*skins), [box(length, width, h + 0.11, (0.0, 0.0, 0.0))], material)


def control_panel(
    *, height_mm: float = 1350.0, screen_mm: float = 380.0, material: str = "painted"
) -> Part:
    """An operator's panel on a post, screen and buttons towards +y."""
    require(height_mm > 2 * screen_mm, "control_panel: height_mm must be over twice screen_mm")
    h, s = height_mm * MM, screen_mm * MM
    head = h - 0.8 * s
    skins = [
        prism(circle(0.2, 32), 0.0, 0.02, chamfer=0.004),
        prism(circle(0.03, 24), 0.015, head + 0.1 * s),
        cuboid(s, 0.09, 0.8 * s, (0.0, 0.0, head), 0.01),
        standing_frame(0.8 * s, 0.46 * s, 0.012, 0.012, (0.0, 0.045, head + 0.28 * s)),
        cuboid(s, 0.02, 0.02, (0.0, 0.05, head + 0.2 * s), 0.004),
    ]
    to_front = turn("x", -np.pi / 2)
    for k in range(5):
        knob = prism(circle(0.014, 20), 0.0, 0.014, chamfer=0.003)
        skins.append(turned(knob, to_front, ((k - 2) * 0.16 * s, 0.044, head + 0.1 * s)))
    pieces: list[Piece] = [box(s, 0.12, 0.8 * s, (0.0, 0.0, head)), upright(0.03, 0.02, head)]
    return scenery(join(*skins), [*pieces, upright(0.2, 0.0, 0.02)], material)


def signboard(
    *,
    length_mm: float = 400.0,
    width_mm: float = 300.0,
    height_mm: float = 1500.0,
    material: str = "painted",
) -> Part:
    """A board on a post, facing +y; width_mm is the board's height."""
    require(width_mm < 0.8 * height_mm, "signboard: width_mm must be under 0.8 of height_mm")
    length, board, h = length_mm * MM, width_mm * MM, height_mm * MM
    skins = [
        prism(circle(0.18, 32), 0.0, 0.02, chamfer=0.004),
        prism(circle(0.02, 20), 0.015, h - 0.5 * board),
        cuboid(length, 0.008, board, (0.0, 0.022, h - board), 0.002),
        standing_frame(length, board, 0.012, 0.006, (0.0, 0.026, h - board)),
    ]
    pieces: list[Piece] = [box(length, 0.012, board, (0.0, 0.024, h - board))]
    pieces += [upright(0.02, 0.02, h - board), upright(0.18, 0.0, 0.02)]
    return scenery(join(*skins), pieces, material)


def pallet(
    *,
    length_mm: float = 1200.0,
    width_mm: float = 800.0,
    height_mm: float = 144.0,
    material: str = "wood",
) -> Part:
    """A flat pallet in the proportions of EN 13698-1 (1200 x 800 x 144 mm), boards along x.

    frames: "top", in the middle of the deck.
    """
    length, width, h = length_mm * MM, width_mm * MM, height_mm * MM
    wide, narrow = 0.145 * width / 0.8, 0.1 * width / 0.8
    post, board = 0.145 * length / 1.2, min(0.022, 0.153 * h)
    require(0.3 < width / length <= 1.0, "pallet: width_mm must be 0.3 to 1 of length_mm")
    require(10 * board < min(length, width), "pallet: height_mm is too large for its sides")
    foot, c = h - 3 * board, 0.09 * board
    skins = []
    for k, across in enumerate((wide, narrow, wide, narrow, wide)):
        y = (width - wide) * (k / 4 - 0.5)
        skins.append(cuboid(length, across, board, (0.0, y, h - board), c))
    for x in (-length / 2 + post / 2, 0.0, length / 2 - post / 2):
        skins.append(cuboid(post, width, board, (x, 0.0, h - 2 * board), c))
        for y in (-width / 2 + narrow / 2, 0.0, width / 2 - narrow / 2):
            skins.append(cuboid(post, narrow, foot, (x, y, board), c))
    for y in (-width / 2 + narrow / 2, 0.0, width / 2 - narrow / 2):
        skins.append(cuboid(length, narrow, board, (0.0, y, 0.0), c))
    return scenery(join(*skins), [box(length, width, h, (0.0, 0.0, 0.0))], material, top=h)


def _bars(
    bars: Sequence[tuple[float, float, float, tuple[float, float, float]]], chamfer: float
) -> trimesh.Trimesh:
    return join(*(cuboid(*bar, chamfer=chamfer) for bar in bars))
