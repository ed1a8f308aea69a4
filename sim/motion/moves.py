"""What an arm can be told to do. A move yields a command for each control period and may look at
the station in between; what goes wrong is a named cause."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from episodes.array_types import Floats
from sim.pose import Pose, rotvec_to_matrix
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
TOUCHED = 2.0  # a force that is contact, not noise [N]
# speeds [m/s] and how they follow the force [m/s/N]
APPROACH = 0.016
SEARCH = 0.006  # along the spiral
SEEK = 1e-3  # down, for what the push is short of
PRESS = 8e-4  # the same once the peg is in and stands against the bottom
GIVE = 5e-4  # sideways; twice as much would swing
FASTEST_UP, FASTEST_DOWN = 0.016, 0.03


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
        hz = station.world.cell.physics.control_hz
        start, free = station.tcp_to_world, station.push()
        x, y, z = start.position
        angle, given = 0.0, np.zeros(2)  # of the spiral [rad]; way given sideways [m]
        touched = entered = False
        for _ in range(20 * hz):
            force = station.push() - free
            if np.linalg.norm(force) > self.most:
                raise Failed("force_limit", f"{np.linalg.norm(force):.0f} N")
            below = self.top - station.sensed_tcp().position[2]
            if below >= self.depth:
                return
            touched, entered = touched or force[2] > TOUCHED, entered or below > ENTERED
            sideways = np.array([_beyond(f, 1.0) for f in force[:2]])
            side = float(np.linalg.norm(sideways))
            if touched:
                given = self._within_reach(given + GIVE / hz * sideways)
                if not entered and side < TOUCHED:  # else the tip is in: let it give way first
                    angle = self._further(angle, SEARCH / hz)
            sink = self._sink(touched, entered, float(force[2]), side)
            z -= float(np.clip(sink, -FASTEST_UP, FASTEST_DOWN)) / hz
            dx, dy = given + self._radius(angle) * np.array([np.cos(angle), np.sin(angle)])
            yield Command(Pose((x + dx, y + dy, z), start.quaternion), station.gripper)
        raise Failed("timeout", "the peg did not go in")

    def _sink(self, touched: bool, entered: bool, up: float, side: float) -> float:
        """How fast to go down [m/s], for a push back `up` and to a `side` [N]."""
        if not touched:
            return APPROACH
        if not entered:
            return SEEK * (self.push - up)
        if up < self.push:  # pushed on against a wall, it would turn in the jaws
            return APPROACH * max(0.0, 1.0 - side / 5.0)
        return PRESS * (self.push - up)

    def _radius(self, angle: float) -> float:
        """Of the spiral at an angle [rad] from its start [m]."""
        return self.pitch * angle / (2 * np.pi)

    def _further(self, angle: float, step: float) -> float:
        """The angle one step [m] along the spiral, at most a radian on; hole_not_found beyond its
        reach."""
        angle += min(1.0, step / max(self._radius(angle), 1e-4))
        if self._radius(angle) > self.reach:
            raise Failed("hole_not_found", f"searched {1000 * self.reach:.1f} mm around")
        return angle

    def _within_reach(self, off: Floats) -> Floats:
        """A way given (2,), no longer than the search reaches: more would only tilt the peg."""
        return np.asarray(off * min(1.0, self.reach / max(float(np.linalg.norm(off)), 1e-9)))


def _beyond(force: float, dead: float) -> float:
    """What of a force is more than sensor noise [N]."""
    return float(np.sign(force) * max(0.0, abs(force) - dead))


def top_down(point: Floats | tuple[float, float, float], yaw: float) -> Pose:
    """A TCP pose that points straight down at `point`, the jaws closing along world y + yaw."""
    down = np.diag([1.0, -1.0, -1.0])
    return Pose.at(point, rotvec_to_matrix([0.0, 0.0, yaw]) @ down)
