"""Bodies that lie still are left alone until something comes near: most of what physics would cost.

Bullet solves every resting contact anew in every substep. It can put bodies to sleep, but by a rule
of its own that leaves what was held and let go hanging in the air. So the rule is ours: it looks at
the end of each control period, and depends on nothing but the simulation itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pybullet

from sim.pose import Pose, matrix_to_rotvec

PERIODS = 4  # of standing still before a body sleeps
SHIFT = 1e-4  # that counts as still, in a control period [m]
TURN = 2e-3  # [rad]


class Resting:
    """Which of the free bodies sleep.

    A body sleeps once it has stood still for some control periods and touches nothing that moves by
    itself (arms, members of devices, belts) and no body that has moved lately. It wakes when it
    touches such a thing, within 5 mm as Bullet keeps contacts, or has been moved: bodies in
    contact with one that is awake are simulated, asleep or not.
    free: ids of the bodies by name; arms, movers: ids of what moves by itself.
    calm: whether all sleep, and nothing is within 5 mm of an arm. (What hangs in jaws is not calm:
    at half the rate one part in fifty is lost.)
    """

    def __init__(
        self, client: int, free: Mapping[str, int], arms: Sequence[int], movers: Sequence[int]
    ) -> None:
        self._client = client
        self._ids = dict(free)
        self._arms = list(arms)
        self._movers = {*arms, *movers}
        self._still = dict.fromkeys(free, 0)
        self.asleep: set[str] = set()
        self.calm = False

    def update(self, before: Mapping[str, Pose], now: Mapping[str, Pose], held: set[str]) -> None:
        """Once a control period, after physics. before, now: poses, of what sleeps too; held: what
        hangs on a constraint."""
        for name in self._ids:
            self._still[name] = self._still[name] + 1 if _still(before[name], now[name]) else 0
        lively = {self._ids[n] for n, count in self._still.items() if count < PERIODS}
        lively |= self._movers | {self._ids[n] for n in held}
        for name, body in self._ids.items():
            rests = body not in lively and not self._touched(body) & lively
            if rests and name not in self.asleep:
                self._sleep(body)
                self.asleep.add(name)
            elif not rests and name in self.asleep:
                self._wake(body)
                self.asleep.discard(name)
        self.calm = len(self.asleep) == len(self._ids) and not any(
            self._touched(arm) - {arm} for arm in self._arms
        )

    def _touched(self, body: int) -> set[int]:
        points = pybullet.getContactPoints(body, physicsClientId=self._client)
        return {point[2] if point[1] == body else point[1] for point in points}

    def _sleep(self, body: int) -> None:
        zero = [0.0, 0.0, 0.0]
        pybullet.resetBaseVelocity(body, zero, zero, physicsClientId=self._client)
        pybullet.changeDynamics(
            body,
            -1,
            activationState=pybullet.ACTIVATION_STATE_ENABLE_SLEEPING
            | pybullet.ACTIVATION_STATE_SLEEP,
            physicsClientId=self._client,
        )

    def _wake(self, body: int) -> None:
        pybullet.changeDynamics(
            body,
            -1,
            activationState=pybullet.ACTIVATION_STATE_DISABLE_SLEEPING
            | pybullet.ACTIVATION_STATE_WAKE_UP,
            physicsClientId=self._client,
        )


def _still(before: Pose, now: Pose) -> bool:
    if before == now:
        return True
    shift = np.subtract(now.position, before.position)
    if float(np.abs(shift).max()) > SHIFT:
        return False
    turn = matrix_to_rotvec(now.rotation @ before.rotation.T)
    return float(np.abs(turn).max()) <= TURN
