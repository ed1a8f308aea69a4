"""Grasps for two parallel jaws, found on a mesh: where two faces look away from each other.

Antipodal sampling (Nguyen 1988; as in Dex-Net, Mahler et al. 2017): a point of the surface, the
point where the line against its normal leaves the part, both within the friction cone; then the
jaws' pads and the hand must have room on the way in.
"""

from __future__ import annotations

import numpy as np
import trimesh

from assets.frames import seven
from assets.geometry.grasps import PAD_HEIGHT, PAD_WIDTH, PALM, WIDEST
from assets.part import Grasp
from episodes.array_types import Floats, Ints

FINGER = 0.010  # [m] thickness of a jaw behind its pad
SIDE_ROOM = 0.002  # [m] between an open jaw and the part on the way in
UNEVEN = 0.0015  # [m] by which the part may stand out within the pads beside the two points
HELD = 0.002  # [m] the least depth of part between the pads
BACK_OFFS = (0.0, 0.004, 0.008)  # [m] against the approach: low parts are held by their upper half
APPROACHES = 8  # directions around a pair of points
FREE_BELOW = 0.0006  # [m] between the pads and the support z = 0, for grasps from above
ALIKE = (0.006, np.cos(np.radians(25.0)))  # distance [m] and angle within which two count as one


def grasps(
    mesh: trimesh.Trimesh,
    rng: np.random.Generator,
    *,
    friction: float = 0.5,
    widest: float = WIDEST,
    samples: int = 300,
    most: int = 48,
) -> list[Grasp]:
    """At most `most` grasps of a mesh that stands on z = 0, best first; empty where none is found.

    friction: the coefficient whose cone holds the line between the pads. widest: the opening [m].
    Straight from above and near the centre of mass count as good.
    """
    corners, normals = np.asarray(mesh.triangles, float), np.asarray(mesh.face_normals, float)
    cloud, _ = on_surface(mesh, rng, 4000)
    cloud = np.concatenate([cloud, np.asarray(mesh.vertices, float)])
    points, faces = on_surface(mesh, rng, samples)
    starts, ends, opposite = _across(corners, points, -normals[faces])
    cone = np.cos(np.arctan(friction))
    middle = np.asarray(mesh.center_mass, float)
    found: list[tuple[float, Floats, Floats, float]] = []
    for start, q, other in zip(starts, ends, opposite, strict=True):
        p, n = points[start], normals[faces[start]]
        width = float(np.linalg.norm(q - p))
        if not 0.0005 < width <= widest:
            continue
        close = (q - p) / width
        if -(close @ n) < cone or close @ normals[other] < cone:
            continue
        for into in _approaches(close):
            hold = _fitted(cloud, (p + q) / 2, close, into, width, widest)
            if hold is None:
                continue
            centre, rotation, span = hold
            lever = float(np.linalg.norm((centre - middle)[:2])) + 0.3 * abs(centre[2] - middle[2])
            found.append((20.0 * lever + (1.0 + into[2]), centre, rotation, span))
    found.sort(key=lambda item: round(item[0], 9))
    return _different(found, most)


def on_surface(mesh: trimesh.Trimesh, rng: np.random.Generator, count: int) -> tuple[Floats, Ints]:
    """Points (count, 3) spread evenly over the surface, and the triangle of each (count,)."""
    areas = np.cumsum(mesh.area_faces)
    face = np.minimum(np.searchsorted(areas, rng.uniform(size=count) * areas[-1]), len(areas) - 1)
    u, v = rng.uniform(size=(2, count, 1))
    u, v = np.where(u + v > 1.0, 1.0 - u, u), np.where(u + v > 1.0, 1.0 - v, v)
    a, b, c = np.asarray(mesh.triangles, float)[face].transpose(1, 0, 2)
    return a + u * (b - a) + v * (c - a), face


