"""Take the named part out of a cluttered bin into the tote."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from generators.configured import Configured
from generators.language import words
from generators.skills import containers, feasibility, pick_place, predicates, progress
from generators.task import TaskOutcome
from scenes.bins import bin_bench
from scenes.goals import PickGoal
from sim.motion.moves import BeginSubtask, Move
from sim.spec import Cell
from sim.station import Station

TILT = 0.6  # of the tool, from straight above, when it takes a part [rad]


@dataclass(frozen=True, kw_only=True)
class BinPick(Configured):
    """Success: the part lies in the tote, released, at rest."""

    name = "bin_pick"

    def cell(self, rng: np.random.Generator) -> Cell:
        return feasibility.first_feasible(
            lambda r: bin_bench(self.config, r, self.arm),
            _infeasible,
            rng,
            "move scene.bin or scene.tote nearer (x_m, y_m), or lower the bin's height_mm",
        )

    def instruction(self, cell: Cell, rng: np.random.Generator) -> words.Instruction:
        goal = PickGoal.of(cell)
        slots = {"part": goal.part, "source": goal.source, "target": goal.target}
        return words.instruction(self.name, cell, slots, rng)

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | BeginSubtask]:
        world, goal = station.world, PickGoal.of(station.world.cell)
        part, tote = goal.part, goal.target
        speed = rng.uniform(0.4, 0.65)
        rim = max(predicates.rim(world, name) for name in (goal.source, goal.target))
        clear = rim - world.pose(part).position[2] + rng.uniform(0.05, 0.08)

        hold = yield from pick_place.pick(station, part, rng, clear=clear, speed=speed, tilt=TILT)

        yield BeginSubtask("place", f"put it into the {pick_place.called(station, tote)}")
        yield from containers.drop(station, part, hold, tote, rng, spread=0.03, speed=speed)

    def judge(self, cell: Cell) -> PickJudge:
        return PickJudge(PickGoal.of(cell))


@dataclass(frozen=True)
class PickJudge:
    goal: PickGoal

    def update(self, station: Station) -> TaskOutcome:
        world, part = station.world, self.goal.part
        if predicates.inside(world, part, self.goal.target):
            done = predicates.let_go(station, part) and predicates.at_rest(world, part)
            return TaskOutcome(done, "" if done else "not_released")
        if predicates.fallen(station, part):
            return TaskOutcome(False, "dropped", over=True)
        return TaskOutcome(False, "not_in_tote")

    def progress(self, station: Station) -> float:
        """How far the part is on its way into the tote (`skills.progress.delivered`)."""
        return progress.delivered(
            station, progress.to_containers(station, [self.goal.part], [self.goal.target])
        )


def _infeasible(cell: Cell) -> str:
    """What the robot does not reach of the part and of the tote, or cannot take as it lies there
    among the others."""
    goal = PickGoal.of(cell)
    places = {name: cell.body(name).pose for name in (goal.part, goal.target)}
    others = [b.name for b in cell.bodies if not b.fixed and b.name != goal.part]
    return feasibility.out_of_reach(cell, places, 0.2) or containers.enclosed(
        cell, goal.source, [goal.part], tilt=TILT, among=others
    )
