"""Put every box of the pallet on the belt that carries them away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from generators.language import words
from generators.skills import conveyor, feasibility, pick_place, predicates, progress
from generators.task import Outcome
from scenes.pallet import depalletising
from sim.motion.moves import BeginSubtask, Carry, Move
from sim.pose import Pose
from sim.robots import robot
from sim.spec import Cell
from sim.station import Station


class Depalletise:
    """Success: every box is on the belt, upright, let go."""

    name = "depalletise"

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        self.max_seconds = float(config["task"]["max_seconds"])
        self.tilt = np.deg2rad(config["task"]["tilt_deg"])
        self.drop = float(config["task"]["drop_m"])
        self.robot = robot.load(config["robot"]["card"])

    def cell(self, rng: np.random.Generator) -> Cell:
        robot = self.robot
        return feasibility.tried(
            lambda r: depalletising(self.config, r, robot.home, robot.wrist, robot.arm.foot),
            self._beyond,
            rng,
            "move scene.pallet (x_m, y_m, below_m) or task.drop_m nearer",
        )

    def _beyond(self, cell: Cell) -> str:
        """What the robot does not reach of the boxes and of where they are put down."""
        height = cell.body("box_0").params["height_mm"] / 1000
        places = {part: cell.body(part).pose.shifted(z=height) for part in cell.goal["parts"]}
        belt = Pose.from_array(cell.goal["belt"])
        places["the belt"] = belt @ Pose((self.drop, 0.0, height))
        return feasibility.out_of_reach(cell, places, height + 0.04)

    def instruction(self, cell: Cell, rng: np.random.Generator) -> words.Instruction:
        return words.instruction(self.name, cell, {"belt": "conveyor", "pallet": "pallet"}, rng)

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | BeginSubtask]:
        cell = station.world.cell
        speed = rng.uniform(0.6, 0.8)
        height = station.world.cell.body("box_0").params["height_mm"] / 1000
        for part in cell.goal["parts"]:
            clear = height + rng.uniform(0.02, 0.04)  # over what stands beside it
            spot = (self.drop + rng.uniform(-0.03, 0.03), rng.uniform(-0.01, 0.01), 0.002)
            goals = [
                Pose.from_array(cell.goal["belt"]) @ Pose.turned(spot, (0, 0, 1), yaw)
                for yaw in (0.0, np.pi)
            ]
            hold = yield from pick_place.pick(
                station, part, rng, goals=goals, clear=clear, speed=speed
            )
            yield BeginSubtask("put", "put the box on the belt")
            yield from conveyor.await_room(station, part, spot[0])
            down = yield from pick_place.bring(
                station, part, hold, goals, rng, clear=clear, speed=speed
            )
            yield Carry(down, 0.25)
            yield from pick_place.let_go(hold, down, clear)

    def outcome(self, station: Station) -> Outcome:
        world = station.world
        waiting = False
        for part in world.cell.goal["parts"]:
            if predicates.fallen(station, part, 0.5):
                return Outcome(False, "dropped", over=True)
            if not conveyor.on_belt(station, part):
                waiting = True
            elif world.pose(part).rotation[2, 2] < np.cos(self.tilt):
                return Outcome(False, "toppled", over=True)
        if waiting or station.holding():
            return Outcome(False, "not_cleared")
        return Outcome(True)

    def progress(self, station: Station) -> float:
        """How far the boxes are on their ways to the belt (`skills.progress.delivered`)."""
        goal = station.world.cell.goal
        belt = Pose.from_array(goal["belt"]).position
        return progress.delivered(
            station,
            [progress.Errand(p, belt, conveyor.on_belt(station, p)) for p in goal["parts"]],
        )
