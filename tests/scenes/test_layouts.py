"""Layouts that cannot work are seen before there is physics."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from generators import tasks
from generators.command import hydra_app
from generators.seeds import Streams
from generators.skills import containers, conveyor, machine_tending
from scenes.goals import ClassesGoal, ClearGoal, PickGoal, TendingGoal
from sim.pose import Pose
from sim.spec import Cell


def cell(task: str, *words: str, index: int = 0) -> Cell:
    config = hydra_app.composed("generate", [f"task={task}", "out=nowhere", *words])
    return tasks.make(config).cell(Streams(0, index).rng("cell"))


def moved(made: Cell, names: list[str], *shift: float) -> Cell:
    bodies = tuple(
        replace(b, pose=Pose(shift) @ b.pose) if b.name in names else b for b in made.bodies
    )
    return made.replace(bodies=bodies)


def test_a_button_below_what_the_arm_can_bend_to_is_seen_with_the_door_shut() -> None:
    made = cell("machine_load")
    assert machine_tending.unreachable_or_blocked(made) == ""
    panel = [b.name for b in made.bodies if b.name == "panel" or b.name.startswith("button_")]
    front = TendingGoal.of(made).gate[0]
    y = made.body("button_start").pose.position[1]
    x = made.body("button_start").pose.position[0]
    # so near the machine that the arm comes over the button, and its elbow goes into the door
    said = {
        machine_tending.unreachable_or_blocked(
            moved(made, panel, front + 0.03 * k - x, -0.75 * y, 0.0)
        )
        for k in range(4)
    }
    assert any("button_start" in why or "button_clamp" in why for why in said), said


def test_a_part_against_the_wall_of_a_deep_bin_is_seen() -> None:
    made = cell("bin_clear")
    parts = ClearGoal.of(made).parts
    assert containers.enclosed(made, "bin", parts, tilt=0.7) == ""
    bin_pose = made.body("bin").pose
    part = made.body(parts[0])
    half = made.body("bin").params["width_mm"] / 2000
    across = bin_pose.rotation @ np.array([0.0, half - 0.004, 0.0])
    shift = np.subtract(bin_pose.position, part.pose.position)[:2] + across[:2]
    at_wall = moved(made, [part.name], float(shift[0]), float(shift[1]), 0.0)
    assert part.name in containers.enclosed(at_wall, "bin", parts, tilt=0.7)


def test_parts_that_come_too_fast_for_the_arm_are_seen() -> None:
    made = cell("conveyor_sort", "scene.count=4")
    window = (-0.22, 0.28)
    goal = ClassesGoal.of(made)
    assert conveyor.uncatchable(made, goal, window) == ""
    x, y, z = goal.velocity
    faster = replace(goal, velocity=(2.5 * x, 2.5 * y, 2.5 * z))
    assert "passes before the arm can catch it" in conveyor.uncatchable(made, faster, window)


def test_a_part_that_others_leave_no_room_to_take_is_seen() -> None:
    made = cell("bin_pick")
    part = PickGoal.of(made).part
    others = [b.name for b in made.bodies if not b.fixed and b.name != part]
    assert containers.enclosed(made, "bin", [part], tilt=0.6, among=others) == ""
    on_it = np.subtract(made.body(part).pose.position, made.body(others[0]).pose.position)
    buried = moved(made, others[:1], *(float(x) for x in on_it[:2]), float(on_it[2]) + 0.01)
    assert part in containers.enclosed(buried, "bin", [part], tilt=0.6, among=others)
