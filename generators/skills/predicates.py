"""What outcomes are judged by."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from sim.engine import Engine
from sim.pose import Pose
from sim.station import Station


def off_goal(world: Engine, body: str, goal: Pose) -> tuple[float, float]:
    """How far a body is from a pose [m], and how far turned [rad]: the least over the turns about
    its z axis that map it onto itself."""
    between = goal.inverse() @ world.pose(body)
    return math.hypot(*between.position), _turn(between, world.parts[body].turns)


def _turn(between: Pose, turns: int) -> float:
    x, y, z, w = between.quaternion
    if turns == 0:  # only the tilt of its axis counts
        return 2 * math.asin(min(1.0, math.hypot(x, y)))
    # of a turn by a before this one, the quaternion's w is w cos(a/2) - z sin(a/2)
    halves = (math.pi * k / turns for k in range(turns))
    most = max(abs(w * math.cos(half) - z * math.sin(half)) for half in halves)
    return 2 * math.acos(min(1.0, most))


def at_rest(world: Engine, body: str) -> bool:
    """Under 5 mm/s and 0.1 rad/s."""
    speed, spin = world.speed(body)
    return speed < 0.005 and spin < 0.1


def let_go(station: Station, body: str, away: float = 0.08) -> bool:
    """Whether the tool neither holds nor touches the body and has gone `away` [m] from it."""
    world = station.world
    if world.held(station.robot.name) == body:
        return False
    distance = np.subtract(station.sensed_tcp().position, world.pose(body).position)
    return bool(np.linalg.norm(distance) > away) and station.robot.name not in world.touching(body)


def fallen(station: Station, body: str, below: float = 0.1) -> bool:
    """Whether a body lies `below` [m] the surface that the robot stands on, or lower."""
    return station.world.pose(body).position[2] < station.robot.base.position[2] - below


def lowest(world: Engine, body: str) -> float:
    """The height of a body's lowest point [m]."""
    return float(_heights(world, body).min())


def highest(world: Engine, body: str) -> float:
    """The height of a body's highest point [m]."""
    return float(_heights(world, body).max())


def _heights(world: Engine, body: str) -> np.ndarray:
    pose = world.pose(body)
    heights: np.ndarray = world.parts[body].corners @ pose.rotation[2] + pose.position[2]
    return heights


def dims(world: Engine, body: str) -> Mapping[str, float]:
    """A body's named dimensions [m]."""
    return world.parts[body].dims


def middle(world: Engine, container: str) -> np.ndarray:
    """(3,) the middle of a container's floor, in the world."""
    floor = Pose.from_array(world.parts[container].frames["floor"])
    return np.array((world.pose(container) @ floor).position)


def rim(world: Engine, container: str) -> float:
    """The height of a container's rim [m]."""
    return world.pose(container).position[2] + world.parts[container].height


def inside(world: Engine, body: str, container: str) -> bool:
    """Whether all of a body is within a container's walls, and its middle below the rim."""
    part, dims = world.parts[body], world.parts[container].dims
    away = math.dist(world.pose(body).position, world.pose(container).position)
    if away > math.hypot(dims["inner_length"], dims["inner_width"], dims["height"]) + part.radius:
        return False  # far away, which is soon told
    half = np.array([dims["inner_length"], dims["inner_width"]]) / 2 + 0.001
    body_to_container = world.pose(container).inverse() @ world.pose(body)
    middle = body_to_container.apply(part.middle)
    if middle[2] >= dims["height"] or (np.abs(middle[:2]) > half).any():
        return False
    return bool((np.abs(body_to_container.apply(part.corners)[:, :2]) <= half).all())


def stowed(world: Engine, body: str, container: str) -> bool:
    """Whether a body is inside a container, and no point of it above the rim."""
    return inside(world, body, container) and highest(world, body) <= rim(world, container)
