"""Put the named part into the named slot of the tray."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from generators.configured import Configured, key
from generators.language import words
from generators.skills import pick_place, predicates, progress
from generators.task import TaskOutcome
from scenes.bench import tray_bench
from scenes.goals import PlaceGoal
from sim.motion import grasping
from sim.motion.moves import BeginSubtask, Move
from sim.spec import Cell
from sim.station import Station


@dataclass(frozen=True, kw_only=True)
class BenchPlace(Configured):
    """Success: within `position_mm` and `angle_deg` of the slot's pose, released, at rest."""

    name = "bench_place"
    position: float = key("position_mm")
    angle: float = key("angle_deg")

    def cell(self, rng: np.random.Generator) -> Cell:
        return tray_bench(self.config, rng, self.arm)

    def instruction(self, cell: Cell, rng: np.random.Generator) -> words.Instruction:
        goal = PlaceGoal.of(cell)
        return words.instruction(self.name, cell, {"part": goal.part, "slot": goal.slot}, rng)

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | BeginSubtask]:
        cell = station.world.cell
        goal = PlaceGoal.of(cell)
        part = goal.part
        goals = grasping.turned_goals(cell.body(part), goal.pose)
        clear, speed = rng.uniform(0.09, 0.14), rng.uniform(0.4, 0.65)

        hold = yield from pick_place.pick(station, part, rng, goals=goals, clear=clear, speed=speed)

        yield BeginSubtask("place", f"put it into {goal.slot.replace('/', ' ')}")
        yield from pick_place.set_down(station, part, hold, goals, rng, clear=clear, speed=speed)

    def judge(self, cell: Cell) -> PlaceJudge:
        return PlaceJudge(self, PlaceGoal.of(cell))


@dataclass(frozen=True)
class PlaceJudge:
    task: BenchPlace
    goal: PlaceGoal

    def update(self, station: Station) -> TaskOutcome:
        world, part = station.world, self.goal.part
        distance, turn = predicates.off_goal(world, part, self.goal.pose)
        if distance <= self.task.position and turn <= self.task.angle:
            done = predicates.let_go(station, part) and predicates.at_rest(world, part)
            return TaskOutcome(done, "" if done else "not_released")
        if predicates.fallen(station, part):
            return TaskOutcome(False, "dropped", over=True)
        return TaskOutcome(False, "misplaced")

    def progress(self, station: Station) -> float:
        """How far the part is on its way to the slot (`skills.progress.delivered`)."""
        terms = (self.task.position, self.task.angle)
        return progress.delivered(
            station, progress.to_poses(station, [self.goal.part], [self.goal.pose], *terms)
        )
