"""Follow the plate's seam with the dispensing nozzle."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from generators.language import words
from generators.skills import feasibility, pick_place, progress
from generators.skills.bead import Bead
from generators.task import Outcome
from scenes.dispensing import seam_bench
from sim.motion.follow import Follow
from sim.motion.moves import BeginSubtask, Move, Reach
from sim.pose import Pose
from sim.robots import reach, robot
from sim.spec import Cell
from sim.station import Station

RUN = 0.015  # before and beyond the seam [m]


class DispenseBead:
    """Success: the whole seam was run with the nozzle on, within `rms_mm` of its middle line, at
    a stand-off and a speed within their bands, and the nozzle is off and away."""

    name = "dispense_bead"

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        task = config["task"]
        self.max_seconds = float(task["max_seconds"])
        self.rms, self.off = task["rms_mm"] / 1000, task["off_seam_mm"] / 1000
        self.standoff = [v / 1000 for v in task["standoff_mm"]]
        self.speed = [v / 1000 for v in task["speed_mm_s"]]
        self.robot = robot.load(config["robot"]["card"])

    def cell(self, rng: np.random.Generator) -> Cell:
        return feasibility.tried(
            lambda r: seam_bench(self.config, r, self.robot.home, self.robot.wrist),
            _out_of_reach, rng, "move scene.work_area or shrink scene.plate",
        )  # fmt: skip

    def instruction(self, cell: Cell, rng: np.random.Generator) -> words.Instruction:
        terms = {"shape": cell.goal["shape"]}
        return words.instruction(self.name, cell, {"plate": "plate"}, rng, terms=terms)

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | BeginSubtask]:
        low, high = self.standoff
        height = rng.uniform(low + 0.3 * (high - low), high - 0.3 * (high - low))
        slow, fast = self.speed
        pace = rng.uniform(slow + 0.25 * (fast - slow), fast - 0.3 * (fast - slow))
        seam = np.add(station.world.cell.goal["seam"], (0.0, 0.0, height))
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

    def outcome(self, station: Station) -> Outcome:
        goal = station.world.cell.goal
        bead = station.memory.setdefault("bead", Bead(np.array(goal["seam"])))
        bead.add(station)
        if bead.on and bead.rows[-1][0] > self.off:
            return Outcome(False, "off_seam", over=True)
        if station.world.force_between(station.robot.name, goal["target"]) > 1.0:
            return Outcome(False, "collision", over=True)
        fault = bead.fault(self.rms, self.standoff, self.speed) if not bead.on else "unfinished"
        raised = station.sensed_tcp().position[2] - bead.seam[0, 2] > 0.03
        if not fault and not raised:
            return Outcome(False, "not_raised")
        return Outcome(not fault, fault)

    def progress(self, station: Station) -> float:
        """0.1 for how near the tip is to where the seam begins, all of it once the bead has begun;
        and 0.9 for the share of the seam that is covered."""
        bead: Bead = station.memory["bead"]
        near = 1.0
        if not bead.rows:
            tip = station.sensed_tcp().position
            near -= math.tanh(progress.NEAR * math.dist(tip, bead.seam[0]))
        return 0.1 * near + 0.9 * bead.covered()


def _out_of_reach(cell: Cell) -> str:
    """What the tool cannot get to, "" for nothing."""
    arm = cell.robots[0]
    down = Pose((0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0))
    tools = [Pose(tuple(p)).shifted(z=0.002) @ down for p in cell.goal["seam"][::8]]
    able = reach.reachable(robot.load(arm.card), arm.base, tools)
    far = {f"point {i} of the seam": tool for i, tool in enumerate(tools) if not able[i]}
    return feasibility.beyond(arm, far) if far else ""
