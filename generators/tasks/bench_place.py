"""Put the named part into the named slot of the tray."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from generators.language import words
from generators.skills import pick_place, predicates, progress
from generators.task import Outcome
from scenes.bench import tray_bench
from sim.motion import grasping
from sim.motion.moves import BeginSubtask, Move
from sim.pose import Pose
from sim.robots import robot
from sim.spec import Cell
from sim.station import Station


class BenchPlace:
    """Success: within `position_mm` and `angle_deg` of the slot's pose, released, at rest."""

    name = "bench_place"

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        self.max_seconds = float(config["task"]["max_seconds"])
        self.position = config["task"]["position_mm"] / 1000
        self.angle = np.deg2rad(config["task"]["angle_deg"])
        self.robot = robot.load(config["robot"]["card"])

    def cell(self, rng: np.random.Generator) -> Cell:
        return tray_bench(self.config, rng, self.robot.home, self.robot.wrist)

    def instruction(self, cell: Cell, rng: np.random.Generator) -> words.Instruction:
        slots = {"part": cell.goal["part"], "slot": cell.goal["slot"]}
        return words.instruction(self.name, cell, slots, rng)

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | BeginSubtask]:
        cell = station.world.cell
        part = cell.goal["part"]
        goals = grasping.turned_goals(cell.body(part), Pose.from_array(cell.goal["pose"]))
        clear, speed = rng.uniform(0.09, 0.14), rng.uniform(0.4, 0.65)

        hold = yield from pick_place.pick(station, part, rng, goals=goals, clear=clear, speed=speed)

        yield BeginSubtask("place", f"put it into {cell.goal['slot'].replace('/', ' ')}")
        yield from pick_place.set_down(station, part, hold, goals, rng, clear=clear, speed=speed)

    def outcome(self, station: Station) -> Outcome:
        world, goal = station.world, station.world.cell.goal
        part = goal["part"]
        distance, turn = predicates.off_goal(world, part, Pose.from_array(goal["pose"]))
        if distance <= self.position and turn <= self.angle:
            done = predicates.let_go(station, part) and predicates.at_rest(world, part)
            return Outcome(done, "" if done else "not_released")
        if predicates.fallen(station, part):
            return Outcome(False, "dropped", over=True)
        return Outcome(False, "misplaced")

    def progress(self, station: Station) -> float:
        """How far the part is on its way to the slot (`skills.progress.delivered`)."""
        goal = station.world.cell.goal
        terms = (self.position, self.angle)
        return progress.delivered(
            station, progress.to_poses(station, [goal["part"]], [goal["pose"]], *terms)
        )
