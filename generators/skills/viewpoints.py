"""Views that a camera on the wrist is asked to take: whether it has them, and where to take them
from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from episodes.array_types import Floats
from scenes.cameras import look_at
from scenes.goals import ViewsGoal
from sim.motion import travel
from sim.pose import Pose, rotvec_to_matrix
from sim.robots import reach
from sim.spec import Camera
from sim.station import Station

SKIN = 0.002  # a ray ends this far before a feature [m]
LENS = 0.02  # and begins this far before the camera, outside its body [m]
DIRECTIONS, ROLLS = 40, 8  # that are tried around a feature
LOWEST = np.deg2rad(25.0)  # elevation of a line of sight


@dataclass(frozen=True)
class Terms:
    """What counts as a view: focus, nearest and farthest [m]; angle, from the feature's normal at
    most [rad]; framed, from the picture's middle at most, as a share of its size; still, how long
    the camera must stand [s]."""

    focus: tuple[float, float]
    angle: float
    framed: float
    still: float


@dataclass
class Views:
    """The views that a camera has taken; `look` is called once before the first step and once after
    each. taken: the features that were seen from a camera that stood long enough."""

    goal: ViewsGoal
    camera: Camera
    terms: Terms
    taken: set[str] = field(default_factory=set)
    _tool: Floats | None = None  # where the tool was [m]
    _rows: int = 0  # for how many control periods it has stood

    def look(self, station: Station) -> None:
        tool = np.array(station.sensed_tcp().position)
        hz = station.world.cell.physics.control_hz
        moved = np.inf if self._tool is None else float(np.linalg.norm(tool - self._tool)) * hz
        self._tool = tool
        self._rows = self._rows + 1 if moved < 0.01 else 0
        if self._rows < self.terms.still * hz:
            return
        goal = self.goal
        for name, point, normal in zip(goal.features, goal.points, goal.normals, strict=True):
            if name not in self.taken and has(
                station, self.camera, np.array(point), np.array(normal), self.terms
            ):
                self.taken.add(name)


def has(station: Station, camera: Camera, point: Floats, normal: Floats, terms: Terms) -> bool:
    """Whether the camera, where it is now, has a view of a feature at `point` (3,), facing
    `normal` (3,), that nothing hides."""
    eye = camera_to_world(station, camera)
    x, y, z = eye.inverse().apply(point)
    if not terms.focus[0] <= z <= terms.focus[1]:
        return False
    k = camera.intrinsics()
    aside = abs(k[0, 0] * x / z / camera.width), abs(k[1, 1] * y / z / camera.height)
    back = np.subtract(eye.position, point)
    if max(aside) > terms.framed or normal @ back < np.cos(terms.angle) * np.linalg.norm(back):
        return False
    return hidden_by(station, eye, point, normal) is None


def camera_to_world(station: Station, camera: Camera) -> Pose:
    """Of a camera that rides on the station's robot, as the joint sensors have it; OpenCV axes."""
    return station.sensed_frame(camera.parent.partition("/")[2], camera.pose)


def camera_to_tcp(station: Station, camera: Camera) -> Pose:
    """Where a camera that rides on the station's robot sits behind the tool centre point."""
    return station.sensed_tcp().inverse() @ camera_to_world(station, camera)


def hidden_by(station: Station, eye: Pose, point: Floats, normal: Floats) -> str | None:
    """What stands between a camera and a feature."""
    way = np.subtract(point, eye.position)
    start = eye.position + LENS * way / np.linalg.norm(way)
    return station.world.first_hit(start, np.add(point, SKIN * normal))


def tools(
    station: Station, camera: Camera, point: Floats, normal: Floats, terms: Terms,
    rng: np.random.Generator,
) -> Iterator[Pose]:  # fmt: skip
    """tcp_to_world poses that give a view of a feature: in reach, clear of everything, unhidden;
    those that turn the wrist least first."""
    tcp_to_camera = camera_to_tcp(station, camera).inverse()
    found: list[tuple[float, int, Pose]] = []
    for _ in range(DIRECTIONS):
        away = _about(normal, 0.8 * terms.angle, rng)
        if np.arcsin(away[2]) < LOWEST:
            continue
        low, high = terms.focus
        eye = look_at(point + rng.uniform(0.7 * low + 0.3 * high, high - 0.2 * (high - low)) * away,
                      point, up=(1.0, 0.0, 0.0) if away[2] > 0.95 else (0.0, 0.0, 1.0))  # fmt: skip
        if hidden_by(station, eye, point, normal) not in (None, station.robot.name):
            continue
        for roll in np.linspace(-np.pi, np.pi, ROLLS, endpoint=False):
            turned = Pose.at(eye.position, eye.rotation @ rotvec_to_matrix([0.0, 0.0, roll]))
            tool = turned @ tcp_to_camera
            found.append((float(np.linalg.norm(station.turn_from_home(tool))), len(found), tool))
    clearance = travel.clearance_of(station)
    base = station.robot.base.inverse()
    for _, _, tool in sorted(found, key=lambda item: item[:2]):
        joints = next(reach.solutions(station.kinematics, base @ tool, station.joints), None)
        if joints is not None and not clearance.hits(joints[None], 0.01)[0]:
            yield tool


def _about(axis: Floats, angle: float, rng: np.random.Generator) -> Floats:
    """A direction (3,) within `angle` [rad] of an axis (3,), evenly over the cap."""
    z = rng.uniform(np.cos(angle), 1.0)
    turn = rng.uniform(-np.pi, np.pi)
    side = np.cross(axis, [1.0, 0.0, 0.0] if abs(axis[0]) < 0.8 else [0.0, 1.0, 0.0])
    side /= np.linalg.norm(side)
    flat = np.cos(turn) * side + np.sin(turn) * np.cross(axis, side)
    out: Floats = z * axis + np.sqrt(1 - z * z) * flat
    return out
