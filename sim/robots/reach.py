"""Whether a robot can get somewhere, before there is any physics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from episodes.array_types import Floats
from sim.pose import Pose
from sim.robots.kinematics import Kinematics, Unreachable
from sim.robots.robot import RobotModel


def reachable(model: RobotModel, base: Pose, tcp_to_world: Sequence[Pose]) -> list[bool]:
    """For each tool pose, whether joints within the limits put the tool there.

    base: base_to_world. What stands in the way is not looked at.
    """
    arm, world_to_base = model.kinematics, base.inverse()
    return [next(solutions(arm, world_to_base @ pose), None) is not None for pose in tcp_to_world]


def follows(arm: Kinematics, tcp_to_base: Sequence[Pose], joints: Floats) -> bool:
    """Whether the tool gets from each pose to the next, starting with the arm at joints (J,)."""
    try:
        for pose in tcp_to_base:
            joints = arm.solve(pose, joints)
    except Unreachable:
        return False
    return True


def solutions(arm: Kinematics, tcp_to_base: Pose, *first: Floats) -> Iterator[Floats]:
    """Joints (J,) that put the tool there, searched from `first`, from home, and from home turned
    towards the place; some may be alike."""
    if arm.too_far(tcp_to_base):
        return
    facing = arm.home.copy()
    facing[0] += np.arctan2(tcp_to_base.position[1], tcp_to_base.position[0])
    for start in (*first, arm.home, facing):
        try:
            yield arm.solve(tcp_to_base, start)
        except Unreachable:
            continue
