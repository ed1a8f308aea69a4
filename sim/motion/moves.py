"""What an arm can be told to do. A move yields a command for each control period and may look at
the station in between; what goes wrong is a named cause."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from sim.pose import Array, Pose, rotvec_to_matrix
from sim.station import Station


class Failed(Exception):
    """The work cannot go on. cause: one of the names that FORMAT.md's `failure` may hold."""

    def __init__(self, cause: str, detail: str = "") -> None:
        super().__init__(f"{cause}: {detail}" if detail else cause)
        self.cause = cause


@dataclass(frozen=True)
class Command:
    """Where the tool is to be at the end of this control period, and the jaws: 0 .. 1 closed."""

    tcp_to_world: Pose
    gripper: float


class Move(Protocol):
    def commands(self, station: Station) -> Iterator[Command]: ...


@dataclass(frozen=True)
class Subtask:
    """Not a move but a mark: from here on the work is called this. recovery: it mends what went
    wrong just before."""

    name: str
    instruction: str
    recovery: bool = False


@dataclass(frozen=True)
class Reach:
    """The tool goes there in a straight line, starting and ending at rest (minimum jerk, Flash and
    Hogan 1985), and waits until the arm has followed. It turns on the way that leads past the home
    posture, not the shortest one, which may lead past a joint's limit.

    speed: the top speed [m/s]; turn_speed [rad/s]; within: how near the arm must get [m].
    """

    tcp_to_world: Pose
    speed: float = 0.5
    turn_speed: float = 1.5
    within: float = 0.001

    def commands(self, station: Station) -> Iterator[Command]:
        start = station.tcp_to_world
        goal = self.tcp_to_world
        hz = station.world.cell.physics.control_hz
        first, last = station.turn_from_home(start), station.turn_from_home(goal)
        turn = last - first
        way = np.subtract(goal.position, start.position)
        # the peak of a minimum-jerk profile is 15/8 of its mean
        seconds = 1.875 * max(
            float(np.linalg.norm(way)) / self.speed, float(np.linalg.norm(turn)) / self.turn_speed
        )
        ticks = max(1, int(np.ceil(seconds * hz)))
        gripper = station.gripper
        for k in range(1, ticks + 1):
            s = k / ticks
            share = s**3 * (10 - 15 * s + 6 * s**2)
            pose = Pose.at(
                start.position + share * way,
                rotvec_to_matrix(first + share * turn) @ station.home.rotation,
            )
            yield Command(pose, gripper)
        yield from arrive(station, goal, self.within)


