"""Follow the plate's seam with the dispensing nozzle."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from generators.configured import Configured, key
from generators.language import words
from generators.skills import feasibility, pick_place, progress
from generators.skills.bead import Bead
from generators.task import TaskOutcome
from scenes.dispensing import seam_bench
from scenes.goals import SeamGoal
from sim.motion.follow import Follow
from sim.motion.moves import BeginSubtask, Move, Reach
from sim.pose import Pose
from sim.robots import reach, robot
from sim.spec import Cell
from sim.station import Station

RUN = 0.015  # before and beyond the seam [m]


@dataclass(frozen=True, kw_only=True)
class DispenseBead(Configured):
    """Success: the whole seam was run with the nozzle on, within `rms_mm` of its middle line, at
    a stand-off and a speed within their bands, and the nozzle is off and away."""

    name = "dispense_bead"
    rms: float = key("rms_mm")
    off_seam: float = key("off_seam_mm")
    standoff: tuple[float, float] = key("standoff_mm")
    speed: tuple[float, float] = key("speed_mm_s")

    def cell(self, rng: np.random.Generator) -> Cell:
        return feasibility.first_feasible(
            lambda r: seam_bench(self.config, r, self.arm),
            _out_of_reach, rng, "move scene.work_area or shrink scene.plate",
        )  # fmt: skip

    def instruction(self, cell: Cell, rng: np.random.Generator) -> words.Instruction:
        goal = SeamGoal.of(cell)
        terms = {"shape": goal.shape}
        return words.instruction(self.name, cell, {"plate": goal.target}, rng, terms=terms)

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | BeginSubtask]:
        low, high = self.standoff
        height = rng.uniform(low + 0.3 * (high - low), high - 0.3 * (high - low))
        slow, fast = self.speed
        pace = rng.uniform(slow + 0.25 * (fast - slow), fast - 0.3 * (fast - slow))
        seam = np.add(SeamGoal.of(station.world.cell).seam, (0.0, 0.0, height))
        run = Follow(tuple(tuple(float(v) for v in p) for p in seam), pace, RUN)
        first, last = run.line()[0], run.line()[-1]
        turned, clear = station.home.rotation, rng.uniform(0.04, 0.08)

        yield BeginSubtask("approach", "bring the nozzle to the start of the seam")
        start = Pose.at(first, turned)
        yield pick_place.travel(start.shifted(z=clear), rng, rng.uniform(0.3, 0.5))
        yield Reach(start, 0.12, within=0.0003)

        yield BeginSubtask("dispense", "follow the seam with the nozzle on")
        yield run

        yield BeginSubtask("retreat", "raise the nozzle")
        yield Reach(Pose.at(last, turned).shifted(z=clear), 0.25)

    def judge(self, cell: Cell) -> SeamJudge:
        goal = SeamGoal.of(cell)
        return SeamJudge(self, goal, Bead(np.array(goal.seam)))


@dataclass(frozen=True)
class SeamJudge:
    """bead: what has been dispensed so far."""

    task: DispenseBead
    goal: SeamGoal
    bead: Bead

    def update(self, station: Station) -> TaskOutcome:
        task, bead = self.task, self.bead
        bead.add(station)
        if bead.on and bead.rows[-1][0] > task.off_seam:
            return TaskOutcome(False, "off_seam", over=True)
        if station.world.force_between(station.robot.name, self.goal.target) > 1.0:
            return TaskOutcome(False, "collision", over=True)
        fault = bead.fault(task.rms, task.standoff, task.speed) if not bead.on else "unfinished"
        raised = station.sensed_tcp().position[2] - bead.seam[0, 2] > 0.03
        if not fault and not raised:
            return TaskOutcome(False, "not_raised")
        return TaskOutcome(not fault, fault)

    def progress(self, station: Station) -> float:
        """0.1 for how near the tip is to where the seam begins, all of it once the bead has begun;
        and 0.9 for the share of the seam that is covered."""
        near = 1.0
        if not self.bead.rows:
            tip = station.sensed_tcp().position
            near -= math.tanh(progress.NEAR * math.dist(tip, self.bead.seam[0]))
        return 0.1 * near + 0.9 * self.bead.covered()


def _out_of_reach(cell: Cell) -> str:
    """What the tool cannot get to, "" for nothing."""
    arm = cell.robots[0]
    down = Pose((0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0))
    tools = [Pose(p).shifted(z=0.002) @ down for p in SeamGoal.of(cell).seam[::8]]
    able = reach.reachable(robot.load(arm.card), arm.base, tools)
    far = {f"point {i} of the seam": tool for i, tool in enumerate(tools) if not able[i]}
    return feasibility.cannot_reach(arm, far) if far else ""
