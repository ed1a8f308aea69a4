"""Stack the boxes that the belt brings on the pallet, in the asked pattern."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from generators.language import words
from generators.skills import conveyor, feasibility, pick_place, predicates, progress
from generators.task import Outcome
from scenes.pallet import palletising
from sim.motion.moves import BeginSubtask, Carry, Dwell, Move
from sim.pose import Pose
from sim.robots import reach, robot
from sim.spec import Cell
from sim.station import Station

ROUND = Pose.turned((0, 0, 0), (0, 0, 1), np.pi)  # a box turned round lies as well


class Palletise:
    """Success: a box within `position_mm` and `angle_deg` of every place of the pattern, all let
    go and at rest for `stable_s`."""

    name = "palletise"

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        task = config["task"]
        self.max_seconds = float(task["max_seconds"])
        self.position, self.angle = task["position_mm"] / 1000, np.deg2rad(task["angle_deg"])
        self.stable = float(task["stable_s"])
        self.robot = robot.load(config["robot"]["card"])

    def cell(self, rng: np.random.Generator) -> Cell:
        robot = self.robot
        return feasibility.tried(
            lambda r: palletising(self.config, r, robot.home, robot.wrist, robot.arm.foot),
            out_of_reach, rng, "move scene.pallet.x_m, y_m or below_m, or lower scene.layers",
        )  # fmt: skip

    def instruction(self, cell: Cell, rng: np.random.Generator) -> words.Instruction:
        terms = {"pattern": cell.goal["pattern"], "layers": str(cell.goal["layers"])}
        slots = {"belt": "conveyor", "pallet": "pallet"}
        return words.instruction(self.name, cell, slots, rng, terms=terms)

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | BeginSubtask]:
        speed = rng.uniform(0.6, 0.8)
        belt = Pose.from_array(station.world.cell.goal["belt"])
        away = 0.2 * belt.rotation[:, 0]
        height = station.world.cell.body("box_0").params["height_mm"] / 1000
        for part, place in zip(
            station.world.cell.goal["parts"], places(station.world.cell), strict=True
        ):
            clear = height + rng.uniform(0.02, 0.04)  # over what stands beside it
            yield from conveyor.await_rest(station, part)
            goals = [place, place @ ROUND]
            hold = yield from pick_place.pick(
                station, part, rng, goals=goals, clear=clear, speed=speed
            )
            yield BeginSubtask("stack", "put the box in its place on the pallet")
            yield Carry(station.tcp_to_world.shifted(*away), 0.5)  # the queue moves up behind it
            down = yield from pick_place.bring(
                station, part, hold, goals, rng, clear=clear, speed=speed
            )
            yield Carry(down.shifted(z=0.004), 0.3)
            yield Carry(down, 0.05)
            yield from pick_place.let_go(hold, down, clear)
        yield Dwell(self.stable + 1.0)

    def outcome(self, station: Station) -> Outcome:
        world, goal = station.world, station.world.cell.goal
        for part in goal["parts"]:
            if predicates.fallen(station, part, 0.5):
                return Outcome(False, "dropped", over=True)
        left = set(goal["parts"])
        for place in places(world.cell):
            near = [p for p in sorted(left) if self._placed(station, p, place)]
            if not near:
                station.memory["since"] = np.inf
                return Outcome(False, "misplaced")
            left.discard(near[0])
        still = not station.holding() and all(predicates.at_rest(world, p) for p in goal["parts"])
        since = min(station.memory.get("since", np.inf), world.time) if still else np.inf
        station.memory["since"] = since
        done = world.time - since >= self.stable
        return Outcome(done, "" if done else "not_stable")

    def progress(self, station: Station) -> float:
        """How far the boxes are on their ways to their places (`skills.progress.delivered`), each
        to that in the order of the pattern."""
        cell = station.world.cell
        return progress.delivered(
            station,
            [
                progress.Errand(part, place.position, self._placed(station, part, place))
                for part, place in zip(cell.goal["parts"], places(cell), strict=True)
            ],
        )

    def _placed(self, station: Station, part: str, place: Pose) -> bool:
        distance, _ = predicates.off_goal(station.world, part, place)
        if distance > self.position:
            return False
        turns = (
            predicates.off_goal(station.world, part, goal)[1] for goal in (place, place @ ROUND)
        )
        return bool(min(turns) <= self.angle)


def places(cell: Cell) -> list[Pose]:
    """Where boxes belong, in the order in which they are to be stacked."""
    return [Pose.from_array(p) for p in cell.goal["poses"]]


def out_of_reach(cell: Cell) -> str:
    """What places the tool cannot get to, "" for none."""
    arm = cell.robots[0]
    height = cell.body("box_0").params["height_mm"] / 1000
    down = Pose((0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0))
    named = {f"place {i}": place for i, place in enumerate(places(cell))}
    named["the belt's end"] = cell.body(cell.goal["parts"][0]).pose
    tools = [Pose(p.position).shifted(z=height + up) @ down
             for p in named.values() for up in (0.0, 0.08)]  # fmt: skip
    able = reach.reachable(robot.load(arm.card), arm.base, tools)
    both = zip(named, able[::2], able[1::2], strict=True)
    far = {name: named[name] for name, at, above in both if not (at and above)}
    return feasibility.beyond(arm, far) if far else ""
