"""How much work Bullet's solver does in a substep.

Jaws that push at a light part from both sides are the hardest thing that it has to balance: with
the usual iterations a nut is thrown askew while they close. A part that hangs between jaws that
stand still is easy again.
"""

from __future__ import annotations

from collections.abc import Iterable, Set

import pybullet

from sim.arm import LoadedArm
from sim.contacts import touched

HARD = 3  # times as many iterations as usual
STEADY = 4  # control periods of hanging in still jaws, until the usual ones will do


class Solver:
    """Sets what the next control period takes, by what the jaws in a client do.

    iterations: the cell's usual ones; light: ids of the parts that jaws may throw; round: ids of
    those that may pivot in jaws.
    """

    def __init__(self, client: int, iterations: int, light: Set[int], round: Set[int]) -> None:
        self._client, self._iterations, self._light, self._round = client, iterations, light, round
        self._hard = False
        self._steady: dict[int, int] = {}  # control periods that an arm's part hangs

    def adapt(self, commands: Iterable[tuple[LoadedArm, float]]) -> None:
        """commands: every arm with jaws, and what its gripper is told next, 0 .. 1."""
        hard = True in [self._is_hard(arm, command) for arm, command in commands]
        if hard != self._hard:
            self._hard = hard
            pybullet.setPhysicsEngineParameter(
                numSolverIterations=self._iterations * (HARD if hard else 1),
                physicsClientId=self._client,
            )

    def _is_hard(self, arm: LoadedArm, command: float) -> bool:
        closing = command - float(arm.target[-1])
        held = touched(self._client, arm.id)
        arm.resist_pivoting(bool(held & self._round))
        hangs = abs(closing) < 1e-6 and self._hangs(held, arm.id)
        self._steady[arm.id] = self._steady.get(arm.id, 0) + 1 if hangs else 0
        pushes = closing > 1e-6 or bool(held & self._light)
        return pushes and self._steady[arm.id] < STEADY

    def _hangs(self, held: Set[int], arm: int) -> bool:
        """Whether what the arm touches is one part, and that touches nothing but the arm."""
        return len(held) == 1 and touched(self._client, *held) == {arm}
