"""Free motion: the tool goes somewhere past everything that stands around."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from episodes.array_types import Bools, Floats
from sim.motion import boxes, planner, timing
from sim.motion.clearance import Clearance
from sim.motion.moves import Command, Failed, arrive
from sim.pose import Pose
from sim.robots.kinematics import Unreachable
from sim.robots.reach import follows, solutions
from sim.station import MAX_SPEED, MAX_TURN_SPEED, Station

# Chosen to be moderate: the cards hold no accelerations, which few data sheets give.
ACCELERATION, JERK = 5.0, 50.0  # of every joint [rad/s^2], [rad/s^3]
SHARE = 0.9  # of the card's joint speeds; the rest is for the elbow, which is not planned
FINE = 3  # how many times finer than the control period the executed path is checked
PLANS = 3  # how often the planner is asked


@dataclass(frozen=True)
class Travel:
    """The tool goes there on a way that is free, and waits until the arm has followed.

    The straight line between joint positions if that is free, else a way that RRT-Connect finds;
    jerk-limited, and within the joint limits of the card. What the station will make of it is
    computed beforehand and checked: on an arm of seven joints the elbow is the station's choice.
    Fails with `ik_unreachable` or `no_path`.

    seed: of the planner, 1 or more; speed: top speed of the tool [m/s]; acceleration: of the tool
    [m/s^2]; carrying: the body in the tool, "" for none, whose loss on the way is `dropped`; bend:
    how far off the straight way the tool is halfway [m], in world axes; margin: what is kept from
    everything [m], less where start or goal are nearer; within: as for Reach; then: where the tool
    goes next in straight lines: a posture from which it can is preferred.
    """

    tcp_to_world: Pose
    seed: int
    speed: float = 0.5
    acceleration: float = 2.0
    carrying: str = ""
    bend: tuple[float, float, float] = (0.0, 0.0, 0.0)
    margin: float = 0.01
    within: float = 0.001
    at_least: float = 0.0015  # the jaws' opening as long as they hold something [m]
    then: tuple[Pose, ...] = ()

    def commands(self, station: Station) -> Iterator[Command]:
        poses = (Command(pose, station.gripper) for pose in plan(station, self))
        for command in chain(poses, arrive(station, self.tcp_to_world, self.within)):
            yield command
            if self.carrying and not station.holding(at_least=self.at_least):
                raise Failed("dropped", "the tool is empty")


def plan(station: Station, travel: Travel) -> list[Pose]:
    """tcp_to_world for each control period of a Travel from where the station's tool is
    commanded to be. A pure function of the station's state. Raises Failed."""
    start = station.joints
    goals = _goal_joints(station, travel)
    clearance = clearance_of(station, travel.carrying)
    for margin in (travel.margin, travel.margin / 4, 0.0):
        hit = clearance.hits(np.array([start, *goals]), margin)
        if not hit[0] and not hit[1:].all():
            break
    else:
        where = "start" if hit[0] else "goal"
        raise Failed("no_path", f"something is in the way at the {where}")
    goals = [goal for goal, shut in zip(goals, hit[1:], strict=True) if not shut]
    for waypoints in _paths(station, travel, clearance, goals, margin):
        for flow in (0.6, 0.3, 0.0) if len(waypoints) > 2 else (0.0,):
            poses = _executable(station, travel, clearance, waypoints, flow, margin)
            if poses is not None:
                return poses
    raise Failed("no_path", f"no free way found in {PLANS} searches")


def clearance_of(station: Station, carrying: str = "", but: tuple[str, ...] = ()) -> Clearance:
    """The station's arm among all bodies where they are now; `carrying` goes with the tool."""
    world = station.world
    bodies = [b for b in world.cell.bodies if b.name != carrying and b.name not in but]
    carried = boxes.NONE
    if carrying:
        part_to_tcp = station.sensed_tcp().inverse() @ world.pose(carrying)
        carried = boxes.of_body(world.cell.body(carrying), part_to_tcp)
    return Clearance(
        station.model,
        station.robot.base,
        boxes.join(boxes.of_body(b, world.pose(b.name)) for b in bodies),
        opening=station.opening(),
        carried=carried,
    )


def _goal_joints(station: Station, travel: Travel) -> list[Floats]:
    """Joint positions that put the tool there: as near as can be, and as from home; those from
    which it gets on, if there are any."""
    world_to_base = station.robot.base.inverse()
    tcp_to_base = world_to_base @ travel.tcp_to_world
    out: list[Floats] = []
    for found in solutions(station.kinematics, tcp_to_base, station.joints):
        if all(np.abs(found - other).max() > 0.05 for other in out):
            out.append(found)
    if not out:
        x, y, z = tcp_to_base.position
        where = f"x={x:.3f} y={y:.3f} z={z:.3f} m from the robot's base"
        raise Failed("ik_unreachable", f"no joint position reaches {where}")
    onward = [world_to_base @ pose for pose in travel.then]
    return [joints for joints in out if follows(station.kinematics, onward, joints)] or out


