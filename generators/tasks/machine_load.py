"""Load the machine: blank into the chuck or vise, clamped, door shut, cycle started."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from generators.configured import Configured, key
from generators.language import words
from generators.skills import feasibility, machine_tending, pick_place, predicates, progress
from generators.task import TaskOutcome
from scenes import machine
from scenes.goals import LoadGoal
from sim.motion import grasping
from sim.motion.moves import BeginSubtask, Carry, Move
from sim.spec import Cell
from sim.station import Station

SEATED = 0.02  # from where it is to stand in the open vise, for `progress` [m]


@dataclass(frozen=True, kw_only=True)
class MachineLoad(Configured):
    """Success: the cycle has started, which takes a shut door and closed jaws, with the blank
    within `position_mm` and `angle_deg` of its seat and each jaw pressing on it."""

    name = "machine_load"
    position: float = key("position_mm")
    angle: float = key("angle_deg")
    grip: float = key("grip_n")

    def cell(self, rng: np.random.Generator) -> Cell:
        def drawn(r: np.random.Generator) -> Cell:
            return machine_tending.with_elbow_at_rest(machine.loading(self.config, r, self.arm))

        return feasibility.first_feasible(
            drawn,
            machine_tending.unreachable_or_blocked,
            rng,
            "change scene.seat_reach, scene.table_over_robot_mm or scene.panel",
        )

    def instruction(self, cell: Cell, rng: np.random.Generator) -> words.Instruction:
        goal = LoadGoal.of(cell)
        slots = {"part": goal.part, "target": goal.target}
        return words.instruction(self.name, cell, slots, rng)

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | BeginSubtask]:
        cell = station.world.cell
        goal = LoadGoal.of(cell)
        part, holder = goal.part, pick_place.called(station, goal.target)
        goals = grasping.turned_goals(cell.body(part), goal.stand)
        clear, speed = rng.uniform(0.06, 0.09), rng.uniform(0.4, 0.65)

        hold = yield from pick_place.pick(station, part, rng, goals=goals, clear=clear, speed=speed)

        yield BeginSubtask("place", f"stand it in the {holder}")
        over = pick_place.tool_for(station, part, hold, goals).shifted(z=clear)
        gate = machine_tending.gate(goal, over)
        yield from machine_tending.go(station, goal, gate, rng, speed, carrying=part)
        down = yield from pick_place.bring(
            station, part, hold, goals, rng, clear=clear, speed=speed
        )
        yield Carry(down.shifted(z=0.02), 0.2)
        yield Carry(down.shifted(z=0.0005), 0.05)
        yield from pick_place.let_go(hold, down, clear)
        yield from machine_tending.go(station, goal, gate, rng, speed)
        yield from machine_tending.close_tool(station)

        yield BeginSubtask("clamp", "press the clamp button")
        yield from machine_tending.press(station, goal, "button_clamp", rng, speed)

        yield BeginSubtask("shut", "shut the door")
        yield from machine_tending.slide(station, goal, "door", rng, speed)

        yield BeginSubtask("start", "press the start button")
        yield from machine_tending.press(station, goal, "button_start", rng, speed)

    def judge(self, cell: Cell) -> LoadJudge:
        return LoadJudge(self, LoadGoal.of(cell))


@dataclass(frozen=True)
class LoadJudge:
    task: MachineLoad
    goal: LoadGoal

    def update(self, station: Station) -> TaskOutcome:
        world, task, goal = station.world, self.task, self.goal
        part, fired = goal.part, world.fired
        if predicates.fallen(station, part):
            return TaskOutcome(False, "dropped", over=True)
        if "clamp" not in fired:
            return TaskOutcome(False, "not_clamped")
        distance, turn = predicates.off_goal(world, part, goal.pose)
        if distance > task.position or turn > task.angle:
            return TaskOutcome(False, "not_seated")
        if any(world.force_between(jaw, part) < task.grip for jaw in goal.jaws):
            return TaskOutcome(False, "not_clamped")
        if world.travel("door") < goal.shut_m:
            return TaskOutcome(False, "door_open")
        return TaskOutcome("start" in fired, "" if "start" in fired else "not_started")

    def progress(self, station: Station) -> float:
        """0.6 for how far the blank is on its way into the vise (`skills.progress.delivered`), and
        0.2 for each of what comes after: it is clamped, the door is shut."""
        world, goal = station.world, self.goal
        stood = progress.to_poses(station, [goal.part], [goal.stand], SEATED, np.pi / 4)
        clamped = "clamp" in world.fired
        shut = clamped and world.travel("door") >= goal.shut_m
        return 0.6 * progress.delivered(station, stood) + 0.2 * clamped + 0.2 * shut
