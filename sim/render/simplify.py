"""From a mesh to triangles worth drawing: welded, simplified, with corner normals restored."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from episodes.array_types import Floats, Ints, Singles


@dataclass(frozen=True)
class Tolerance:
    """How far a simplified surface may lie from the original: a share of its largest extent,
    between bounds [m]. Chosen so that depth stays within 1 mm at 99 % of pixels."""

    share: float
    least: float
    most: float


LINK = Tolerance(0.0025, 1.5e-4, 5e-4)
PART = Tolerance(0.0015, 2e-4, 5e-4)
# Of parts whose pixels are millimetres apart: narrow chamfers would only glitter there.
FAR_PART = Tolerance(0.015, 3e-4, 5e-4)
PROXY_ERROR_M, PROXY_SHARE = 4e-3, 0.05  # the same, at most, for what casts shadows
CREASE = float(np.cos(np.radians(38.0)))  # faces that meet at more than this keep a sharp edge
_LOCK_BORDER, _ERROR_ABSOLUTE, _PRUNE = 1, 1 << 2, 1 << 3  # options of meshoptimizer


@dataclass(frozen=True)
class Surface:
    """One thing to draw, in its own frame.

    positions (N, 3) [m]; normals (N, 3), unit; faces (M, 3), counter-clockwise from outside;
    uv (N, 2): place on the box projection of the shape [m], zero where none was asked for.
    slots (N,): which row of `palette` (K, 3), sRGB 0..1, colours the vertex.
    proxy_positions, proxy_faces: the same shape, coarser, to cast shadows.
    """

    positions: Singles
    normals: Singles
    uv: Singles
    faces: NDArray[np.uint32]
    slots: NDArray[np.uint8]
    palette: Singles
    proxy_positions: Singles
    proxy_faces: NDArray[np.uint32]

    def __repr__(self) -> str:
        return f"Surface({len(self.positions)} vertices, {len(self.faces)} faces)"


@dataclass(frozen=True)
class Piece:
    """A shape of one colour, sRGB, as it was read: vertices (N, 3) [m], faces (M, 3).

    exact: whether it is drawn as it is; what else it touches then keeps its open borders.
    """

    vertices: Floats
    faces: Ints
    colour: tuple[float, ...] = (1.0, 1.0, 1.0)
    exact: bool = False


def surface(pieces: list[Piece], tolerance: Tolerance, *, mapped: bool = False) -> Surface:
    """mapped: whether textures will be put on, so that places on the box projection are wanted."""
    spread = np.concatenate([p.vertices[np.unique(p.faces)] for p in pieces])
    size = float(np.max(np.ptp(spread, axis=0)))
    error = float(np.clip(tolerance.share * size, tolerance.least, tolerance.most))
    colours = sorted({p.colour for p in pieces})
    corners, slots = [], []
    options = _LOCK_BORDER if any(p.exact for p in pieces) else 0
    for piece in pieces:
        points, faces = _weld(piece.vertices, piece.faces)
        kept = faces if piece.exact else _simplify(points, faces, error, options)
        uv = _box_projection(points, kept) if mapped else np.zeros((len(kept), 3, 2))
        columns = [points[kept], _corner_normals(points, faces, kept), uv]
        rows = np.concatenate(columns, axis=2).reshape(-1, 8)
        corners.append(rows)
        slots.append(np.full(len(rows), colours.index(piece.colour)))
    table, drawn = _shared(
        np.concatenate([np.concatenate(corners), np.concatenate(slots)[:, None]], axis=1)
    )
    points, faces = _weld(*_together(pieces))
    coarse = _simplify(points, faces, min(PROXY_ERROR_M, PROXY_SHARE * size))
    shell, shell_faces = _shared(points[coarse].reshape(-1, 3))
    return Surface(
        table[:, :3].astype(np.float32),
        table[:, 3:6].astype(np.float32),
        table[:, 6:8].astype(np.float32),
        drawn,
        table[:, 8].astype(np.uint8),
        np.array(colours, np.float32),
        shell.astype(np.float32),
        shell_faces,
    )


def _together(pieces: list[Piece]) -> tuple[Floats, Ints]:
    """The vertices and faces of all pieces in one."""
    starts = np.cumsum([0] + [len(p.vertices) for p in pieces])
    faces = [p.faces + start for p, start in zip(pieces, starts, strict=False)]
    return np.concatenate([p.vertices for p in pieces]), np.concatenate(faces)


def _weld(vertices: Floats, faces: Ints) -> tuple[Floats, Ints]:
    """Vertices within a micrometre made one; triangles that thereby vanish are dropped."""
    grid = np.round(vertices / 1e-6).astype(np.int64)
    _, first, index = np.unique(grid, axis=0, return_index=True, return_inverse=True)
    ids = index.reshape(-1)[faces]
    whole = (ids[:, 0] != ids[:, 1]) & (ids[:, 1] != ids[:, 2]) & (ids[:, 2] != ids[:, 0])
    return vertices[first], ids[whole] if whole.any() else ids


def _simplify(points: Floats, faces: Ints, error: float, options: int = 0) -> Ints:
    """Fewer triangles over the same points, about `error` [m] away (quadric error metric)."""
    from meshoptimizer import simplify

    out = np.empty(faces.size, np.uint32)
    count = simplify(
        out,
        np.ascontiguousarray(faces.reshape(-1), np.uint32),
        np.ascontiguousarray(points, np.float32),
        target_index_count=0,
        target_error=error,
        options=_ERROR_ABSOLUTE | _PRUNE | options,
    )
    kept = out[:count].reshape(-1, 3).astype(np.int64)
    return kept if len(kept) else faces


def _corner_normals(points: Floats, faces: Ints, kept: Ints) -> Floats:
    """(len(kept), 3, 3): the normals that the corners had in the full mesh.

    There a corner's normal is the mean, by area, of the faces at its vertex that meet its own
    within the crease. A kept corner takes, of those at its vertex, the one nearest to its face;
    where none is within the crease (the chamfer beside it is gone), it is flat.
    Files' own normals are not used: many are per face, and some are wrong.
    """
    flat, area = _flat_normals(points, faces)
    vertex, face = faces.reshape(-1), np.repeat(np.arange(len(faces)), 3)
    own, other = _pairs(vertex, vertex)
    meets = np.einsum("nc,nc->n", flat[face[own]], flat[face[other]]) >= CREASE
    weight = area[face[other[meets]]] + 1e-18
    total = np.stack(
        [
            np.bincount(own[meets], weight * flat[face[other[meets]], axis], len(vertex))
            for axis in range(3)
        ],
        axis=1,
    )
    length = np.linalg.norm(total, axis=1, keepdims=True)
    smooth = np.divide(total, length, out=flat[face].copy(), where=length > 1e-24)

    kept_flat = np.repeat(_flat_normals(points, kept)[0], 3, axis=0)
    own, other = _pairs(kept.reshape(-1), vertex)
    nearness = np.einsum("nc,nc->n", kept_flat[own], smooth[other])
    order = np.lexsort((nearness, own))
    last = np.flatnonzero(np.append(np.diff(own[order]), 1))
    chosen = kept_flat.copy()
    best = order[last]
    sound = nearness[best] > CREASE
    chosen[own[best[sound]]] = smooth[other[best[sound]]]
    return chosen.reshape(-1, 3, 3)


def _box_projection(points: Floats, faces: Ints) -> Floats:
    """(M, 3, 2) [m]: every face seen along the axis that it faces most. Long sides lie along u, so
    that grain and brushing run along the part."""
    axis = np.argmax(np.abs(_flat_normals(points, faces)[0]) + np.array([0.0, 1e-6, 2e-6]), axis=1)
    size = np.ptp(points, axis=0)
    pairs = [(1, 2), (0, 2), (0, 1)]
    pairs = [(a, b) if size[a] >= size[b] else (b, a) for a, b in pairs]
    u, v = (np.array([pair[k] for pair in pairs])[axis] for k in (0, 1))
    corners = points[faces]
    rows = np.arange(len(faces))
    return np.stack([corners[rows, :, u], corners[rows, :, v]], axis=-1)


def _flat_normals(points: Floats, faces: Ints) -> tuple[Floats, Floats]:
    """Unit face normals (M, 3) and areas (M,) [m^2]; a face without area looks up."""
    a, b, c = (points[faces[:, k]] for k in range(3))
    cross = np.cross(b - a, c - a)
    length = np.linalg.norm(cross, axis=1)
    up = np.tile([0.0, 0.0, 1.0], (len(faces), 1))
    flat = np.divide(cross, length[:, None], out=up, where=length[:, None] > 1e-18)
    return flat, length / 2.0


def _pairs(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """All (i, j) with left[i] == right[j], by i."""
    order = np.argsort(right, kind="stable")
    start = np.searchsorted(right[order], left, "left")
    count = np.searchsorted(right[order], left, "right") - start
    own = np.repeat(np.arange(len(left)), count)
    step = np.arange(len(own)) - np.repeat(np.cumsum(count) - count, count)
    return own, order[np.repeat(start, count) + step]


def _shared(rows: Floats) -> tuple[Floats, NDArray[np.uint32]]:
    """Equal rows (3 M, C) once, and the faces (M, 3) over them, in an order kind to GPU caches."""
    key = np.round(rows * 1e6).astype(np.int64)
    key[:, 3:6] //= 10_000  # normals that differ by less than a hundredth are one
    _, first, index = np.unique(key, axis=0, return_index=True, return_inverse=True)
    faces = index.reshape(-1)
    # Vertices in order of first use: neighbours in memory are neighbours on the surface.
    rank = np.empty(len(first), np.int64)
    by_use = np.argsort(first, kind="stable")
    rank[by_use] = np.arange(len(first))
    return rows[first[by_use]], rank[faces].reshape(-1, 3).astype(np.uint32)
