"""Pack all items in the carton without overlap and close its flaps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np

from generators.language import words
from generators.skills import feasibility, pick_place, predicates, progress
from generators.task import Outcome
from scenes.packing import packing
from sim.motion.moves import BeginSubtask, Carry, Dwell, Failed, Move, Reach
from sim.pose import Pose
from sim.robots import reach, robot
from sim.spec import Cell
from sim.station import Station

BESIDE = 0.045  # a tool's radius and room: how far beside a flap's edge a push begins [m]
OVER = 0.5  # of a flap's depth: how high above the crease it is pushed
INWARDS = 0.6  # of a flap's depth: where it is pressed down
TURNS = (0.0, 0.4, -0.4, 0.8, -0.8, 1.2, -1.2, 1.6, -1.6)  # of the wrist, to push a flap over [rad]


class CartonPack:
    """Success: every item wholly inside the carton, none pressed `overlap_mm` into another, all
    flaps within `closed_deg` of closed, nothing held or touched, all at rest."""

    name = "carton_pack"

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        task = config["task"]
        self.max_seconds = float(task["max_seconds"])
        self.overlap = task["overlap_mm"] / 1000
        self.angle = np.deg2rad(task["closed_deg"])
        self.robot = robot.load(config["robot"]["card"])

    def cell(self, rng: np.random.Generator) -> Cell:
        return feasibility.tried(
            lambda r: packing(self.config, r, self.robot.home, self.robot.wrist),
            _beyond, rng, "move scene.carton.x_m or y_m, or scene.work_area",
        )  # fmt: skip

    def instruction(self, cell: Cell, rng: np.random.Generator) -> words.Instruction:
        terms = {"count": str(len(cell.goal["parts"]))}
        return words.instruction(self.name, cell, {"carton": cell.goal["carton"]}, rng, terms=terms)

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | BeginSubtask]:
        goal = station.world.cell.goal
        order = [goal["parts"][int(i)] for i in rng.permutation(len(goal["parts"]))]
        rim = predicates.rim(station.world, goal["carton"]) - station.robot.base.position[2]
        clear, speed = rim + rng.uniform(0.03, 0.05), rng.uniform(0.45, 0.65)
        yield from pick_place.one_by_one(
            station,
            lambda: [part for part in order if not _packed(station, part)],
            lambda part: self._put(station, part, rng, clear, speed),
            clear=clear,
        )
        for pair in np.split(np.arange(len(goal["flaps"])), 2):  # the lower flaps first
            for i in rng.permutation(pair):
                yield from self._close(station, int(i), rng, speed)
        yield Dwell(1.0)

    def _put(
        self, station: Station, part: str, rng: np.random.Generator, clear: float, speed: float
    ) -> Iterator[Move | BeginSubtask]:
        """One item into its place, straight down."""
        goal = station.world.cell.goal
        place = Pose.from_array(goal["poses"][goal["parts"].index(part)])
        hold = yield from pick_place.pick(
            station, part, rng, goals=[place], clear=clear, speed=speed
        )
        what = pick_place.called(station, part)
        yield BeginSubtask("pack", f"put the {what} into the carton")
        down = yield from pick_place.bring(
            station, part, hold, [place], rng, clear=clear, speed=speed
        )
        yield Carry(down.shifted(z=0.012), 0.25)
        yield Carry(down.shifted(z=0.0005), 0.06)
        yield from pick_place.let_go(hold, down, clear)

    def _close(
        self, station: Station, i: int, rng: np.random.Generator, speed: float
    ) -> Iterator[Move | BeginSubtask]:
        """Pushes a flap over from outside, then down until it lies."""
        world, goal = station.world, station.world.cell.goal
        flap, hinge = goal["flaps"][i], Pose.from_array(goal["hinges"][i])
        size = predicates.dims(world, flap)
        depth, angle = size["depth"], goal["closed"][i] - world.travel(flap)
        outside = max(0.0, -depth * float(np.cos(angle))) + BESIDE
        along, push = rng.uniform(-0.15, 0.15) * size["length"], rng.uniform(0.12, 0.2)
        yield BeginSubtask("close", f"close the {flap.replace('_', ' ')}")
        spots = np.array([(along, -outside, OVER * depth), (along, INWARDS * depth, OVER * depth),
                          (along, INWARDS * depth, size["board"] - 0.0005)])  # fmt: skip
        for way in _followed(station, hinge.apply(spots)):
            try:
                yield pick_place.travel(way[0], rng, speed)
            except Failed as failed:
                if failed.cause not in ("no_path", "ik_unreachable"):
                    raise
            else:
                break
        else:
            raise Failed("no_path", f"no turn of the wrist brings the tool beside the {flap}")
        yield Reach(way[1], push)
        yield Reach(way[2], push)
        yield Reach(way[1], 0.3)

    def outcome(self, station: Station) -> Outcome:
        world, goal = station.world, station.world.cell.goal
        parts = goal["parts"]
        if any(predicates.fallen(station, part) for part in parts):
            return Outcome(False, "dropped", over=True)
        if not all(_packed(station, part) for part in parts):
            return Outcome(False, "not_packed")
        if any(
            closed - world.travel(flap) > self.angle
            for flap, closed in zip(goal["flaps"], goal["closed"], strict=True)
        ):
            return Outcome(False, "flap_open")
        if any(world.gap(a, b, 0.005) < -self.overlap for a, b in combinations(parts, 2)):
            return Outcome(False, "overlap")
        if station.holding() or world.touching(station.robot.name) & {*parts, *goal["flaps"]}:
            return Outcome(False, "not_released")
        still = all(predicates.at_rest(world, name) for name in (*parts, *goal["flaps"]))
        return Outcome(still, "" if still else "not_at_rest")

    def progress(self, station: Station) -> float:
        """0.7 for how far the items are on their ways into the carton
        (`skills.progress.delivered`), 0.3 for how far its flaps have been turned."""
        world, goal = station.world, station.world.cell.goal
        way = [
            progress.Errand(part, Pose.from_array(pose).position, _packed(station, part))
            for part, pose in zip(goal["parts"], goal["poses"], strict=True)
        ]
        turned = [
            progress.share(world.travel(flap), closed - self.angle)
            for flap, closed in zip(goal["flaps"], goal["closed"], strict=True)
        ]
        return 0.7 * progress.delivered(station, way) + 0.3 * float(np.mean(turned))


def _packed(station: Station, part: str) -> bool:
    """Whether an item is wholly inside the carton and let go."""
    world, carton = station.world, station.world.cell.goal["carton"]
    if station.holding(part) or not predicates.inside(world, part, carton):
        return False
    return predicates.highest(world, part) < predicates.rim(world, carton)


def _followed(station: Station, spots: np.ndarray) -> Iterator[list[Pose]]:
    """Tool poses at spots (N, 3), straight down, for each turn of the wrist with which the arm can
    go from spot to spot in straight lines; the least turn from home's first."""
    base = station.robot.base.inverse()
    steps = np.linspace(spots[:-1], spots[1:], 4, endpoint=False)  # (4, N - 1, 3)
    fine = [*steps.swapaxes(0, 1).reshape(-1, 3), spots[-1]]
    for yaw in TURNS:
        turned = Pose.turned((0, 0, 0), (0, 0, 1), yaw).rotation @ station.home.rotation
        way = [base @ Pose.at(spot, turned) for spot in fine]
        if reach.follows(station.kinematics, way, station.joints):
            yield [Pose.at(spot, turned) for spot in spots]


def _beyond(cell: Cell) -> str:
    """What of items, their places and the flaps the robot does not reach."""
    goal = cell.goal
    items = {name: cell.body(name).pose for name in goal["parts"]}
    places = {f"the place of {n}": Pose.from_array(p)
              for n, p in zip(goal["parts"], goal["poses"], strict=True)}  # fmt: skip
    flaps: dict[str, Pose] = {}
    for name, hinge in zip(goal["flaps"], map(Pose.from_array, goal["hinges"]), strict=True):
        depth = cell.body(name).params["depth_mm"] / 1000
        flaps |= {f"beyond {name}": hinge @ Pose((0.0, -0.8 * depth - BESIDE, OVER * depth)),
                  name: hinge @ Pose((0.0, INWARDS * depth, 0.0))}  # fmt: skip
    return feasibility.out_of_reach(cell, {**items, **places}, 0.22) or feasibility.out_of_reach(
        cell, flaps, 0.06
    )
