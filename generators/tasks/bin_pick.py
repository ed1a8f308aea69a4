"""Take the named part out of a cluttered bin into the tote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from generators.language import words
from generators.skills import containers, feasibility, pick_place, predicates, progress
from generators.task import Outcome
from scenes.bins import bin_bench
from sim.motion.moves import BeginSubtask, Move
from sim.robots import robot
from sim.spec import Cell
from sim.station import Station

TILT = 0.6  # of the tool, from straight above, when it takes a part [rad]


class BinPick:
    """Success: the part lies in the tote, released, at rest."""

    name = "bin_pick"

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        self.max_seconds = float(config["task"]["max_seconds"])
        self.robot = robot.load(config["robot"]["card"])

    def cell(self, rng: np.random.Generator) -> Cell:
        return feasibility.tried(
            lambda r: bin_bench(self.config, r, self.robot.home, self.robot.wrist),
            _beyond,
            rng,
            "move scene.bin or scene.tote nearer (x_m, y_m), or lower the bin's height_mm",
        )

    def instruction(self, cell: Cell, rng: np.random.Generator) -> words.Instruction:
        return words.instruction(self.name, cell, dict(cell.goal), rng)

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | BeginSubtask]:
        world = station.world
        part, tote = world.cell.goal["part"], world.cell.goal["target"]
        speed = rng.uniform(0.4, 0.65)
        rim = max(predicates.rim(world, world.cell.goal[k]) for k in ("source", "target"))
        clear = rim - world.pose(part).position[2] + rng.uniform(0.05, 0.08)

        hold = yield from pick_place.pick(station, part, rng, clear=clear, speed=speed, tilt=TILT)

        yield BeginSubtask("place", f"put it into the {pick_place.called(station, tote)}")
        yield from containers.drop(station, part, hold, tote, rng, spread=0.03, speed=speed)

    def outcome(self, station: Station) -> Outcome:
        world, goal = station.world, station.world.cell.goal
        part = goal["part"]
        if predicates.inside(world, part, goal["target"]):
            done = predicates.let_go(station, part) and predicates.at_rest(world, part)
            return Outcome(done, "" if done else "not_released")
        if predicates.fallen(station, part):
            return Outcome(False, "dropped", over=True)
        return Outcome(False, "not_in_tote")

    def progress(self, station: Station) -> float:
        """How far the part is on its way into the tote (`skills.progress.delivered`)."""
        goal = station.world.cell.goal
        return progress.delivered(
            station, progress.to_containers(station, [goal["part"]], [goal["target"]])
        )


def _beyond(cell: Cell) -> str:
    """What the robot does not reach of the part and of the tote, or cannot take as it lies there
    among the others."""
    part, target = cell.goal["part"], cell.goal["target"]
    places = {name: cell.body(name).pose for name in (part, target)}
    others = [b.name for b in cell.bodies if not b.fixed and b.name != part]
    return feasibility.out_of_reach(cell, places, 0.2) or containers.walled_in(
        cell, [part], tilt=TILT, among=others
    )
