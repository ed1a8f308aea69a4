"""Insert the round peg into the hole, by feel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from generators.configured import Configured, key
from generators.language import words
from generators.skills import pick_place, predicates, progress
from generators.task import TaskOutcome
from scenes.goals import InsertGoal
from scenes.insertion import peg_bench
from sim.motion.insertion import Insert
from sim.motion.moves import BeginSubtask, Carry, Dwell, Move
from sim.pose import Pose
from sim.spec import Cell
from sim.station import Station


@dataclass(frozen=True, kw_only=True)
class PegRound(Configured):
    """Success: in to `depth_share` of the hole's depth, released, and never pushed harder than
    `force_limit_n`. The script aims at where it believes the hole to be, up to 1 mm off."""

    name = "peg_round"
    depth_share: float = key("depth_share")
    force_limit: float = key("force_limit_n")

    def cell(self, rng: np.random.Generator) -> Cell:
        return peg_bench(self.config, rng, self.arm)

    def instruction(self, cell: Cell, rng: np.random.Generator) -> words.Instruction:
        goal = InsertGoal.of(cell)
        slots = {"part": goal.part, "target": f"{goal.target}/hole"}
        return words.instruction(self.name, cell, slots, rng)

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | BeginSubtask]:
        goal = InsertGoal.of(station.world.cell)
        peg, believed = goal.part, goal.hole.shifted(*goal.error_m)
        goals = [believed @ Pose.turned((0, 0, 0), (0, 0, 1), a)
                 for a in np.linspace(-np.pi, np.pi, 25)]  # fmt: skip
        clear, speed = rng.uniform(0.07, 0.11), rng.uniform(0.35, 0.55)

        # whatever holds the peg must still have room when the peg is in
        inside = [pose.shifted(z=-goal.depth_m) for pose in goals]
        hold = yield from pick_place.pick(
            station, peg, rng, goals=inside, clear=clear, speed=speed, tilt=0.1
        )

        plate = pick_place.called(station, goal.target)
        yield BeginSubtask("align", f"bring the peg over the hole in the {plate}")
        down = yield from pick_place.bring(station, peg, hold, goals, rng, clear=clear, speed=speed)
        yield Carry(down.shifted(z=0.004), 0.15)

        yield BeginSubtask("insert", "push it in, feeling for the hole")
        yield Insert(top=down.position[2], depth=0.94 * goal.depth_m)

        yield BeginSubtask("release", "let go of it")
        yield from pick_place.let_go(hold, station.tcp_to_world, clear)
        yield Dwell(3.0)  # it may rattle in its hole for a moment

    def judge(self, cell: Cell) -> InsertJudge:
        return InsertJudge(self, InsertGoal.of(cell))


@dataclass(frozen=True)
class InsertJudge:
    task: PegRound
    goal: InsertGoal

    def update(self, station: Station) -> TaskOutcome:
        world, goal, peg = station.world, self.goal, self.goal.part
        if world.force_between(peg, goal.target) > self.task.force_limit:
            return TaskOutcome(False, "force_limit", over=True)
        tip = goal.hole.inverse() @ world.pose(peg)
        x, y, z = tip.position
        if -z >= self.task.depth_share * goal.depth_m and np.hypot(x, y) < 0.003:
            done = predicates.let_go(station, peg, 0.05) and predicates.at_rest(world, peg)
            return TaskOutcome(done, "" if done else "not_released")
        if predicates.fallen(station, peg):
            return TaskOutcome(False, "dropped", over=True)
        return TaskOutcome(False, "not_inserted")

    def progress(self, station: Station) -> float:
        """0.6 for how far the peg is on its way to the hole (`skills.progress.delivered`), 0.4 for
        how deep it is in."""
        goal, peg = self.goal, self.goal.part
        x, y, z = (goal.hole.inverse() @ station.world.pose(peg)).position
        over = z < 0.005 and np.hypot(x, y) < 0.003
        deep = progress.share(-z, self.task.depth_share * goal.depth_m) if over else 0.0
        way = [progress.Errand(peg, goal.hole.position, bool(over))]
        return 0.6 * progress.delivered(station, way) + 0.4 * deep
