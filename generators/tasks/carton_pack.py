"""Pack all items in the carton without overlap and close its flaps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from generators.configured import Configured, key
from generators.language import words
from generators.skills import feasibility, pick_place, predicates, progress
from generators.task import TaskOutcome
from scenes.goals import PackGoal
from scenes.packing import packing
from sim.motion.moves import BeginSubtask, Carry, Dwell, Failed, Move, Reach
from sim.pose import Pose
from sim.robots import reach
from sim.spec import Cell
from sim.station import Station

BESIDE = 0.045  # a tool's radius and room: how far beside a flap's edge a push begins [m]
OVER = 0.5  # of a flap's depth: how high above the crease it is pushed
INWARDS = 0.6  # of a flap's depth: where it is pressed down
TURNS = (0.0, 0.4, -0.4, 0.8, -0.8, 1.2, -1.2, 1.6, -1.6)  # of the wrist, to push a flap over [rad]


@dataclass(frozen=True, kw_only=True)
class CartonPack(Configured):
    """Success: every item wholly inside the carton, none pressed `overlap_mm` into another, all
    flaps within `closed_deg` of closed, nothing held or touched, all at rest."""

    name = "carton_pack"
    overlap: float = key("overlap_mm")
    closed: float = key("closed_deg")

    def cell(self, rng: np.random.Generator) -> Cell:
        return feasibility.first_feasible(
            lambda r: packing(self.config, r, self.arm),
            _out_of_reach, rng, "move scene.carton.x_m or y_m, or scene.work_area",
        )  # fmt: skip

    def instruction(self, cell: Cell, rng: np.random.Generator) -> words.Instruction:
        goal = PackGoal.of(cell)
        terms = {"count": str(len(goal.parts))}
        return words.instruction(self.name, cell, {"carton": goal.carton}, rng, terms=terms)

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | BeginSubtask]:
        goal = PackGoal.of(station.world.cell)
        order = [goal.parts[int(i)] for i in rng.permutation(len(goal.parts))]
        rim = predicates.rim(station.world, goal.carton) - station.robot.base.position[2]
        clear, speed = rim + rng.uniform(0.03, 0.05), rng.uniform(0.45, 0.65)
        yield from pick_place.one_by_one(
            station,
            lambda: [part for part in order if not _packed(station, goal, part)],
            lambda part: _put(station, goal, part, rng, clear, speed),
            clear=clear,
        )
        for pair in np.split(np.arange(len(goal.flaps)), 2):  # the lower flaps first
            for i in rng.permutation(pair):
                yield from _close(station, goal, int(i), rng, speed)
        yield Dwell(1.0)

    def judge(self, cell: Cell) -> PackJudge:
        return PackJudge(self, PackGoal.of(cell))


@dataclass(frozen=True)
class PackJudge:
    task: CartonPack
    goal: PackGoal

    def update(self, station: Station) -> TaskOutcome:
        world, goal, parts = station.world, self.goal, self.goal.parts
        if any(predicates.fallen(station, part) for part in parts):
            return TaskOutcome(False, "dropped", over=True)
        if not all(_packed(station, goal, part) for part in parts):
            return TaskOutcome(False, "not_packed")
        if any(
            closed - world.travel(flap) > self.task.closed
            for flap, closed in zip(goal.flaps, goal.closed, strict=True)
        ):
            return TaskOutcome(False, "flap_open")
        if any(world.gap(a, b, 0.005) < -self.task.overlap for a, b in combinations(parts, 2)):
            return TaskOutcome(False, "overlap")
        if station.holding() or world.touching(station.robot.name) & {*parts, *goal.flaps}:
            return TaskOutcome(False, "not_released")
        still = all(predicates.at_rest(world, name) for name in (*parts, *goal.flaps))
        return TaskOutcome(still, "" if still else "not_at_rest")

    def progress(self, station: Station) -> float:
        """0.7 for how far the items are on their ways into the carton
        (`skills.progress.delivered`), 0.3 for how far its flaps have been turned."""
        world, goal = station.world, self.goal
        way = [
            progress.Errand(part, pose.position, _packed(station, goal, part))
            for part, pose in zip(goal.parts, goal.poses, strict=True)
        ]
        turned = [
            progress.share(world.travel(flap), closed - self.task.closed)
            for flap, closed in zip(goal.flaps, goal.closed, strict=True)
        ]
        return 0.7 * progress.delivered(station, way) + 0.3 * float(np.mean(turned))


def _packed(station: Station, goal: PackGoal, part: str) -> bool:
    """Whether an item is wholly inside the carton and let go."""
    world = station.world
    if station.holding(part) or not predicates.inside(world, part, goal.carton):
        return False
    return predicates.highest(world, part) < predicates.rim(world, goal.carton)


def _put(
    station: Station, goal: PackGoal, part: str, rng: np.random.Generator, clear: float,
    speed: float,
) -> Iterator[Move | BeginSubtask]:  # fmt: skip
    """One item into its place, straight down."""
    place = goal.poses[goal.parts.index(part)]
    hold = yield from pick_place.pick(station, part, rng, goals=[place], clear=clear, speed=speed)
    what = pick_place.called(station, part)
    yield BeginSubtask("pack", f"put the {what} into the carton")
    down = yield from pick_place.bring(station, part, hold, [place], rng, clear=clear, speed=speed)
    yield Carry(down.shifted(z=0.012), 0.25)
    yield Carry(down.shifted(z=0.0005), 0.06)
    yield from pick_place.let_go(hold, down, clear)


def _close(
    station: Station, goal: PackGoal, i: int, rng: np.random.Generator, speed: float
) -> Iterator[Move | BeginSubtask]:
    """Pushes a flap over from outside, then down until it lies."""
    world, flap, hinge = station.world, goal.flaps[i], goal.hinges[i]
    size = predicates.dims(world, flap)
    depth, angle = size["depth"], goal.closed[i] - world.travel(flap)
    outside = max(0.0, -depth * float(np.cos(angle))) + BESIDE
    along, push = rng.uniform(-0.15, 0.15) * size["length"], rng.uniform(0.12, 0.2)
    yield BeginSubtask("close", f"close the {flap.replace('_', ' ')}")
    spots = np.array([(along, -outside, OVER * depth), (along, INWARDS * depth, OVER * depth),
                      (along, INWARDS * depth, size["board"] - 0.0005)])  # fmt: skip
    for way in _followed(station, hinge.apply(spots)):
        try:
            yield pick_place.travel(way[0], rng, speed)
        except Failed as failed:
            if failed.cause not in ("no_path", "ik_unreachable"):
                raise
        else:
            break
    else:
        raise Failed("no_path", f"no turn of the wrist brings the tool beside the {flap}")
    yield Reach(way[1], push)
    yield Reach(way[2], push)
    yield Reach(way[1], 0.3)


def _followed(station: Station, spots: np.ndarray) -> Iterator[list[Pose]]:
    """Tool poses at spots (N, 3), straight down, for each turn of the wrist with which the arm can
    go from spot to spot in straight lines; the least turn from home's first."""
    base = station.robot.base.inverse()
    steps = np.linspace(spots[:-1], spots[1:], 4, endpoint=False)  # (4, N - 1, 3)
    fine = [*steps.swapaxes(0, 1).reshape(-1, 3), spots[-1]]
    for yaw in TURNS:
        turned = Pose.turned((0, 0, 0), (0, 0, 1), yaw).rotation @ station.home.rotation
        way = [base @ Pose.at(spot, turned) for spot in fine]
        if reach.follows(station.kinematics, way, station.joints):
            yield [Pose.at(spot, turned) for spot in spots]


def _out_of_reach(cell: Cell) -> str:
    """What of items, their places and the flaps the robot does not reach."""
    goal = PackGoal.of(cell)
    items = {name: cell.body(name).pose for name in goal.parts}
    places = {f"the place of {n}": p for n, p in zip(goal.parts, goal.poses, strict=True)}
    flaps: dict[str, Pose] = {}
    for name, hinge in zip(goal.flaps, goal.hinges, strict=True):
        depth = cell.body(name).params["depth_mm"] / 1000
        flaps |= {f"beyond {name}": hinge @ Pose((0.0, -0.8 * depth - BESIDE, OVER * depth)),
                  name: hinge @ Pose((0.0, INWARDS * depth, 0.0))}  # fmt: skip
    return feasibility.out_of_reach(cell, {**items, **places}, 0.22) or feasibility.out_of_reach(
        cell, flaps, 0.06
    )
