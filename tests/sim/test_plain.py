"""Dataclasses as JSON terms and back, and what cannot be one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from episodes.errors import UserError
from sim.plain import from_plain, to_plain
from sim.pose import Pose
from sim.spec import Body, Camera, Cell, Joint


@dataclass(frozen=True)
class Thing:
    name: str
    at: Pose
    size: tuple[float, float]
    count: int = 1
    tags: tuple[str, ...] = ()
    extra: Mapping[str, float] = field(default_factory=dict)
    inner: Thing | None = None
    on: bool = False
    free: Any = None


PLAIN = {"name": "a", "at": {"position": [1, 2, 3], "quaternion": [0, 0, 0, 1]}, "size": [0.1, 3]}


def test_it_comes_back_as_it_went() -> None:
    thing = Thing("a", Pose((0.1, 1 / 3, 1e-17)), (1e300, -0.0), 3, ("x",), {"k": 2.0},
                  Thing("b", Pose(), (0.0, 1.0)), True, {"any": [1, None]})  # fmt: skip
    again = from_plain(Thing, json.loads(json.dumps(to_plain(thing))), "thing")
    assert again == thing
    assert repr(again) == repr(thing)  # every bit, and the sign of zero


def test_a_pose_may_be_seven_numbers_as_records_have_had_it() -> None:
    thing = from_plain(Thing, {**PLAIN, "at": [1, 2, 3, 0, 0, 0, 1]}, "thing")
    assert thing == from_plain(Thing, PLAIN, "thing")
    assert thing.at.position == (1.0, 2.0, 3.0)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": 3}, "thing.name must be text, not 3"),
        ({"count": 1.5}, "thing.count must be a whole number, not 1.5"),
        ({"count": True}, "thing.count must be a whole number, not True"),
        ({"on": 1}, "thing.on must be true or false, not 1"),
        ({"size": [1, "2"]}, "thing.size[1] must be a number, not '2'"),
        ({"size": [1, float("nan")]}, "thing.size[1] must be a number, not nan"),
        ({"size": [1, 10**400]}, "thing.size[1] must be a number, not 1000"),
        ({"size": [1, 2, 3]}, "thing.size must be 2 values, not [1, 2, 3]"),
        ({"size": None}, "thing.size must be 2 values, not None"),
        ({"tags": "xy"}, "thing.tags must be a list, not 'xy'"),
        ({"tags": ["x", None]}, "thing.tags[1] must be text, not None"),
        ({"at": [1, 2, 3]}, "thing.at must be 7 values, not [1, 2, 3]"),
        ({"at": 7}, "thing.at must be a mapping, not 7"),
        ({"at": {"place": 1}}, "thing.at: unknown fields of a Pose: place"),
        ({"extra": {"k": []}}, "thing.extra.k must be a number, not []"),
        ({"inner": {"name": "b"}}, "thing.inner lacks at, size of a Thing"),
        ({"colour": "red"}, "thing: unknown fields of a Thing: colour"),
    ],
)
def test_what_does_not_fit_is_named_by_its_place(change: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError) as error:
        from_plain(Thing, {**PLAIN, **change}, "thing")
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_a_place_deep_in_a_cell_is_named() -> None:
    joint = Joint("slide", (0.0, 0.0, 1.0), 0.0, 1.0, "")
    bodies = (Body("a", "block", {}, Pose(), joint=joint),)
    cell = Cell(bodies=bodies, cameras=(Camera("front", Pose()),))
    plain = json.loads(cell.to_json())
    for path, value, says in (
        (("bodies", 0, "joint", "axis"), [0, 1], "cell.bodies[0].joint.axis must be 3 values"),
        (("cameras", 0, "width"), "wide", "cell.cameras[0].width must be a whole number"),
        (("goal",), [1], "cell.goal must be a mapping, not [1]"),
        (("robots",), {}, "cell.robots must be a list, not {}"),
    ):
        wrong = json.loads(json.dumps(plain))
        at = wrong
        for step in path[:-1]:
            at = at[step]  # type: ignore[index]
        at[path[-1]] = value
        with pytest.raises(UserError) as error:
            Cell.from_json(json.dumps(wrong))
        assert says in str(error.value)
