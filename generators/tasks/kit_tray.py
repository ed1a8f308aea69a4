"""Fill the kit tray: every loose part into the slot that is made for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from generators.configured import Configured, key
from generators.language import words
from generators.skills import feasibility, pick_place, predicates, progress
from generators.task import TaskOutcome
from scenes.bench import kit_bench
from scenes.goals import KitGoal
from sim.motion import grasping
from sim.motion.moves import BeginSubtask, Dwell, Move
from sim.spec import Cell
from sim.station import Station


@dataclass(frozen=True, kw_only=True)
class KitTray(Configured):
    """Success: each part within `position_mm` and `angle_deg` of its slot's pose, all of them
    released and at rest."""

    name = "kit_tray"
    position: float = key("position_mm")
    angle: float = key("angle_deg")

    def cell(self, rng: np.random.Generator) -> Cell:
        return feasibility.first_feasible(
            lambda r: kit_bench(self.config, r, self.arm),
            _out_of_reach,
            rng,
            "move scene.work_area nearer, or lower its reach_m",
        )

    def instruction(self, cell: Cell, rng: np.random.Generator) -> words.Instruction:
        return words.instruction(self.name, cell, {"tray": "tray"}, rng)

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | BeginSubtask]:
        goal = KitGoal.of(station.world.cell)
        parts = goal.parts
        order = [parts[int(i)] for i in rng.permutation(len(parts))]
        # whatever hangs in the jaws passes over whatever stands on the bench
        tallest = max(predicates.highest(station.world, part) for part in parts)
        over = tallest - station.robot.base.position[2] + rng.uniform(0.03, 0.06)
        clear = max(over, 0.085)  # and far enough away to have let go, if all are low
        speed = rng.uniform(0.45, 0.65)
        yield from pick_place.one_by_one(
            station,
            lambda: [part for part in order if not self.placed(station, goal, part)],
            lambda part: _put(station, goal, part, rng, clear, speed),
            clear=clear,
        )
        yield Dwell(1.0)

    def placed(self, station: Station, goal: KitGoal, part: str) -> bool:
        """Whether a part is in its slot, held or not."""
        pose = goal.poses[goal.parts.index(part)]
        distance, turn = predicates.off_goal(station.world, part, pose)
        return bool(distance <= self.position and turn <= self.angle)

    def judge(self, cell: Cell) -> KitJudge:
        return KitJudge(self, KitGoal.of(cell))


@dataclass(frozen=True)
class KitJudge:
    task: KitTray
    goal: KitGoal

    def update(self, station: Station) -> TaskOutcome:
        world, parts = station.world, self.goal.parts
        if any(predicates.fallen(station, part) for part in parts):
            return TaskOutcome(False, "dropped", over=True)
        if not all(self.task.placed(station, self.goal, part) for part in parts):
            return TaskOutcome(False, "misplaced")
        done = all(predicates.let_go(station, p) and predicates.at_rest(world, p) for p in parts)
        return TaskOutcome(done, "" if done else "not_released")

    def progress(self, station: Station) -> float:
        """How far the parts are on their ways to their slots (`skills.progress.delivered`)."""
        terms = (self.task.position, self.task.angle)
        return progress.delivered(
            station, progress.to_poses(station, self.goal.parts, self.goal.poses, *terms)
        )


def _put(
    station: Station, goal: KitGoal, part: str, rng: np.random.Generator, clear: float, speed: float
) -> Iterator[Move | BeginSubtask]:
    """One part into its slot."""
    i = goal.parts.index(part)
    goals = grasping.turned_goals(station.world.cell.body(part), goal.poses[i])
    hold = yield from pick_place.pick(station, part, rng, goals=goals, clear=clear, speed=speed)
    what = pick_place.called(station, part)
    yield BeginSubtask("place", f"put the {what} into {goal.slots[i].replace('/', ' ')}")
    yield from pick_place.set_down(station, part, hold, goals, rng, clear=clear, speed=speed)


def _out_of_reach(cell: Cell) -> str:
    """What the robot does not reach of the loose parts and the slots."""
    goal = KitGoal.of(cell)
    slots = zip(goal.slots, goal.poses, strict=True)
    return feasibility.out_of_reach(cell, {p: cell.body(p).pose for p in goal.parts} | dict(slots))
