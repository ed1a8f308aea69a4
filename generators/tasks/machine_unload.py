"""Unload the machine: door open, jaws open, the finished part into the tray, nothing touched."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from generators.language import words
from generators.skills import feasibility, machine_tending, pick_place, predicates, progress
from generators.task import Outcome
from scenes import machine
from sim.motion import grasping
from sim.motion.moves import BeginSubtask, Carry, Dwell, Failed, Grip, Move, Open, Reach
from sim.pose import Pose
from sim.spec import Cell
from sim.station import Station


class MachineUnload:
    """Success: the finished part stands in a free place of the tray, released, at rest. On the way
    the arm may touch the door, the buttons and the part, and the part only its seat: anything else
    is `touched`."""

    name = "machine_unload"

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        self.max_seconds = float(config["task"]["max_seconds"])
        self.position = config["task"]["position_mm"] / 1000
        self.angle = np.deg2rad(config["task"]["angle_deg"])
        self.arm = machine_tending.arm(config)

    def cell(self, rng: np.random.Generator) -> Cell:
        return feasibility.tried(
            lambda r: machine_tending.settled(machine.unloading(self.config, r, self.arm)),
            machine_tending.cramped,
            rng,
            "change scene.seat_reach, scene.table_over_robot_mm or scene.panel",
        )

    def instruction(self, cell: Cell, rng: np.random.Generator) -> words.Instruction:
        slots = {key: cell.goal[key] for key in ("part", "target")}
        return words.instruction(self.name, cell, slots, rng)

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | BeginSubtask]:
        cell, goal = station.world.cell, station.world.cell.goal
        part = goal["part"]
        slots = [Pose.from_array(slot) for slot in goal["slots"]]
        goals = [pose for slot in slots for pose in grasping.turned_goals(cell.body(part), slot)]
        clear, speed = rng.uniform(0.07, 0.10), rng.uniform(0.4, 0.65)

        yield BeginSubtask("open", "slide the door open")
        yield from machine_tending.close_tool(station)
        yield from machine_tending.slide(station, "door", rng, speed)

        yield BeginSubtask("unclamp", "press the unclamp button")
        yield from machine_tending.press(station, "button_unclamp", rng, speed)

        yield BeginSubtask("pick", f"grasp the {pick_place.called(station, part)}")
        around = [b.name for b in cell.bodies if b.role != "room" and b.name != part]
        found = grasping.feasible_grasps(
            station, part, around=around, goals=goals, free_above=clear
        )
        if not found:
            raise Failed("no_grasp", f"no free grasp of {part} in reach")
        hold = grasping.choose(found, rng)
        goals = grasping.fitting(station, hold, goals, around)
        above = grasping.approach(hold, clear)
        yield from machine_tending.go(station, machine_tending.gate(cell, above), rng, speed)
        yield from machine_tending.go(station, above, rng, speed)
        yield Open(hold.opening)
        yield Reach(hold.tcp_to_world, 0.2)
        yield Grip(hold.width)
        # away from the fixed jaw of a vise, then up
        ease = np.subtract(goal["stand"][:3], goal["pose"][:3])
        yield Carry(station.tcp_to_world.shifted(*ease), 0.05)
        yield Carry(station.tcp_to_world.shifted(z=clear), 0.2)

        yield BeginSubtask("place", f"stand it in the {pick_place.called(station, goal['target'])}")
        out = machine_tending.gate(cell, station.tcp_to_world)
        yield from machine_tending.go(station, out, rng, speed, carrying=part)
        down = yield from pick_place.bring(
            station, part, hold, goals, rng, clear=clear, speed=speed
        )
        yield Carry(down.shifted(z=0.02), 0.2)
        yield Dwell(0.4)  # a part held by its slim end swings for a moment
        down = pick_place.tool_for(station, part, hold, goals)
        yield Carry(down.shifted(z=0.0005), 0.05)
        yield from pick_place.let_go(hold, down, clear)

    def outcome(self, station: Station) -> Outcome:
        world, goal, part = station.world, station.world.cell.goal, station.world.cell.goal["part"]
        if predicates.fallen(station, part):
            return Outcome(False, "dropped", over=True)
        if machine_tending.bumped(station):
            return Outcome(False, "touched", over=True)
        slots = [predicates.off_goal(world, part, Pose.from_array(slot)) for slot in goal["slots"]]
        if any(away <= self.position and turn <= self.angle for away, turn in slots):
            done = predicates.let_go(station, part) and predicates.at_rest(world, part)
            return Outcome(done, "" if done else "not_released")
        if "unclamp" not in world.fired:
            shut = world.travel("door") < goal["shut_m"]
            return Outcome(False, "door_shut" if shut else "not_unclamped")
        return Outcome(False, "not_in_tray")

    def progress(self, station: Station) -> float:
        """0.2 for the open door, 0.2 for the open vise, and 0.6 for how far the part is on its way
        to the nearest place of the tray (`skills.progress.delivered`)."""
        world, goal, part = station.world, station.world.cell.goal, station.world.cell.goal["part"]
        nearest = min(
            goal["slots"], key=lambda slot: math.dist(world.pose(part).position, slot[:3])
        )
        stood = progress.to_poses(station, [part], [nearest], self.position, self.angle)
        unclamped = "unclamp" in world.fired
        opened = unclamped or world.travel("door") < goal["shut_m"]
        return 0.2 * opened + 0.2 * unclamped + 0.6 * progress.delivered(station, stood)
