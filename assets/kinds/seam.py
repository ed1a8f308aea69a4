"""A plate with a groove to be filled: the seam that a dispensing nozzle follows."""

from __future__ import annotations

import numpy as np

from assets.frames import Seven, seven
from assets.geometry.shapes import circle, cuboid, join, moved, prism, rectangle, revolve
from assets.geometry.solid import MM, box, inked, require, solid, upright
from assets.kinds.machine import DARK
from assets.part import Part, Piece
from episodes.array_types import Floats

Points = tuple[tuple[float, float], ...]

SHAPES = ("line", "circle", "spline")
STEP = 0.004  # [m] between the frames along a seam


def seam_plate(
    *,
    shape: str = "spline",
    length_mm: float = 200.0,
    width_mm: float = 140.0,
    thickness_mm: float = 12.0,
    points_mm: Points = ((30.0, 40.0), (70.0, 100.0), (120.0, 50.0), (170.0, 95.0)),
    groove_mm: float = 5.0,
    depth_mm: float = 1.5,
    chamfer_mm: float = 1.0,
    material: str = "machined_aluminium",
) -> Part:
    """A plate with a groove of square section in its upper side.

    points_mm: (x, y) from the plate's corner at -x -y. "line": from the first to the last;
    "circle": around the first, through the second; "spline": smoothly through all, at least 3
    (Catmull and Rom 1974). frames: "seam_0" ... along the groove, about 4 mm apart, level with the
    plate's upper side, x along the seam, z up. dims: "seam", its length; "closed", 1 for a circle;
    "groove" and "depth" of its section; "frames", how many.
    """
    require(shape in SHAPES, f"seam_plate: shape={shape!r} must be one of {', '.join(SHAPES)}")
    require(
        len(points_mm) >= (3 if shape == "spline" else 2) and all(len(p) == 2 for p in points_mm),
        "seam_plate: points_mm must list (x, y) pairs, 2 or more; 3 or more for a spline",
    )
    require(
        depth_mm < 0.5 * thickness_mm, "seam_plate: depth_mm must be under half of thickness_mm"
    )
    require(
        2.5 * chamfer_mm <= thickness_mm, "seam_plate: chamfer_mm is too large for thickness_mm"
    )
    length, width, top = length_mm * MM, width_mm * MM, thickness_mm * MM
    half, deep, c = groove_mm * MM / 2, depth_mm * MM, chamfer_mm * MM
    points = np.array(points_mm) * MM - np.array([length, width]) / 2
    path, closed = _path(shape, points)
    margin = half + 3 * c + 0.001
    require(
        bool(np.all(np.abs(path) <= np.array([length, width]) / 2 - margin)),
        f"seam_plate: the seam must keep {margin / MM:g} mm from the plate's edges",
    )
    tangent = _tangents(path, closed)
    left = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    bend = _least_radius(path, closed)
    require(
        bend > 1.2 * half,
        f"seam_plate: the seam turns in {bend / MM:.1f} mm; groove_mm is too wide for that",
    )
    floor, edge = top - deep, min(0.0004, 0.3 * deep)
    outline = rectangle(length, width, 3 * c)
    base = prism(outline, 0.0, floor, chamfer=0.0, chamfer_bottom=c / 2)
    if closed:
        ring, island = path - half * left, path + half * left  # counter-clockwise: left is inside
        upper = [
            prism(outline, floor, top, [ring[::-1]], min(c, 0.8 * deep), chamfer_bottom=0.0),
            prism(island, floor, top, chamfer=edge, chamfer_bottom=0.0),
        ]
        strip = prism(ring, floor - 0.0002, floor + 0.0002, [island[::-1]])
    else:
        ends = _cap(path[-1], tangent[-1], half), _cap(path[0], -tangent[0], half)
        # earcut drops corners on a straight line, and the skin would not close
        kept = slice(None, None, len(path) - 1) if shape == "line" else slice(None)
        right, back = (path - half * left)[kept], (path + half * left)[kept][::-1]
        slot = np.concatenate([right, ends[0], back, ends[1]])
        upper = [prism(outline, floor, top, [slot[::-1]], min(c, 0.8 * deep), chamfer_bottom=0.0)]
        strip = prism(slot, floor - 0.0002, floor + 0.0002)
    mesh, inks = inked((join(base, *upper), None), (strip, DARK))
    turned_by = np.arctan2(tangent[:, 1], tangent[:, 0])
    frames: dict[str, Seven] = {}
    for k, ((x, y), a) in enumerate(zip(path, turned_by, strict=True)):
        along = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1.0]])
        frames[f"seam_{k}"] = seven((x, y, top), along)
    whole = np.concatenate([path, path[:1]]) if closed else path
    seam = float(np.linalg.norm(np.diff(whole, axis=0), axis=1).sum())
    pieces: list[Piece] = [box(length, width, top, (0.0, 0.0, 0.0))]
    return solid(
        mesh,
        pieces,
        material,
        {"length": length, "width": width, "thickness": top, "groove": 2 * half, "depth": deep,
         "seam": seam, "closed": float(closed), "frames": float(len(path))},
        frames,
        inks=inks,
    )  # fmt: skip


