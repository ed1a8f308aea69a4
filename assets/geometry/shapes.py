"""Watertight meshes from rings and outlines, without boolean operations. Metres."""

from __future__ import annotations

from collections.abc import Sequence

import mapbox_earcut
import numpy as np
import trimesh
from numpy.typing import ArrayLike

from assets.frames import turn
from episodes.array_types import Floats

SEGMENTS = 48  # of a full circle: under 0.1 % of radius off, enough for a part seen at 0.3 m


def circle(radius: float, segments: int = SEGMENTS) -> Floats:
    """(segments, 2) points, counter-clockwise from +x."""
    angle = 2.0 * np.pi * np.arange(segments) / segments
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def rectangle(length: float, width: float, chamfer: float = 0.0) -> Floats:
    """(4, 2) or, with cut corners, (8, 2) points about the origin, counter-clockwise."""
    x, y, c = length / 2.0, width / 2.0, chamfer
    if c <= 0.0:
        return np.array([[x, -y], [x, y], [-x, y], [-x, -y]])
    half = [[x, -y + c], [x, y - c], [x - c, y], [-x + c, y]]
    return np.array(half + [[-u, -v] for u, v in half])


def inset(outline: Floats, by: float) -> Floats:
    """The outline (N, 2) moved to its left by `by`, corner by corner: inwards where it runs
    counter-clockwise, outwards where it runs clockwise (a hole)."""
    ahead = np.roll(outline, -1, axis=0) - outline
    left = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1)
    left /= np.linalg.norm(left, axis=1, keepdims=True)
    before = np.roll(left, 1, axis=0)
    mitre = (left + before) / (1.0 + np.sum(left * before, axis=1, keepdims=True))
    return np.asarray(outline + by * mitre)


def loft(rings: Sequence[ArrayLike], closed: bool = False) -> trimesh.Trimesh:
    """The skin over rings (K, N, 3) that run counter-clockwise seen from the end of the path.

    Open: the first and last ring, which must be star-shaped about their middle, are capped.
    closed: the last ring joins the first (a body with a through hole).
    """
    stack = np.asarray(rings, float)
    count, n = stack.shape[:2]
    vertices = [stack.reshape(-1, 3)]
    i, j = np.arange(n), (np.arange(n) + 1) % n
    faces = []
    for k in range(count if closed else count - 1):
        low, high = k * n, ((k + 1) % count) * n
        faces.append(np.stack([low + i, low + j, high + j], axis=1))
        faces.append(np.stack([low + i, high + j, high + i], axis=1))
    if not closed:
        first, last = count * n, count * n + 1
        top = (count - 1) * n
        vertices += [stack[0].mean(axis=0)[None], stack[-1].mean(axis=0)[None]]
        faces.append(np.stack([np.full(n, first), j, i], axis=1))
        faces.append(np.stack([np.full(n, last), top + i, top + j], axis=1))
    return trimesh.Trimesh(np.concatenate(vertices), np.concatenate(faces), process=False)


def at_height(outline: ArrayLike, z: float | ArrayLike) -> Floats:
    """The outline (N, 2) as a ring (N, 3) at height z, one or (N,)."""
    flat = np.asarray(outline, float)
    return np.column_stack([flat, np.broadcast_to(np.asarray(z, float), len(flat))])


def revolve(
    profile: Sequence[tuple[float, float]], closed: bool = False, segments: int = SEGMENTS
) -> trimesh.Trimesh:
    """The profile's (radius, z) points turned about z: upwards on the outside; closed: and back
    down on the inside of a through hole."""
    return loft([at_height(circle(r, segments), z) for r, z in profile], closed)


def tube(inner: float, outer: float, length: float, chamfer: float) -> list[tuple[float, float]]:
    """The closed profile of a bush between z = 0 and `length`, every edge chamfered."""
    low, high, c = 0.0, length, chamfer
    outside = [(outer - c, low), (outer, low + c), (outer, high - c), (outer - c, high)]
    return [*outside, (inner + c, high), (inner, high - c), (inner, low + c), (inner + c, low)]


