"""Take the named part out of a cluttered bin into the tote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from generators import handling, judge
from generators.language import words
from generators.task import Outcome
from scenes.bins import bin_bench
from sim import robot
from sim.moves import Carry, Move, Subtask
from sim.pose import Pose
from sim.spec import Cell
from sim.station import Station


class BinPick:
    """Success: the part lies in the tote, released, at rest."""

    name = "bin_pick"

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        self.max_seconds = float(config["task"]["max_seconds"])
        self.card = robot.load(config["robot"]["card"]).card

    def cell(self, rng: np.random.Generator) -> Cell:
        return bin_bench(self.config, rng, self.card.home, self.card.wrist)

    def instruction(self, cell: Cell, rng: np.random.Generator) -> words.Instruction:
        return words.instruction(self.name, cell, dict(cell.goal), rng)

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | Subtask]:
        world = station.world
        part, tote = world.cell.goal["part"], world.cell.goal["target"]
        speed = rng.uniform(0.4, 0.65)
        rim = max(judge.rim(world, world.cell.goal[k]) for k in ("source", "target"))
        clear = rim - world.pose(part).position[2] + rng.uniform(0.05, 0.08)

        hold = yield from handling.pick(station, part, rng, clear=clear, speed=speed, tilt=0.6)

        yield Subtask("place", f"put it into the {handling.called(station, tote)}")
        # keep it as it hangs; over the middle of the tote, its lowest point just over the floor
        hanging = world.pose(part)
        low = judge.lowest(world, part) - hanging.position[2]
        x, y = judge.middle(world, tote)[:2] + rng.uniform(-0.03, 0.03, 2)
        over = Pose((x, y, hanging.position[2]), hanging.quaternion)
        goals = [Pose.turned((x, y, 0), (0, 0, 1), a) @ Pose((-x, -y, 0)) @ over
                 for a in np.linspace(-np.pi, np.pi, 9)]  # fmt: skip
        down = yield from handling.bring(station, part, hold, goals, rng, clear=0.0, speed=speed)
        sink = hanging.position[2] + low - judge.middle(world, tote)[2] - 0.025
        # the palm is wider than the tote: it stays above the rim
        sink = min(sink, down.position[2] + self.card.palm_above_tcp - judge.rim(world, tote))
        yield Carry(down.shifted(z=-sink), 0.25)
        yield from handling.let_go(hold, down.shifted(z=-sink), sink)

    def outcome(self, station: Station) -> Outcome:
        world, goal = station.world, station.world.cell.goal
        part = goal["part"]
        if judge.inside(world, part, goal["target"]):
            done = judge.let_go(station, part) and judge.at_rest(world, part)
            return Outcome(done, "" if done else "not_released")
        if judge.fallen(station, part):
            return Outcome(False, "dropped", over=True)
        return Outcome(False, "not_in_tote")