def _path(shape: str, points: Floats) -> tuple[Floats, bool]:
    """(N, 2) points evenly along the seam, and whether it is closed (counter-clockwise then)."""
    if shape == "circle":
        radius = float(np.linalg.norm(points[1] - points[0]))
        require(radius > 0.0, "seam_plate: a circle's second point must differ from its first")
        count = max(24, round(2 * np.pi * radius / STEP))
        return points[0] + circle(radius, count), True
    dense = np.linspace(points[0], points[-1], 101) if shape == "line" else _spline(points)
    run = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(dense, axis=0), axis=1))])
    require(float(run[-1]) > 4 * STEP, "seam_plate: the seam is too short; 16 mm or more")
    even = np.linspace(0.0, run[-1], max(2, round(float(run[-1]) / STEP)) + 1)
    return np.stack([np.interp(even, run, dense[:, k]) for k in range(2)], axis=1), False


def _spline(points: Floats) -> Floats:
    """A centripetal Catmull-Rom spline through the points, 60 samples a span."""
    gaps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    require(bool(gaps.min() > 1e-6), "seam_plate: points_mm must differ from their neighbours")
    ends = [2 * points[0] - points[1], *points, 2 * points[-1] - points[-2]]
    out = []
    for p0, p1, p2, p3 in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        knots = np.cumsum(
            [0.0, *(np.sqrt(np.linalg.norm(b - a)) for a, b in ((p0, p1), (p1, p2), (p2, p3)))]
        )
        t = np.linspace(knots[1], knots[2], 60, endpoint=False)[:, None]
        t0, t1, t2, t3 = knots
        a1 = (t1 - t) / (t1 - t0) * p0 + (t - t0) / (t1 - t0) * p1
        a2 = (t2 - t) / (t2 - t1) * p1 + (t - t1) / (t2 - t1) * p2
        a3 = (t3 - t) / (t3 - t2) * p2 + (t - t2) / (t3 - t2) * p3
        b1 = (t2 - t) / (t2 - t0) * a1 + (t - t0) / (t2 - t0) * a2
        b2 = (t3 - t) / (t3 - t1) * a2 + (t - t1) / (t3 - t1) * a3
        out.append((t2 - t) / (t2 - t1) * b1 + (t - t1) / (t2 - t1) * b2)
    return np.concatenate([*out, points[-1:]])


def _tangents(path: Floats, closed: bool) -> Floats:
    if closed:
        along = np.roll(path, -1, axis=0) - np.roll(path, 1, axis=0)
    else:
        along = np.gradient(path, axis=0)
    return np.asarray(along / np.linalg.norm(along, axis=1, keepdims=True))


def _least_radius(path: Floats, closed: bool) -> float:
    """[m] of the tightest turn, from three points at a time."""
    p = np.concatenate([path[-1:], path, path[:1]]) if closed else path
    a, b = p[1:-1] - p[:-2], p[2:] - p[1:-1]
    turn = np.abs(np.arctan2(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0], np.sum(a * b, axis=1)))
    mean = (np.linalg.norm(a, axis=1) + np.linalg.norm(b, axis=1)) / 2
    return float(np.min(mean / np.maximum(turn, 1e-9), initial=np.inf))


def _cap(end: Floats, ahead: Floats, radius: float) -> Floats:
    """(5, 2) the half round around a groove's end, without its corners, from right to left."""
    side = np.array([ahead[1], -ahead[0]])
    angle = np.linspace(0.0, np.pi, 7)[1:-1, None]
    return np.asarray(end + radius * (np.cos(angle) * side + np.sin(angle) * ahead))


def nozzle_wipe(
    *, diameter_mm: float = 50.0, height_mm: float = 60.0, material: str = "pom"
) -> Part:
    """A cup with a brush where a nozzle is wiped. frames: "brush", on top of the bristles."""
    require(
        diameter_mm >= 24.0 and height_mm >= 30.0, "nozzle_wipe: diameter_mm >= 24, height_mm >= 30"
    )
    r, h = diameter_mm * MM / 2, height_mm * MM
    wall, rim = 0.003, h - 0.012
    cup = revolve([(1.2 * r, 0.0), (1.2 * r, 0.005), (r, 0.008), (r, rim - 0.001), (r - 0.001, rim),
                   (r - wall, rim), (r - wall, 0.01)], segments=40)  # fmt: skip
    tufts = []
    for k, ring in ((1, 0.0), (6, 0.3), (12, 0.6)):
        for j in range(k):
            a = 2 * np.pi * j / k
            tuft = cuboid(0.14 * r, 0.14 * r, h - 0.012, (0, 0, 0.012), 0.001)
            tufts.append(moved(tuft, (ring * r * np.cos(a), ring * r * np.sin(a), 0.0)))
    mesh, inks = inked((cup, None), (join(*tufts), DARK))
    return solid(
        mesh,
        [upright(1.2 * r, 0.0, 0.006), upright(r, 0.006, rim), upright(0.67 * r, rim, h)],
        material,
        {"diameter": 2 * r, "height": h},
        {"brush": (0.0, 0.0, h, 0.0, 0.0, 0.0, 1.0)},
        turns=0,
        inks=inks,
    )
