"""A robot in a PyBullet client: loaded, driven and read."""

from __future__ import annotations

import numpy as np
import pybullet

from episodes.array_types import Floats
from sim.robots import robot
from sim.robots.physics_urdf import robot_urdf
from sim.robots.tools.base import ON
from sim.robots.tools.jaws import Jaws
from sim.spec import Robot

JAW_FRICTION = 1.0
PIVOT = 0.1  # what resists turning on a pad: a soft patch, where physics has a line [m]


class SimulatedArm:
    """A robot in a client: its ids, its motors, and the targets that they hold."""

    def __init__(self, client: int, spec: Robot, *, visuals: bool) -> None:
        self.client = client
        self.model = robot.load(spec.card)
        arm, tool = self.model.arm, self.model.tool
        self.id: int = pybullet.loadURDF(
            str(robot_urdf(self.model, visuals=visuals)),
            basePosition=spec.base.position,
            baseOrientation=spec.base.quaternion,
            useFixedBase=True,
            flags=_flags(self.model, visuals=visuals),
            physicsClientId=client,
        )
        info = [
            pybullet.getJointInfo(self.id, i, physicsClientId=client)
            for i in range(pybullet.getNumJoints(self.id, physicsClientId=client))
        ]
        self.joint_ids = {entry[1].decode(): entry[0] for entry in info}
        self.link_ids = {entry[12].decode(): entry[0] for entry in info}
        self._movable = [self.joint_ids[name] for name in self.model.movable]
        self._arm = [self.joint_ids[name] for name in arm.joints]
        self._jaws = [self.joint_ids[name] for name in tool.joints]
        self._driven = self._arm + self._jaws
        force = tool.force if isinstance(tool, Jaws) else 0.0
        self._forces = [*arm.effort, *([force] * len(self._jaws))]
        self._gains = self._usual = [0.5] * len(self._arm) + [0.3] * len(self._jaws)
        self._felt: list[tuple[float, ...]] = []
        self.tip_links = {self.link_ids[name] for name in tool.tips}
        self._wrist = self.joint_ids[self.model.wrench_joint]
        self.target = np.array(
            [*np.array(spec.joints, np.float32).astype(float), np.float32(spec.gripper)]
        )
        self.wrench = np.zeros(6)
        self.valve = False  # whether it is open: suction on
        self._pivots = False  # whether anything resists turning on the pads
        self._prepare()

    def _prepare(self) -> None:
        """Rest at the start position with motors that hold it; grippy pads; coupled jaws."""
        start = np.zeros(len(self._movable))
        joints, jaws = self.split(self.target)
        start[self.model.arm_columns] = joints
        start[self.model.tool_columns] = jaws
        self.place(start)
        for joint in self._movable:
            pybullet.changeDynamics(
                self.id, joint, linearDamping=0.0, angularDamping=0.0, jointDamping=0.0,
                physicsClientId=self.client,
            )  # fmt: skip
        tool = self.model.tool
        for name in tool.pads:
            pybullet.changeDynamics(
                self.id, self.link_ids[name], lateralFriction=JAW_FRICTION, spinningFriction=0.0,
                rollingFriction=0.0, contactStiffness=1e5, contactDamping=100, frictionAnchor=1,
                physicsClientId=self.client,
            )  # fmt: skip
        if isinstance(tool, Jaws) and tool.coupled:
            left, right = self._jaws
            gear = pybullet.createConstraint(
                self.id, left, self.id, right, jointType=pybullet.JOINT_GEAR,
                jointAxis=[1, 0, 0], parentFramePosition=[0, 0, 0], childFramePosition=[0, 0, 0],
                physicsClientId=self.client,
            )  # fmt: skip
            pybullet.changeConstraint(
                gear, gearRatio=-1, erp=0.1, maxForce=50, physicsClientId=self.client
            )
        pybullet.enableJointForceTorqueSensor(self.id, self._wrist, True, self.client)
        self.drive(self.course(self.target, 1)[0])

    def split(self, targets: Floats) -> tuple[Floats, Floats]:
        """Joint targets (..., J), and those of the tool's joints, of targets (..., J + 1)."""
        return targets[..., :-1], self.model.tool.positions(targets[..., -1:])

    def course(self, to: Floats, substeps: int) -> list[list[float]]:
        """What the motors are to do in each substep on the way to a target (J + 1,): positions of
        the driven joints, then the tool's command. The target becomes the one that is held."""
        share = np.arange(1, substeps + 1)[:, None] / substeps
        targets = self.target + share * (to - self.target)
        self.target = to
        out: list[list[float]] = np.concatenate([*self.split(targets), targets[:, -1:]], 1).tolist()
        return out

    def pace(self, steps: float) -> None:
        """From now on a substep is as long as `steps` usual ones: the motors, which close a share
        of their error in each, close as much of it in the same time."""
        self._gains = [1.0 - (1.0 - gain) ** steps for gain in self._usual]

    def resist_pivoting(self, on: bool) -> None:
        """Whether what the pads hold is kept from turning about where it touches them: what is
        round touches them in a line or a point. It costs the solver as much as friction does."""
        if on == self._pivots:
            return
        self._pivots = on
        for name in self.model.tool.pads:
            pybullet.changeDynamics(
                self.id, self.link_ids[name], spinningFriction=PIVOT if on else 0.0,
                physicsClientId=self.client,
            )  # fmt: skip

    def drive(self, motors: list[float]) -> None:
        """Sets the motors: a row of `course`."""
        self.valve = motors[-1] >= ON
        pybullet.setJointMotorControlArray(
            self.id,
            self._driven,
            pybullet.POSITION_CONTROL,
            targetPositions=motors[:-1],
            forces=self._forces,
            positionGains=self._gains,
            physicsClientId=self.client,
        )

    def place(self, joints: Floats) -> None:
        """Puts every movable joint (M,) there, at rest."""
        for joint, value in zip(self._movable, joints, strict=True):
            pybullet.resetJointState(self.id, joint, value, 0.0, physicsClientId=self.client)

    def read(self) -> tuple[list[float], list[float]]:
        """Positions and velocities of every movable joint."""
        states = pybullet.getJointStates(self.id, self._movable, physicsClientId=self.client)
        return [s[0] for s in states], [s[1] for s in states]

    def feel(self) -> None:
        """Reads the wrist's force sensor, once a substep."""
        state = pybullet.getJointState(self.id, self._wrist, physicsClientId=self.client)
        self._felt.append(state[2])

    def rest(self) -> None:
        """Ends a control period: `wrench` becomes the mean of what was felt in it."""
        self.wrench = np.array(self._felt).mean(axis=0)
        self._felt.clear()


def _flags(model: robot.RobotModel, *, visuals: bool) -> int:
    """A merged model's file says every link's inertia; PyBullet would make up its own."""
    flags: int = pybullet.URDF_ENABLE_CACHED_GRAPHICS_SHAPES if visuals else 0
    return flags | pybullet.URDF_USE_INERTIA_FROM_FILE if model.merged else flags
