"""Catch the named part from the running belt and put it into its nest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from generators.configured import Configured, key
from generators.language import words
from generators.skills import conveyor, feasibility, pick_place, predicates, progress
from generators.task import TaskOutcome
from scenes.conveyor import conveyor_nest
from scenes.goals import CatchGoal
from sim.motion import grasping
from sim.motion.moves import BeginSubtask, Move
from sim.spec import Cell
from sim.station import Station


@dataclass(frozen=True, kw_only=True)
class ConveyorPick(Configured):
    """Success: within `position_mm` and `angle_deg` of the nest's pose, released, at rest; caught
    before the belt's end."""

    name = "conveyor_pick"
    position: float = key("position_mm")
    angle: float = key("angle_deg")
    window: tuple[float, float] = key("window_m", least=None)

    def cell(self, rng: np.random.Generator) -> Cell:
        cell = feasibility.first_feasible(
            lambda r: conveyor_nest(self.config, r, self.arm),
            self._out_of_reach,
            rng,
            "move scene.beside or scene.line.x_m nearer, or narrow task.window_m",
        )
        conveyor.check_speed(CatchGoal.of(cell), self.window)
        return cell

    def _out_of_reach(self, cell: Cell) -> str:
        """What the robot does not reach of the belt within the window, and of the nest."""
        goal = CatchGoal.of(cell)
        return conveyor.out_of_reach(cell, goal, self.window, {"the nest": goal.pose})

    def instruction(self, cell: Cell, rng: np.random.Generator) -> words.Instruction:
        slots = {"part": CatchGoal.of(cell).part, "belt": "conveyor", "nest": "nest"}
        return words.instruction(self.name, cell, slots, rng)

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | BeginSubtask]:
        cell = station.world.cell
        goal = CatchGoal.of(cell)
        part = goal.part
        goals = grasping.turned_goals(cell.body(part), goal.pose)
        clear, speed = rng.uniform(0.07, 0.11), rng.uniform(0.45, 0.65)

        hold = yield from conveyor.catch(
            station, goal, part, rng, self.window, goals=goals, clear=clear, speed=speed
        )

        yield BeginSubtask("place", "put it into the nest")
        yield from pick_place.set_down(station, part, hold, goals, rng, clear=clear, speed=speed)

    def judge(self, cell: Cell) -> CatchJudge:
        return CatchJudge(self, CatchGoal.of(cell))


@dataclass(frozen=True)
class CatchJudge:
    task: ConveyorPick
    goal: CatchGoal

    def update(self, station: Station) -> TaskOutcome:
        world, part = station.world, self.goal.part
        distance, turn = predicates.off_goal(world, part, self.goal.pose)
        if distance <= self.task.position and turn <= self.task.angle:
            done = predicates.let_go(station, part) and predicates.at_rest(world, part)
            return TaskOutcome(done, "" if done else "not_released")
        if conveyor.at_end(station, self.goal, part):
            return TaskOutcome(False, "reached_end", over=True)
        if predicates.fallen(station, part):
            return TaskOutcome(False, "dropped", over=True)
        return TaskOutcome(False, "misplaced")

    def progress(self, station: Station) -> float:
        """How far the part is on its way to the nest (`skills.progress.delivered`)."""
        terms = (self.task.position, self.task.angle)
        return progress.delivered(
            station, progress.to_poses(station, [self.goal.part], [self.goal.pose], *terms)
        )
