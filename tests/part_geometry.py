"""Bounds and spans of parts, measured on their meshes and pieces."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assets.frames import to_matrix
from assets.geometry.grasps import PAD_HEIGHT, PAD_WIDTH
from assets.part import Box, Cylinder, Part, Piece


def piece_bounds(piece: Piece) -> NDArray[np.float64]:
    """(2, 3) [m] the axis-aligned box around a piece, in the part's frame."""
    if isinstance(piece, Box):
        turn = np.abs(to_matrix(piece.at)[:3, :3])
        reach = turn @ np.array(piece.half)
    elif isinstance(piece, Cylinder):
        axis = to_matrix(piece.at)[:3, 2]
        reach = np.abs(axis) * piece.length / 2 + piece.radius * np.sqrt(
            np.maximum(0.0, 1.0 - axis**2)
        )
    else:
        points = np.array(piece.points)
        return np.stack([points.min(axis=0), points.max(axis=0)])
    return np.array(piece.at[:3]) + np.stack([-reach, reach])


def held_span(part: Part, at: tuple[float, ...]) -> tuple[float, float]:
    """Where [m] the part begins and ends along y of the gripper frame `at`, by rays along y
    through a grid over the pads (Moeller and Trumbore 1997), and by the corners between them, since
    a ray may fall into the groove of a thread."""
    to_gripper = np.linalg.inv(to_matrix(at))  # type: ignore[arg-type]
    corners = part.mesh.vertices @ to_gripper[:3, :3].T + to_gripper[:3, 3]
    a, b, c = (corners[part.mesh.faces[:, k]] for k in range(3))
    # A ray along y meets a triangle where it lies in it as seen along y: barycentric in x and z.
    (ux, uy, uz), (vx, vy, vz) = (b - a).T, (c - a).T
    flat = ux * vz - uz * vx
    front = np.abs(flat) > 1e-14
    ax, ay, az = a[front].T
    ux, uy, uz, vx, vy, vz = (w[front] for w in (ux, uy, uz, vx, vy, vz))
    flat = flat[front]
    hits = [
        corners[np.all(np.abs(corners[:, [0, 2]]) < [PAD_WIDTH / 2, PAD_HEIGHT / 2], axis=1), 1]
    ]
    z = np.linspace(-0.4999, 0.4999, 41)[:, None] * PAD_HEIGHT  # (41, 1) against all triangles
    for x in np.linspace(-0.49, 0.49, 7) * PAD_WIDTH:
        s = ((x - ax) * vz - (z - az) * vx) / flat
        t = ((z - az) * ux - (x - ax) * uz) / flat
        inside = (s >= -1e-9) & (t >= -1e-9) & (s + t <= 1 + 1e-9)
        hits.append((ay + s * uy + t * vy)[inside])
    met = np.concatenate(hits)
    assert len(met), "the pads hold nothing"
    return float(met.min()), float(met.max())


def first_met(
    part: Part, at: tuple[float, ...], points: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(N,) how far [m] along z of the frame `at` rays from far behind it first meet the part, one
    for each point (N, 2) of its xy plane; inf where they pass it."""
    to_cup = np.linalg.inv(to_matrix(at))  # type: ignore[arg-type]
    corners = part.mesh.vertices @ to_cup[:3, :3].T + to_cup[:3, 3]
    a, b, c = (corners[part.mesh.faces[:, k]] for k in range(3))
    (ux, uy, uz), (vx, vy, vz) = (b - a).T, (c - a).T
    flat = ux * vy - uy * vx
    front = np.abs(flat) > 1e-14
    ax, ay, az, ux, uy, uz, vx, vy, vz, flat = (
        w[front] for w in (*a.T, ux, uy, uz, vx, vy, vz, flat)
    )
    x, y = np.asarray(points).T[:, :, None]  # (N, 1) against all triangles
    s = ((x - ax) * vy - (y - ay) * vx) / flat
    t = ((y - ay) * ux - (x - ax) * uy) / flat
    inside = (s >= -1e-9) & (t >= -1e-9) & (s + t <= 1 + 1e-9)
    depth: NDArray[np.float64] = np.where(inside, az + s * uz + t * vz, np.inf)
    return depth.min(axis=1, initial=np.inf)
