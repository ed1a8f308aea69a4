"""The machine cell: what its controller does, and moves that push."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from generators import tasks
from generators.command import hydra_app
from generators.seeds import Streams
from scenes.goals import TendingGoal
from sim.bullet.world import World
from sim.motion.moves import Failed
from sim.motion.pushing import Push
from sim.pose import Pose
from sim.spec import Body, Cell, Joint, Robot, Rule
from sim.station import Station

BLOCK = {"length_mm": 60.0, "width_mm": 40.0, "height_mm": 60.0}


@lru_cache
def cell(task: str, holder: str, index: int = 0) -> Cell:
    words = [f"task={task}", "out=nowhere", f"scene.holder={holder}"]
    return tasks.make(hydra_app.composed("generate", words)).cell(Streams(3, index).rng("cell"))


def standing(made: Cell) -> Cell:
    """The cell with its blank put down in the open holder already, and no robot in the way."""
    at = TendingGoal.of(made).stand
    bodies = tuple(
        replace(b, pose=at.shifted(z=0.0002)) if b.name == TendingGoal.of(made).part else b
        for b in made.bodies
    )
    return made.replace(bodies=bodies, robots=())


def press(world: World, button: str, seconds: float) -> None:
    """As a finger does."""
    joint = world.cell.body(button).joint
    assert joint is not None
    world.drive(button, joint.upper, 20.0, 0.1)
    run(world, 0.3)
    world.drive(button, 0.0, joint.force, 1.0)
    run(world, seconds)


def run(world: World, seconds: float) -> None:
    for _ in range(round(seconds * 20)):
        world.step(np.zeros(0, np.float32))


@pytest.mark.parametrize("holder", ["chuck", "vise"])
def test_jaws_seat_the_blank_and_only_a_shut_machine_starts(holder: str) -> None:
    made = standing(cell("machine_load", holder))
    part, seat = TendingGoal.of(made).part, np.array(TendingGoal.of(made).pose.position)
    with World(made) as world:
        press(world, "button_start", 0.2)
        assert world.fired == []
        press(world, "button_clamp", 1.5)
        assert world.fired == ["clamp"]
        assert np.linalg.norm(np.subtract(world.pose(part).position, seat)) < 0.001
        assert all(world.force_between(jaw, part) > 10.0 for jaw in TendingGoal.of(made).jaws)
        press(world, "button_start", 0.2)
        assert "start" not in world.fired  # the door is open
        world.drive("door", TendingGoal.of(made).shut_m + 0.01, 40.0, 1.0)
        run(world, 1.5)
        assert "start" not in world.fired  # nobody presses now
        press(world, "button_start", 0.2)
        assert world.fired == ["clamp", "start"]


@pytest.mark.parametrize("holder", ["chuck", "vise"])
def test_a_finished_part_is_held_until_it_is_unclamped(holder: str) -> None:
    made = cell("machine_unload", holder).replace(robots=())
    part = TendingGoal.of(made).part
    with World(made) as world:
        run(world, 0.5)
        assert all(world.force_between(jaw, part) > 3.0 for jaw in TendingGoal.of(made).jaws)
        press(world, "button_unclamp", 1.5)
        assert not any(world.force_between(jaw, part) for jaw in TendingGoal.of(made).jaws)
        assert world.pose(part).position == pytest.approx(
            TendingGoal.of(made).pose.position, abs=2e-3
        )


@pytest.mark.parametrize("task", ["machine_load", "machine_unload"])
def test_the_door_slides_by_what_its_handle_is_made_for(task: str) -> None:
    """5 to 15 N move it over all of its way, and it stays where it is left."""
    made = cell(task, "vise").replace(robots=())
    joint = made.body("door").joint
    assert joint is not None
    assert 5.0 <= joint.force <= 15.0
    buttons = [b.joint for b in made.bodies if b.name.startswith("button_")]
    assert all(b and 2.0 <= b.force <= 5.0 and 0.004 <= b.upper <= 0.006 for b in buttons)
    with World(made) as world:
        before = world.pose("door").position
        run(world, 0.5)
        assert world.pose("door").position == pytest.approx(before, abs=1e-4)


def test_layouts_mirror_and_holders_vary() -> None:
    task = tasks.make(hydra_app.composed("generate", ["task=machine_load", "out=nowhere"]))
    cells = [task.cell(Streams(1, i).rng("cell")) for i in range(10)]
    assert {TendingGoal.of(c).target for c in cells} == {"chuck", "vise"}
    assert len({c.body("machine").params["door_on"] for c in cells}) == 2
    assert len({c.body("tray").pose.position[1] > 0 for c in cells}) == 2


def pushed(force: float, upper: float = 0.1) -> tuple[Cell, Body]:
    """A Panda at home, its tool beside a block that slides along y."""
    home = (0.0, -0.45, 0.0, -2.35, 0.0, 1.9, 0.7853982)
    arm = Robot("panda", "panda", Pose(), home, gripper=1.0)
    with closing(Station(Cell(robots=(arm,)))) as station:
        x, y, z = station.tcp_to_world.position
    joint = Joint("slide", (0.0, 1.0, 0.0), 0.0, upper, "", force=force)
    block = Body("block", "block", BLOCK, Pose((x, y + 0.045, z - 0.05)), mass=2.0, joint=joint)
    key = Rule("there", {"block": 0.08})
    return Cell(robots=(arm,), bodies=(block,), rules=(key,)), block


def go(station: Station, push: Push) -> None:
    for command in push.commands(station):
        station.step(station.encode(command.tcp_to_world, 1.0))


def test_a_push_moves_its_member_as_far_as_asked() -> None:
    made, _ = pushed(8.0)
    with closing(Station(made)) as station:
        go(station, Push("block", 0.09, (0.0, 1.0, 0.0)))
        assert station.world.travel("block") == pytest.approx(0.09, abs=0.004)
        assert station.world.fired == ["there"]


def test_a_push_gives_up_where_it_meets_too_much_or_nothing() -> None:
    made, _ = pushed(300.0)
    with closing(Station(made)) as station, pytest.raises(Failed, match="force_limit"):
        go(station, Push("block", 0.09, (0.0, 1.0, 0.0), most=40.0))
    made, _ = pushed(8.0)
    with closing(Station(made)) as station, pytest.raises(Failed, match="not_moved"):
        go(station, Push("block", 0.09, (0.0, 0.0, 1.0), farthest=0.05))
