"""Put every box of the pallet on the belt that carries them away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from generators.configured import Configured, key
from generators.language import words
from generators.skills import conveyor, feasibility, pick_place, predicates, progress
from generators.task import TaskOutcome
from scenes.goals import UnstackGoal
from scenes.pallet import depalletising
from sim.motion.moves import BeginSubtask, Carry, Move
from sim.pose import Pose
from sim.spec import Cell
from sim.station import Station


@dataclass(frozen=True, kw_only=True)
class Depalletise(Configured):
    """Success: every box is on the belt, upright, let go."""

    name = "depalletise"
    tilt: float = key("tilt_deg")
    drop: float = key("drop_m", least=None)

    def cell(self, rng: np.random.Generator) -> Cell:
        return feasibility.first_feasible(
            lambda r: depalletising(self.config, r, self.arm),
            self._out_of_reach,
            rng,
            "move scene.pallet (x_m, y_m, below_m) or task.drop_m nearer",
        )

    def _out_of_reach(self, cell: Cell) -> str:
        """What the robot does not reach of the boxes and of where they are put down."""
        goal = UnstackGoal.of(cell)
        height = cell.body(goal.parts[0]).params["height_mm"] / 1000
        places = {part: cell.body(part).pose.shifted(z=height) for part in goal.parts}
        places["the belt"] = goal.belt @ Pose((self.drop, 0.0, height))
        return feasibility.out_of_reach(cell, places, height + 0.04)

    def instruction(self, cell: Cell, rng: np.random.Generator) -> words.Instruction:
        slots = {"belt": "conveyor", "pallet": UnstackGoal.of(cell).pallet}
        return words.instruction(self.name, cell, slots, rng)

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | BeginSubtask]:
        cell = station.world.cell
        goal, speed = UnstackGoal.of(cell), rng.uniform(0.6, 0.8)
        height = cell.body(goal.parts[0]).params["height_mm"] / 1000
        for part in goal.parts:
            clear = height + rng.uniform(0.02, 0.04)  # over what stands beside it
            spot = (self.drop + rng.uniform(-0.03, 0.03), rng.uniform(-0.01, 0.01), 0.002)
            goals = [goal.belt @ Pose.turned(spot, (0, 0, 1), yaw) for yaw in (0.0, np.pi)]
            hold = yield from pick_place.pick(
                station, part, rng, goals=goals, clear=clear, speed=speed
            )
            yield BeginSubtask("put", "put the box on the belt")
            yield from conveyor.await_room(station, goal, part, spot[0])
            down = yield from pick_place.bring(
                station, part, hold, goals, rng, clear=clear, speed=speed
            )
            yield Carry(down, 0.25)
            yield from pick_place.let_go(hold, down, clear)

    def judge(self, cell: Cell) -> UnstackJudge:
        return UnstackJudge(self, UnstackGoal.of(cell))


@dataclass(frozen=True)
class UnstackJudge:
    task: Depalletise
    goal: UnstackGoal

    def update(self, station: Station) -> TaskOutcome:
        world = station.world
        waiting = False
        for part in self.goal.parts:
            if predicates.fallen(station, part, 0.5):
                return TaskOutcome(False, "dropped", over=True)
            if not conveyor.on_belt(station, self.goal, part):
                waiting = True
            elif world.pose(part).rotation[2, 2] < np.cos(self.task.tilt):
                return TaskOutcome(False, "toppled", over=True)
        if waiting or station.holding():
            return TaskOutcome(False, "not_cleared")
        return TaskOutcome(True)

    def progress(self, station: Station) -> float:
        """How far the boxes are on their ways to the belt (`skills.progress.delivered`)."""
        goal = self.goal
        belt = goal.belt.position
        return progress.delivered(
            station,
            [progress.Errand(p, belt, conveyor.on_belt(station, goal, p)) for p in goal.parts],
        )
