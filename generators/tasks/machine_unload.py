"""Unload the machine: door open, jaws open, the finished part into the tray, nothing touched."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from generators.configured import Configured, key
from generators.language import words
from generators.skills import feasibility, machine_tending, pick_place, predicates, progress
from generators.task import TaskOutcome
from scenes import machine
from scenes.goals import UnloadGoal
from sim.motion import grasping
from sim.motion.moves import BeginSubtask, Carry, Dwell, Grip, Move, Open, Reach
from sim.spec import Cell
from sim.station import Station


@dataclass(frozen=True, kw_only=True)
class MachineUnload(Configured):
    """Success: the finished part stands in a free place of the tray, released, at rest. On the way
    the arm may touch the door, the buttons and the part, and the part only its seat: anything else
    is `touched`."""

    name = "machine_unload"
    position: float = key("position_mm")
    angle: float = key("angle_deg")

    def cell(self, rng: np.random.Generator) -> Cell:
        def drawn(r: np.random.Generator) -> Cell:
            return machine_tending.with_elbow_at_rest(machine.unloading(self.config, r, self.arm))

        return feasibility.first_feasible(
            drawn,
            machine_tending.unreachable_or_blocked,
            rng,
            "change scene.seat_reach, scene.table_over_robot_mm or scene.panel",
        )

    def instruction(self, cell: Cell, rng: np.random.Generator) -> words.Instruction:
        goal = UnloadGoal.of(cell)
        slots = {"part": goal.part, "target": goal.target}
        return words.instruction(self.name, cell, slots, rng)

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | BeginSubtask]:
        cell = station.world.cell
        goal = UnloadGoal.of(cell)
        part, body = goal.part, cell.body(goal.part)
        goals = [pose for slot in goal.slots for pose in grasping.turned_goals(body, slot)]
        clear, speed = rng.uniform(0.07, 0.10), rng.uniform(0.4, 0.65)

        yield BeginSubtask("open", "slide the door open")
        yield from machine_tending.close_tool(station)
        yield from machine_tending.slide(station, goal, "door", rng, speed)

        yield BeginSubtask("unclamp", "press the unclamp button")
        yield from machine_tending.press(station, goal, "button_unclamp", rng, speed)

        yield BeginSubtask("pick", f"grasp the {pick_place.called(station, part)}")
        hold = pick_place.free_grasp(station, part, rng, goals=goals, clear=clear)
        goals = grasping.fitting(station, hold, goals, pick_place.others(station, part))
        above = grasping.approach(hold, clear)
        gate = machine_tending.gate(goal, above)
        yield from machine_tending.go(station, goal, gate, rng, speed)
        yield from machine_tending.go(station, goal, above, rng, speed)
        yield Open(hold.opening)
        yield Reach(hold.tcp_to_world, 0.2)
        yield Grip(hold.width)
        # away from the fixed jaw of a vise, then up
        ease = np.subtract(goal.stand.position, goal.pose.position)
        yield Carry(station.tcp_to_world.shifted(*ease), 0.05)
        yield Carry(station.tcp_to_world.shifted(z=clear), 0.2)

        yield BeginSubtask("place", f"stand it in the {pick_place.called(station, goal.target)}")
        out = machine_tending.gate(goal, station.tcp_to_world)
        yield from machine_tending.go(station, goal, out, rng, speed, carrying=part)
        down = yield from pick_place.bring(
            station, part, hold, goals, rng, clear=clear, speed=speed
        )
        yield Carry(down.shifted(z=0.02), 0.2)
        yield Dwell(0.4)  # a part held by its slim end swings for a moment
        down = pick_place.tool_for(station, part, hold, goals)
        yield Carry(down.shifted(z=0.0005), 0.05)
        yield from pick_place.let_go(hold, down, clear)

    def judge(self, cell: Cell) -> UnloadJudge:
        return UnloadJudge(self, UnloadGoal.of(cell))


@dataclass(frozen=True)
class UnloadJudge:
    task: MachineUnload
    goal: UnloadGoal

    def update(self, station: Station) -> TaskOutcome:
        world, goal, part = station.world, self.goal, self.goal.part
        if predicates.fallen(station, part):
            return TaskOutcome(False, "dropped", over=True)
        if machine_tending.touches_anything_else(station, goal):
            return TaskOutcome(False, "touched", over=True)
        slots = [predicates.off_goal(world, part, slot) for slot in goal.slots]
        if any(away <= self.task.position and turn <= self.task.angle for away, turn in slots):
            done = predicates.let_go(station, part) and predicates.at_rest(world, part)
            return TaskOutcome(done, "" if done else "not_released")
        if "unclamp" not in world.fired:
            shut = world.travel("door") < goal.shut_m
            return TaskOutcome(False, "door_shut" if shut else "not_unclamped")
        return TaskOutcome(False, "not_in_tray")

    def progress(self, station: Station) -> float:
        """0.2 for the open door, 0.2 for the open vise, and 0.6 for how far the part is on its way
        to the nearest place of the tray (`skills.progress.delivered`)."""
        world, goal, part = station.world, self.goal, self.goal.part
        here = world.pose(part).position
        nearest = min(goal.slots, key=lambda slot: math.dist(here, slot.position))
        terms = (self.task.position, self.task.angle)
        stood = progress.to_poses(station, [part], [nearest], *terms)
        unclamped = "unclamp" in world.fired
        opened = unclamped or world.travel("door") < goal.shut_m
        return 0.2 * opened + 0.2 * unclamped + 0.6 * progress.delivered(station, stood)
