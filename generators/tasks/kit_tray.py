"""Fill the kit tray: every loose part into the slot that is made for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from generators.language import words
from generators.skills import feasibility, pick_place, predicates, progress
from generators.task import Outcome
from scenes.bench import kit_bench
from sim.motion import grasping
from sim.motion.moves import BeginSubtask, Dwell, Move
from sim.pose import Pose
from sim.robots import robot
from sim.spec import Cell
from sim.station import Station


class KitTray:
    """Success: each part within `position_mm` and `angle_deg` of its slot's pose, all of them
    released and at rest."""

    name = "kit_tray"

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.robot = robot.load(config["robot"]["card"])
        scene = dict(config["scene"])
        thicker = max(0.0, round(1000 * self.robot.jaw - scene["jaw_mm"], 1))
        scene["gap_m"] += thicker / 1000
        scene["rib_mm"] += thicker
        self.config = {**config, "scene": scene}
        self.max_seconds = float(config["task"]["max_seconds"])
        self.position = config["task"]["position_mm"] / 1000
        self.angle = np.deg2rad(config["task"]["angle_deg"])

    def cell(self, rng: np.random.Generator) -> Cell:
        return feasibility.tried(
            lambda r: kit_bench(self.config, r, self.robot.home, self.robot.wrist),
            _beyond,
            rng,
            "move scene.work_area nearer, or lower its reach_m",
        )

    def instruction(self, cell: Cell, rng: np.random.Generator) -> words.Instruction:
        return words.instruction(self.name, cell, {"tray": "tray"}, rng)

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | BeginSubtask]:
        parts = station.world.cell.goal["parts"]
        order = [parts[int(i)] for i in rng.permutation(len(parts))]
        # whatever hangs in the jaws passes over whatever stands on the bench
        tallest = max(predicates.highest(station.world, part) for part in parts)
        over = tallest - station.robot.base.position[2] + rng.uniform(0.03, 0.06)
        clear = max(over, 0.085)  # and far enough away to have let go, if all are low
        speed = rng.uniform(0.45, 0.65)
        yield from pick_place.one_by_one(
            station,
            lambda: [part for part in order if not self._placed(station, part)],
            lambda part: self._put(station, part, rng, clear, speed),
            clear=clear,
        )
        yield Dwell(1.0)

    def _put(
        self, station: Station, part: str, rng: np.random.Generator, clear: float, speed: float
    ) -> Iterator[Move | BeginSubtask]:
        """One part into its slot."""
        slot, pose = self._place(station.world.cell, part)
        goals = grasping.turned_goals(station.world.cell.body(part), pose)
        hold = yield from pick_place.pick(station, part, rng, goals=goals, clear=clear, speed=speed)
        what = pick_place.called(station, part)
        yield BeginSubtask("place", f"put the {what} into {slot.replace('/', ' ')}")
        yield from pick_place.set_down(station, part, hold, goals, rng, clear=clear, speed=speed)

    def _place(self, cell: Cell, part: str) -> tuple[str, Pose]:
        """The part's slot, and part_to_world in it."""
        i = cell.goal["parts"].index(part)
        return cell.goal["slots"][i], Pose.from_array(cell.goal["poses"][i])

    def _placed(self, station: Station, part: str) -> bool:
        _, pose = self._place(station.world.cell, part)
        distance, turn = predicates.off_goal(station.world, part, pose)
        return bool(distance <= self.position and turn <= self.angle)

    def outcome(self, station: Station) -> Outcome:
        world, parts = station.world, station.world.cell.goal["parts"]
        if any(predicates.fallen(station, part) for part in parts):
            return Outcome(False, "dropped", over=True)
        if not all(self._placed(station, part) for part in parts):
            return Outcome(False, "misplaced")
        done = all(predicates.let_go(station, p) and predicates.at_rest(world, p) for p in parts)
        return Outcome(done, "" if done else "not_released")

    def progress(self, station: Station) -> float:
        """How far the parts are on their ways to their slots (`skills.progress.delivered`)."""
        goal = station.world.cell.goal
        terms = (self.position, self.angle)
        return progress.delivered(
            station, progress.to_poses(station, goal["parts"], goal["poses"], *terms)
        )


def _beyond(cell: Cell) -> str:
    """What the robot does not reach of the loose parts and the slots."""
    goal = cell.goal
    slots = zip(goal["slots"], map(Pose.from_array, goal["poses"]), strict=True)
    return feasibility.out_of_reach(
        cell, {p: cell.body(p).pose for p in goal["parts"]} | dict(slots)
    )
