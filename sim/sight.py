"""What a straight line through the world meets first, and where a camera on a robot is now."""

from __future__ import annotations

import numpy as np
import pybullet
from numpy.typing import ArrayLike

from sim import robot
from sim.pose import Pose
from sim.spec import Camera
from sim.station import Station


def hit(station: Station, start: ArrayLike, end: ArrayLike) -> str | None:
    """The name of the body or robot that a ray from start to end (3,) [m] meets first."""
    world = station.world
    ray = [np.asarray(start, float).tolist()], [np.asarray(end, float).tolist()]
    [found] = pybullet.rayTestBatch(*ray, physicsClientId=world.client)
    names = {loaded.id: name for name, loaded in world.bodies.items()}
    names |= {arm.id: name for name, arm in world.arms.items()}
    return names.get(found[0])


def camera_to_world(station: Station, camera: Camera) -> Pose:
    """Of a camera that rides on the station's robot, as the joint sensors have it; OpenCV axes."""
    positions = np.array(station.arm.read()[0])
    link = camera.parent.partition("/")[2]
    at = robot.frame_to_world(station.robot.base, station.arm.model, positions, link, camera.pose)
    return Pose.from_matrix(at)


def camera_to_tcp(station: Station, camera: Camera) -> Pose:
    """Where a camera that rides on the station's robot sits behind the tool centre point."""
    return station.sensed_tcp().inverse() @ camera_to_world(station, camera)
