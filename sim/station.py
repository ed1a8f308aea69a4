"""A cell under control: one action in, one row of observations out. Everything that moves an arm
goes through here: scripts, gymnasium, replay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from episodes.array_types import Floats, Singles
from episodes.errors import BadValue
from sim.engine import OpenEngine, bullet
from sim.pose import Pose, in_step, matrix_to_rotvec, rotvec_to_matrix
from sim.robots import robot
from sim.robots.kinematics import Unreachable
from sim.robots.tools.base import ON, ToolReading
from sim.spec import Cell

ACTION_NAMES = ("dx", "dy", "dz", "rx", "ry", "rz", "gripper")
MAX_SPEED = 1.0  # of the commanded TCP along each axis [m/s]
MAX_TURN_SPEED = 5.0  # and about each axis [rad/s]


def action_bounds(control_hz: int) -> tuple[Singles, Singles]:
    """The lowest and the highest action (7,): the motion of a control period at the fastest."""
    shift, turn = MAX_SPEED / control_hz, MAX_TURN_SPEED / control_hz
    low = np.array([-shift] * 3 + [-turn] * 3 + [0.0], np.float32)
    return low, np.array([shift] * 3 + [turn] * 3 + [1.0], np.float32)


def as_action(action: ArrayLike) -> Singles:
    """The action as (7,) float32. BadValue where it is something else, or not finite: physics
    would carry a NaN into every later state."""
    try:
        row = np.asarray(action)
    except ValueError as error:
        raise BadValue(f"an action is 7 numbers, not this: {error}") from error
    if row.shape != (len(ACTION_NAMES),) or row.dtype.kind not in "fiu":
        raise BadValue(f"an action is 7 numbers, not {row.dtype} of shape {row.shape}")
    with np.errstate(over="ignore"):
        row = row.astype(np.float32)
    wrong = np.flatnonzero(~np.isfinite(row))
    if len(wrong):
        named = ", ".join(f"{ACTION_NAMES[i]}={row[i]}" for i in wrong)
        raise BadValue(f"an action must be finite, not {named}: nothing was moved")
    return row


@dataclass(frozen=True)
class Readings:
    """What the joint sensors say in one control period, and what follows from it."""

    positions: Floats  # (M,) of every movable joint
    velocities: Floats
    last_joint_to_base: Floats  # (3, 3)
    tcp_to_base: Pose


@dataclass(frozen=True)
class Solution:
    """What an action asks of the arm. targets (J + 1,): joints [rad] and the tool's command;
    tcp_to_base: the pose that is commanded then; unreachable: why it is not the one that the action
    asked for, "" if it is."""

    targets: Singles
    tcp_to_base: Pose
    gripper: float
    unreachable: str = ""


class Station:
    """A cell in an engine, and the controller of its first robot.

    An action (7,) float32 is a motion of the commanded TCP over one control period, in the base
    frame: dx dy dz [m], rotation vector [rad], and the gripper, 0 open .. 1 closed. The commanded
    pose is the sum of the actions since the start, not of what was achieved, so an action means
    the same whatever the arm's lag.

    engine: what simulates the cell.
    """

    def __init__(self, cell: Cell, engine: OpenEngine = bullet) -> None:
        self.robot = cell.robots[0]
        self.model = robot.load(self.robot.card)
        self.tool = self.model.tool
        self.kinematics = self.model.kinematics
        self.joints: Floats = np.array(self.robot.joints, np.float32).astype(float)  # commanded
        self.gripper = float(np.float32(self.robot.gripper))  # commanded
        self.tcp_to_base = self.kinematics.tcp(self.joints)  # commanded
        # tcp_to_world
        self.home = self.robot.base @ self.kinematics.tcp(self.kinematics.home)
        self.action_low, self.action_high = action_bounds(cell.physics.control_hz)  # (7,)
        self.unreachable = ""  # why the last action could not be followed
        self._wrist = self._wrist_to_last_joint()
        self.world = engine(cell)
        self._read_at, self._read = -1.0, self._readings()
        self._observed: Floats | None = None  # the tool's pose (7,) as observed last

    def close(self) -> None:
        self.world.close()

    # commanded

    @property
    def tcp_to_world(self) -> Pose:
        """The commanded pose of the tool."""
        return self.robot.base @ self.tcp_to_base

    def turn_from_home(self, tcp_to_world: Pose) -> Floats:
        """(3,) the rotation vector [rad], in world axes, from the home posture's tool."""
        return matrix_to_rotvec(tcp_to_world.rotation @ self.home.rotation.T)

    def encode(self, tcp_to_world: Pose, gripper: float) -> Singles:
        """The action (7,) that goes from the commanded pose to this one, within the bounds."""
        goal = self.robot.base.inverse() @ tcp_to_world
        shift = np.subtract(goal.position, self.tcp_to_base.position)
        turn = matrix_to_rotvec(goal.rotation @ self.tcp_to_base.rotation.T)
        action = np.array([*shift, *turn, gripper], np.float32)
        return np.clip(action, self.action_low, self.action_high)

    def solve(self, action: ArrayLike) -> Solution:
        """What an action asks of the arm from where it is commanded to be; nothing is changed.

        What is beyond the bounds is cut off at them; BadValue as in `as_action`. A pose out of
        reach leaves arm and commanded pose where they are, and says so in `unreachable`. Joint
        speeds stay within the card's limits.
        """
        a = np.clip(as_action(action), self.action_low, self.action_high)
        a = a.astype(np.float64)
        goal = Pose.at(
            self.tcp_to_base.position + a[:3],
            rotvec_to_matrix(a[3:6]) @ self.tcp_to_base.rotation,
        )
        gripper, unreachable = float(a[6]), ""
        try:
            joints = self.kinematics.solve(goal, self.joints)
        except Unreachable as error:
            unreachable, goal, joints = str(error), self.tcp_to_base, self.joints
        most = self.kinematics.velocity / self.world.cell.physics.control_hz
        over = float(np.max(np.abs(joints - self.joints) / most))
        if over > 1.0:  # catch up in the following periods
            joints = self.joints + (joints - self.joints) / over
        targets = np.array([*joints, gripper], np.float32)
        return Solution(targets, goal, gripper, unreachable)

    def apply(self, solution: Solution) -> None:
        """Commands it for one control period."""
        self.joints = solution.targets[:-1].astype(np.float64)
        self.tcp_to_base, self.gripper = solution.tcp_to_base, solution.gripper
        self.unreachable = solution.unreachable
        self.world.step(solution.targets)

    def step(self, action: ArrayLike) -> Singles:
        """Applies an action for one control period; the targets (J + 1,) that it became."""
        solution = self.solve(action)
        self.apply(solution)
        return solution.targets

    # measured

    def observe(self) -> Mapping[str, Singles]:
        """What the robot's sensors read now; names and units of FORMAT.md. From one call to the
        next the quaternion of `ee_pose` keeps its sign."""
        now = self._sensed()
        arm = self.model.arm_columns
        self._observed = in_step(now.tcp_to_base.array(), self._observed)
        rows = {
            "joint_position": now.positions[arm],
            "joint_velocity": now.velocities[arm],
            "ee_pose": self._observed,
            "gripper_position": [self.tool.closed(self._tool_reading())],
            "wrench": self.world.wrench(self.robot.name),
        }
        return {name: np.asarray(row, np.float32) for name, row in rows.items()}

    def sensed_tcp(self) -> Pose:
        """tcp_to_world as the joint sensors have it."""
        return self.robot.base @ self._sensed().tcp_to_base

    def sensed_frame(self, link: str, offset: Pose) -> Pose:
        """Where a frame on a link, `offset` (frame_to_link), is in the world, as the joint sensors
        have it."""
        positions = self._sensed().positions
        return Pose.from_matrix(
            robot.frame_to_world(self.robot.base, self.model, positions, link, offset)
        )

    def holding(self, body: str | None = None, at_least: float = 0.0015) -> bool:
        """Whether the tool holds something; with cups, whether it is `body`.

        Jaws do as long as they are more than `at_least` [m] apart; what they hold they cannot tell.
        """
        return self.tool.holding(self._tool_reading(), body, at_least)

    def opening(self) -> float:
        """The measured distance between the jaws [m]; 0 for a tool without any."""
        return self.tool.opening(self._tool_reading())

    def empty(self) -> str:
        """How a failure is worded where the tool should hold something."""
        return self.tool.empty(self._tool_reading())

    def push(self) -> Floats:
        """(3,) [N]: the measured force of the surroundings on the tool, in world axes.

        Includes the weight of hand and load: compare with a reading taken in free space.
        """
        turn = self.robot.base.rotation @ self._sensed().last_joint_to_base @ self._wrist
        return turn @ -self.world.wrench(self.robot.name)[:3]

    def _tool_reading(self) -> ToolReading:
        joints = self._sensed().positions[self.model.tool_columns].tolist()
        return ToolReading(tuple(joints), self.world.held(self.robot.name), self.gripper >= ON)

    def _sensed(self) -> Readings:
        """The joints' sensors, read once a control period."""
        if self._read_at != self.world.time:
            self._read_at, self._read = self.world.time, self._readings()
        return self._read

    def _readings(self) -> Readings:
        positions, velocities = self.world.joints(self.robot.name)
        frames, tcp = self.kinematics.frames(positions[self.model.arm_columns])
        return Readings(positions, velocities, frames[-1, :3, :3], Pose.from_matrix(tcp))

    def _wrist_to_last_joint(self) -> Floats:
        """(3, 3) from the frame of the force sensor to that of the last arm joint."""
        model = self.model
        child = next(k.name for k in model.links if k.joint == model.wrench_joint)
        link_to_base = model.link_to_base(np.zeros(len(model.movable)))[model.link_index(child)]
        last_to_base = self.kinematics.frames(np.zeros(len(self.joints)))[0][-1]
        return np.asarray(last_to_base[:3, :3].T @ link_to_base[:3, :3])
