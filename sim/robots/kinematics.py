"""Forward and inverse kinematics of an arm, from its model alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from episodes.array_types import AnyFloats, Floats
from episodes.errors import UserError
from sim.pose import Pose, matrix_to_rotvec, rotvec_to_matrix
from sim.robots.card import ArmCard, Mount
from sim.robots.links import Link

CLOSE = np.array([2e-5] * 3 + [1e-4] * 3)  # what `solve` is content with [m], [rad]
PULL = 0.35  # by this share the first step also goes towards home
EYE = np.eye(6)


class Unreachable(Exception):
    """No joint position within the limits puts the tool there."""


class Kinematics:
    """The joints from the base to the tool centre point, folded into constant matrices.

    tcp_to_base(q) = C0 Rz(q0) C1 Rz(q1) ... Cn: every axis is turned into z beforehand.
    """

    def __init__(self, links: Sequence[Link], arm: ArmCard, tcp: Mount) -> None:
        self.lower, self.upper = np.array(arm.lower), np.array(arm.upper)
        self.home = np.array(arm.home)
        self.velocity = np.array(arm.velocity)
        path = []
        i = [link.name for link in links].index(tcp.link)
        while i >= 0:
            path.append(links[i])
            i = links[i].parent
        constants = [np.eye(4)]
        for link in reversed(path):
            constants[-1] = constants[-1] @ link.origin.matrix()
            if link.joint in arm.joints:
                if link.joint_type not in ("revolute", "continuous"):
                    raise UserError(f"{arm.file}: the arm joint {link.joint} is {link.joint_type}")
                z_to_axis = _z_to(np.array(link.axis))
                constants[-1] = constants[-1] @ z_to_axis
                constants.append(z_to_axis.T)
            elif link.movable >= 0:
                raise UserError(f"{arm.file}: {link.joint} moves the tool, but is no arm joint")
        if len(constants) <= len(arm.joints):
            raise UserError(f"{arm.file}: not all of arm_joints are on the way to the tool")
        constants[-1] = constants[-1] @ tcp.pose.matrix()
        self._constants = np.array(constants[:-1])  # (J, 4, 4)
        self._x, self._y = self._constants[:, :, 0].copy(), self._constants[:, :, 1].copy()
        self._tool = constants[-1]

    def frames(self, joints: AnyFloats) -> tuple[Floats, Floats]:
        """The matrices (J, 4, 4) of the joint frames, and tcp_to_base (4, 4)."""
        cos, sin = np.cos(joints)[:, None], np.sin(joints)[:, None]
        local = self._constants.copy()
        local[:, :, 0] = cos * self._x + sin * self._y
        local[:, :, 1] = cos * self._y - sin * self._x
        out = np.empty_like(local)
        out[0] = last = local[0]
        for i in range(1, len(local)):
            last = last.dot(local[i], out=out[i])
        return out, last.dot(self._tool)

    def tcp(self, joints: AnyFloats) -> Pose:
        """tcp_to_base at joints (J,)."""
        return Pose.from_matrix(self.frames(joints)[1])

    def fold(self) -> float:
        """How near the wrist's last but one joint comes to the shoulder [m], with the elbow, the
        middle joint, bent as far as its limits let it."""
        elbow = (len(self.home) - 1) // 2
        near = np.inf
        for bent in np.linspace(self.lower[elbow], self.upper[elbow], 181):
            joints = self.home.copy()
            joints[elbow] = bent
            origins = self.frames(joints)[0][:, :3, 3]
            near = min(near, float(np.linalg.norm(origins[-2] - origins[1])))
        return near

    def too_far(self, tcp_to_base: Pose) -> bool:
        """Whether the tool would be farther from the first joint than the links laid end to end."""
        origins, tcp = self.frames(self.home)
        points = np.array([*origins[:, :3, 3], tcp[:3, 3]])
        span = np.linalg.norm(np.diff(points, axis=0), axis=1).sum()
        return bool(np.linalg.norm(np.subtract(tcp_to_base.position, points[0])) > span)

    def solve(self, tcp_to_base: Pose, start: AnyFloats, *, steps: int = 60) -> Floats:
        """Joints (J,) near `start` that put the tool there, within 0.1 mm and 0.5 mrad.

        Damped least squares (Wampler 1986, Nakamura & Hanafusa 1986), each step clipped to the
        limits; the first also goes towards the home posture, in the null space. Raises Unreachable.
        """
        target = tcp_to_base.matrix()
        joints: Floats = np.minimum(np.maximum(np.asarray(start, float), self.lower), self.upper)
        for step in range(steps):
            frames, tcp = self.frames(joints)
            error = np.empty(6)
            error[:3] = target[:3, 3] - tcp[:3, 3]
            error[3:] = matrix_to_rotvec(target[:3, :3] @ tcp[:3, :3].T)
            if (np.abs(error) < CLOSE).all():
                return joints
            axes = frames[:, :3, 2]  # (J, 3)
            arms = tcp[:3, 3] - frames[:, :3, 3]
            rows = np.empty((len(joints), 6))  # of the transposed Jacobian
            rows[:, :3], rows[:, 3:] = _cross_rows(axes, arms), axes
            jacobian = rows.T
            # far away, damp more: a step over 0.3 rad leaves the linear range
            damping = 1e-4 + 0.05 * min(1.0, float(error @ error))
            gram = jacobian @ rows + damping * EYE
            # damping lets the pull leak into the task, which the steps after the first mend;
            # and six joints have nothing to spare
            spare = len(joints) > 6 and step == 0
            pull = (PULL if spare else 0.0) * (self.home - joints)
            change = rows @ np.linalg.solve(gram, error - jacobian @ pull) + pull
            biggest = float(np.abs(change).max())
            if biggest > 0.3:
                change *= 0.3 / biggest
            joints = np.minimum(np.maximum(joints + change, self.lower), self.upper)
        if np.linalg.norm(error[:3]) < 1e-4 and np.linalg.norm(error[3:]) < 5e-4:
            return joints
        x, y, z = tcp_to_base.position
        raise Unreachable(
            f"no joint position reaches x={x:.3f} y={y:.3f} z={z:.3f} m from the robot's base "
            f"(off by {1000 * np.linalg.norm(error[:3]):.1f} mm)"
        )


def _cross_rows(a: Floats, b: Floats) -> Floats:
    """Singles-wise cross products of (N, 3); numpy's own is slow for few rows."""
    out = np.empty_like(a)
    out[:, 0] = a[:, 1] * b[:, 2] - a[:, 2] * b[:, 1]
    out[:, 1] = a[:, 2] * b[:, 0] - a[:, 0] * b[:, 2]
    out[:, 2] = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return out


def _z_to(axis: Floats) -> Floats:
    """(4, 4): a rotation that takes z to a unit axis."""
    out = np.eye(4)
    unit = axis / np.linalg.norm(axis)
    if unit[2] < -1 + 1e-12:
        out[:3, :3] = np.diag([1.0, -1.0, -1.0])
    elif unit[2] < 1 - 1e-12:
        turn = np.cross([0.0, 0.0, 1.0], unit)
        angle = np.arctan2(np.linalg.norm(turn), unit[2])
        out[:3, :3] = rotvec_to_matrix(turn / np.linalg.norm(turn) * angle)
    return out
