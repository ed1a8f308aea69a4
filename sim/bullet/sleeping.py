"""Bodies that lie still are left alone until something comes near: most of what physics would cost.

Bullet solves every resting contact anew in every substep. It can put bodies to sleep, but by a rule
of its own that leaves what was held and let go hanging in the air. So the rule is ours: it looks at
the end of each control period, and depends on nothing but the simulation itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pybullet

from sim.bullet.contacts import touched
from sim.pose import Pose

PERIODS = 4  # of standing still before a body sleeps
SHIFT = 1e-4  # that counts as still, in a control period [m]
TURN = 2e-3  # [rad]


class Resting:
    """Which of the free bodies sleep.

    A body sleeps once it has stood still for some control periods and touches nothing that moves by
    itself (arms, belts, members of devices that move) and no body that has moved lately. It wakes
    when it touches such a thing, within 5 mm as Bullet keeps contacts, or has been moved: bodies in
    contact with one that is awake are simulated, asleep or not.
    Members sleep by the same rule, and wake when they are driven, too.
    free, members: ids of the bodies by name; arms, belts: ids.
    calm: whether fewer substeps will do: nothing is within 5 mm of an arm or hangs on one, and
    no member that is awake moves or holds a body. (At 240 substeps a second jaws lose one part
    in fifty, and cups more.)
    """

    def __init__(
        self, client: int, free: Mapping[str, int], members: Mapping[str, int],
        arms: Sequence[int], belts: Sequence[int],
    ) -> None:  # fmt: skip
        self._client = client
        self._free, self._members = dict(free), dict(members)
        self._ids = self._free | self._members
        self._arms, self._belts = list(arms), list(belts)
        self._still = dict.fromkeys(self._ids, 0)
        self.asleep: set[str] = set()
        self.calm = False

    def update(self, before: Mapping[str, Pose], now: Mapping[str, Pose], held: set[str]) -> None:
        """Once a control period, after physics. before, now: poses, of what sleeps too; held: what
        hangs on a constraint."""
        slept = set(self.asleep)
        for name in self._ids:
            self._still[name] = self._still[name] + 1 if _still(before[name], now[name]) else 0
        lively = {self._ids[n] for n, count in self._still.items() if count < PERIODS}
        hanging = {self._ids[n] for n in held}
        lively |= {*self._arms, *self._belts} | hanging
        reached = {body: touched(self._client, body) for body in lively}
        disturbed = lively.union(*reached.values())
        for name, body in self._ids.items():
            rests = body not in disturbed
            if rests and name not in self.asleep:
                self._sleep(name)
            elif not rests:
                self.wake(name)
        near = any(reached[arm] for arm in self._arms)
        self.calm = not (hanging or near or self._working(slept))

    def _working(self, slept: set[str]) -> bool:
        """Whether a member moves or holds a body. slept: what was asleep in this control period:
        Bullet takes a substep to let go of what is put to sleep."""
        free = set(self._free.values())
        return any(
            self._still[name] == 0 or touched(self._client, body) & free
            for name, body in self._members.items()
            if name not in self.asleep & slept
        )

    def _sleep(self, name: str) -> None:
        body = self._ids[name]
        if name in self._free:
            zero = [0.0, 0.0, 0.0]
            pybullet.resetBaseVelocity(body, zero, zero, physicsClientId=self._client)
        pybullet.changeDynamics(
            body,
            -1,
            activationState=pybullet.ACTIVATION_STATE_ENABLE_SLEEPING
            | pybullet.ACTIVATION_STATE_SLEEP,
            physicsClientId=self._client,
        )
        self.asleep.add(name)

    def wake(self, name: str) -> None:
        """Nothing to do for what is awake."""
        if name not in self.asleep:
            return
        pybullet.changeDynamics(
            self._ids[name],
            -1,
            activationState=pybullet.ACTIVATION_STATE_DISABLE_SLEEPING
            | pybullet.ACTIVATION_STATE_WAKE_UP,
            physicsClientId=self._client,
        )
        self.asleep.discard(name)
        self._still[name] = 0
        self.calm = False


def _still(before: Pose, now: Pose) -> bool:
    if before == now:
        return True
    if max(abs(a - b) for a, b in zip(now.position, before.position, strict=True)) > SHIFT:
        return False
    # of the turn between, the quaternion's x, y, z are half the rotation vector
    x, y, z, _ = (now @ before.inverse()).quaternion
    return max(abs(x), abs(y), abs(z)) <= TURN / 2
