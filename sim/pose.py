"""Rigid poses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Pose:
    """A rigid motion `a_to_b`: maps coordinates in frame a to frame b.

    Metres, and quaternions in the order x y z w, here and everywhere else in cellwright.
    `b_to_c @ a_to_b` is `a_to_c`. Plain tuples, so that a pose is hashable and its JSON is exact.
    """

    position: tuple[float, float, float] = (0.0, 0.0, 0.0)
    quaternion: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 1.0)

    @staticmethod
    def at(position: ArrayLike, rotation: ArrayLike | None = None) -> Pose:
        """A pose from a position (3,) and, if given, a rotation matrix (3, 3)."""
        x, y, z = (float(v) for v in np.asarray(position, float))
        return Pose((x, y, z)) if rotation is None else Pose((x, y, z), matrix_to_quat(rotation))

    @staticmethod
    def turned(position: ArrayLike, axis: ArrayLike, angle: float) -> Pose:
        """A pose at `position`, turned by `angle` [rad] about `axis` (3,)."""
        unit = np.asarray(axis, float) / np.linalg.norm(axis)
        return Pose.at(position, rotvec_to_matrix(unit * angle))

    @staticmethod
    def from_matrix(matrix: ArrayLike) -> Pose:
        """A pose from a homogeneous matrix (4, 4)."""
        m = np.asarray(matrix, float)
        return Pose.at(m[:3, 3], m[:3, :3])

    @staticmethod
    def from_array(values: Sequence[float] | Array) -> Pose:
        """A pose from x y z qx qy qz qw (7,)."""
        x, y, z, qx, qy, qz, qw = (float(v) for v in values)
        return Pose((x, y, z), (qx, qy, qz, qw))

    def array(self) -> Array:
        """x y z qx qy qz qw (7,)."""
        return np.array(self.position + self.quaternion)

    def matrix(self) -> Array:
        """The homogeneous matrix (4, 4)."""
        m = np.eye(4)
        m[:3, :3] = quat_to_matrix(self.quaternion)
        m[:3, 3] = self.position
        return m

    @property
    def rotation(self) -> Array:
        """The rotation matrix (3, 3)."""
        return quat_to_matrix(self.quaternion)

    def __matmul__(self, other: Pose) -> Pose:
        rotation = self.rotation
        return Pose.at(rotation @ other.position + self.position, rotation @ other.rotation)

    def inverse(self) -> Pose:
        back = self.rotation.T
        return Pose.at(-back @ self.position, back)

    def apply(self, points: ArrayLike) -> Array:
        """Points (..., 3) of frame a, in frame b."""
        return np.asarray(points, float) @ self.rotation.T + self.position

    def shifted(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Pose:
        """The same orientation, moved by x y z [m] along frame b's axes."""
        px, py, pz = self.position
        return Pose((px + x, py + y, pz + z), self.quaternion)


def quat_to_matrix(quaternion: ArrayLike) -> Array:
    """Rotation matrices (..., 3, 3) of quaternions (..., 4); they need not be unit."""
    q = np.asarray(quaternion, float)
    q = q / np.linalg.norm(q, axis=-1, keepdims=True)
    x, y, z, w = q[..., 0], q[..., 1], q[..., 2], q[..., 3]
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def matrix_to_quat(matrix: ArrayLike) -> tuple[float, float, float, float]:
    """The unit quaternion of a rotation matrix (3, 3), with w >= 0."""
    m = np.asarray(matrix, float)
    # The eigenvector of the largest of 4w^2, 4x^2, 4y^2, 4z^2 (Shepperd 1978) is well conditioned.
    trace = m[0, 0] + m[1, 1] + m[2, 2]
    picks = [m[0, 0], m[1, 1], m[2, 2], trace]
    i = int(np.argmax(picks))
    if i == 3:
        q = [m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1], 1 + trace]
    else:
        j, k = (i + 1) % 3, (i + 2) % 3
        q = [0.0, 0.0, 0.0, m[k, j] - m[j, k]]
        q[i] = 1 + m[i, i] - m[j, j] - m[k, k]
        q[j] = m[i, j] + m[j, i]
        q[k] = m[i, k] + m[k, i]
    unit = np.array(q) / np.linalg.norm(q)
    if unit[3] < 0:
        unit = -unit
    x, y, z, w = (float(v) for v in unit)
    return x, y, z, w


def rotvec_to_matrix(rotvec: ArrayLike) -> Array:
    """The rotation matrix (3, 3) of a rotation vector (3,) [rad] (Rodrigues)."""
    v = np.asarray(rotvec, float)
    angle = float(np.linalg.norm(v))
    if angle < 1e-12:
        return np.eye(3) + _cross(v)
    k = _cross(v / angle)
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * (k @ k)


def matrix_to_rotvec(matrix: ArrayLike) -> Array:
    """The rotation vector (3,) [rad] of a rotation matrix (3, 3), of length at most pi."""
    x, y, z, w = matrix_to_quat(matrix)
    v = np.array([x, y, z])
    norm = float(np.linalg.norm(v))
    if norm < 1e-12:
        return 2.0 * v
    return v * (2.0 * np.arctan2(norm, w) / norm)


def _cross(v: Array) -> Array:
    return np.array([[0.0, -v[2], v[1]], [v[2], 0.0, -v[0]], [-v[1], v[0], 0.0]])
