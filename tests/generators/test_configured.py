"""A task's numbers: read once, in SI units, refused by name."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError, dataclass
from pathlib import Path
from typing import Any

import pytest

from episodes.errors import UserError
from generators import tasks
from generators.command.cli import dispatch
from generators.command.hydra_app import composed
from generators.configured import Configured, key
from sim.robots import robot

SI: dict[str, dict[str, Any]] = {
    "bench_place": {"max_seconds": 40.0, "position": 0.003, "angle": math.radians(5)},
    "carton_pack": {"overlap": 0.001, "closed": math.radians(12)},
    "conveyor_pick": {"window": (-0.2, 0.28)},
    "defect_sort": {"focus": (0.13, 0.19), "aside": 0.012, "shown": 0.25},
    "depalletise": {"drop": -0.7},
    "dispense_bead": {"standoff": (0.0008, 0.0026), "speed": (0.02, 0.06), "off_seam": 0.005},
    "peg_round": {"depth_share": 0.9, "force_limit": 80.0},
}


@pytest.mark.parametrize("task", SI)
def test_a_task_knows_its_numbers_in_si_units_and_its_arm_and_never_changes(task: str) -> None:
    config = composed("generate", [f"task={task}", "out=nowhere"])
    made = tasks.make(config)
    assert {name: getattr(made, name) for name in SI[task]} == SI[task]
    assert isinstance(made, Configured)
    model = robot.load(config["robot"]["card"])
    assert (made.name, made.arm.home, made.arm.wrist) == (task, model.home, model.wrist)
    with pytest.raises(FrozenInstanceError):
        made.max_seconds = 1.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("task", "word", "says"),
    [
        ("bench_place", "task.position_mm=abc", "must be a number, not 'abc'"),
        ("bench_place", "task.angle_deg=true", "must be a number, not True"),
        ("conveyor_pick", "task.window_m=[0.2,-0.2]", "must be [low, high] with low < high"),
    ],
)
def test_a_number_that_cannot_be_is_one_line_with_a_remedy_that_works(
    task: str, word: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert dispatch(["generate", f"task={task}", word, "out=x"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"cellwright: {word.partition('=')[0]}")
    assert says in line
    assert not Path("x").exists()
    remedy = line.partition("; try ")[2].strip('"')
    tasks.make(composed("generate", [f"task={task}", remedy, "out=nowhere"]))


@dataclass(frozen=True, kw_only=True)
class Mine(Configured):
    name = "mine"
    reach: float = key("reach_mm", least=10.0)
    turn: tuple[float, float] = key("turn_deg", least=None)


BASE: dict[str, dict[str, Any]] = {
    "robot": {"card": "panda"},
    "task": {"name": "mine", "max_seconds": 3, "reach_mm": 200, "turn_deg": [-90, 90]},
}


def test_a_number_that_the_file_of_a_task_leaves_out_is_named() -> None:
    made = Mine.from_config(BASE)
    assert (made.max_seconds, made.reach) == (3.0, 0.2)
    assert made.turn == pytest.approx((-math.pi / 2, math.pi / 2))
    task = {k: v for k, v in BASE["task"].items() if k != "reach_mm"}
    with pytest.raises(UserError, match=r"^task=mine has no task\.reach_mm; its file must give it"):
        Mine.from_config({**BASE, "task": task})
    with pytest.raises(UserError, match=r"task\.reach_mm=9 is too small: it must be 10 or more"):
        Mine.from_config({**BASE, "task": {**BASE["task"], "reach_mm": 9}})


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("reach_mm", None, "task.reach_mm must be a number, not None; try task.reach_mm=10"),
        ("reach_mm", "200 mm", "task.reach_mm must be a number, not '200 mm'"),
        ("reach_mm", [100, 200], "task.reach_mm must be a number, not [100, 200]"),
        ("reach_mm", {"low": 1}, "task.reach_mm must be a number, not {'low': 1}"),
        ("reach_mm", float("nan"), "task.reach_mm must be a number, not nan"),
        ("reach_mm", True, "task.reach_mm must be a number, not True"),
        ("reach_mm", 10**400, "task.reach_mm must be a number, not 1000"),
        ("reach_mm", -200, "task.reach_mm=-200 is too small: it must be 10 or more"),
        ("turn_deg", 90, 'task.turn_deg must be [low, high], not 90; try "task.turn_deg=[0,1]"'),
        ("turn_deg", [1], "task.turn_deg must be [low, high], not [1]"),
        ("turn_deg", [1, 2, 3], "task.turn_deg must be [low, high], not [1, 2, 3]"),
        ("turn_deg", [90, 90], "task.turn_deg=[90, 90] must be [low, high] with low < high"),
        ("turn_deg", ["low", 90], "task.turn_deg must be a number, not 'low'"),
        ("max_seconds", "long", "task.max_seconds must be a number, not 'long'"),
    ],
)
def test_what_a_number_cannot_be(name: str, value: Any, says: str) -> None:
    with pytest.raises(UserError) as error:
        Mine.from_config({**BASE, "task": {**BASE["task"], name: value}})
    assert str(error.value).startswith(says)


def test_a_task_that_is_no_dataclass_says_what_it_lacks() -> None:
    class Undecorated(Configured):
        reach: float = key("reach_mm")

    with pytest.raises(UserError, match=r"Undecorated needs @dataclass\(frozen=True, kw_only=Tr"):
        Undecorated.from_config(BASE)
