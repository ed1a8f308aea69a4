"""What an arm can be commanded to do. A move yields a command for each control period and may look
at the station in between; what goes wrong is a named cause."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
class BeginSubtask:
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
        shift = np.subtract(goal.position, start.position)
        # the peak of a minimum-jerk profile is 15/8 of its mean
        seconds = 1.875 * max(
            float(np.linalg.norm(shift)) / self.speed, float(np.linalg.norm(turn)) / self.turn_speed
        )
        ticks = max(1, int(np.ceil(seconds * hz)))
        gripper = station.gripper
        for k in range(1, ticks + 1):
            s = k / ticks
            share = s**3 * (10 - 15 * s + 6 * s**2)
            pose = Pose.at(
                start.position + share * shift,
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
class Dwell:
    """Nothing moves for a while [s]."""

    seconds: float

    def commands(self, station: Station) -> Iterator[Command]:
        pose = station.tcp_to_world
        for _ in range(round(self.seconds * station.world.cell.physics.control_hz)):
            yield Command(pose, station.gripper)


@dataclass(frozen=True)
class Watched:
    """A move, and `look`, which is called after each of its control periods."""

    move: Move
    look: Callable[[Station], None]

    def commands(self, station: Station) -> Iterator[Command]:
        for command in self.move.commands(station):
            yield command
            self.look(station)


@dataclass(frozen=True)
class Grip:
    """The tool takes hold: jaws close until they hold something about as wide as `width` [m], cups
    suck. missed_grasp if nothing is held then."""

    width: float
    seconds: float = 0.5

    def commands(self, station: Station) -> Iterator[Command]:
        yield from _actuate(station, 1.0, self.seconds)
        if not station.holding(at_least=self.width - 0.004):
            raise Failed("missed_grasp", station.empty())


@dataclass(frozen=True)
class Open:
    """The tool lets go: jaws open to `opening` [m], or fully; cups are vented."""

    opening: float = np.inf
    seconds: float = 0.3

    def commands(self, station: Station) -> Iterator[Command]:
        yield from _actuate(station, station.tool.command(self.opening), self.seconds)


def _actuate(station: Station, to: float, seconds: float) -> Iterator[Command]:
    ticks = max(1, round(seconds * station.world.cell.physics.control_hz))
    start, pose = station.gripper, station.tcp_to_world
    ramp = station.tool.ramp(ticks)
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


def top_down(point: Floats | tuple[float, float, float], yaw: float) -> Pose:
    """A TCP pose that points straight down at `point`, the jaws closing along world y + yaw."""
    down = np.diag([1.0, -1.0, -1.0])
    return Pose.at(point, rotvec_to_matrix([0.0, 0.0, yaw]) @ down)
