"""The cell around the work: benches, walls, machines and believable clutter.

A body has one material, so what has two is two kinds (bench_top and bench_frame share a frame's
footprint). Collision is coarse here: nothing of this is handled.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import trimesh

from assets.frames import turn
from assets.part import Part, Piece
from assets.shapes import circle, cuboid, inset, join, loft, prism, rectangle, revolve, turned
from assets.solid import MM, box, require, solid, upright


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
    return _thing(mesh, [box(length, width, t, (0.0, 0.0, 0.0))], material, top=t)


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
    return _thing(_bars(bars, 0.002), [box(*bar) for bar in bars], material, top=h)


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
    return _thing(mesh, [box(length, width, t, (0.0, 0.0, -t))], material, top=0.0)


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
    return _thing(join(*skins), [box(length, t, h, (0.0, 0.0, 0.0))], material)


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
    skins.append(_frame(door[0], door[1], 0.05, 0.03, at))
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
    return _thing(join(*skins), [box(length, width, h + 0.11, (0.0, 0.0, 0.0))], material)


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
        _frame(0.8 * s, 0.46 * s, 0.012, 0.012, (0.0, 0.045, head + 0.28 * s)),
        cuboid(s, 0.02, 0.02, (0.0, 0.05, head + 0.2 * s), 0.004),
    ]
    to_front = turn("x", -np.pi / 2)
    for k in range(5):
        knob = prism(circle(0.014, 20), 0.0, 0.014, chamfer=0.003)
        skins.append(turned(knob, to_front, ((k - 2) * 0.16 * s, 0.044, head + 0.1 * s)))
    pieces: list[Piece] = [box(s, 0.12, 0.8 * s, (0.0, 0.0, head)), upright(0.03, 0.02, head)]
    return _thing(join(*skins), [*pieces, upright(0.2, 0.0, 0.02)], material)


def tool_cart(
    *,
    length_mm: float = 700.0,
    width_mm: float = 450.0,
    height_mm: float = 850.0,
    drawers: int = 5,
    material: str = "painted",
) -> Part:
    """A roller cabinet: castors, drawers with handles on the +y side, a rim on top."""
    require(1 <= drawers <= 12, f"tool_cart: drawers={drawers} must be 1 to 12")
    require(height_mm > 300.0, "tool_cart: height_mm must be over 300")
    length, width, h = length_mm * MM, width_mm * MM, height_mm * MM
    foot, front = 0.13, width / 2
    skins = [cuboid(length, width, h - foot, (0.0, 0.0, foot), 0.01)]
    skins.append(_rim(length + 0.02, width + 0.02, 0.03, h - 0.01, h + 0.025))
    wheel = revolve([(0.03, -0.015), (0.055, -0.012), (0.055, 0.012), (0.03, 0.015)], segments=24)
    for x in (-length / 2 + 0.08, length / 2 - 0.08):
        for y in (-width / 2 + 0.08, width / 2 - 0.08):
            skins.append(turned(wheel, turn("x", np.pi / 2), (x, y, 0.055)))
            skins.append(cuboid(0.05, 0.045, 0.075, (x, y, 0.06), 0.005))
    pitch = (h - foot - 0.06) / drawers
    for k in range(drawers):
        z = foot + 0.03 + k * pitch
        skins.append(cuboid(length - 0.06, 0.016, pitch - 0.012, (0.0, front, z), 0.004))
        skins.append(
            cuboid(length - 0.16, 0.03, 0.018, (0.0, front + 0.015, z + pitch - 0.045), 0.006)
        )
    return _thing(join(*skins), [box(length, width, h, (0.0, 0.0, 0.0))], material, top=h)


def pallet(
    *,
    length_mm: float = 1200.0,
    width_mm: float = 800.0,
    height_mm: float = 144.0,
    material: str = "wood",
) -> Part:
    """A flat pallet in the proportions of EN 13698-1 (1200 x 800 x 144 mm), boards along x."""
    require(height_mm > 90.0, "pallet: height_mm must be over 90")
    length, width, h = length_mm * MM, width_mm * MM, height_mm * MM
    board, foot = 0.022, h - 3 * 0.022
    skins = []
    for k, wide in enumerate((0.145, 0.1, 0.145, 0.1, 0.145)):
        y = (width - 0.145) * (k / 4 - 0.5)
        skins.append(cuboid(length, wide, board, (0.0, y, h - board), 0.002))
    for x in (-length / 2 + 0.0725, 0.0, length / 2 - 0.0725):
        skins.append(cuboid(0.145, width, board, (x, 0.0, h - 2 * board), 0.002))
        for y in (-width / 2 + 0.05, 0.0, width / 2 - 0.05):
            skins.append(cuboid(0.145, 0.1, foot, (x, y, board), 0.002))
    for y in (-width / 2 + 0.05, 0.0, width / 2 - 0.05):
        skins.append(cuboid(length, 0.1, board, (0.0, y, 0.0), 0.002))
    return _thing(join(*skins), [box(length, width, h, (0.0, 0.0, 0.0))], material, top=h)


def crate(
    *,
    length_mm: float = 400.0,
    width_mm: float = 300.0,
    height_mm: float = 260.0,
    material: str = "cardboard",
) -> Part:
    """A closed carton: four flaps on top with a gap between them, a strip of tape across."""
    length, width, h = length_mm * MM, width_mm * MM, height_mm * MM
    require(min(length, width, h) >= 0.03, "crate: sides of 30 mm or more")
    t = 0.003
    skins = [cuboid(length, width, h - t, chamfer=0.0015)]
    flap = width / 2 - 0.0015
    for sign in (-1.0, 1.0):
        skins.append(cuboid(length, flap, t, (0.0, sign * (width - flap) / 2, h - t), 0.0008))
    skins.append(cuboid(0.05 if length > 0.2 else 0.3 * length, width, 0.0006, (0.0, 0.0, h)))
    return _thing(join(*skins), [box(length, width, h, (0.0, 0.0, 0.0))], material, top=h)


def cable_box(
    *,
    length_mm: float = 300.0,
    width_mm: float = 120.0,
    height_mm: float = 400.0,
    glands: int = 4,
    material: str = "painted",
) -> Part:
    """A junction cabinet with a raised lid and lock on +y and cable glands on top."""
    require(1 <= glands <= 10, f"cable_box: glands={glands} must be 1 to 10")
    require(min(length_mm, height_mm) > 80.0, "cable_box: length_mm and height_mm must be over 80")
    length, width, h = length_mm * MM, width_mm * MM, height_mm * MM
    skins = [cuboid(length, width, h, chamfer=0.006)]
    skins.append(cuboid(length - 0.02, 0.012, h - 0.02, (0.0, width / 2, 0.01), 0.005))
    lock = prism(circle(0.01, 20), 0.0, 0.012, chamfer=0.002)
    skins.append(turned(lock, turn("x", -np.pi / 2), (length / 2 - 0.03, width / 2, h / 2)))
    radius = min(0.016, 0.3 * length / glands)
    for k in range(glands):
        x = length * ((k + 0.5) / glands - 0.5)
        profile = [(radius, h - 0.002), (radius, h + 0.012), (0.75 * radius, h + 0.016)]
        profile += [(0.75 * radius, h + 0.03), (0.5 * radius, h + 0.034), (0.5 * radius, h + 0.12)]
        skins.append(_moved(revolve(profile, segments=20), (x, 0.0, 0.0)))
    return _thing(join(*skins), [box(length, width, h, (0.0, 0.0, 0.0))], material)


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
        _frame(length, board, 0.012, 0.006, (0.0, 0.026, h - board)),
    ]
    pieces: list[Piece] = [box(length, 0.012, board, (0.0, 0.024, h - board))]
    pieces += [upright(0.02, 0.02, h - board), upright(0.18, 0.0, 0.02)]
    return _thing(join(*skins), pieces, material)


def fixture_clamp(
    *,
    length_mm: float = 110.0,
    width_mm: float = 32.0,
    height_mm: float = 60.0,
    material: str = "black_oxide",
) -> Part:
    """A vertical toggle clamp, closed: base, arm with a rubber-tipped spindle at +x, handle."""
    length, width, h = length_mm * MM, width_mm * MM, height_mm * MM
    require(min(length, width, h) >= 0.02, "fixture_clamp: sides of 20 mm or more")
    x = -length / 2
    skins = [cuboid(0.5 * length, width, 0.1 * h, (x + 0.25 * length, 0.0, 0.0), 0.001)]
    for sign in (-1.0, 1.0):
        plate = cuboid(0.28 * length, 0.12 * width, 0.55 * h, chamfer=0.001)
        skins.append(_moved(plate, (x + 0.2 * length, sign * 0.25 * width, 0.08 * h)))
    arm_z = 0.5 * h
    skins.append(cuboid(0.86 * length, 0.22 * width, 0.14 * h, (0.07 * length, 0.0, arm_z), 0.001))
    profile = [(0.09, -0.2), (0.16, -0.18), (0.16, -0.1), (0.09, -0.1), (0.09, 0.3), (0.001, 0.3)]
    spindle = revolve([(r * width, arm_z + z * h) for r, z in profile], segments=20)
    skins.append(_moved(spindle, (0.43 * length, 0.0, 0.0)))
    handle = prism(
        rectangle(0.12 * length, 0.5 * width, 0.04 * width), 0.0, 0.62 * h, chamfer=0.001
    )
    skins.append(turned(handle, turn("y", -0.35), (x + 0.18 * length, 0.0, 0.42 * h)))
    mesh = join(*skins)
    low, high = mesh.bounds
    (wide, deep), (mid_x, mid_y) = (high - low)[:2], (low + high)[:2] / 2.0
    pieces = [box(wide, deep, arm_z + 0.14 * h, (mid_x, mid_y, 0.0))]
    return _thing(mesh, pieces, material)


def screw_box(
    *,
    length_mm: float = 160.0,
    width_mm: float = 100.0,
    height_mm: float = 75.0,
    material: str = "polypropylene",
) -> Part:
    """An open-fronted storage bin: its front, at +x, is cut down; a label holder below the cut."""
    length, width, h = length_mm * MM, width_mm * MM, height_mm * MM
    require(min(length, width, h) >= 0.03, "screw_box: sides of 30 mm or more")
    t, cut = 0.0025, 0.45 * h
    side = np.array(
        [
            [-length / 2, 0.0],
            [0.42 * length, 0.0],
            [length / 2, cut],
            [0.2 * length, h],
            [-length / 2, h],
        ]
    )
    upright_side = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
    skins = [
        turned(prism(side, 0.0, t), upright_side, (0.0, y, 0.0))
        for y in (-width / 2 + t, width / 2)
    ]
    skins.append(cuboid(0.92 * length, width - t, t, (-0.04 * length, 0.0, 0.0)))
    skins.append(cuboid(t, width - t, h, (-length / 2 + t / 2, 0.0, 0.0)))
    lean = np.arctan2(0.08 * length, cut)
    front = cuboid(t, width - t, cut / np.cos(lean), chamfer=0.0006)
    skins.append(turned(front, turn("y", lean), (0.42 * length - t / 2, 0.0, t / 2 * np.sin(lean))))
    pieces = [
        box(length, width, t, (0.0, 0.0, 0.0)),
        box(2 * t, width, h, (-length / 2 + t, 0.0, 0.0)),
    ]
    pieces += [box(length, 2 * t, 0.8 * h, (0.0, s * (width / 2 - t), 0.0)) for s in (-1.0, 1.0)]
    pieces.append(box(0.08 * length, width, cut, (0.46 * length, 0.0, 0.0)))
    return _thing(join(*skins), pieces, material)


def cup(*, diameter_mm: float = 82.0, height_mm: float = 95.0, material: str = "ceramic") -> Part:
    """A mug with a handle at +x."""
    r, h = diameter_mm * MM / 2, height_mm * MM
    require(min(r, h) >= 0.015, "cup: diameter_mm of 30 or more and height_mm of 15 or more")
    t = 0.004
    outside = [(0.9 * r, 0.0), (r, 0.006), (r, h - 0.001), (r - 0.001, h)]
    mug = revolve([*outside, (r - t + 0.001, h), (r - t, h - 0.001), (r - t, 0.01), (0.8 * r, t)])
    angle = np.linspace(-0.5 * np.pi, 0.5 * np.pi, 13)
    ring = []
    for a in angle:
        out = np.array([np.cos(a), 0.0, np.sin(a)])
        middle = np.array([r - 0.002, 0.0, 0.52 * h]) + 0.3 * h * out * [0.9, 0.0, 1.0]
        section = circle(0.005, 12)
        ring.append(middle + section[:, :1] * out + section[:, 1:] * np.array([0.0, -1.0, 0.0]))
    handle = loft(ring)
    reach = float(handle.bounds[1, 0])
    pieces: list[Piece] = [upright(r, 0.0, h)]
    pieces.append(box(reach - r, 0.01, 0.6 * h, ((r + reach) / 2, 0.0, 0.22 * h)))
    return _thing(join(mug, handle), pieces, material)


def _thing(
    mesh: trimesh.Trimesh, pieces: Sequence[Piece], material: str, top: float | None = None
) -> Part:
    x, y, z = (float(v) for v in mesh.extents)
    frames = {} if top is None else {"top": (0.0, 0.0, top, 0.0, 0.0, 0.0, 1.0)}
    return solid(mesh, pieces, material, {"length": x, "width": y, "height": z}, frames)


def _bars(
    bars: Sequence[tuple[float, float, float, tuple[float, float, float]]], chamfer: float
) -> trimesh.Trimesh:
    return join(*(cuboid(*bar, chamfer=chamfer) for bar in bars))


def _moved(mesh: trimesh.Trimesh, offset: Sequence[float]) -> trimesh.Trimesh:
    return turned(mesh, np.eye(3), offset)


def _frame(
    length: float, height: float, bar: float, depth: float, at: tuple[float, float, float]
) -> trimesh.Trimesh:
    """A rectangular frame standing in the xz plane; `at`: the middle of its foot, on its back."""
    outer = rectangle(length, height)
    flat = prism(outer, 0.0, depth, [inset(outer, bar)[::-1]], min(0.2 * bar, 0.2 * depth))
    x, y, z = at
    return turned(flat, turn("x", -np.pi / 2), (x, y, z + height / 2))


def _rim(length: float, width: float, bar: float, bottom: float, top: float) -> trimesh.Trimesh:
    outer = rectangle(length, width, 0.02)
    return prism(outer, bottom, top, [inset(outer, bar)[::-1]], 0.003)
