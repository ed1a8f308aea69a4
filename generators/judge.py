"""What outcomes are judged by."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from assets import parts
from sim.pose import Pose
from sim.spec import Body
from sim.station import Station
from sim.world import World


def off_goal(world: World, body: str, goal: Pose) -> tuple[float, float]:
    """How far a body is from a pose [m], and how far turned [rad]: the least over the turns about
    its z axis that map it onto itself."""
    pose = world.pose(body)
    between = goal.inverse() @ pose
    return float(np.linalg.norm(between.position)), _turn(between.rotation, world.cell.body(body))


def _turn(rotation: np.ndarray, body: Body) -> float:
    turns = parts.build(body.kind, body.params).turns
    if turns == 0:  # only the tilt of its axis counts
        return float(np.arccos(np.clip(rotation[2, 2], -1.0, 1.0)))
    angles = 2 * np.pi * np.arange(turns) / turns
    # the angle of R Rz(-a): its trace is a sum of a few entries of R
    cos, sin = np.cos(angles), np.sin(angles)
    trace = (
        (rotation[0, 0] + rotation[1, 1]) * cos
        + (rotation[1, 0] - rotation[0, 1]) * sin
        + rotation[2, 2]
    )
    return float(np.arccos(np.clip((trace.max() - 1) / 2, -1.0, 1.0)))


def at_rest(world: World, body: str) -> bool:
    """Under 5 mm/s and 0.1 rad/s."""
    speed, spin = world.speed(body)
    return speed < 0.005 and spin < 0.1


def let_go(station: Station, body: str, away: float = 0.08) -> bool:
    """Whether the tool neither holds nor touches the body and has gone `away` [m] from it."""
    world = station.world
    if station.card.cups and station.holding(body):
        return False
    distance = np.subtract(station.sensed_tcp().position, world.pose(body).position)
    return bool(np.linalg.norm(distance) > away) and station.robot.name not in world.touching(body)


def fallen(station: Station, body: str, below: float = 0.1) -> bool:
    """Whether a body lies `below` [m] the surface that the robot stands on, or lower."""
    return station.world.pose(body).position[2] < station.robot.base.position[2] - below


def lowest(world: World, body: str) -> float:
    """The height of a body's lowest point [m]."""
    return float(_heights(world, body).min())


def highest(world: World, body: str) -> float:
    """The height of a body's highest point [m]."""
    return float(_heights(world, body).max())


def _heights(world: World, body: str) -> np.ndarray:
    spec = world.cell.body(body)
    heights: np.ndarray = world.pose(body).apply(parts.build(spec.kind, spec.params).corners)[:, 2]
    return heights


def dims(world: World, body: str) -> Mapping[str, float]:
    """A body's named dimensions [m]."""
    spec = world.cell.body(body)
    return parts.build(spec.kind, spec.params).dims


def middle(world: World, container: str) -> np.ndarray:
    """(3,) the middle of a container's floor, in the world."""
    spec = world.cell.body(container)
    floor = Pose.from_array(parts.build(spec.kind, spec.params).frames["floor"])
    return np.array((world.pose(container) @ floor).position)


def rim(world: World, container: str) -> float:
    """The height of a container's rim [m]."""
    spec = world.cell.body(container)
    return world.pose(container).position[2] + parts.build(spec.kind, spec.params).height


def inside(world: World, body: str, container: str) -> bool:
    """Whether all of a body is within a container's walls, and its middle below the rim."""
    holder, spec = world.cell.body(container), world.cell.body(body)
    dims = parts.build(holder.kind, holder.params).dims
    half = np.array([dims["inner_length"], dims["inner_width"]]) / 2 + 0.001
    body_to_container = world.pose(container).inverse() @ world.pose(body)
    corners = parts.build(spec.kind, spec.params).corners
    middle = body_to_container.apply(corners.mean(axis=0))
    if middle[2] >= dims["height"] or (np.abs(middle[:2]) > half).any():
        return False
    return bool((np.abs(body_to_container.apply(corners)[:, :2]) <= half).all())


def stowed(world: World, body: str, container: str) -> bool:
    """Whether a body is inside a container, and no point of it above the rim."""
    return inside(world, body, container) and highest(world, body) <= rim(world, container)