def arrive(station: Station, goal: Pose, within: float) -> Iterator[Command]:
    """Waits until the arm is `within` [m] of the goal that it has, half a second at most."""
    for _ in range(station.world.cell.physics.control_hz // 2):
        off = np.subtract(station.sensed_tcp().position, goal.position)
        if np.linalg.norm(off) < within:
            return
        yield Command(goal, station.gripper)


@dataclass(frozen=True)
class Hold:
    """Nothing moves for a while [s]."""

    seconds: float

    def commands(self, station: Station) -> Iterator[Command]:
        pose = station.tcp_to_world
        for _ in range(round(self.seconds * station.world.cell.physics.control_hz)):
            yield Command(pose, station.gripper)


@dataclass(frozen=True)
class Grip:
    """The tool takes hold: jaws close until they hold something about as wide as `width` [m], cups
    suck. missed_grasp if nothing is held then."""

    width: float
    seconds: float = 0.5

    def commands(self, station: Station) -> Iterator[Command]:
        yield from _jaws(station, 1.0, self.seconds)
        if not station.holding(at_least=self.width - 0.004):
            opening = f"jaws closed to {1000 * station.opening():.1f} mm"
            raise Failed("missed_grasp", "no seal" if station.card.cups else opening)


@dataclass(frozen=True)
class Open:
    """The tool lets go: jaws open to `opening` [m], or fully; cups are vented."""

    opening: float = np.inf
    seconds: float = 0.3

    def commands(self, station: Station) -> Iterator[Command]:
        yield from _jaws(station, station.command_for(self.opening), self.seconds)


def _jaws(station: Station, to: float, seconds: float) -> Iterator[Command]:
    ticks = max(1, round(seconds * station.world.cell.physics.control_hz))
    start, pose = station.gripper, station.tcp_to_world
    ramp = max(1, ticks // 2) if station.card.kind == "jaws" else 1
    for k in range(1, ticks + 1):
        share = min(1.0, k / ramp)
        yield Command(pose, start + share * (to - start))


@dataclass(frozen=True)
class Carry:
    """A Reach with something in the tool: losing it on the way is `dropped`."""

    tcp_to_world: Pose
    speed: float = 0.4
    turn_speed: float = 1.5
    at_least: float = 0.0015  # the jaws' opening as long as they hold something [m]

    def commands(self, station: Station) -> Iterator[Command]:
        reach = Reach(self.tcp_to_world, self.speed, self.turn_speed)
        for command in reach.commands(station):
            yield command
            if not station.holding(at_least=self.at_least):
                raise Failed("dropped", "the tool is empty")


ENTERED = 0.0025  # below the rim a peg is in, beyond its chamfer [m]
GIVE = 2.5e-5  # sideways in a control period [m/N]; twice as much would swing


@dataclass(frozen=True)
class Insert:
    """Pushes what the jaws hold down into a hole, feeling with the wrist for the way.

    Comes down to contact; then, under a light push, spirals outwards until it drops in; then goes
    down, giving way sideways to what the hole's wall pushes (admittance control, as in Whitney
    1982; the spiral as in Chhatpar and Branicky 2001). `top` is the tool's height when the tip
    touches the rim, `depth` how far below that the work is done [m].
    """

    top: float  # [m] world z of the tool
    depth: float  # [m]
    reach: float = 0.0025  # radius of the search [m]
    pitch: float = 0.0004  # between two turns of the spiral [m]
    push: float = 6.0  # [N]
    most: float = 60.0  # the force at which the work is given up [N]

    def commands(self, station: Station) -> Iterator[Command]:
        start = station.tcp_to_world
        free = station.push()
        x, y, z = start.position
        angle = 0.0
        spiral, off = np.zeros(2), np.zeros(2)  # of the search, of giving way [m]
        touched = False
        entered = False
        for _ in range(20 * station.world.cell.physics.control_hz):
            force = station.push() - free
            if np.linalg.norm(force) > self.most:
                raise Failed("force_limit", f"{np.linalg.norm(force):.0f} N")
            below = self.top - station.sensed_tcp().position[2]
            if below >= self.depth:
                return
            touched = touched or force[2] > 2.0
            entered = entered or below > ENTERED
            sideways = np.array([_beyond(f, 1.0) for f in force[:2]])
            side = float(np.linalg.norm(sideways))
            if touched:
                off += GIVE * sideways
                far = float(np.linalg.norm(off))
                off *= min(1.0, self.reach / max(far, 1e-9))  # more would only tilt the peg
            if not touched:
                sink = 0.0008
            elif not entered:
                sink = 0.00005 * (self.push - force[2])
                if side < 2.0:  # pressed to a side, the tip is in: let it give way first
                    angle += min(1.0, 0.0003 / max(self.pitch * angle / (2 * np.pi), 1e-4))
                    radius = self.pitch * angle / (2 * np.pi)
                    if radius > self.reach:
                        raise Failed(
                            "hole_not_found", f"searched {1000 * self.reach:.1f} mm around"
                        )
                    spiral = radius * np.array([np.cos(angle), np.sin(angle)])
            elif force[2] < self.push:  # pushed on against a wall, it would turn in the jaws
                sink = 0.0008 * max(0.0, 1.0 - side / 5.0)
            else:
                sink = 0.00004 * (self.push - force[2])
            z -= float(np.clip(sink, -0.0008, 0.0015))
            dx, dy = off + spiral
            yield Command(Pose((x + dx, y + dy, z), start.quaternion), station.gripper)
        raise Failed("timeout", "the peg did not go in")


def _beyond(force: float, dead: float) -> float:
    """What of a force is more than sensor noise [N]."""
    return float(np.sign(force) * max(0.0, abs(force) - dead))


def top_down(point: Array | tuple[float, float, float], yaw: float) -> Pose:
    """A TCP pose that points straight down at `point`, the jaws closing along world y + yaw."""
    down = np.diag([1.0, -1.0, -1.0])
    return Pose.at(point, rotvec_to_matrix([0.0, 0.0, yaw]) @ down)