def _across(corners: Floats, starts: Floats, ways: Floats) -> tuple[Ints, Floats, Ints]:
    """Where rays (N, 3) from the surface inwards first and last meet it again (Moeller and Trumbore
    1997): which ray, points (M, 3) and triangles (M,). The first is a wall's other side, the last
    that of the whole part, past its bores."""
    a, u, v = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    rays, ends, hit = [], [], []
    for i, (start, way) in enumerate(zip(starts, ways, strict=True)):
        h = np.cross(way, v)
        det = np.einsum("ij,ij->i", u, h)
        safe = np.where(np.abs(det) > 1e-15, det, np.inf)
        s = start - a
        x = np.einsum("ij,ij->i", s, h) / safe
        k = np.cross(s, u)
        y = k @ way / safe
        t = np.einsum("ij,ij->i", v, k) / safe
        ahead = (x >= -1e-9) & (y >= -1e-9) & (x + y <= 1 + 1e-9) & (t > 2e-4)
        if ahead.any():
            first = int(np.argmin(np.where(ahead, t, np.inf)))
            last = int(np.argmax(np.where(ahead, t, -np.inf)))
            for met in dict.fromkeys((first, last)):
                rays.append(i)
                ends.append(start + t[met] * way)
                hit.append(met)
    return np.array(rays, int), np.array(ends).reshape(-1, 3), np.array(hit, int)


def _approaches(close: Floats) -> list[Floats]:
    """Unit vectors (3,) across the closing direction; the first is as straight down as can be."""
    down = np.array([0.0, 0.0, -1.0]) if abs(close[2]) < 0.95 else np.array([1.0, 0.0, 0.0])
    first = down - (down @ close) * close
    first /= np.linalg.norm(first)
    side = np.cross(close, first)
    turns = 2 * np.pi * np.arange(APPROACHES) / APPROACHES
    return [np.cos(t) * first + np.sin(t) * side for t in turns]


def _fitted(
    cloud: Floats, centre: Floats, close: Floats, into: Floats, width: float, widest: float
) -> tuple[Floats, Floats, float] | None:
    """(origin, axes, width) of a grasp that the jaws can reach, or None."""
    rotation = np.stack([np.cross(close, into), close, into], axis=1)
    for back in BACK_OFFS:
        origin = centre - back * into
        if into[2] < -0.9:
            lift = FREE_BELOW + PAD_HEIGHT / 2 - origin[2]
            origin = origin - max(0.0, lift) * into / -into[2]
        x, y, z = ((cloud - origin) @ rotation).T
        between = (np.abs(x) < PAD_WIDTH / 2) & (np.abs(z) < PAD_HEIGHT / 2)
        between &= np.abs(y) < widest / 2 + FINGER
        if not between.any() or np.ptp(z[between]) < HELD:
            continue
        low, high = float(y[between].min()), float(y[between].max())
        span = high - low
        if span > min(widest, width + UNEVEN):
            continue
        y = y - (low + high) / 2
        room = span / 2 + SIDE_ROOM
        jaws = (np.abs(y) > room) & (np.abs(y) < room + FINGER)
        jaws &= (np.abs(x) < PAD_WIDTH / 2) & (z < PAD_HEIGHT / 2)
        palm = (z < -PALM) & (np.abs(x) < 0.03) & (np.abs(y) < 0.1)
        if jaws.any() or palm.any():
            continue
        return origin + (low + high) / 2 * close, rotation, span
    return None


def _different(found: list[tuple[float, Floats, Floats, float]], most: int) -> list[Grasp]:
    """The best, leaving out those that are much like a better one; each with its mirror image,
    the jaws changed over."""
    kept: list[tuple[Floats, Floats]] = []
    out: list[Grasp] = []
    for _, centre, rotation, span in found:
        if len(out) + 2 > most:
            break
        if any(
            np.linalg.norm(centre - c) < ALIKE[0]
            and rotation[:, 2] @ r[:, 2] > ALIKE[1]
            and abs(rotation[:, 1] @ r[:, 1]) > ALIKE[1]
            for c, r in kept
        ):
            continue
        kept.append((centre, rotation))
        for sign in (1.0, -1.0):
            axes = rotation * np.array([sign, sign, 1.0])
            out.append(Grasp(seven(centre, axes), span))
    return out
