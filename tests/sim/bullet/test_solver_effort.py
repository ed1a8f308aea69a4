"""What jaws hold stays as it was taken; light parts too, which the solver would throw askew."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pybullet
import pytest

from assets import catalogue
from sim.motion import grasping
from sim.motion.grasping import PlannedGrasp
from sim.motion.moves import Carry, Grip, Move, Open, Reach
from sim.pose import Pose, matrix_to_rotvec
from sim.robots import robot
from sim.spec import Body, Cell, Physics, Robot
from sim.station import Station

BENCH = Body("bench", "bench_top", {"thickness_mm": 40.0}, Pose((0.4, 0.0, -0.04)), fixed=True)


def lifted(station: Station, number: int) -> PlannedGrasp:
    """Takes the part by one of its grasps, and lifts it."""
    hold = grasping.feasible_grasps(station, "part", around=["bench"])[number]
    moves: list[Move] = [
        Reach(grasping.approach(hold, 0.1)),
        Open(hold.opening),
        Reach(hold.tcp_to_world, 0.25),
        Grip(hold.width),
        Carry(hold.tcp_to_world.shifted(z=0.1)),
    ]
    for move in moves:
        for command in move.commands(station):
            station.step(station.encode(command.tcp_to_world, command.gripper))
    return hold


def with_part(kind: str, params: dict[str, object]) -> Cell:
    made = catalogue.build(kind, params)
    lying = Pose((0.5, 0.1, 0.0003)) @ Pose.from_array(made.rests[0])
    part = Body("part", kind, params, lying, mass=made.mass)
    arm = Robot("panda", "panda", Pose(), robot.load("panda").home)
    return Cell(robots=(arm,), bodies=(BENCH, part), physics=Physics())


def turned(kind: str, params: dict[str, object], number: int) -> float:
    """By how much a part has turned in the jaws, lifted by one of its grasps [rad]."""
    with closing(Station(with_part(kind, params))) as station:
        hold = lifted(station, number)
        held = grasping.in_hand(station, "part", hold).part_to_tcp
    return float(np.linalg.norm(matrix_to_rotvec((hold.part_to_tcp.inverse() @ held).rotation)))


@pytest.mark.parametrize(("kind", "is_round"), [("block", False), ("bushing", True)])
def test_pads_resist_pivoting_only_of_what_is_round(kind: str, is_round: bool) -> None:
    with closing(Station(with_part(kind, {}))) as station:
        lifted(station, 0)
        arm = station.world.arms["panda"]
        for link in station.tool.pads:
            told = pybullet.getDynamicsInfo(arm.id, arm.link_ids[link], station.world.client)
            assert (told[7] > 0.0) == is_round  # its spinning friction


@pytest.mark.parametrize(("size", "number"), [("M8", 0), ("M8", 2), ("M10", 2), ("M12", 0)])
def test_a_nut_is_not_thrown_askew(size: str, number: int) -> None:
    assert turned("hex_nut", {"size": size}, number) < 0.01
