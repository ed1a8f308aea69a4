"""Catch the named part from the running belt and put it into its nest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from generators.language import words
from generators.skills import conveyor, feasibility, pick_place, predicates, progress
from generators.task import Outcome
from scenes.conveyor import conveyor_nest
from sim.motion import grasping
from sim.motion.moves import BeginSubtask, Move
from sim.pose import Pose
from sim.robots import robot
from sim.spec import Cell
from sim.station import Station


class ConveyorPick:
    """Success: within `position_mm` and `angle_deg` of the nest's pose, released, at rest; caught
    before the belt's end."""

    name = "conveyor_pick"

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        self.max_seconds = float(config["task"]["max_seconds"])
        self.position = config["task"]["position_mm"] / 1000
        self.angle = np.deg2rad(config["task"]["angle_deg"])
        self.window = tuple(config["task"]["window_m"])
        self.robot = robot.load(config["robot"]["card"])

    def cell(self, rng: np.random.Generator) -> Cell:
        cell = feasibility.tried(
            lambda r: conveyor_nest(self.config, r, self.robot.home, self.robot.wrist),
            lambda c: conveyor.beyond(
                c, self.window, {"the nest": Pose.from_array(c.goal["pose"])}
            ),
            rng,
            "move scene.beside or scene.line.x_m nearer, or narrow task.window_m",
        )
        conveyor.check_speed(cell, self.window)
        return cell

    def instruction(self, cell: Cell, rng: np.random.Generator) -> words.Instruction:
        slots = {"part": cell.goal["part"], "belt": "conveyor", "nest": "nest"}
        return words.instruction(self.name, cell, slots, rng)

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | BeginSubtask]:
        cell = station.world.cell
        part = cell.goal["part"]
        goals = grasping.turned_goals(cell.body(part), Pose.from_array(cell.goal["pose"]))
        clear, speed = rng.uniform(0.07, 0.11), rng.uniform(0.45, 0.65)

        hold = yield from conveyor.catch(
            station, part, rng, self.window, goals=goals, clear=clear, speed=speed
        )

        yield BeginSubtask("place", "put it into the nest")
        yield from pick_place.set_down(station, part, hold, goals, rng, clear=clear, speed=speed)

    def outcome(self, station: Station) -> Outcome:
        world, goal = station.world, station.world.cell.goal
        part = goal["part"]
        distance, turn = predicates.off_goal(world, part, Pose.from_array(goal["pose"]))
        if distance <= self.position and turn <= self.angle:
            done = predicates.let_go(station, part) and predicates.at_rest(world, part)
            return Outcome(done, "" if done else "not_released")
        if conveyor.at_end(station, part):
            return Outcome(False, "reached_end", over=True)
        if predicates.fallen(station, part):
            return Outcome(False, "dropped", over=True)
        return Outcome(False, "misplaced")

    def progress(self, station: Station) -> float:
        """How far the part is on its way to the nest (`skills.progress.delivered`)."""
        goal = station.world.cell.goal
        terms = (self.position, self.angle)
        return progress.delivered(
            station, progress.to_poses(station, [goal["part"]], [goal["pose"]], *terms)
        )
