"""Bodies of a cell in a client, and moving members of devices: doors, jaws, buttons."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pybullet

from assets import catalogue
from sim.bullet.loading import (
    SimulatedBody,
    collision,
    may_roll,
    principal_frame,
    set_contact,
    visual,
)
from sim.pose import Pose, matrix_to_rotvec
from sim.spec import Body, Cell, Joint, Physics

KINDS = {"slide": pybullet.JOINT_PRISMATIC, "hinge": pybullet.JOINT_REVOLUTE}


class SimulatedMember:
    """A body on a joint in a client: the only link of a multibody whose base is nothing."""

    def __init__(self, client: int, body: Body, physics: Physics, *, meshes: Path | None) -> None:
        joint = body.joint
        assert joint is not None
        if joint.kind not in KINDS:
            raise ValueError(f"{body.name}: joint kind {joint.kind!r}; kinds: {', '.join(KINDS)}")
        if not joint.lower <= 0.0 <= joint.upper:
            raise ValueError(f"{body.name}: its joint starts at 0, outside its own limits")
        part = catalogue.build(body.kind, body.params)
        self.client = client
        self.joint = joint
        self.start = body.pose
        self.driven = False  # in this control period
        self._part_to_link = Pose(joint.at).inverse()
        com_to_link = self._part_to_link @ principal_frame(part)
        link_to_world = body.pose @ Pose(joint.at)
        self.id: int = pybullet.createMultiBody(
            baseMass=0.0,
            basePosition=link_to_world.position,
            baseOrientation=link_to_world.quaternion,
            linkMasses=[body.mass],
            linkCollisionShapeIndices=[collision(client, part, self._part_to_link)],
            linkVisualShapeIndices=[visual(client, part, body, self._part_to_link, meshes)],
            linkPositions=[[0.0, 0.0, 0.0]],
            linkOrientations=[[0.0, 0.0, 0.0, 1.0]],
            linkInertialFramePositions=[com_to_link.position],
            linkInertialFrameOrientations=[com_to_link.quaternion],
            linkParentIndices=[0],
            linkJointTypes=[KINDS[joint.kind]],
            linkJointAxis=[joint.axis],
            physicsClientId=client,
        )
        set_contact(client, self.id, 0, body, part, physics)
        pybullet.changeDynamics(
            self.id, 0, jointDamping=0.0, jointLowerLimit=joint.lower,
            jointUpperLimit=joint.upper, physicsClientId=client,
        )  # fmt: skip
        if joint.springs_back:
            self.drive(0.0, joint.force, 1.0)
        else:
            pybullet.setJointMotorControl2(
                self.id, 0, pybullet.VELOCITY_CONTROL, targetVelocity=0.0, force=joint.force,
                physicsClientId=client,
            )  # fmt: skip

    def drive(self, position: float, force: float, speed: float) -> None:
        """A motor takes it to a position and holds it there."""
        self.driven = True
        pybullet.setJointMotorControl2(
            self.id, 0, pybullet.POSITION_CONTROL, targetPosition=position, force=force,
            maxVelocity=speed, positionGain=0.3, physicsClientId=self.client,
        )  # fmt: skip

    def position(self) -> float:
        """Of the joint [m or rad]; 0 is where the cell started."""
        return float(pybullet.getJointState(self.id, 0, physicsClientId=self.client)[0])

    def pose(self) -> Pose:
        """part_to_world."""
        state = pybullet.getLinkState(
            self.id, 0, computeForwardKinematics=True, physicsClientId=self.client
        )
        return Pose(state[4], state[5]) @ self._part_to_link

    def velocity(self) -> tuple[float, ...]:
        """(6,) of the centre of mass [m/s] and about it [rad/s], in the world."""
        state = pybullet.getLinkState(
            self.id, 0, computeLinkVelocity=True, physicsClientId=self.client
        )
        return (*state[6], *state[7])

    def place(self, part_to_world: Pose) -> None:
        """Puts the joint where the part has that pose, at rest."""
        pybullet.resetJointState(
            self.id, 0, travel(self.joint, self.start, part_to_world), 0.0,
            physicsClientId=self.client,
        )  # fmt: skip


def travel(joint: Joint, start: Pose, part_to_world: Pose) -> float:
    """How far along its joint a part has come from `start` [m or rad]."""
    moved = start.inverse() @ part_to_world
    if joint.kind == "slide":
        return float(np.dot(joint.axis, moved.position))
    return float(np.dot(joint.axis, matrix_to_rotvec(moved.rotation)))


def load(
    client: int, cell: Cell, *, meshes: Path | None
) -> dict[str, SimulatedBody | SimulatedMember]:
    """Every body of a cell; members of devices touch neither their mount nor each other."""
    rolling = may_roll(cell)
    out: dict[str, SimulatedBody | SimulatedMember] = {}
    for body in cell.bodies:
        if body.joint is None:
            out[body.name] = SimulatedBody(
                client, body, cell.physics, meshes=meshes, rolling=rolling
            )
        else:
            out[body.name] = SimulatedMember(client, body, cell.physics, meshes=meshes)
    for a, b in _apart(cell):
        links = [0 if isinstance(out[n], SimulatedMember) else -1 for n in (a, b)]
        pybullet.setCollisionFilterPair(
            out[a].id, out[b].id, *links, enableCollision=0, physicsClientId=client
        )
    return out


def _apart(cell: Cell) -> Iterable[tuple[str, str]]:
    """The pairs of bodies that pass through each other."""
    members = [b for b in cell.bodies if b.joint is not None]
    for i, body in enumerate(members):
        assert body.joint is not None
        if body.joint.mount:
            yield body.name, cell.body(body.joint.mount).name
        for other in members[:i]:
            if other.joint is not None and other.joint.mount == body.joint.mount:
                yield body.name, other.name
