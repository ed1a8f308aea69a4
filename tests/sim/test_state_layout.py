"""The columns of a state and the ids of a segmentation, of cells of any make-up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import state_layout
from sim.pose import Pose
from sim.robots import robot
from sim.spec import Cell, Robot
from tests.cells import BENCH, block

CARDS = ("panda", "xarm7")


@st.composite
def cells(draw: st.DrawFn) -> Cell:
    """Up to two robots and five bodies, each fixed or not."""
    cards = draw(st.lists(st.sampled_from(CARDS), max_size=2))
    fixed = draw(st.lists(st.booleans(), max_size=5))
    arms = tuple(
        Robot(f"arm_{i}", card, Pose((float(i), 0.0, 0.0)), robot.load(card).home)
        for i, card in enumerate(cards)
    )
    bodies = tuple(
        replace(block(f"part_{i}", at=Pose((0.1 * i, 0.2, 0.3))), fixed=held)
        for i, held in enumerate(fixed)
    )
    return Cell(robots=arms, bodies=(BENCH, *bodies))


@settings(deadline=None)
@given(cells())
def test_every_column_is_one_thing_s(cell: Cell) -> None:
    spans = state_layout.columns(cell)
    order = sorted(spans.values())
    assert [start for start, _ in order] == [0, *(stop for _, stop in order)][: len(order)]
    assert len(set(order)) == len(order)
    names = {f"{r.name}/{f}" for r in cell.robots for f in ("joint_position", "joint_velocity")}
    loose = {f"{b.name}/{f}" for b in cell.bodies if not b.fixed for f in ("pose", "velocity")}
    assert set(spans) == names | loose
    for arm in cell.robots:
        start, stop = spans[f"{arm.name}/joint_position"]
        assert stop - start == len(robot.load(arm.card).movable)
        assert spans[f"{arm.name}/joint_velocity"] == (stop, 2 * stop - start)


@settings(deadline=None)
@given(cells(), st.integers(0, 3), st.integers(0, 2**32 - 1))
def test_what_is_in_a_column_is_read_from_it(cell: Cell, rows: int, seed: int) -> None:
    spans = state_layout.columns(cell)
    size = max((stop for _, stop in spans.values()), default=0)
    states = np.random.default_rng(seed).normal(size=(rows, size))
    for arm in cell.robots:
        start, stop = spans[f"{arm.name}/joint_position"]
        assert np.array_equal(state_layout.joints(cell, states, arm.name), states[:, start:stop])
    poses = state_layout.body_poses(cell, states)
    assert list(poses) == [b.name for b in cell.bodies]
    for body in cell.bodies:
        assert poses[body.name].shape == (rows, 7)
        if body.fixed:
            assert np.array_equal(poses[body.name], np.tile(body.pose.array(), (rows, 1)))
        else:
            start, stop = spans[f"{body.name}/pose"]
            assert np.array_equal(poses[body.name], states[:, start:stop])


@settings(deadline=None)
@given(cells())
def test_every_link_and_body_has_an_id_of_its_own(cell: Cell) -> None:
    ids = state_layout.segments(cell)
    assert sorted(ids.values()) == list(range(1, len(ids) + 1))
    links = sum(len(robot.load(arm.card).links) for arm in cell.robots)
    assert len(ids) == links + len(cell.bodies)
    assert {b.name for b in cell.bodies} <= set(ids)
