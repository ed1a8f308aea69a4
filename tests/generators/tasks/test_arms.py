"""Every task on every arm: stations that are laid out for who stands at them."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import numpy as np
import pytest

from episodes.errors import UserError
from generators import tasks
from generators.command import hydra_app
from generators.seeds import Streams
from generators.skills import machine_tending
from sim.motion import travel
from sim.robots import card, robot
from sim.robots.reach import follows
from sim.spec import Cell
from sim.station import Station


def cell_of(task: str, arm: str, *words: str, index: int = 0) -> Cell:
    config: dict[str, Any] = hydra_app.composed(
        "generate", [f"task={task}", f"robot={arm}", "out=none", "renderer=none", *words]
    )
    return tasks.make(config).cell(Streams(0, index).rng("cell"))


ARMS, TASKS = card.arms(), tasks.names()
# each task on two arms, each arm on every second task or so; the others in `make slow`
PAIRS = [
    pytest.param(task, arm, marks=[] if (i - k) % len(ARMS) in (0, 2) else pytest.mark.slow)
    for i, task in enumerate(TASKS)
    for k, arm in enumerate(ARMS)
]


@pytest.mark.parametrize(("task", "arm"), PAIRS)
def test_every_task_has_a_layout_in_reach_of_every_arm(task: str, arm: str) -> None:
    """What is to be handled stands within the data sheet's reach, which is that of the wrist, and a
    hand's breadth; unless a belt brings it."""
    cell = cell_of(task, arm)
    assert cell.robots[0].card.partition("+")[0] == arm
    foot = cell.robots[0].base.shifted(z=card.arm(arm).foot).position
    loose = [b for b in cell.bodies if not b.fixed]
    if not any(any(b.belt) for b in cell.bodies):
        for body in loose:
            away = np.linalg.norm(np.subtract(body.pose.position, foot))
            assert away < card.arm(arm).reach + 0.1, body.name
    assert loose or task == "inspect_views"


def test_an_iiwa_cannot_fold_its_wrist_to_its_shoulder() -> None:
    upper, fore = 0.42, 0.40  # data sheet [m]
    bend = np.deg2rad(120.0)
    near = np.sqrt(upper**2 + fore**2 + 2 * upper * fore * np.cos(bend))
    assert robot.load("iiwa").kinematics.fold() == pytest.approx(near, abs=1e-3)
    others = [robot.load(arm).kinematics.fold() for arm in card.arms() if arm != "iiwa"]
    assert max(others) < 0.25


@pytest.mark.parametrize(("task", "body"), [("machine_load", "chuck"), ("palletise", "pallet")])
def test_stations_are_as_much_higher_as_an_arms_own_stand(task: str, body: str) -> None:
    def over_bench(arm: str) -> float:
        cell = cell_of(task, arm, *(["scene.holder=chuck"] if body == "chuck" else []))
        return float(cell.body(body).pose.position[2] - cell.robots[0].base.position[2])

    stand = card.arm("iiwa").foot
    assert stand > 0.2
    assert card.arm("ur5").foot == 0.0
    assert over_bench("iiwa") > over_bench("ur5") + stand - 0.15  # heights are drawn


def test_thicker_jaws_have_more_room_between_the_slots_of_a_kit() -> None:
    def ribs(arm: str) -> float:
        return float(cell_of("kit_tray", arm).body("tray").params["rib_mm"])

    thicker = 1000 * (robot.load("ur5").jaw - robot.load("panda").jaw)
    assert thicker > 1.0
    assert ribs("ur5") == pytest.approx(ribs("panda") + thicker)


def test_an_arm_comes_to_a_door_in_a_posture_in_which_it_can_push_it_open() -> None:
    cell = cell_of("machine_unload", "ur10")  # which starts turned to the tray
    with closing(Station(cell)) as station:
        model, base = station.model, station.robot.base.inverse()
        joint = cell.body("door").joint
        assert joint is not None
        way = joint.upper * (cell.body("door").pose.rotation @ np.asarray(joint.axis))
        beside = machine_tending.beside_handle(
            model, cell, "door", machine_tending.BESIDE, machine_tending.LEAN[0]
        )
        along = tuple(beside.shifted(*(share * way)) for share in np.linspace(0.0, 1.0, 12))
        above = beside.shifted(z=machine_tending.RISE)

        def gets_on(then: tuple[Any, ...]) -> bool:
            arm = travel._goal_joints(station, travel.Travel(above, 1, then=then))[0]
            return follows(station.kinematics, [base @ pose for pose in along], arm)

        assert not gets_on(()), "the nearest posture leads over the arm's back"
        assert gets_on(along)


def test_what_is_out_of_reach_is_told_with_how_far_it_is() -> None:
    with pytest.raises(UserError, match=r"ur5.* \(reach 0\.85 m\) does not reach .*\d m from its "):
        cell_of("palletise", "ur5", "scene.pallet.y_m=1.2")