def prism(
    outline: Floats,
    bottom: float,
    top: float,
    holes: Sequence[Floats] = (),
    chamfer: float = 0.0,
    chamfer_bottom: float | None = None,
) -> trimesh.Trimesh:
    """An outline (N, 2), counter-clockwise, with holes, clockwise, pulled from bottom to top.

    chamfer: of the upper edges, holes included; of the lower ones too unless told otherwise.
    """
    low = chamfer if chamfer_bottom is None else chamfer_bottom
    # Pockets of one tray share lines; earcut drops a corner that lies on such a line, and the skin
    # would no longer close. A fraction of a micrometre between the loops keeps every corner.
    loops = [loop + 3e-7 * k for k, loop in enumerate([outline, *holes])]
    levels: list[tuple[float, float]] = [(low, bottom)]
    levels += [(0.0, bottom + low)] if low > 0.0 else []
    levels += [(0.0, top - chamfer)] if chamfer > 0.0 else []
    levels += [(chamfer, top)]
    vertices, faces, start = [], [], 0
    first_level, last_level = [], []
    for loop in loops:
        n = len(loop)
        i, j = np.arange(n), (np.arange(n) + 1) % n
        for k, (by, z) in enumerate(levels):
            vertices.append(at_height(inset(loop, by) if by else loop, z))
            if k + 1 < len(levels):
                a, b = start + k * n, start + (k + 1) * n
                faces.append(np.stack([a + i, a + j, b + j], axis=1))
                faces.append(np.stack([a + i, b + j, b + i], axis=1))
        first_level.append(start + i)
        last_level.append(start + (len(levels) - 1) * n + i)
        start += len(levels) * n
    points = np.concatenate(vertices)
    ends = np.cumsum([len(loop) for loop in loops]).astype(np.uint32)
    for index, flip in ((np.concatenate(first_level), True), (np.concatenate(last_level), False)):
        flat = np.ascontiguousarray(points[index, :2])
        cap = mapbox_earcut.triangulate_float64(flat, ends).reshape(-1, 3).astype(np.int64)
        p, q, r = (flat[cap[:, c]] for c in range(3))
        area = (q - p)[:, 0] * (r - p)[:, 1] - (q - p)[:, 1] * (r - p)[:, 0]
        wrong = (area > 0.0) == flip
        cap[wrong] = cap[wrong][:, ::-1]
        faces.append(index[cap])
    return trimesh.Trimesh(points, np.concatenate(faces), process=False)


def cuboid(
    length: float,
    width: float,
    height: float,
    at: ArrayLike = (0.0, 0.0, 0.0),
    chamfer: float = 0.0,
) -> trimesh.Trimesh:
    """A box with all edges chamfered; `at`: the middle of its underside."""
    c = min(chamfer, 0.3 * min(length, width, height))
    outline = rectangle(length, width, c)
    mesh = prism(outline, 0.0, height, chamfer=c)
    mesh.apply_translation(at)
    return mesh


def join(*meshes: trimesh.Trimesh) -> trimesh.Trimesh:
    """Several closed skins as one mesh."""
    vertices, faces, start = [], [], 0
    for mesh in meshes:
        vertices.append(np.asarray(mesh.vertices))
        faces.append(np.asarray(mesh.faces) + start)
        start += len(mesh.vertices)
    return trimesh.Trimesh(np.concatenate(vertices), np.concatenate(faces), process=False)


def turned(mesh: trimesh.Trimesh, rotation: ArrayLike, offset: ArrayLike) -> trimesh.Trimesh:
    """The mesh, rotated by (3, 3) and then moved by (3,)."""
    points = np.asarray(mesh.vertices) @ np.asarray(rotation, float).T + np.asarray(offset, float)
    return trimesh.Trimesh(points, mesh.faces, process=False)


def moved(mesh: trimesh.Trimesh, offset: ArrayLike) -> trimesh.Trimesh:
    """The mesh, moved by (3,)."""
    return turned(mesh, np.eye(3), offset)


def standing_frame(
    length: float, height: float, bar: float, depth: float, at: tuple[float, float, float]
) -> trimesh.Trimesh:
    """A rectangular frame standing in the xz plane; `at`: the middle of its foot, on its back."""
    outer = rectangle(length, height)
    flat = prism(outer, 0.0, depth, [inset(outer, bar)[::-1]], min(0.2 * bar, 0.2 * depth))
    x, y, z = at
    return turned(flat, turn("x", -np.pi / 2), (x, y, z + height / 2))


def rim(length: float, width: float, bar: float, bottom: float, top: float) -> trimesh.Trimesh:
    """A lying rectangular frame with round-cut corners."""
    outer = rectangle(length, width, 0.02)
    return prism(outer, bottom, top, [inset(outer, bar)[::-1]], 0.003)
