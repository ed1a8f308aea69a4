"""Insert the round peg into the hole, by feel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from generators.language import words
from generators.skills import pick_place, predicates, progress
from generators.task import Outcome
from scenes.insertion import peg_bench
from sim.motion.insertion import Insert
from sim.motion.moves import BeginSubtask, Carry, Dwell, Move
from sim.pose import Pose
from sim.robots import robot
from sim.spec import Cell
from sim.station import Station


class PegRound:
    """Success: in to `depth_share` of the hole's depth, released, and never pushed harder than
    `force_limit_n`. The script aims at where it believes the hole to be, up to 1 mm off."""

    name = "peg_round"

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        self.max_seconds = float(config["task"]["max_seconds"])
        self.share = float(config["task"]["depth_share"])
        self.force = float(config["task"]["force_limit_n"])
        self.robot = robot.load(config["robot"]["card"])

    def cell(self, rng: np.random.Generator) -> Cell:
        return peg_bench(self.config, rng, self.robot.home, self.robot.wrist)

    def instruction(self, cell: Cell, rng: np.random.Generator) -> words.Instruction:
        slots = {"part": cell.goal["part"], "target": f"{cell.goal['target']}/hole"}
        return words.instruction(self.name, cell, slots, rng)

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | BeginSubtask]:
        goal = station.world.cell.goal
        dx, dy = goal["error_m"]
        believed = Pose.from_array(goal["hole"]).shifted(dx, dy)
        goals = [believed @ Pose.turned((0, 0, 0), (0, 0, 1), a)
                 for a in np.linspace(-np.pi, np.pi, 25)]  # fmt: skip
        clear, speed = rng.uniform(0.07, 0.11), rng.uniform(0.35, 0.55)

        # whatever holds the peg must still have room when the peg is in
        inside = [pose.shifted(z=-goal["depth_m"]) for pose in goals]
        hold = yield from pick_place.pick(
            station, "peg", rng, goals=inside, clear=clear, speed=speed, tilt=0.1
        )

        yield BeginSubtask(
            "align", f"bring the peg over the hole in the {pick_place.called(station, 'plate')}"
        )
        down = yield from pick_place.bring(
            station, "peg", hold, goals, rng, clear=clear, speed=speed
        )
        yield Carry(down.shifted(z=0.004), 0.15)

        yield BeginSubtask("insert", "push it in, feeling for the hole")
        yield Insert(top=down.position[2], depth=0.94 * goal["depth_m"])

        yield BeginSubtask("release", "let go of it")
        yield from pick_place.let_go(hold, station.tcp_to_world, clear)
        yield Dwell(3.0)  # it may rattle in its hole for a moment

    def outcome(self, station: Station) -> Outcome:
        world, goal = station.world, station.world.cell.goal
        if world.force_between("peg", goal["target"]) > self.force:
            return Outcome(False, "force_limit", over=True)
        tip = Pose.from_array(goal["hole"]).inverse() @ world.pose("peg")
        x, y, z = tip.position
        if -z >= self.share * goal["depth_m"] and np.hypot(x, y) < 0.003:
            done = predicates.let_go(station, "peg", 0.05) and predicates.at_rest(world, "peg")
            return Outcome(done, "" if done else "not_released")
        if predicates.fallen(station, "peg"):
            return Outcome(False, "dropped", over=True)
        return Outcome(False, "not_inserted")

    def progress(self, station: Station) -> float:
        """0.6 for how far the peg is on its way to the hole (`skills.progress.delivered`), 0.4 for
        how deep it is in."""
        world, goal = station.world, station.world.cell.goal
        hole = Pose.from_array(goal["hole"])
        x, y, z = (hole.inverse() @ world.pose("peg")).position
        over = z < 0.005 and np.hypot(x, y) < 0.003
        deep = progress.share(-z, self.share * goal["depth_m"]) if over else 0.0
        way = [progress.Errand("peg", hole.position, bool(over))]
        return 0.6 * progress.delivered(station, way) + 0.4 * deep
