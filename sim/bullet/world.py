"""The physics of one cell: a PyBullet client of its own, stepped, read and shown."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import NoReturn, Self

import numpy as np
import pybullet
from numpy.typing import ArrayLike

from assets import catalogue
from episodes.array_types import Floats, Singles
from sim import state_layout
from sim.bullet import members
from sim.bullet.arm import SimulatedArm
from sim.bullet.loading import SimulatedBody, is_round
from sim.bullet.members import SimulatedMember
from sim.bullet.sleeping import Resting
from sim.bullet.solver_effort import Solver
from sim.bullet.suction import SimulatedCups
from sim.controller import Controller
from sim.pose import Pose, matrix_to_rotvec
from sim.robots.tools.cups import Cups
from sim.robots.tools.jaws import Jaws
from sim.spec import Cell, Physics

GRAVITY = 9.81  # [m/s^2]
CALM_HZ = 240  # substeps a second where no arm touches anything


class World:
    """The `Engine` of Bullet, and a context manager. A new client for every world: no state can
    leak from one to the next.

    What is set here is set in full, since PyBullet keeps some parameters from client to client.
    visuals: whether looks are loaded too (only PyBullet's own camera needs them).
    """

    def __init__(self, cell: Cell, *, visuals: bool = False) -> None:
        if not pybullet.isNumpyEnabled():
            raise RuntimeError("this pybullet is built without numpy: install the PyPI wheel")
        self.cell = cell
        self.client: int = pybullet.connect(pybullet.DIRECT)
        # kept by name: to find a part by its parameters takes as long as to judge where it is
        self.parts = {b.name: catalogue.build(b.kind, b.params) for b in cell.bodies}
        self.columns = state_layout.columns(cell)
        self._size = max((stop for _, stop in self.columns.values()), default=0)
        self._ticks = 0
        self._substeps = 0  # in the last control period
        self._slept: dict[str, int] = {}  # what sleeps: `_substeps` in the first period of it
        try:
            _configure(self.client, cell.physics)
            with TemporaryDirectory() if visuals else nullcontext() as meshes:
                folder = Path(meshes) if meshes else None
                self.bodies = members.load(self.client, cell, meshes=folder)
            self._members = {n: b for n, b in self.bodies.items() if isinstance(b, SimulatedMember)}
            self._belts = [
                b for b in self.bodies.values() if isinstance(b, SimulatedBody) and b.belt
            ]
            self._controller = Controller(cell.rules, self._members)
            self._movable = [b.name for b in cell.bodies if not b.fixed]
            self.arms = {r.name: SimulatedArm(self.client, r, visuals=visuals) for r in cell.robots}
            self._cups = {
                name: SimulatedCups(self.client, arm, arm.model.tool, self._free())
                for name, arm in self.arms.items()
                if isinstance(arm.model.tool, Cups)
            }
            loaded = {**self.bodies, **self.arms}
            self._names = {one.id: name for name, one in loaded.items()}
            self._poses = {name: body.pose() for name, body in self.bodies.items()}
            arms = [arm.id for arm in self.arms.values()]
            jointed = {name: body.id for name, body in self._members.items()}
            belts = [belt.id for belt in self._belts]
            self.resting = Resting(self.client, self._free(), jointed, arms, belts)
            loose = [(b, self.bodies[b.name].id) for b in cell.bodies if not b.fixed]
            masses = {body: b.mass for b, body in loose}
            rolling = {body for b, body in loose if is_round(self.parts[b.name])}
            self.solver = Solver(self.client, cell.physics.solver_iterations, masses, rolling)
            for _ in range(round(cell.physics.settle_s * cell.physics.hz)):
                pybullet.stepSimulation(physicsClientId=self.client)
            self._rewind_belts()  # from now on they run
            self._read_poses()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        """A copy would drive, and close, this world's client."""
        raise TypeError(
            "a world cannot be copied or pickled: it is a PyBullet client; make another of "
            "its cell and take the same steps, which leads to the same state bit for bit"
        )

    def close(self) -> None:
        if self.client >= 0:
            pybullet.disconnect(physicsClientId=self.client)
            self.client = -1

    @property
    def time(self) -> float:
        """Simulated time since step 0 [s]."""
        return self._ticks / self.cell.physics.control_hz

    def step(self, targets: Singles) -> None:
        """One control period. targets: for each robot J joint targets [rad], then the gripper 0..1.

        float32, as recorded, so that what is replayed is what was applied. The joint controller
        runs at the physics rate and goes from the old target to the new one in a straight line.
        """
        self._controller.tick(self)
        for name, member in self._members.items():
            if member.driven:
                self.resting.wake(name)
                member.driven = False
        wanted = np.asarray(targets, np.float32).astype(np.float64)
        size = sum(len(arm.target) for arm in self.arms.values())
        if size != len(wanted):
            raise ValueError(f"targets must have {size} entries, not {len(wanted)}")
        substeps = self._pace()
        commands = []
        for arm in self.arms.values():
            commands.append((arm, wanted[: len(arm.target)]))
            wanted = wanted[len(arm.target) :]
        self.solver.adapt((arm, to[-1]) for arm, to in commands if isinstance(arm.model.tool, Jaws))
        courses = [(arm, arm.course(to, substeps)) for arm, to in commands]
        for k in range(substeps):
            for arm, course in courses:
                arm.drive(course[k])
            pybullet.stepSimulation(physicsClientId=self.client)
            for arm in self.arms.values():
                arm.feel()
            for name, cups in self._cups.items():
                cups.update(self.arms[name].valve)
        for arm in self.arms.values():
            arm.rest()
        self._rewind_belts()
        self._read_poses()
        held = {cups.held for cups in self._cups.values() if cups.held is not None}
        self._slept = {n: self._slept.get(n, substeps) for n in sorted(self.resting.asleep)}
        self.resting.update(self._before, self._poses, held)
        self._ticks += 1

    def _pace(self) -> int:
        """The number of substeps in the next control period: fewer than usual where all is calm."""
        physics = self.cell.physics
        hz = min(physics.hz, CALM_HZ) if self.resting.calm else physics.hz
        substeps = -(-hz // physics.control_hz)
        if substeps != self._substeps:
            self._substeps = substeps
            step = 1.0 / (substeps * physics.control_hz)
            pybullet.setPhysicsEngineParameter(fixedTimeStep=step, physicsClientId=self.client)
            for arm in self.arms.values():
                arm.pace(step * physics.hz)
        return substeps

    def _rewind_belts(self) -> None:
        for belt in self._belts:
            belt.rewind()

    def _read_poses(self) -> None:
        """Once a control period; what is fixed keeps its pose."""
        self._before = self._poses
        self._poses = {**self._before, **{n: self.bodies[n].pose() for n in self._movable}}

    def _free(self) -> dict[str, int]:
        """The bodies that a cup may lift, and their ids: not the members of devices."""
        loaded = {name: self.bodies[name] for name in self._movable}
        return {name: body.id for name, body in loaded.items() if isinstance(body, SimulatedBody)}

    def state(self) -> Floats:
        """(S,), laid out by `sim.state_layout.columns(cell)`."""
        out = np.empty(self._size)
        for name, arm in self.arms.items():
            positions, velocities = arm.read()
            start, stop = self.columns[f"{name}/joint_position"]
            out[start:stop] = positions
            out[stop : 2 * stop - start] = velocities
        for name in self._movable:
            start, stop = self.columns[f"{name}/pose"]
            out[start:stop] = self.pose(name).array()
            out[stop : stop + 6] = self.bodies[name].velocity()
        return out

    def show(self, state: Floats) -> None:
        """Poses every body and joint as in `state`; for a view, not for resuming physics."""
        for name, arm in self.arms.items():
            start, stop = self.columns[f"{name}/joint_position"]
            arm.place(state[start:stop])
        for name in self._movable:
            start, stop = self.columns[f"{name}/pose"]
            self.bodies[name].place(Pose.from_array(state[start:stop]))
        self._read_poses()

    def pose(self, body: str) -> Pose:
        """part_to_world of a body."""
        return self._poses[body]

    def travel(self, body: str) -> float:
        """How far the joint of a device's member has come from where the cell started [m or rad].

        Raises KeyError for a body without a joint."""
        return self._members[body].position()

    def drive(self, body: str, position: float, force: float, speed: float) -> None:
        """A motor takes a device's member to a position of its joint and holds it there."""
        self._members[body].drive(position, force, speed)

    @property
    def fired(self) -> list[str]:
        """Names of the cell's rules that have fired, in order."""
        return self._controller.fired

    def joints(self, robot: str) -> tuple[Floats, Floats]:
        """Positions (M,) and velocities (M,) of a robot's movable joints."""
        positions, velocities = self.arms[robot].read()
        return np.array(positions), np.array(velocities)

    def wrench(self, robot: str) -> Floats:
        """(6,) of the arm on its tool: the mean over the last control period [N, N m]."""
        return self.arms[robot].wrench

    def held(self, robot: str) -> str | None:
        """The body that hangs on a robot's cups, if any."""
        cups = self._cups.get(robot)
        return None if cups is None else cups.held

    def speed(self, body: str) -> tuple[float, float]:
        """How fast a movable body went [m/s] and turned [rad/s] over the last control period.

        Taken from its poses: momentary velocities in a contact tremble, even where nothing moves.
        """
        hz = self.cell.physics.control_hz
        now, before = self.pose(body), self._before[body]
        turn = matrix_to_rotvec(now.rotation @ before.rotation.T)
        shift = np.subtract(now.position, before.position)
        return float(np.linalg.norm(shift)) * hz, float(np.linalg.norm(turn)) * hz

    def force_between(self, a: str, b: str) -> float:
        """Sum of the normal contact forces between two bodies or robots [N]; 0: no contact."""
        points = pybullet.getContactPoints(self._id(a), self._id(b), physicsClientId=self.client)
        force = float(sum(point[9] for point in points))
        moving = {*self._movable, *self.arms} & {a, b}
        if not moving or not moving <= set(self._slept):
            return force
        # Bullet keeps impulses, and tells them by today's substep: these are of when both slept
        then = self._slept[a] if a in self._slept else self._slept[b]
        return force * then / self._substeps

    def gap(self, a: str, b: str, within: float = 0.05) -> float:
        """The smallest distance between two bodies [m], negative in penetration; inf if farther
        apart than `within` [m]."""
        points = pybullet.getClosestPoints(
            self._id(a), self._id(b), within, physicsClientId=self.client
        )
        return min((float(point[8]) for point in points), default=np.inf)

    def push_on_arm(self, robot: str) -> float:
        """The largest normal force on any link of a robot but those that are there to touch [N]."""
        arm = self.arms[robot]
        points = pybullet.getContactPoints(arm.id, physicsClientId=self.client)
        worst = 0.0
        for point in points:
            links = [point[3 + side] for side in (0, 1) if point[1 + side] == arm.id]
            if not arm.tip_links.issuperset(links):
                worst = max(worst, float(point[9]))
        return worst

    def touching(self, name: str) -> set[str]:
        """The names of all bodies and robots in contact with one."""
        me = self._id(name)
        points = pybullet.getContactPoints(me, physicsClientId=self.client)
        others = {point[2] if point[1] == me else point[1] for point in points if point[8] < 1e-3}
        return {self._names[i] for i in others if i != me}

    def first_hit(self, start: ArrayLike, end: ArrayLike) -> str | None:
        """The name of the body or robot that a ray from start to end (3,) [m] meets first."""
        ray = [np.asarray(start, float).tolist()], [np.asarray(end, float).tolist()]
        [hit] = pybullet.rayTestBatch(*ray, physicsClientId=self.client)
        return self._names.get(hit[0])

    def _id(self, name: str) -> int:
        return self.bodies[name].id if name in self.bodies else self.arms[name].id


def _configure(client: int, physics: Physics) -> None:
    if physics.hz % physics.control_hz:
        raise ValueError(
            f"physics hz {physics.hz} must be a multiple of control hz {physics.control_hz}"
        )
    pybullet.setGravity(0.0, 0.0, -GRAVITY, physicsClientId=client)
    pybullet.setPhysicsEngineParameter(
        fixedTimeStep=1.0 / physics.hz,
        numSubSteps=0,
        numSolverIterations=physics.solver_iterations,
        solverResidualThreshold=1e-5,
        useSplitImpulse=1,
        splitImpulsePenetrationThreshold=-0.004,
        contactBreakingThreshold=0.005,
        contactSlop=1e-5,
        erp=0.2,
        contactERP=0.2,
        frictionERP=0.2,
        restitutionVelocityThreshold=0.2,
        enableConeFriction=1,
        deterministicOverlappingPairs=1,
        allowedCcdPenetration=0.04,
        collisionFilterMode=1,
        enableFileCaching=1,
        physicsClientId=client,
    )