def _paths(
    station: Station, travel: Travel, clearance: Clearance, goals: list[Floats], margin: float
) -> Iterator[Floats]:
    """Joint positions (K, J) to go through, the simplest first; straight lines are free."""

    def hits(joints: Floats) -> Bools:
        return clearance.hits(joints, margin)

    start = station.joints
    for goal in goals:
        straight = np.array([start, goal])
        via = _bent(station, travel, straight)
        for path in ([via] if via is not None else []) + [straight]:
            if not hits(planner.along(path)).any():
                yield path
    bounds = station.kinematics.lower, station.kinematics.upper
    for attempt in range(PLANS):
        goal = goals[attempt % len(goals)]
        found = planner.connect(start, goal, bounds, hits, travel.seed + attempt)
        if found is not None:
            yield found


def _bent(station: Station, travel: Travel, straight: Floats) -> Floats | None:
    """The way by a position halfway that is off by `bend`; None without one, or out of reach."""
    if not any(travel.bend):
        return None
    middle = straight.mean(axis=0)
    tcp = station.kinematics.tcp(middle)
    off = station.robot.base.rotation.T @ travel.bend
    try:
        via = station.kinematics.solve(Pose.at(tcp.position + off, tcp.rotation), middle)
    except Unreachable:
        return None
    return np.array([straight[0], via, straight[1]])


def _executable(
    station: Station, travel: Travel, clearance: Clearance, waypoints: Floats, flow: float,
    margin: float,
) -> list[Pose] | None:  # fmt: skip
    """The commands of a path, if the station can follow them and nothing is hit; else None."""
    arm, hz = station.kinematics, station.world.cell.physics.control_hz
    size = len(arm.home)
    limits = timing.JointLimits(
        SHARE * arm.velocity, np.full(size, ACCELERATION), np.full(size, JERK)
    )
    motion = timing.trajectory(waypoints, limits, flow)
    if motion is None:
        return None
    motion = replace(motion, slower=_slower(station, travel, motion))
    for last in (False, False, True):
        ticks = max(1, int(np.ceil(motion.seconds * hz)))
        planned = motion.at(motion.seconds * np.arange(1, ticks + 1) / ticks)
        poses = [station.robot.base @ arm.tcp(joints) for joints in planned]
        poses[-1] = travel.tcp_to_world
        # the elbow may want to go faster than was planned, and, where it springs back towards its
        # home, faster at any speed of the tool: then it lags behind, as the station lets it
        executed = _followed(station, poses, most=arm.velocity / hz if last else np.inf)
        if executed is None:
            return None
        steps = np.abs(np.diff(executed, axis=0)) * hz / arm.velocity
        if not last and steps.max() > 1.0:
            motion = replace(motion, slower=motion.slower * 1.1 * float(steps.max()))
            continue
        fine = np.linspace(executed[:-1], executed[1:], FINE, endpoint=False)
        path = np.concatenate([fine.swapaxes(0, 1).reshape(-1, size), executed[-1:]])
        return None if clearance.hits(path, margin / 2).any() else poses
    return None


def _followed(station: Station, poses: list[Pose], most: Floats | float) -> Floats | None:
    """(T + 1, J): the joints that the station will command on the way; None if it cannot. most:
    how far a joint goes in a control period [rad]."""
    world_to_base = station.robot.base.inverse()
    joints = [station.joints]
    try:
        for pose in poses:
            wanted = station.kinematics.solve(world_to_base @ pose, joints[-1]) - joints[-1]
            joints.append(joints[-1] + wanted / max(1.0, float(np.max(np.abs(wanted) / most))))
    except Unreachable:
        return None
    return np.array(joints)


def _slower(station: Station, travel: Travel, motion: timing.Trajectory) -> float:
    """By how much a motion must be stretched for the tool's speeds to be within bounds."""
    hz = station.world.cell.physics.control_hz
    step = 0.5 / hz
    times = np.arange(0.0, motion.seconds + step, step).clip(max=motion.seconds)
    frames = [station.kinematics.frames(joints)[1] for joints in motion.at(times)]
    places = np.array([m[:3, 3] for m in frames])
    axes = np.array([m[:3, :3] for m in frames])
    velocity = np.diff(places, axis=0) / step
    change = np.diff(velocity, axis=0) / step
    # the largest of a rotation's displacements of the axes' tips bounds its angle from below
    turning = np.linalg.norm(np.diff(axes, axis=0), axis=1).max(axis=-1) / step
    return max(
        1.0,
        float(np.linalg.norm(velocity, axis=1).max()) / travel.speed,
        float(np.abs(velocity).max()) / (0.9 * MAX_SPEED),
        float(turning.max()) / (0.6 * MAX_TURN_SPEED),
        math.sqrt(float(np.linalg.norm(change, axis=1).max(initial=0.0)) / travel.acceleration),
    )
