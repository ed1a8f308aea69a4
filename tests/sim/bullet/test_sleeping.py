"""What lies still sleeps, and wakes in time; what is let go falls."""

from contextlib import closing

import numpy as np
import pytest

from sim.bullet.world import World
from sim.motion.moves import Dwell, Grip, Open, Reach, top_down
from sim.pose import Pose
from sim.spec import Body
from sim.station import Station
from tests.cells import BENCH, PANDA, block, cell, work

STILL = np.array([*PANDA.home, 0.0], np.float32)


def steps(world: World, count: int) -> None:
    for _ in range(count):
        world.step(STILL)


def test_parts_that_lie_still_sleep_and_stay():
    stack = [block("low"), block("high", Pose((0.5, 0.1, 0.03)))]
    with World(cell(BENCH, *stack, settle_s=0.5)) as world:
        steps(world, 10)
        assert world.resting.asleep == {"low", "high"}
        steps(world, 1)
        before = [world.pose(name) for name in ("low", "high")]
        steps(world, 5)
        assert [world.pose(name) for name in ("low", "high")] == before


def test_a_part_that_falls_is_awake_until_it_lies():
    with World(cell(BENCH, block(at=Pose((0.5, 0.1, 0.1))))) as world:
        steps(world, 2)
        assert not world.resting.asleep
        steps(world, 40)
        assert world.resting.asleep == {"part"}
        assert world.pose("part").position[2] == pytest.approx(0.0, abs=2e-4)


def test_what_leans_on_a_part_that_is_taken_away_falls():
    """A long block asleep on two short ones; one of them is drawn out from under it."""
    size = {"length_mm": 30.0, "width_mm": 30.0, "height_mm": 40.0}
    left = Body("left", "block", size, Pose((0.5, -0.06, 0.0)), mass=0.2, friction=0.2)
    right = Body("right", "block", size, Pose((0.5, 0.06, 0.0)), mass=0.2, friction=0.2)
    beam = {"length_mm": 20.0, "width_mm": 150.0, "height_mm": 15.0}
    long = Body("beam", "block", beam, Pose((0.5, 0.0, 0.0401)), mass=0.05, friction=0.2)
    with closing(Station(cell(BENCH, left, right, long))) as station:
        world = station.world
        down = top_down((0.5, 0.06, 0.02), np.pi / 2)
        work(station, Dwell(0.5))
        assert world.resting.asleep == {"left", "right", "beam"}
        work(station, Reach(down.shifted(z=0.15)), Open(0.06), Reach(down, 0.2), Grip(0.03))
        work(station, Reach(down.shifted(y=0.15), 0.2), Dwell(1.0))
        assert world.pose("beam").position[2] < 0.03


def test_a_part_let_go_in_the_air_falls():
    with closing(Station(cell(BENCH, block()))) as station:
        world = station.world
        down = top_down((0.5, 0.1, 0.015), 0.0)
        work(station, Reach(down.shifted(z=0.1)), Reach(down, 0.2), Grip(0.03))
        work(station, Reach(down.shifted(z=0.2)), Dwell(3.0))
        assert world.pose("part").position[2] > 0.15
        assert "part" not in world.resting.asleep
        work(station, Open(), Dwell(0.6))
        assert world.pose("part").position[2] < 0.03


def test_a_calm_world_is_as_exact_as_a_busy_one():
    """Fewer substeps where nothing is near: the arm goes where it goes with all of them."""
    ways = {}
    beside = block(at=Pose((0.05, 0.0, 0.0)))  # touches the arm's foot all the time
    for name, bodies in {"calm": (), "busy": (beside,)}.items():
        with closing(Station(cell(BENCH, *bodies))) as station:
            work(station, Reach(top_down((0.5, 0.2, 0.3), 0.3), 0.5))
            assert station.world.resting.calm == (name == "calm")
            ways[name] = station.world.state()[:7]
    assert ways["calm"] == pytest.approx(ways["busy"], abs=1e-3)
    assert not np.array_equal(ways["calm"], ways["busy"])
