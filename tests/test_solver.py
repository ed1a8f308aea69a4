"""What jaws hold stays as it was taken: light parts too, which the solver would throw askew."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest

from assets import parts
from sim import grasping, robot
from sim.moves import Carry, Grip, Move, Open, Reach
from sim.pose import Pose, matrix_to_rotvec
from sim.spec import Body, Cell, Physics, Robot
from sim.station import Station

BENCH = Body("bench", "bench_top", {"thickness_mm": 40.0}, Pose((0.4, 0.0, -0.04)), fixed=True)


def turned(kind: str, params: dict[str, object], number: int) -> float:
    """By how much a part has turned in the jaws, lifted by one of its grasps [rad]."""
    made = parts.build(kind, params)
    lying = Pose((0.5, 0.1, 0.0003)) @ Pose.from_array(made.rests[0])
    part = Body("part", kind, params, lying, mass=made.mass)
    card = robot.load("panda").card
    arm = Robot("panda", "panda", Pose(), card.home)
    with closing(Station(Cell(robots=(arm,), bodies=(BENCH, part), physics=Physics()))) as station:
        hold = grasping.holds(station, "part", around=["bench"])[number]
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
        held = grasping.in_hand(station, "part", hold).part_to_tcp
    return float(np.linalg.norm(matrix_to_rotvec((hold.part_to_tcp.inverse() @ held).rotation)))


@pytest.mark.parametrize(("size", "number"), [("M8", 0), ("M8", 2), ("M10", 2), ("M12", 0)])
def test_a_nut_is_not_thrown_askew(size: str, number: int) -> None:
    assert turned("hex_nut", {"size": size}, number) < 0.01
