"""Empty the bin: every part into the tote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from generators.language import words
from generators.skills import containers, feasibility, pick_place, predicates, progress
from generators.task import Outcome
from scenes.bins import full_bin
from sim.motion import grasping
from sim.motion.moves import BeginSubtask, Dwell, Move
from sim.robots import robot
from sim.spec import Cell
from sim.station import Station

TILT = 0.7  # of the tool, from straight above, when it takes a part [rad]


class BinClear:
    """Success: every part lies in the tote, below its rim, released and at rest."""

    name = "bin_clear"

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        self.max_seconds = float(config["task"]["max_seconds"])
        self.robot = robot.load(config["robot"]["card"])

    def cell(self, rng: np.random.Generator) -> Cell:
        takes = partial(grasping.takes, self.robot.tool)
        return feasibility.tried(
            lambda r: full_bin(self.config, r, self.robot.home, self.robot.wrist, takes),
            _beyond,
            rng,
            "move scene.bin or scene.tote nearer (x_m, y_m), or lower the bin's height_mm",
        )

    def instruction(self, cell: Cell, rng: np.random.Generator) -> words.Instruction:
        slots = {key: cell.goal[key] for key in ("source", "target")}
        return words.instruction(self.name, cell, slots, rng)

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | BeginSubtask]:
        world, goal = station.world, station.world.cell.goal

        def left() -> list[str]:
            """Looks into the bin again: what is not in the tote yet, topmost first."""
            out = [p for p in goal["parts"] if not predicates.stowed(world, p, goal["target"])]
            return sorted(out, key=lambda part: -predicates.highest(world, part))

        rim = max(predicates.rim(world, goal[key]) for key in ("source", "target"))
        clear, speed = rng.uniform(0.05, 0.08), rng.uniform(0.45, 0.65)
        yield from pick_place.one_by_one(
            station,
            left,
            lambda part: self._move(station, part, rng, rim + clear, speed),
            clear=0.1,
        )
        yield Dwell(1.0)

    def _move(
        self, station: Station, part: str, rng: np.random.Generator, over: float, speed: float
    ) -> Iterator[Move | BeginSubtask]:
        """One part into a free spot of the tote; it is carried at the height `over` [m]."""
        world, tote = station.world, station.world.cell.goal["target"]
        clear = over - predicates.lowest(world, part)
        hold = yield from pick_place.pick(station, part, rng, clear=clear, speed=speed, tilt=TILT)

        yield BeginSubtask("place", f"put it into the {pick_place.called(station, tote)}")
        spot = containers.free_spot(station, part, tote, rng, room=0.012)
        yield from containers.let_down(station, part, hold, tote, spot, rng, speed=speed)

    def outcome(self, station: Station) -> Outcome:
        world, goal = station.world, station.world.cell.goal
        if any(predicates.fallen(station, part) for part in goal["parts"]):
            return Outcome(False, "dropped", over=True)
        if not all(predicates.inside(world, part, goal["target"]) for part in goal["parts"]):
            return Outcome(False, "not_in_tote")
        if not all(predicates.stowed(world, part, goal["target"]) for part in goal["parts"]):
            return Outcome(False, "above_rim")
        done = all(
            predicates.let_go(station, p) and predicates.at_rest(world, p) for p in goal["parts"]
        )
        return Outcome(done, "" if done else "not_released")

    def progress(self, station: Station) -> float:
        """How far the parts are on their ways into the tote (`skills.progress.delivered`)."""
        goal = station.world.cell.goal
        totes = [goal["target"]] * len(goal["parts"])
        return progress.delivered(station, progress.to_containers(station, goal["parts"], totes))


def _beyond(cell: Cell) -> str:
    """What the robot does not reach of the parts and of the tote, its corners included, or cannot
    take."""
    parts = {name: cell.body(name).pose for name in cell.goal["parts"]}
    corners = feasibility.corners(cell, cell.goal["target"], 0.06)
    far = feasibility.out_of_reach(cell, parts | corners, 0.32)
    return far or containers.walled_in(cell, list(parts), tilt=TILT)
