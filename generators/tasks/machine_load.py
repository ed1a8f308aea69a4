"""Load the machine: blank into the chuck or vise, clamped, door shut, cycle started."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from generators.language import words
from generators.skills import feasibility, machine_tending, pick_place, predicates, progress
from generators.task import Outcome
from scenes import machine
from sim.motion import grasping
from sim.motion.moves import BeginSubtask, Carry, Move
from sim.pose import Pose
from sim.spec import Cell
from sim.station import Station

SEATED = 0.02  # from where it is to stand in the open vise, for `progress` [m]


class MachineLoad:
    """Success: the cycle has started, which takes a shut door and closed jaws, with the blank
    within `position_mm` and `angle_deg` of its seat and each jaw pressing on it."""

    name = "machine_load"

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        self.max_seconds = float(config["task"]["max_seconds"])
        self.position = config["task"]["position_mm"] / 1000
        self.angle = np.deg2rad(config["task"]["angle_deg"])
        self.grip = float(config["task"]["grip_n"])
        self.arm = machine_tending.arm(config)

    def cell(self, rng: np.random.Generator) -> Cell:
        return feasibility.tried(
            lambda r: machine_tending.settled(machine.loading(self.config, r, self.arm)),
            machine_tending.cramped,
            rng,
            "change scene.seat_reach, scene.table_over_robot_mm or scene.panel",
        )

    def instruction(self, cell: Cell, rng: np.random.Generator) -> words.Instruction:
        slots = {"part": cell.goal["part"], "target": cell.goal["target"]}
        return words.instruction(self.name, cell, slots, rng)

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | BeginSubtask]:
        cell = station.world.cell
        part, holder = cell.goal["part"], pick_place.called(station, cell.goal["target"])
        goals = grasping.turned_goals(cell.body(part), Pose.from_array(cell.goal["stand"]))
        clear, speed = rng.uniform(0.06, 0.09), rng.uniform(0.4, 0.65)

        hold = yield from pick_place.pick(station, part, rng, goals=goals, clear=clear, speed=speed)

        yield BeginSubtask("place", f"stand it in the {holder}")
        over = pick_place.tool_for(station, part, hold, goals).shifted(z=clear)
        yield from machine_tending.go(
            station, machine_tending.gate(cell, over), rng, speed, carrying=part
        )
        down = yield from pick_place.bring(
            station, part, hold, goals, rng, clear=clear, speed=speed
        )
        yield Carry(down.shifted(z=0.02), 0.2)
        yield Carry(down.shifted(z=0.0005), 0.05)
        yield from pick_place.let_go(hold, down, clear)
        yield from machine_tending.go(station, machine_tending.gate(cell, over), rng, speed)
        yield from machine_tending.close_tool(station)

        yield BeginSubtask("clamp", "press the clamp button")
        yield from machine_tending.press(station, "button_clamp", rng, speed)

        yield BeginSubtask("shut", "shut the door")
        yield from machine_tending.slide(station, "door", rng, speed)

        yield BeginSubtask("start", "press the start button")
        yield from machine_tending.press(station, "button_start", rng, speed)

    def outcome(self, station: Station) -> Outcome:
        world, goal = station.world, station.world.cell.goal
        part, fired = goal["part"], world.fired
        if predicates.fallen(station, part):
            return Outcome(False, "dropped", over=True)
        if "clamp" not in fired:
            return Outcome(False, "not_clamped")
        distance, turn = predicates.off_goal(world, part, Pose.from_array(goal["pose"]))
        if distance > self.position or turn > self.angle:
            return Outcome(False, "not_seated")
        if any(world.force_between(jaw, part) < self.grip for jaw in goal["jaws"]):
            return Outcome(False, "not_clamped")
        if world.travel("door") < goal["shut_m"]:
            return Outcome(False, "door_open")
        return Outcome("start" in fired, "" if "start" in fired else "not_started")

    def progress(self, station: Station) -> float:
        """0.6 for how far the blank is on its way into the vise (`skills.progress.delivered`), and
        0.2 for each of what comes after: it is clamped, the door is shut."""
        world, goal = station.world, station.world.cell.goal
        stood = progress.to_poses(station, [goal["part"]], [goal["stand"]], SEATED, np.pi / 4)
        clamped = "clamp" in world.fired
        shut = clamped and world.travel("door") >= goal["shut_m"]
        return 0.6 * progress.delivered(station, stood) + 0.2 * clamped + 0.2 * shut
