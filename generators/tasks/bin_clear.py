"""Empty the bin: every part into the tote."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from generators.configured import Configured
from generators.language import words
from generators.skills import containers, feasibility, pick_place, predicates, progress
from generators.task import TaskOutcome
from scenes.bins import full_bin
from scenes.goals import ClearGoal
from sim.motion import grasping
from sim.motion.moves import BeginSubtask, Dwell, Move
from sim.spec import Cell
from sim.station import Station

TILT = 0.7  # of the tool, from straight above, when it takes a part [rad]


@dataclass(frozen=True, kw_only=True)
class BinClear(Configured):
    """Success: every part lies in the tote, below its rim, released and at rest."""

    name = "bin_clear"

    def cell(self, rng: np.random.Generator) -> Cell:
        takes = partial(grasping.takes, self.robot.tool)
        return feasibility.first_feasible(
            lambda r: full_bin(self.config, r, self.arm, takes),
            _infeasible,
            rng,
            "move scene.bin or scene.tote nearer (x_m, y_m), or lower the bin's height_mm",
        )

    def instruction(self, cell: Cell, rng: np.random.Generator) -> words.Instruction:
        goal = ClearGoal.of(cell)
        slots = {"source": goal.source, "target": goal.target}
        return words.instruction(self.name, cell, slots, rng)

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | BeginSubtask]:
        world, goal = station.world, ClearGoal.of(station.world.cell)

        def left() -> list[str]:
            """Looks into the bin again: what is not in the tote yet, topmost first."""
            out = [p for p in goal.parts if not predicates.stowed(world, p, goal.target)]
            return sorted(out, key=lambda part: -predicates.highest(world, part))

        rim = max(predicates.rim(world, name) for name in (goal.source, goal.target))
        clear, speed = rng.uniform(0.05, 0.08), rng.uniform(0.45, 0.65)
        yield from pick_place.one_by_one(
            station,
            left,
            lambda part: _move(station, part, goal.target, rng, rim + clear, speed),
            clear=0.1,
        )
        yield Dwell(1.0)

    def judge(self, cell: Cell) -> ClearJudge:
        return ClearJudge(ClearGoal.of(cell))


@dataclass(frozen=True)
class ClearJudge:
    goal: ClearGoal

    def update(self, station: Station) -> TaskOutcome:
        world, parts, target = station.world, self.goal.parts, self.goal.target
        if any(predicates.fallen(station, part) for part in parts):
            return TaskOutcome(False, "dropped", over=True)
        if not all(predicates.inside(world, part, target) for part in parts):
            return TaskOutcome(False, "not_in_tote")
        if not all(predicates.stowed(world, part, target) for part in parts):
            return TaskOutcome(False, "above_rim")
        done = all(predicates.let_go(station, p) and predicates.at_rest(world, p) for p in parts)
        return TaskOutcome(done, "" if done else "not_released")

    def progress(self, station: Station) -> float:
        """How far the parts are on their ways into the tote (`skills.progress.delivered`)."""
        totes = [self.goal.target] * len(self.goal.parts)
        return progress.delivered(station, progress.to_containers(station, self.goal.parts, totes))


def _move(
    station: Station, part: str, tote: str, rng: np.random.Generator, over: float, speed: float
) -> Iterator[Move | BeginSubtask]:
    """One part into a free spot of the tote; it is carried at the height `over` [m]."""
    clear = over - predicates.lowest(station.world, part)
    hold = yield from pick_place.pick(station, part, rng, clear=clear, speed=speed, tilt=TILT)

    yield BeginSubtask("place", f"put it into the {pick_place.called(station, tote)}")
    spot = containers.free_spot(station, part, tote, rng, room=0.012)
    yield from containers.let_down(station, part, hold, tote, spot, rng, speed=speed)


def _infeasible(cell: Cell) -> str:
    """What the robot does not reach of the parts and of the tote, its corners included, or cannot
    take."""
    goal = ClearGoal.of(cell)
    parts = {name: cell.body(name).pose for name in goal.parts}
    corners = feasibility.corners(cell, goal.target, 0.06)
    far = feasibility.out_of_reach(cell, parts | corners, 0.32)
    return far or containers.enclosed(cell, goal.source, goal.parts, tilt=TILT)
