"""Frames as seven numbers, x y z [m] and a quaternion x y z w: just enough to build parts."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from trimesh import transformations

from episodes.array_types import Floats

Seven = tuple[float, float, float, float, float, float, float]  # x y z qx qy qz qw
IDENTITY: Seven = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
Matrix = Floats  # (4, 4)


def seven(position: ArrayLike, rotation: ArrayLike | None = None) -> Seven:
    """The frame at `position` (3,) whose axes are the columns of `rotation` (3, 3)."""
    m = np.eye(4)
    m[:3, 3] = np.asarray(position, float)
    if rotation is not None:
        m[:3, :3] = rotation
    return from_matrix(m)


def from_matrix(matrix: Matrix) -> Seven:
    """The seven numbers of a homogeneous matrix (4, 4)."""
    w, x, y, z = transformations.quaternion_from_matrix(matrix, isprecise=True)
    px, py, pz = (float(v) for v in matrix[:3, 3])
    return (px, py, pz, float(x), float(y), float(z), float(w))


def to_matrix(frame: Seven) -> Matrix:
    """The homogeneous matrix (4, 4) of seven numbers."""
    x, y, z, w = frame[3:]
    m = np.asarray(transformations.quaternion_matrix([w, x, y, z]))
    m[:3, 3] = frame[:3]
    return m


def turn(axis: str, angle: float) -> Floats:
    """The rotation (3, 3) by `angle` [rad] about "x", "y" or "z"."""
    c, s = np.cos(angle), np.sin(angle)
    i = "xyz".index(axis)
    j, k = (i + 1) % 3, (i + 2) % 3
    m = np.eye(3)
    m[j, j], m[j, k], m[k, j], m[k, k] = c, -s, s, c
    return m


def rest(rotation: ArrayLike, offset: ArrayLike) -> Seven:
    """The part_to_support frame that turns by `rotation` (3, 3) and then moves by `offset` (3,)."""
    return seven(offset, rotation)
