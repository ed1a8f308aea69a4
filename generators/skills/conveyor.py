"""Work at a belt that scripts share: waiting for a part, catching it while it travels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from assets import catalogue
from episodes.errors import UserError
from generators.skills import feasibility
from generators.skills.pick_place import Steps, called, free_grasp, travel
from scenes.goals import BeltGoal, ClassesGoal
from sim.motion import grasping
from sim.motion.moves import BeginSubtask, Carry, Dwell, Failed, Grip, Move, Open, Reach
from sim.motion.tracking import Meet, Ride
from sim.pose import Pose
from sim.spec import Cell
from sim.station import Station

CATCH_S = 2.6  # from deciding to catch a part to having lifted it [s]
OPEN_S = 0.3  # to open the jaws before [s]
# from lifting a part to being ready for the next one: [s], and [s] for each metre of the way to a
# bin and back; rounded up from what a Panda took
TRIP_S = (3.0, 3.5)
LEAD_S = 0.05  # by how much the arm follows late [s]

Window = tuple[float, float]  # from where to where along the belt, from its middle [m]


def along(station: Station, goal: BeltGoal, part: str) -> float:
    """How far along the belt a part is, from the belt's middle [m]."""
    return float((goal.belt.inverse() @ station.world.pose(part)).position[0])


def at_end(station: Station, goal: BeltGoal, part: str) -> bool:
    """Whether a part on the belt has come to the bar at its end."""
    at = along(station, goal, part)
    return at > goal.end_m - 0.06 and "belt" in station.world.touching(part)


def on_belt(station: Station, goal: BeltGoal, part: str) -> bool:
    """Whether a part stands on the belt and is not held."""
    x, _, z = (goal.belt.inverse() @ station.world.pose(part)).position
    held = station.robot.name in station.world.touching(part)
    return abs(x) < goal.end_m + 0.05 and abs(z) < 0.01 and not held


def await_rest(station: Station, part: str) -> Iterator[Move | BeginSubtask]:
    """Nothing is done until a part has come to the end of the belt and stands there."""
    world = station.world
    tick = 1 / world.cell.physics.control_hz
    if world.speed(part)[0] > 0.01:
        yield BeginSubtask("wait", f"wait for the {called(station, part)}")
    while world.speed(part)[0] > 0.01:
        yield Dwell(tick)


def await_room(station: Station, goal: BeltGoal, part: str, spot: float) -> Iterator[Move]:
    """Nothing is done until nothing on the belt is near `spot`, along it [m]."""
    world = station.world
    others = [b.name for b in world.cell.bodies if b.role == "part" and b.name != part]
    body = world.cell.body(part)
    length = float(catalogue.build(body.kind, body.params).extents[0])
    while any(
        on_belt(station, goal, name) and abs(along(station, goal, name) - spot) < 1.2 * length
        for name in others
    ):
        yield Dwell(1 / world.cell.physics.control_hz)


def check_speed(goal: BeltGoal, window: Window) -> None:
    """UserError if a part is in reach too short a time to be caught."""
    speed = float(np.linalg.norm(goal.velocity))
    most = (window[1] - window[0]) / (CATCH_S + 0.5)
    if speed > most:
        raise UserError(
            f"scene.line.speed_m_s={speed:.2f} is faster than the arm can catch a part within "
            f"task.window_m={list(window)}: at most {most:.2f}"
        )


def out_of_reach(cell: Cell, goal: BeltGoal, window: Window, places: Mapping[str, Pose]) -> str:
    """What the robot does not reach of the belt within `window` [m], and of places."""
    ends = {f"the belt at {x:g} m": goal.belt @ Pose((x, 0.0, 0.0)) for x in window}
    return feasibility.out_of_reach(cell, ends | dict(places), 0.16)


def uncatchable(cell: Cell, goal: ClassesGoal, window: Window) -> str:
    """Which part leaves the window before the arm is back from those before it, as a clause; "" if
    none does. Each is taken to its own bin: what that takes is estimated (`TRIP_S`)."""
    pace, belt = float(np.linalg.norm(goal.velocity)), goal.belt
    ready = 0.0  # when the arm can decide to catch the next one [s]
    for part, container in zip(goal.parts, goal.bins, strict=True):
        start = float((belt.inverse() @ cell.body(part).pose).position[0])
        ready = max(ready, (window[0] - start) / pace)
        caught = start + pace * (ready + OPEN_S + CATCH_S)
        if caught > window[1]:
            return f"{part} passes before the arm can catch it"
        way = np.subtract(cell.body(container).pose.position, belt.apply([caught, 0.0, 0.0]))
        back = np.subtract(cell.body(container).pose.position, belt.apply([window[0], 0.0, 0.0]))
        gone = float(np.linalg.norm(way[:2]) + np.linalg.norm(back[:2]))
        ready += OPEN_S + CATCH_S + TRIP_S[0] + TRIP_S[1] * gone
    return ""


def catch(
    station: Station, goal: BeltGoal, part: str, rng: np.random.Generator, window: Window, *,
    goals: Sequence[Pose] = (), clear: float, speed: float,
) -> Steps:  # fmt: skip
    """Waits until a part on the belt comes into reach, takes hold of it as it travels, and lifts
    it by `clear` [m]. window: from where to where along the belt it may be taken [m]."""
    world, velocity = station.world, goal.velocity
    pace = float(np.linalg.norm(velocity))
    yield BeginSubtask("wait", f"wait for the {called(station, part)}")
    entry = goal.belt.apply([window[0] + pace, 0.0, 0.0])
    yield travel(Pose.at(entry, station.home.rotation).shifted(z=0.08 + clear), rng, speed)
    while along(station, goal, part) < window[0]:
        yield Dwell(1 / world.cell.physics.control_hz)

    yield BeginSubtask("catch", f"grasp the {called(station, part)} as it passes")
    hold = free_grasp(station, part, rng, goals=goals, clear=clear)
    yield Open(hold.opening)
    lead = Pose.at(np.multiply(velocity, LEAD_S))
    if along(station, goal, part) + pace * CATCH_S > window[1]:
        raise Failed("reached_end", f"{part} passed before it could be caught")
    above = _tool(station, part, hold).shifted(z=clear)
    way = np.linalg.norm(np.subtract(above.position, station.tcp_to_world.position))
    yield Meet(above, velocity, max(0.8, 1.875 * float(way) / speed), LEAD_S)
    yield Ride(Reach(lead @ _tool(station, part, hold), 0.3, within=np.inf), velocity)
    yield Ride(Grip(hold.width, 0.4), velocity)
    yield Ride(Carry(station.tcp_to_world.shifted(z=clear), 0.35), velocity)
    return hold


def _tool(station: Station, part: str, hold: grasping.PlannedGrasp) -> Pose:
    """tcp_to_world for a hold of a part where it is now."""
    return station.world.pose(part) @ hold.part_to_tcp.inverse()
