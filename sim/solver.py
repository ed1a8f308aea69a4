"""How much work Bullet's solver does in a substep.

Jaws that push at a light part from both sides are the hardest thing that it has to balance: with
the usual iterations a nut is thrown askew while they close. A part that hangs between jaws that
stand still is easy again.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pybullet
from numpy.typing import NDArray

STEADY = 4  # control periods of hanging in still jaws, until the usual effort will do


@dataclass(frozen=True)
class Effort:
    """share: of the cell's iterations; residual: what Bullet calls solverResidualThreshold, the
    square of the largest change of a velocity in an iteration, in SI units."""

    share: float
    residual: float


# Iterations end early where they change little. Where that is too soon, parts creep in the jaws:
# with 1e-4 for all, and 40 iterations, two of a hundred heavy blanks were not seated.
USUAL = Effort(1.0, 1e-5)
GRIP = Effort(4.0, 1e-4)


class Jaws(Protocol):
    """What it wants to know of an arm that has jaws."""

    id: int
    target: NDArray[np.float64]  # (J + 1,), the gripper's last

    def touched(self) -> set[int]: ...


class Solver:
    """Sets the effort of the next control period, by what the jaws in a client do.

    iterations: the cell's usual ones; light: ids of the parts that jaws may throw.
    """

    def __init__(self, client: int, iterations: int, light: Set[int]) -> None:
        self._client, self._iterations, self._light = client, iterations, light
        self._effort = USUAL
        self._steady: dict[int, int] = {}  # control periods that an arm's part hangs

    def adapt(self, commands: Iterable[tuple[Jaws, float]]) -> None:
        """commands: every arm with jaws, and what its gripper is told next, 0 .. 1."""
        efforts = [self._asked(arm, command) for arm, command in commands]
        effort = GRIP if GRIP in efforts else USUAL
        if effort != self._effort:
            self._effort = effort
            pybullet.setPhysicsEngineParameter(
                numSolverIterations=round(effort.share * self._iterations),
                solverResidualThreshold=effort.residual,
                physicsClientId=self._client,
            )

    def _asked(self, arm: Jaws, command: float) -> Effort:
        closing = command - float(arm.target[-1])
        touched = arm.touched()
        holds = abs(closing) < 1e-6 and self._hangs(touched, arm.id)
        self._steady[arm.id] = self._steady.get(arm.id, 0) + 1 if holds else 0
        hard = closing > 1e-6 or touched & self._light
        return GRIP if hard and self._steady[arm.id] < STEADY else USUAL

    def _hangs(self, touched: Set[int], arm: int) -> bool:
        """Whether what is touched is one part, and that touches nothing but the arm."""
        if len(touched) != 1:
            return False
        (part,) = touched
        points = pybullet.getContactPoints(part, physicsClientId=self._client)
        return all({point[1], point[2]} == {part, arm} for point in points)
