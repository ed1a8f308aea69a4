"""How much work Bullet's solver does in a substep.

Jaws that push at a light part from both sides are the hardest thing that it has to balance: with
the usual iterations a nut is thrown askew while they close. A part that hangs between jaws that
stand still is easy again, unless it weighs next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

import pybullet

from sim.bullet.arm import SimulatedArm
from sim.bullet.contacts import touched

LIGHT, FEATHER = 0.02, 0.008  # [kg]
PUSHED, HANGING = 4, 2  # times the usual iterations: for what is light, and for a feather
STEADY = 4  # control periods of hanging in still jaws, until fewer will do


class Solver:
    """Sets what the next control period takes, by what the jaws in a client do.

    iterations: the cell's usual ones; masses: of the parts that jaws may hold [kg], by id; round:
    ids of those that may pivot in jaws.
    """

    def __init__(
        self, client: int, iterations: int, masses: Mapping[int, float], round: Set[int]
    ) -> None:
        self._client, self._iterations, self._round = client, iterations, round
        self._light = {body for body, mass in masses.items() if mass < LIGHT}
        self._feathers = {body for body, mass in masses.items() if mass < FEATHER}
        self._effort = 1  # times the usual iterations
        self._steady: dict[int, int] = {}  # control periods that an arm's part hangs

    def adapt(self, commands: Iterable[tuple[SimulatedArm, float]]) -> None:
        """commands: every arm with jaws, and what its gripper is commanded next, 0 .. 1."""
        effort = max([self._wanted(arm, command) for arm, command in commands], default=1)
        if effort != self._effort:
            self._effort = effort
            pybullet.setPhysicsEngineParameter(
                numSolverIterations=self._iterations * effort, physicsClientId=self._client
            )

    def _wanted(self, arm: SimulatedArm, command: float) -> int:
        closing = command - float(arm.target[-1])
        held = touched(self._client, arm.id)
        arm.resist_pivoting(bool(held & self._round))
        hangs = abs(closing) < 1e-6 and self._hangs(held, arm.id)
        self._steady[arm.id] = self._steady.get(arm.id, 0) + 1 if hangs else 0
        if self._steady[arm.id] >= STEADY:
            return HANGING if held & self._feathers else 1
        nearing = closing > 1e-6 and not held  # they may come to something within the period
        return PUSHED if held & self._light or nearing else 1

    def _hangs(self, held: Set[int], arm: int) -> bool:
        """Whether what the arm touches is one part, and that touches nothing but the arm."""
        return len(held) == 1 and touched(self._client, *held) == {arm}
