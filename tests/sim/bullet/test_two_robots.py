"""Two robots in one cell: each does what it is told, and what it does alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from sim import state_layout
from sim.bullet.world import World
from sim.pose import Pose
from sim.robots import robot
from sim.spec import Cell, Robot
from tests.cells import BENCH, block

FACING = Pose.turned((1.4, 0.0, 0.0), (0, 0, 1), np.pi)  # over there, looking back
HERE, THERE = (
    Robot("here", "panda", Pose(), robot.load("panda").home),
    Robot("there", "xarm7", FACING, robot.load("xarm7").home),
)


def driven(cell: Cell, turns: dict[str, float], steps: int = 20) -> NDArray[np.float64]:
    """(T+1, S) the states while the first joint of each robot is turned by so much [rad]."""
    with World(cell) as world:
        states = [world.state()]
        starts = {name: arm.target.copy() for name, arm in world.arms.items()}
        for _ in range(steps):
            for name, turn in turns.items():
                starts[name][0] += turn / steps
            told = np.concatenate([starts[name] for name in world.arms])
            world.step(told.astype(np.float32))
            states.append(world.state())
        assert world.time == pytest.approx(steps / cell.physics.control_hz)
    return np.array(states)


def test_each_arm_follows_its_own_targets() -> None:
    cell = Cell(robots=(HERE, THERE), bodies=(BENCH, block("part")))
    states = driven(cell, {"here": 0.0, "there": 0.4}, steps=40)
    still, turned = (state_layout.joints(cell, states, name) for name in ("here", "there"))
    assert np.abs(still - still[0]).max() < 0.01
    assert turned[-1, 0] - turned[0, 0] == pytest.approx(0.4, abs=0.02)
    before, after = (state_layout.tcp_to_world(cell, states[[0, -1]], "there")[i] for i in (0, 1))
    # about its own foot, by that much
    arms = [np.subtract(p.position, FACING.position)[:2] for p in (before, after)]
    angles = [np.arctan2(y, x) for x, y in arms]
    assert (angles[1] - angles[0] + np.pi) % (2 * np.pi) - np.pi == pytest.approx(0.4, abs=0.02)


def test_an_arm_moves_as_it_does_alone() -> None:
    both = Cell(robots=(HERE, THERE), bodies=(BENCH,))
    for arm in (HERE, THERE):
        alone = Cell(robots=(arm,), bodies=(BENCH,))
        turns = {"here": 0.3, "there": -0.2}
        told = {name: turns[name] for name in ("here", "there") if name == arm.name}
        wanted = state_layout.joints(alone, driven(alone, told), arm.name)
        got = state_layout.joints(both, driven(both, turns), arm.name)
        assert got == pytest.approx(wanted, abs=1e-4)


def test_two_of_one_card_stand_where_they_are_put() -> None:
    twin = replace(HERE, name="twin", base=FACING)
    cell = Cell(robots=(HERE, twin), bodies=(BENCH,))
    assert Cell.from_json(cell.to_json()) == cell
    with World(cell) as world:
        here, there = (state_layout.tcp_to_world(cell, world.state()[None], n)[0]
                       for n in ("here", "twin"))  # fmt: skip
    assert there.matrix() == pytest.approx((FACING @ here).matrix(), abs=1e-3)


def test_too_few_targets_are_named() -> None:
    with World(Cell(robots=(HERE, THERE), bodies=(BENCH,))) as world:
        size = sum(len(arm.target) for arm in world.arms.values())
        with pytest.raises(ValueError, match=f"must have {size} entries, not 8"):
            world.step(np.zeros(8, np.float32))
