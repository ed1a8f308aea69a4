"""Putting a peg into a hole by feel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from episodes.array_types import Floats
from sim.motion.moves import Command, Failed
from sim.pose import Pose
from sim.station import Station

ENTERED = 0.0025  # below the rim a peg is in, beyond its chamfer [m]
TOUCHED = 2.0  # a force that is contact, not noise [N]
NOISE = 1.0  # of a force sideways, what is not followed [N]
SECONDS = 20  # until it is given up
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
        peg = _Peg(self, station)
        yield from peg.approach()
        yield from peg.search()
        yield from peg.press()


class _Peg:
    """One insertion under way: what is felt now, and where the tool is commanded to be."""

    def __init__(self, insert: Insert, station: Station) -> None:
        self._insert, self._station = insert, station
        self._hz = station.world.cell.physics.control_hz
        self._start, self._free = station.tcp_to_world, station.push()
        self._z = self._start.position[2]
        self._angle, self._given = 0.0, np.zeros(2)  # of the spiral [rad]; sideways [m]
        self._ticks = 0
        self._touched = self._entered = False
        self._feel()

    def approach(self) -> Iterator[Command]:
        """Down until something is touched."""
        while not (self._touched or self._done):
            yield self._down(APPROACH)
            self._feel()

    def search(self) -> Iterator[Command]:
        """Along a spiral, pushed on lightly, until the tip drops in."""
        while not (self._entered or self._done):
            self._give_way()
            if self._side < TOUCHED:  # else the tip is in: let it give way first
                self._angle = self._further(self._angle, SEARCH / self._hz)
            yield self._down(SEEK * (self._insert.push - self._up))
            self._feel()

    def press(self) -> Iterator[Command]:
        """Down to the bottom, giving way to the walls."""
        while not self._done:
            self._give_way()
            if self._up < self._insert.push:  # pushed against a wall, it would turn in the jaws
                sink = APPROACH * max(0.0, 1.0 - self._side / 5.0)
            else:
                sink = PRESS * (self._insert.push - self._up)
            yield self._down(sink)
            self._feel()

    @property
    def _done(self) -> bool:
        return self._below >= self._insert.depth

    def _feel(self) -> None:
        """Once a control period. Raises `timeout`, `force_limit`."""
        if self._ticks == SECONDS * self._hz:
            raise Failed("timeout", "the peg did not go in")
        self._ticks += 1
        force = self._station.push() - self._free
        if np.linalg.norm(force) > self._insert.most:
            raise Failed("force_limit", f"{np.linalg.norm(force):.0f} N")
        self._below = self._insert.top - self._station.sensed_tcp().position[2]
        self._up = float(force[2])
        self._sideways = np.array([_with_deadband(f, NOISE) for f in force[:2]])
        self._side = float(np.linalg.norm(self._sideways))
        self._touched = self._touched or self._up > TOUCHED
        self._entered = self._entered or self._below > ENTERED

    def _give_way(self) -> None:
        """Sideways, to the force; no farther than the search reaches, which would tilt the peg."""
        off = self._given + GIVE / self._hz * self._sideways
        share = min(1.0, self._insert.reach / max(float(np.linalg.norm(off)), 1e-9))
        self._given = np.asarray(off * share)

    def _down(self, speed: float) -> Command:
        """The tool lower, by `speed` [m/s], and where spiral and walls have it sideways."""
        self._z -= float(np.clip(speed, -FASTEST_UP, FASTEST_DOWN)) / self._hz
        x, y, _ = self._start.position
        turned: Floats = np.array([np.cos(self._angle), np.sin(self._angle)])
        dx, dy = self._given + self._radius(self._angle) * turned
        pose = Pose((x + dx, y + dy, self._z), self._start.quaternion)
        return Command(pose, self._station.gripper)

    def _radius(self, angle: float) -> float:
        """Of the spiral at an angle [rad] from its start [m]."""
        return self._insert.pitch * angle / (2 * np.pi)

    def _further(self, angle: float, step: float) -> float:
        """The angle one step [m] along the spiral, at most a radian on; hole_not_found beyond its
        reach."""
        angle += min(1.0, step / max(self._radius(angle), 1e-4))
        if self._radius(angle) > self._insert.reach:
            raise Failed("hole_not_found", f"searched {1000 * self._insert.reach:.1f} mm around")
        return angle


def _with_deadband(force: float, dead: float) -> float:
    """What of a force is more than sensor noise [N]."""
    return float(np.sign(force) * max(0.0, abs(force) - dead))
