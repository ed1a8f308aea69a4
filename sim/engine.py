"""What simulates a cell: all that the rest of the code knows of physics. Bullet is the first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from numpy.typing import ArrayLike

from assets.part import Part
from episodes.array_types import Floats, Singles
from sim.pose import Pose
from sim.spec import Cell


class Engine(Protocol):
    """The physics of one cell, from its start to `close`.

    It starts as the cell says: robots at rest at their joints, motors holding them, their tools as
    commanded; then `physics.settle_s` passes. Equal cells and equal targets must give equal states,
    bit for bit, whatever ran before in the process. Names are those of the cell; lengths are in m,
    angles in rad, forces in N. An unknown name is a KeyError.
    """

    @property
    def cell(self) -> Cell: ...

    @property
    def parts(self) -> Mapping[str, Part]:
        """body -> its part, found once: to build one takes longer than to judge where it is."""
        ...

    @property
    def time(self) -> float:
        """Simulated time since step 0 [s]: whole control periods."""
        ...

    def step(self, targets: Singles) -> None:
        """One control period, 1 / physics.control_hz.

        targets: for each robot its joints (J,) [rad], then its tool's command, 0 .. 1; float32, as
        recorded, so that what is replayed is what was applied. Motors go from the old targets to
        the new ones in a straight line. The cell's rules are looked at before, belts run. Raises
        ValueError for another number of targets.
        """
        ...

    def state(self) -> Floats:
        """(S,), laid out by `sim.state_layout.columns(cell)`."""
        ...

    def show(self, state: Floats) -> None:
        """Poses every joint and body as in `state` (S,), at rest: for a view, not for going on."""
        ...

    def close(self) -> None:
        """Frees what it holds; a second time does nothing."""
        ...

    # robots, by name

    def joints(self, robot: str) -> tuple[Floats, Floats]:
        """Measured positions (M,) and velocities (M,) of every movable joint, in the order of its
        model's `movable` [rad or m, 1/s]."""
        ...

    def wrench(self, robot: str) -> Floats:
        """(6,) force [N] and torque [N m] of the arm on its tool, as a sensor in the model's
        `wrench_joint` reads them, in the frame of that joint's child link: the mean over the last
        control period; zeros before the first."""
        ...

    def held(self, robot: str) -> str | None:
        """The body that hangs on a robot's cups; None for none. What jaws hold, friction holds."""
        ...

    def push_on_arm(self, robot: str) -> float:
        """The largest normal force on any link of a robot but its tool's `tips` [N]."""
        ...

    # bodies, by name

    def pose(self, body: str) -> Pose:
        """part_to_world at the end of the last control period."""
        ...

    def speed(self, body: str) -> tuple[float, float]:
        """How fast a body went [m/s] and turned [rad/s]: from its poses, over the last control
        period. Momentary velocities tremble in contact, even where nothing moves."""
        ...

    def travel(self, body: str) -> float:
        """How far the joint of a device's member is from where the cell started [m or rad]."""
        ...

    @property
    def fired(self) -> Sequence[str]:
        """Names of the cell's rules that have fired, in order."""
        ...

    # contacts and rays, between bodies and robots

    def force_between(self, a: str, b: str) -> float:
        """Sum of the normal contact forces [N]; 0 without contact."""
        ...

    def gap(self, a: str, b: str, within: float = 0.05) -> float:
        """The smallest distance [m], negative in penetration; inf if farther than `within` [m]."""
        ...

    def touching(self, name: str) -> set[str]:
        """All that is nearer than 1 mm to a body or robot."""
        ...

    def first_hit(self, start: ArrayLike, end: ArrayLike) -> str | None:
        """What a ray from start to end (3,) [m] meets first; None for nothing."""
        ...


OpenEngine = Callable[[Cell], Engine]


def bullet(cell: Cell) -> Engine:
    """The cell in PyBullet. The one door to `sim.bullet`."""
    from sim.bullet.world import World

    return World(cell)
