"""What a tool's one command means, and what its sensors say, of each kind."""

from __future__ import annotations

import numpy as np
import pytest

from assets import catalogue
from sim.pose import Pose
from sim.robots import robot
from sim.robots.tools import KINDS
from sim.robots.tools.base import ToolReading
from sim.robots.tools.cups import Cups
from sim.robots.tools.jaws import Jaws

# the second is built the other way round: its joints grow as it closes, and 0 is not an end
HANDS = {
    "at 0 closed": Jaws(("l", "r"), 0.04, 0.0, 0.08, 25.0, True, 0.0, {}),
    "at 0 neither": Jaws(("l", "r", "c"), 0.01, 0.05, 0.12, 25.0, False, 0.0, {}),
}


@pytest.mark.parametrize("jaws", HANDS.values(), ids=HANDS)
@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_jaws_go_where_they_are_commanded_and_read_back_as_that(jaws: Jaws, share: float) -> None:
    opening = (1.0 - share) * jaws.width
    assert jaws.command(opening) == pytest.approx(share)
    joints = jaws.positions(np.array([[share], [0.0]]))
    assert joints.shape == (2, len(jaws.joints))
    assert joints[1] == pytest.approx(jaws.open_at)
    assert joints[0] == pytest.approx(jaws.opened(opening))
    reading = ToolReading(tuple(joints[0].tolist()))
    assert jaws.opening(reading) == pytest.approx(opening)
    assert jaws.closed(reading) == pytest.approx(share)
    assert jaws.holding(reading, "anything", 0.001) == (opening > 0.0)


def test_jaws_open_as_far_as_they_can_and_need_room() -> None:
    jaws = HANDS["at 0 closed"]
    assert jaws.command(np.inf) == 0.0
    assert jaws.way_in(0.03) == pytest.approx(0.03 + 2 * 0.008)
    assert jaws.way_in(0.075) == 0.08
    assert (jaws.ramp(10), jaws.ramp(1)) == (5, 1)
    assert jaws.empty(ToolReading((0.001, 0.001))) == "jaws closed to 2.0 mm"


def test_cups_tell_what_hangs_on_them() -> None:
    cups = robot.load("panda+vacuum_area").tool
    assert isinstance(cups, Cups)
    assert cups.spread == pytest.approx(0.014 + np.hypot(0.035, 0.035))
    nothing, box = ToolReading(), ToolReading(held="box", on=True)
    assert (cups.closed(nothing), cups.closed(box)) == (0.0, 1.0)
    assert not cups.holding(nothing, None, 0.0)
    assert cups.holding(box, None, 0.0)
    assert cups.holding(box, "box", 0.0)
    assert not cups.holding(box, "other", 0.0)
    assert cups.positions(np.zeros((3, 1))).shape == (3, 0)


def test_cups_prefer_the_middle_and_leave_what_they_cannot_carry() -> None:
    cups = robot.load("panda+vacuum").tool
    size = {"length_mm": 120.0, "width_mm": 120.0, "height_mm": 60.0}
    light, heavy = (
        catalogue.build("block", {**size, "material": material})
        for material in ("pom", "brushed_steel")
    )
    found = list(cups.grasps(light, Pose(), 0.3))
    best = min(found, key=lambda grasp: grasp.askew)
    assert best.askew == pytest.approx(0.0, abs=1e-3)
    assert best.tcp_to_part.position == pytest.approx((0.0, 0.0, 0.059), abs=1e-3)
    assert {grasp.width for grasp in found} == {0.0}
    # 60 kPa on 18 mm hold 61 N, of which 0.6 is relied on; the steel block weighs 67 N
    assert heavy.mass > 6.5
    assert list(cups.grasps(heavy, Pose(), 0.3)) == []


def test_a_nozzle_is_a_valve() -> None:
    nozzle = robot.load("panda+nozzle").tool
    assert (nozzle.closed(ToolReading(on=True)), nozzle.closed(ToolReading())) == (1.0, 0.0)
    assert not nozzle.holding(ToolReading(on=True), None, 0.0)
    assert list(nozzle.grasps(catalogue.build("block"), Pose(), 3.0)) == []


def test_a_kind_of_a_card_is_the_kind_of_its_tool() -> None:
    assert {robot.load(name).tool.kind for name in robot.cards()} == set(KINDS)
