"""Stack the boxes that the belt brings on the pallet, in the asked pattern."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from generators.configured import Configured, key
from generators.language import words
from generators.skills import conveyor, feasibility, pick_place, predicates, progress
from generators.task import TaskOutcome
from scenes.goals import StackGoal
from scenes.pallet import palletising
from sim.motion.moves import BeginSubtask, Carry, Dwell, Move
from sim.pose import Pose
from sim.robots import reach, robot
from sim.spec import Cell
from sim.station import Station

ROUND = Pose.turned((0, 0, 0), (0, 0, 1), np.pi)  # a box turned round lies as well


@dataclass(frozen=True, kw_only=True)
class Palletise(Configured):
    """Success: a box within `position_mm` and `angle_deg` of every place of the pattern, all let
    go and at rest for `stable_s`."""

    name = "palletise"
    position: float = key("position_mm")
    angle: float = key("angle_deg")
    stable: float = key("stable_s")

    def cell(self, rng: np.random.Generator) -> Cell:
        return feasibility.first_feasible(
            lambda r: palletising(self.config, r, self.arm),
            _out_of_reach, rng, "move scene.pallet.x_m, y_m or below_m, or lower scene.layers",
        )  # fmt: skip

    def instruction(self, cell: Cell, rng: np.random.Generator) -> words.Instruction:
        goal = StackGoal.of(cell)
        terms = {"pattern": goal.pattern, "layers": str(goal.layers)}
        slots = {"belt": "conveyor", "pallet": goal.pallet}
        return words.instruction(self.name, cell, slots, rng, terms=terms)

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | BeginSubtask]:
        cell = station.world.cell
        goal, speed = StackGoal.of(cell), rng.uniform(0.6, 0.8)
        away = 0.2 * goal.belt.rotation[:, 0]
        height = cell.body(goal.parts[0]).params["height_mm"] / 1000
        for part, place in zip(goal.parts, goal.poses, strict=True):
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

    def judge(self, cell: Cell) -> StackJudge:
        return StackJudge(self, StackGoal.of(cell))


@dataclass
class StackJudge:
    """since: from when on all has been in its place and still [s]; inf where it is not."""

    task: Palletise
    goal: StackGoal
    since: float = np.inf

    def update(self, station: Station) -> TaskOutcome:
        world, goal = station.world, self.goal
        for part in goal.parts:
            if predicates.fallen(station, part, 0.5):
                return TaskOutcome(False, "dropped", over=True)
        left = set(goal.parts)
        for place in goal.poses:
            near = [p for p in sorted(left) if self._placed(station, p, place)]
            if not near:
                self.since = np.inf
                return TaskOutcome(False, "misplaced")
            left.discard(near[0])
        still = not station.holding() and all(predicates.at_rest(world, p) for p in goal.parts)
        self.since = min(self.since, world.time) if still else np.inf
        done = world.time - self.since >= self.task.stable
        return TaskOutcome(done, "" if done else "not_stable")

    def progress(self, station: Station) -> float:
        """How far the boxes are on their ways to their places (`skills.progress.delivered`), each
        to that in the order of the pattern."""
        return progress.delivered(
            station,
            [
                progress.Errand(part, place.position, self._placed(station, part, place))
                for part, place in zip(self.goal.parts, self.goal.poses, strict=True)
            ],
        )

    def _placed(self, station: Station, part: str, place: Pose) -> bool:
        distance, _ = predicates.off_goal(station.world, part, place)
        if distance > self.task.position:
            return False
        turns = (predicates.off_goal(station.world, part, p)[1] for p in (place, place @ ROUND))
        return bool(min(turns) <= self.task.angle)


def _out_of_reach(cell: Cell) -> str:
    """What places the tool cannot get to, "" for none."""
    arm, goal = cell.robots[0], StackGoal.of(cell)
    height = cell.body(goal.parts[0]).params["height_mm"] / 1000
    down = Pose((0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0))
    named = {f"place {i}": place for i, place in enumerate(goal.poses)}
    named["the belt's end"] = cell.body(goal.parts[0]).pose
    tools = [Pose(p.position).shifted(z=height + up) @ down
             for p in named.values() for up in (0.0, 0.08)]  # fmt: skip
    able = reach.reachable(robot.load(arm.card), arm.base, tools)
    both = zip(named, able[::2], able[1::2], strict=True)
    far = {name: named[name] for name, at, above in both if not (at and above)}
    return feasibility.cannot_reach(arm, far) if far else ""
