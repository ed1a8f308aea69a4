"""Which column of a state, and which id of a segmentation, is what. Fixed by the cell alone."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from episodes.array_types import Floats
from sim.pose import Pose
from sim.robots import robot
from sim.spec import Camera, Cell


def columns(cell: Cell) -> dict[str, tuple[int, int]]:
    """name -> [start, stop) of a state (S,).

    "{robot}/joint_position", "{robot}/joint_velocity": every movable joint, in the model's order.
    "{body}/pose" (7) and "{body}/velocity" (6: linear, angular; world frame), movable bodies only.
    """
    out: dict[str, tuple[int, int]] = {}
    at = 0
    for arm in cell.robots:
        size = len(robot.load(arm.card).movable)
        for field in ("joint_position", "joint_velocity"):
            out[f"{arm.name}/{field}"] = (at, at + size)
            at += size
    for body in cell.bodies:
        if not body.fixed:
            out[f"{body.name}/pose"] = (at, at + 7)
            out[f"{body.name}/velocity"] = (at + 7, at + 13)
            at += 13
    return out


def segments(cell: Cell) -> dict[str, int]:
    """name -> segmentation id: "{robot}/{link}" and "{body}", from 1; 0 is the background."""
    names = [f"{r.name}/{link.name}" for r in cell.robots for link in robot.load(r.card).links]
    names += [body.name for body in cell.bodies]
    return {name: i + 1 for i, name in enumerate(names)}


def joints(cell: Cell, states: Floats, name: str) -> Floats:
    """(..., M) the positions of a robot's movable joints, from states (..., S)."""
    start, stop = columns(cell)[f"{name}/joint_position"]
    return states[..., start:stop]


def body_poses(cell: Cell, states: Floats) -> Mapping[str, Floats]:
    """body -> (..., 7) x y z qx qy qz qw in the world; fixed bodies stay where they are."""
    places = columns(cell)
    out: dict[str, Floats] = {}
    for body in cell.bodies:
        if body.fixed:
            shape = (*states.shape[:-1], 7)
            out[body.name] = np.broadcast_to(body.pose.array(), shape)
        else:
            start, stop = places[f"{body.name}/pose"]
            out[body.name] = states[..., start:stop]
    return out


def camera_to_world(cell: Cell, states: Floats, camera: Camera) -> Floats:
    """(T, 4, 4) for a camera that rides on a robot, (1, 4, 4) for a fixed one; OpenCV axes."""
    if not camera.parent:
        return camera.pose.matrix()[None]
    owner, _, link = camera.parent.partition("/")
    if not link:
        return (cell.body(owner).pose @ camera.pose).matrix()[None]
    for arm in cell.robots:
        if arm.name == owner:
            return robot.frame_to_world(
                arm.base, robot.load(arm.card), joints(cell, states, owner), link, camera.pose
            )
    raise KeyError(f"camera {camera.name}: no robot {owner!r} in the cell")


def tcp_to_world(cell: Cell, states: Floats, name: str) -> list[Pose]:
    """The tool centre point of a robot, one pose for each of states (T, S)."""
    arm = next(r for r in cell.robots if r.name == name)
    model = robot.load(arm.card)
    matrices = robot.frame_to_world(
        arm.base, model, joints(cell, states, name), model.tcp.link, model.tcp.pose
    )
    return [Pose.from_matrix(m) for m in matrices]
