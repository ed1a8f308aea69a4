"""Small cells with an arm at a bench, and work done in them."""

from sim.pose import Pose
from sim.robots import robot
from sim.spec import Body, Cell, Physics, Robot
from sim.station import Station

PANDA = robot.load("panda")

BENCH = Body("bench", "bench_top", {"thickness_mm": 40.0}, Pose((0.4, 0.0, -0.04)), fixed=True)

THERE = Pose((0.5, 0.1, 0.0))


def block(name: str = "part", at: Pose = THERE, mass: float = 0.3) -> Body:
    size = {"length_mm": 50.0, "width_mm": 30.0, "height_mm": 30.0}
    return Body(name, "block", size, at, mass=mass)


def cell(*bodies: Body, **physics: float) -> Cell:
    arm = Robot("panda", "panda", Pose(), PANDA.home)
    return Cell(robots=(arm,), bodies=bodies, physics=Physics(**physics))


def work(station: Station, *moves) -> None:
    for move in moves:
        for command in move.commands(station):
            station.step(station.encode(command.tcp_to_world, command.gripper))
