"""Rigid poses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from episodes.array_types import Floats


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
    def from_rpy(position: ArrayLike, rpy: Sequence[float]) -> Pose:
        """A pose at `position`, turned by roll, pitch and yaw [rad] about its fixed x, y and z axes
        in this order, as URDF has it."""
        roll, pitch, yaw = rpy
        about_x, about_y, about_z = (
            rotvec_to_matrix(v) for v in ([roll, 0, 0], [0, pitch, 0], [0, 0, yaw])
        )
        return Pose.at(position, about_z @ about_y @ about_x)

    @staticmethod
    def from_matrix(matrix: ArrayLike) -> Pose:
        """A pose from a homogeneous matrix (4, 4)."""
        m = np.asarray(matrix, float)
        return Pose.at(m[:3, 3], m[:3, :3])

    @staticmethod
    def from_array(values: Sequence[float] | Floats) -> Pose:
        """A pose from x y z qx qy qz qw (7,)."""
        x, y, z, qx, qy, qz, qw = (float(v) for v in values)
        return Pose((x, y, z), (qx, qy, qz, qw))

    def array(self) -> Floats:
        """x y z qx qy qz qw (7,)."""
        return np.array(self.position + self.quaternion)

    def matrix(self) -> Floats:
        """The homogeneous matrix (4, 4)."""
        m = np.eye(4)
        m[:3, :3] = self.rotation
        m[:3, 3] = self.position
        return m

    @cached_property
    def rotation(self) -> Floats:
        """The rotation matrix (3, 3)."""
        x, y, z, w = self.quaternion
        s = 2.0 / (x * x + y * y + z * z + w * w)
        return np.array(
            [
                [1 - s * (y * y + z * z), s * (x * y - z * w), s * (x * z + y * w)],
                [s * (x * y + z * w), 1 - s * (x * x + z * z), s * (y * z - x * w)],
                [s * (x * z - y * w), s * (y * z + x * w), 1 - s * (x * x + y * y)],
            ]
        )

    # in plain floats: numpy would take five times as long for so few numbers

    def __matmul__(self, other: Pose) -> Pose:
        x, y, z, w = self.quaternion
        a, b, c, d = other.quaternion
        product = (
            w * a + x * d + y * c - z * b,
            w * b - x * c + y * d + z * a,
            w * c + x * b - y * a + z * d,
            w * d - x * a - y * b - z * c,
        )
        px, py, pz = self.position
        rx, ry, rz = _rotated(self.quaternion, other.position)
        return Pose((px + rx, py + ry, pz + rz), _unit(product))

    def inverse(self) -> Pose:
        x, y, z, w = self.quaternion
        back = _unit((-x, -y, -z, w))
        rx, ry, rz = _rotated(back, self.position)
        return Pose((-rx, -ry, -rz), back)

    def apply(self, points: ArrayLike) -> Floats:
        """Points (..., 3) of frame a, in frame b."""
        return np.asarray(points, float) @ self.rotation.T + self.position

    def shifted(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Pose:
        """The same orientation, moved by x y z [m] along frame b's axes."""
        px, py, pz = self.position
        return Pose((px + x, py + y, pz + z), self.quaternion)


def quat_to_matrix(quaternion: ArrayLike) -> Floats:
    """Rotation matrices (..., 3, 3) of quaternions (..., 4); they need not be unit."""
    q = np.asarray(quaternion, float)
    x, y, z, w = np.moveaxis(q / np.linalg.norm(q, axis=-1, keepdims=True), -1, 0)
    out = np.empty((*q.shape[:-1], 3, 3))
    out[..., 0, 0], out[..., 0, 1] = 1 - 2 * (y * y + z * z), 2 * (x * y - z * w)
    out[..., 0, 2], out[..., 1, 0] = 2 * (x * z + y * w), 2 * (x * y + z * w)
    out[..., 1, 1], out[..., 1, 2] = 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)
    out[..., 2, 0], out[..., 2, 1] = 2 * (x * z - y * w), 2 * (y * z + x * w)
    out[..., 2, 2] = 1 - 2 * (x * x + y * y)
    return out


def in_step(pose: Floats, last: Floats | None) -> Floats:
    """A pose (7,), its quaternion of the sign that is nearer to the `last` pose's; without one,
    of the sign that makes its largest entry positive.

    q and -q are the same turn, but not to a network: a series of poses must not jump between them.
    """
    q = pose[3:]
    along = q[np.abs(q).argmax()] if last is None else q @ last[3:]
    return pose if along >= 0.0 else np.concatenate([pose[:3], -q])


def matrix_to_quat(matrix: ArrayLike) -> tuple[float, float, float, float]:
    """The unit quaternion of a rotation matrix (3, 3), with w >= 0."""
    (a, b, c), (d, e, f), (g, h, i) = np.asarray(matrix, float).tolist()
    # Of 4w^2, 4x^2, 4y^2, 4z^2 the largest is well conditioned (Shepperd 1978).
    trace = a + e + i
    most = max(trace, a, e, i)
    if most == trace:
        x, y, z, w = h - f, c - g, d - b, 1 + trace
    elif most == a:
        x, y, z, w = 1 + a - e - i, d + b, c + g, h - f
    elif most == e:
        x, y, z, w = d + b, 1 + e - i - a, h + f, c - g
    else:
        x, y, z, w = c + g, h + f, 1 + i - a - e, d - b
    scale = math.copysign(1.0 / math.sqrt(x * x + y * y + z * z + w * w), w)
    return x * scale, y * scale, z * scale, w * scale


def rotvec_to_matrix(rotvec: ArrayLike) -> Floats:
    """The rotation matrix (3, 3) of a rotation vector (3,) [rad] (Rodrigues)."""
    x, y, z = np.asarray(rotvec, float).tolist()
    angle = math.sqrt(x * x + y * y + z * z)
    if angle < 1e-12:
        return np.array([[1.0, -z, y], [z, 1.0, -x], [-y, x, 1.0]])
    x, y, z = x / angle, y / angle, z / angle
    sin, cos = math.sin(angle), math.cos(angle)
    u = 1.0 - cos
    return np.array(
        [
            [cos + u * x * x, u * x * y - sin * z, u * x * z + sin * y],
            [u * x * y + sin * z, cos + u * y * y, u * y * z - sin * x],
            [u * x * z - sin * y, u * y * z + sin * x, cos + u * z * z],
        ]
    )


def matrix_to_rotvec(matrix: ArrayLike) -> Floats:
    """The rotation vector (3,) [rad] of a rotation matrix (3, 3), of length at most pi."""
    x, y, z, w = matrix_to_quat(matrix)
    norm = math.sqrt(x * x + y * y + z * z)
    scale = 2.0 if norm < 1e-12 else 2.0 * math.atan2(norm, w) / norm
    return np.array([x * scale, y * scale, z * scale])


def _rotated(q: tuple[float, ...], v: tuple[float, ...]) -> tuple[float, float, float]:
    """A vector turned by a quaternion of any length."""
    x, y, z, w = q
    a, b, c = v
    s = 2.0 / (x * x + y * y + z * z + w * w)
    tx, ty, tz = s * (y * c - z * b), s * (z * a - x * c), s * (x * b - y * a)
    return (
        a + w * tx + y * tz - z * ty,
        b + w * ty + z * tx - x * tz,
        c + w * tz + x * ty - y * tx,
    )


def _unit(q: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """The same rotation as a unit quaternion with w >= 0."""
    x, y, z, w = q
    scale = math.copysign(1.0 / math.sqrt(x * x + y * y + z * z + w * w), w)
    return x * scale, y * scale, z * scale, w * scale
