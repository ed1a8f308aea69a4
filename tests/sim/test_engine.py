"""What every engine does, whatever its physics; and that nothing above knows which one it is."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim import state_layout
from sim.engine import Engine, bullet
from sim.motion.moves import Reach, top_down
from sim.pose import Pose
from sim.robots import robot
from sim.spec import Body, Cell, Joint, Robot, Rule
from sim.station import Station, action_bounds
from tests.cells import BENCH, block, work

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "adding-an-engine.md").read_text(encoding="utf-8")
STILL, SHOWN = re.findall(r"```python\n(.*?)```", PAGE, re.S)


def documented() -> Callable[[Cell], Engine]:
    """The engine of the documentation."""
    names: dict[str, Any] = {}
    exec(compile(STILL, "adding-an-engine.md", "exec"), names)
    made: Callable[[Cell], Engine] = names["Still"]
    return made


ENGINES = {"bullet": bullet, "documented": documented()}
MEMBERS = {name for name in dir(Engine) if not name.startswith("_")}
DOOR = Joint("slide", (0.0, 1.0, 0.0), 0.0, 0.2, "", force=5.0)


def two_arms() -> Cell:
    """Two arms with different tools, a loose part, and a door that is driven open at once."""
    robots = tuple(
        Robot(name, name, Pose((0.0, y, 0.0)), robot.load(name).home, gripper)
        for name, y, gripper in (("panda", 0.0, 0.25), ("ur5+vacuum", 1.5, 0.0))
    )
    door = Body("door", "block", {}, Pose((1.5, 0.0, 0.5)), mass=1.0, joint=DOOR)
    opens = Rule("open", {"door": 0.0}, {"door": 0.1}, force=50.0, speed=0.5)
    return Cell(robots, (BENCH, block(), door), rules=(opens,))


def one_arm() -> Cell:
    cell = two_arms()
    return cell.replace(robots=cell.robots[:1])


def held_still(cell: Cell) -> np.ndarray:
    return np.concatenate([[*r.joints, r.gripper] for r in cell.robots]).astype(np.float32)


@pytest.fixture(params=ENGINES.values(), ids=ENGINES)
def engine(request: pytest.FixtureRequest) -> Callable[[Cell], Engine]:
    made: Callable[[Cell], Engine] = request.param
    return made


def test_it_has_what_the_interface_names(engine: Callable[[Cell], Engine]) -> None:
    with closing(engine(two_arms())) as world:
        assert not {name for name in MEMBERS if not hasattr(world, name)}
        assert len(MEMBERS) == 19, "docs/adding-an-engine.md says nineteen"


def test_it_starts_as_the_cell_says(engine: Callable[[Cell], Engine]) -> None:
    cell = two_arms()
    with closing(engine(cell)) as world:
        assert world.cell is cell
        assert world.time == 0.0
        assert world.parts["part"].height == pytest.approx(0.03)
        for arm in cell.robots:
            model = robot.load(arm.card)
            positions, velocities = world.joints(arm.name)
            assert positions.shape == velocities.shape == (len(model.movable),)
            assert positions[model.arm_columns] == pytest.approx(arm.joints, abs=1e-6)
            assert world.wrench(arm.name).shape == (6,)
            assert world.held(arm.name) is None
            assert world.push_on_arm(arm.name) == 0.0
        # a quarter closed: each of the Panda's fingers is at three quarters of its 40 mm
        fingers = world.joints("panda")[0][robot.load("panda").tool_columns]
        assert fingers == pytest.approx([0.03, 0.03], abs=1e-6)
        assert world.pose("part").position == pytest.approx((0.5, 0.1, 0.0), abs=1e-9)
        assert world.speed("part") == pytest.approx((0.0, 0.0), abs=1e-9)
        assert list(world.fired) == []


def test_a_step_is_a_control_period(engine: Callable[[Cell], Engine]) -> None:
    cell = two_arms()
    targets = held_still(cell)
    with closing(engine(cell)) as world:
        with pytest.raises(ValueError, match=r"15 entries, not 14"):
            world.step(targets[:-1])
        assert world.time == 0.0
        targets[0] += 0.02
        for _ in range(10):
            world.step(targets)
        assert world.time == pytest.approx(0.5)
        assert world.joints("panda")[0][0] == pytest.approx(0.02, abs=1e-3)
        assert list(world.fired) == ["open"]
        assert world.travel("door") == pytest.approx(0.1, abs=5e-3)
        with pytest.raises(KeyError):
            world.pose("nothing")
        with pytest.raises(KeyError):
            world.travel("part")


def test_a_state_is_laid_out_and_can_be_shown(engine: Callable[[Cell], Engine]) -> None:
    cell = two_arms()
    columns = state_layout.columns(cell)
    with closing(engine(cell)) as world:
        for k in range(4):
            world.step(held_still(cell) + np.float32(0.01 * k))
        state = world.state()
        assert state.shape == (max(stop for _, stop in columns.values()),)
        assert state.dtype == np.float64
        for arm in cell.robots:
            positions, velocities = world.joints(arm.name)
            assert np.array_equal(state[slice(*columns[f"{arm.name}/joint_position"])], positions)
            assert np.array_equal(state[slice(*columns[f"{arm.name}/joint_velocity"])], velocities)
        assert np.array_equal(state[slice(*columns["part/pose"])], world.pose("part").array())
    with closing(engine(cell)) as other:
        other.show(state)
        for name in ("panda/joint_position", "ur5+vacuum/joint_position", "part/pose"):
            shown = other.state()[slice(*columns[name])]
            assert shown == pytest.approx(state[slice(*columns[name])], abs=1e-12)


def test_the_same_targets_give_the_same_states_beside_another_world(
    engine: Callable[[Cell], Engine],
) -> None:
    def run() -> np.ndarray:
        cell = two_arms()
        with closing(engine(cell)) as world:
            for k in range(6):
                world.step(held_still(cell) + np.float32(0.01 * k))
            return world.state()

    first = run()
    with closing(engine(Cell(bodies=(BENCH, block())))) as between:
        between.step(np.zeros(0, np.float32))
        assert np.array_equal(run(), first)
    between.close()  # a second time does nothing


def test_a_station_reaches_in_it(engine: Callable[[Cell], Engine]) -> None:
    with closing(Station(one_arm(), engine=engine)) as station:
        goal = top_down((0.45, -0.2, 0.3), 0.4)
        work(station, Reach(goal))
        assert station.sensed_tcp().position == pytest.approx(goal.position, abs=1e-3)
        assert station.observe()["gripper_position"] == pytest.approx([0.25], abs=0.02)
        assert station.opening() == pytest.approx(0.06, abs=2e-3)


def test_solving_an_action_changes_nothing_until_it_is_applied() -> None:
    with closing(Station(one_arm(), engine=ENGINES["documented"])) as station:
        low, high = action_bounds(20)
        before = (station.tcp_to_base, station.joints.copy(), station.gripper, station.world.time)
        wanted = station.solve(0.5 * high)
        assert station.solve(0.5 * high).targets.tolist() == wanted.targets.tolist()
        station.solve(low)
        assert station.tcp_to_base == before[0]
        assert np.array_equal(station.joints, before[1])
        assert (station.gripper, station.world.time) == before[2:]
        station.apply(wanted)
        assert station.tcp_to_base == wanted.tcp_to_base
        assert station.gripper == 0.5
        assert station.world.time == pytest.approx(1 / 20)
        for _ in range(60):
            station.apply(station.solve([0.05, 0, 0, 0, 0, 0, 1]))
        refused = station.solve([0.05, 0, 0, 0, 0, 0, 0])
        assert "no joint position reaches" in refused.unreachable
        assert refused.tcp_to_base == station.tcp_to_base


def test_the_documented_engine_runs_where_pybullet_cannot_be_imported() -> None:
    blocked = "import sys; sys.modules['pybullet'] = None\n"
    loaded = "assert not [name for name in sys.modules if name.startswith('sim.bullet')]\n"
    code = blocked + STILL.replace("from __future__ import annotations\n", "") + SHOWN + loaded
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    first, second = (
        re.findall(r"-?\d+\.\d+(?:e-?\d+)?", line) for line in done.stdout.splitlines()
    )
    assert [float(v) for v in first[1:]] == pytest.approx([0.45, 0.1, 0.2], abs=2e-4)
    assert [float(v) for v in second[1:]] == pytest.approx([0.5, -0.1, 0.3], abs=2e-4)
    assert float(second[0]) > float(first[0]) > 0.0
