"""What tasks are to reach, as classes and in records."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from episodes.errors import UserError
from generators import tasks
from generators.command import hydra_app
from generators.seeds import Streams
from scenes import goals
from sim.pose import Pose
from sim.spec import Cell, Goal, RecordedGoal

KINDS = [k for k in vars(goals).values() if isinstance(k, type) and issubclass(k, Goal)]
KINDS.remove(Goal)
SCALARS = {
    str: st.text(max_size=9),
    int: st.integers(),
    bool: st.booleans(),
    float: st.floats(allow_nan=False, allow_infinity=False),
}


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Whatever a field of that type may hold."""
    args = get_args(kind)
    if get_origin(kind) is tuple:
        if args[-1] is Ellipsis:
            return st.lists(values(args[0]), max_size=3).map(tuple)
        return st.tuples(*map(values, args))
    if kind in SCALARS:
        return SCALARS[kind]
    return st.builds(kind, **{name: values(hint) for name, hint in get_type_hints(kind).items()})


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_every_goal_comes_back_from_its_record(kind: type[Goal], data: st.DataObject) -> None:
    goal = data.draw(values(kind))
    cell = Cell(goal=goal)
    again = Cell.from_json(cell.to_json())
    assert kind.of(again) == kind.of(cell) == goal
    assert repr(kind.of(again)) == repr(goal)
    assert again == cell
    assert Cell.from_json(again.to_json()).to_json() == cell.to_json()


@pytest.mark.parametrize("task", tasks.names())
def test_the_goal_of_every_task_comes_back_and_is_what_its_judge_asks_for(task: str) -> None:
    made = tasks.make(hydra_app.composed("generate", [f"task={task}", "out=nowhere"]))
    cell = made.cell(Streams(11, 0).rng("cell"))
    goal, again = cell.goal, Cell.from_json(cell.to_json())
    assert type(goal) in KINDS
    assert again.goal == goal
    assert goal == again.goal
    assert repr(type(goal).of(again)) == repr(goal)
    assert again.to_json() == cell.to_json()
    judges = [re.sub("0x[0-9a-f]+", "", repr(made.judge(one))) for one in (again, cell)]
    assert judges[0] == judges[1]


def test_poses_of_records_made_before_are_seven_numbers() -> None:
    pose = Pose((0.1, 1 / 3, 0.7), (0.1, 0.2, 0.3, 0.927))
    before = {"part": "nut_0", "slot": "tray/slot_2", "pose": pose.array().tolist()}
    cell = Cell(goal=RecordedGoal(before))
    assert goals.PlaceGoal.of(cell) == goals.PlaceGoal(part="nut_0", slot="tray/slot_2", pose=pose)


WRONG = [
    ({"pose": "here"}, "goal.pose must be a mapping, not 'here'"),
    ({"pose": [1, 2, 3]}, "goal.pose must be 7 values, not [1, 2, 3]"),
    ({"part": None}, "goal.part must be text, not None"),
    ({"slot": ...}, "goal lacks slot of a PlaceGoal"),
    ({"place": 1}, "goal: unknown fields of a PlaceGoal: place"),
]


@pytest.mark.parametrize(("change", "says"), WRONG)
def test_a_goal_that_cannot_be_is_one_line(change: dict[str, Any], says: str) -> None:
    right = goals.PlaceGoal(part="nut_0", slot="tray/slot_2", pose=Pose()).plain()
    wrong = {k: v for k, v in {**right, **change}.items() if v is not ...}
    cell = Cell.from_json(json.dumps({"goal": wrong}))  # replayed and rendered all the same
    with pytest.raises(UserError) as error:
        goals.PlaceGoal.of(cell)
    assert str(error.value) == says


def test_the_goal_of_another_task_is_named() -> None:
    pick = goals.PickGoal(part="nut_0", source="bin", target="tote")
    with pytest.raises(UserError, match=r"the cell's goal is a PickGoal, not a PlaceGoal"):
        goals.PlaceGoal.of(Cell(goal=pick))
    with pytest.raises(UserError, match=r"goal: unknown fields of a PlaceGoal: source, target"):
        goals.PlaceGoal.of(Cell.from_json(Cell(goal=pick).to_json()))


@dataclass(frozen=True, kw_only=True)
class LiftGoal(Goal):
    part: str
    height_m: float


def test_a_goal_of_the_users_own_needs_no_entry_anywhere() -> None:
    cell = Cell(goal=LiftGoal(part="nut_0", height_m=0.1))
    assert LiftGoal.of(Cell.from_json(cell.to_json())) == cell.goal
    higher = replace(cell, goal=LiftGoal(part="nut_0", height_m=0.2))
    assert Cell.from_json(cell.to_json()) != higher
