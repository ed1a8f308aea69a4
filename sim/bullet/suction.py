"""Suction cups: what they take hold of, how much they hold, and when they lose it. Physics alone.

A cup holds a body only after its lip touches it and seals: rays from a ring just inside the lip
must find that body within 2 mm of the lip's plane, and rays from within the ring must find no
hole. Its force is vacuum x area x seal; with more than a quarter of the rim open it holds nothing
(the pump cannot keep up). What hangs on it may pull, shear and tip only so much: friction under the
lip and the lever of the cups' spread (Mantriota 2007) bound the wrench, beyond which it comes off.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pybullet

from episodes.array_types import Floats
from sim.bullet.arm import SimulatedArm
from sim.pose import Pose
from sim.robots.tools.cups import Cups

RING = 12  # rays around a lip
WITHIN = 0.002  # of the lip's plane: what a soft lip makes up for [m]
DEEPEST = 0.05  # how far in a surface without holes may lie [m]
POOR = 0.75  # a seal under this holds nothing
FRICTION = 0.5  # of rubber on what is usual in a shop: it may be oily
EVERY = 4  # physics steps between two looks at the load
SLUGGISH = 0.35  # how much of a load counts at once: a lip yields, so over some 20 ms
DRIFT = 0.005  # a body that has moved this far in its cup has come off [m]
BACK = 0.006  # rays start this far behind the lip [m]


class SimulatedCups:
    """The cups of one arm: one valve, one body at most. free: the bodies (name -> id) to lift."""

    def __init__(self, client: int, arm: SimulatedArm, cups: Cups, free: Mapping[str, int]) -> None:
        self.cups = cups
        self.held: str | None = None  # the body that hangs on it
        self.seal = 0.0  # 0 .. 1, of the held body
        self._client, self._arm = client, arm.id
        self._link, self._frame = arm.link_ids[cups.link], arm.link_ids[arm.model.tcp.link]
        self._tcp = arm.model.tcp.pose
        self._names = {body: name for name, body in free.items()}
        self._body, self._constraint = -1, -1
        self._load, self._age = np.zeros(6), 0
        self._lip_in_link = (self._link_to_world().inverse() @ self._tcp_to_world()).matrix()
        self._start = Pose()  # of the body in the cup's frame, when it was taken
        self._starts, self._ends = _rays(self.cups)
        pybullet.changeDynamics(
            arm.id, self._link, lateralFriction=1.0, contactStiffness=5e3, contactDamping=100.0,
            physicsClientId=client,
        )  # fmt: skip

    @property
    def capacity(self) -> float:
        """What the cups hold at the present seal, straight pull [N]."""
        area = np.pi * self.cups.radius**2 * len(self.cups.centres)
        return float(self.cups.pressure * area * self.seal)

    def update(self, on: bool) -> None:
        """After a physics step: takes hold, keeps hold, or lets go."""
        if not on:
            self._let_go()
        elif self.held is None:
            self._take()
        elif self._overcome():
            self._let_go()

    def _take(self) -> None:
        points = pybullet.getContactPoints(
            bodyA=self._arm, linkIndexA=self._link, physicsClientId=self._client
        )
        touched = sorted({p[2] for p in points if p[2] in self._names and p[8] < 5e-4})
        if not touched:
            return
        seals = self._seals()
        body = max(touched, key=lambda b: seals.get(b, 0.0))
        if seals.get(body, 0.0) < POOR:
            return
        self._body, self.held, self.seal = body, self._names[body], seals[body]
        self._start = self._between()
        self._constraint = pybullet.createConstraint(
            self._arm, self._link, body, -1, pybullet.JOINT_FIXED, [0, 0, 0],
            self._start.position, [0, 0, 0], self._start.quaternion,
            physicsClientId=self._client,
        )  # fmt: skip
        # stiffer than the vacuum, which may be pushed against; `_overcome` is what lets go
        pybullet.changeConstraint(
            self._constraint, maxForce=4 * self.capacity, erp=0.2, physicsClientId=self._client
        )
        self._load, self._age = np.zeros(6), 0
        self._collide(False)

    def _seals(self) -> dict[int, float]:
        """Body -> how well the cups seal on it, 0 .. 1."""
        to_world = self._tcp_to_world()
        hits = pybullet.rayTestBatch(
            to_world.apply(self._starts).tolist(), to_world.apply(self._ends).tolist(),
            physicsClientId=self._client,
        )  # fmt: skip
        cups = len(self.cups.centres)
        reach = np.linalg.norm(self._ends - self._starts, axis=1)
        depth = np.array([hit[2] for hit in hits]) * reach - BACK  # from the lip's plane
        found = np.array([hit[0] if hit[1] == -1 else -1 for hit in hits]).reshape(cups, -1)
        depth = depth.reshape(cups, -1)
        out = {}
        for body in sorted(set(found.ravel().tolist()) & set(self._names)):
            on_it = found == body
            ring = (on_it & (np.abs(depth) <= WITHIN))[:, :RING].mean(axis=1)
            closed = on_it[:, RING:].all(axis=1)
            out[body] = float(np.mean(ring * closed))
        return out

    def _overcome(self) -> bool:
        """Whether what hangs on the cups pulls, shears or tips more than they hold. Looked at in
        every fourth physics step: it costs about half of one."""
        self._age += 1
        if self._age % EVERY:
            return False
        at = pybullet.getBasePositionAndOrientation(self._body, physicsClientId=self._client)[0]
        link = pybullet.getLinkState(
            self._arm, self._link, computeForwardKinematics=1, physicsClientId=self._client
        )
        turn = np.array(pybullet.getMatrixFromQuaternion(link[1])).reshape(3, 3)
        away = np.subtract(at, link[0])
        if np.linalg.norm(away @ turn - self._start.position) > DRIFT:
            return True
        measured = pybullet.getConstraintState(self._constraint, physicsClientId=self._client)
        # the load on the cups, in world axes; its moment is about the body's middle
        load = np.array(measured)
        fx, fy, fz = measured[:3]
        x, y, z = away - turn @ self._lip_in_link[:3, 3]
        load[3:] += (y * fz - z * fy, z * fx - x * fz, x * fy - y * fx)
        self._load += SLUGGISH * (load - self._load)
        return self._exceeds(self._load, turn @ self._lip_in_link[:3, 2])

    def _exceeds(self, load: Floats, outward: Floats) -> bool:
        """Whether a load (6,) about the lip's middle is more than the vacuum and friction hold.

        Tipping lifts the lip at the far rim (lever: the cups' spread); what is left of the vacuum
        presses the lip on, and friction under it carries shear and twist.
        """
        pull, twist = float(load[:3] @ outward), float(load[3:] @ outward)
        shear = float(np.linalg.norm(load[:3] - pull * outward))
        tip = float(np.linalg.norm(load[3:] - twist * outward)) / self.cups.spread
        left = self.capacity - pull
        return left < tip or np.hypot(shear, twist / self.cups.spread) > FRICTION * left

    def _let_go(self) -> None:
        if self.held is None:
            return
        pybullet.removeConstraint(self._constraint, physicsClientId=self._client)
        self._collide(True)
        self._body, self._constraint = -1, -1
        self.held, self.seal = None, 0.0

    def _collide(self, on: bool) -> None:
        """Whether cup and held body push each other: what is sucked on must not."""
        pybullet.setCollisionFilterPair(
            self._arm, self._body, self._link, -1, int(on), physicsClientId=self._client
        )

    def _tcp_to_world(self) -> Pose:
        state = pybullet.getLinkState(
            self._arm, self._frame, computeForwardKinematics=1, physicsClientId=self._client
        )
        return Pose(state[4], state[5]) @ self._tcp

    def _link_to_world(self) -> Pose:
        """The frame of the cups' link that constraints are made in: its centre of mass."""
        state = pybullet.getLinkState(
            self._arm, self._link, computeForwardKinematics=1, physicsClientId=self._client
        )
        return Pose(state[0], state[1])

    def _between(self) -> Pose:
        """The held body's centre of mass frame in that of the cups' link."""
        at = pybullet.getBasePositionAndOrientation(self._body, physicsClientId=self._client)
        return self._link_to_world().inverse() @ Pose(*at)


def _rays(cups: Cups) -> tuple[Floats, Floats]:
    """Starts and ends (N, 3) in the TCP's frame: for each cup its ring, then five inside it."""
    angle = 2 * np.pi * np.arange(RING) / RING
    ring = cups.radius * 0.95 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    inner = 0.5 * ring[:: RING // 4]
    one = np.concatenate([ring, inner, np.zeros((1, 2))])
    flat = np.concatenate([one + centre for centre in cups.centres])
    starts = np.column_stack([flat, np.full(len(flat), -BACK)])
    return starts, starts + np.array([0.0, 0.0, BACK + DEEPEST])
