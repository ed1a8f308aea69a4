"""Whether an arm at given joints keeps clear of its surroundings and of itself. Geometry alone: no
physics client is asked, so nothing that is asked here can change what is simulated."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from functools import lru_cache
from typing import Any

import numpy as np
import trimesh

from episodes.array_types import Bools, Floats, Ints
from sim.motion import boxes
from sim.motion.boxes import Boxes
from sim.pose import Pose
from sim.robots import robot
from sim.robots.physics_urdf import robot_urdf
from sim.robots.robot import RobotModel
from sim.robots.urdf import floats, origin

SLICE = 0.15  # a link longer than this gets a box for each half [m]


class Clearance:
    """An arm among boxes.

    model: the robot; others: what it must not touch, in the world; opening: of the jaws [m];
    carried: boxes of what hangs in the tool, in the TCP's frame. Links that no arm joint moves are
    left out: they stand where they stand.
    """

    def __init__(
        self, model: RobotModel, base: Pose, others: Boxes, *, opening: float,
        carried: Boxes = boxes.NONE,
    ) -> None:  # fmt: skip
        self.model = model
        self._base = base.matrix()
        self._others = others
        links, self._link = of_links(model.name)
        tool = boxes.join([boxes.of_tool(model, opening), carried])
        tcp = model.link_index(model.tcp.link)
        self._own = boxes.join([links, tool.moved(model.tcp.pose)])
        self._link = np.concatenate([self._link, np.full(len(tool), tcp)])
        self._columns = model.arm_columns
        self._low, self._high = others.bounds()
        self._self = self._self_pairs()

    def _self_pairs(self) -> Ints:
        """(P, 2): own boxes of links at least three apart that keep clear in the home posture."""
        pairs = np.argwhere(self._link[None] - self._link[:, None] >= 3)
        placed = self._placed(np.array(self.model.home)[None])
        free = ~boxes.touch(placed.at(0, pairs[:, 0]), placed.at(0, pairs[:, 1]), 0.01)
        return pairs[free]

    def _placed(self, joints: Floats) -> Boxes:
        """The arm's boxes in the world (N, A, ...), at joints (N, J)."""
        full = np.zeros((len(joints), len(self.model.movable)))
        full[:, self._columns] = joints
        link_to_world = (self._base @ self.model.link_to_base(full))[:, self._link]
        turn = link_to_world[..., :3, :3]
        centre = np.einsum("naij,aj->nai", turn, self._own.centre) + link_to_world[..., :3, 3]
        half = np.broadcast_to(self._own.half, centre.shape)
        return Boxes(centre, half, turn @ self._own.axes)

    def hits(self, joints: Floats, margin: float = 0.0) -> Bools:
        """(N,): whether at joints (N, J) something is nearer than about `margin` [m]."""
        placed = self._placed(np.asarray(joints, float))
        out = np.zeros(len(placed), bool)
        low, high = placed.bounds()
        near = (low[:, :, None] - margin <= self._high) & (self._low <= high[:, :, None] + margin)
        n, a, b = np.nonzero(near.all(axis=-1))
        out[n[boxes.touch(placed.at(n, a), self._others.at(b), margin)]] = True
        first, second = self._self[:, 0], self._self[:, 1]
        near = (low[:, first] <= high[:, second]) & (low[:, second] <= high[:, first])
        n, p = np.nonzero(near.all(axis=-1))
        out[n[boxes.touch(placed.at(n, first[p]), placed.at(n, second[p]))]] = True
        return out


@lru_cache(maxsize=16)
def of_links(name: str) -> tuple[Boxes, Ints]:
    """Boxes around the links that arm joints move, up to the tool, each in its link's frame; and
    the link (A,) of each. From the collision shapes that physics uses too."""
    model = robot.load(name)
    root = ET.parse(robot_urdf(model, visuals=False)).getroot()
    elements = {e.attrib["name"]: e for e in root.findall("link")}
    moved: set[int] = set()
    tool = {model.link_index(model.tcp.link)}
    found: list[Boxes] = []
    owner: list[int] = []
    for i, link in enumerate(model.links):
        if link.joint in model.arm.joints or link.parent in moved:
            moved.add(i)
        if link.parent in tool:
            tool.add(i)
        if i in tool or i not in moved:
            continue
        for shape in elements[link.name].findall("collision"):
            enclosing = _enclosing(_points(shape))
            found.append(enclosing)
            owner += [i] * len(enclosing)
    return boxes.join(found), np.array(owner, np.intp)


def _points(shape: ET.Element) -> Floats:
    """(N, 3) points on a collision shape, in its link's frame."""
    geometry = shape.find("geometry")
    assert geometry is not None
    kind = geometry[0]
    mesh: Any
    match kind.tag:
        case "mesh":
            mesh = trimesh.load(kind.attrib["filename"], force="mesh")
            mesh.apply_scale(floats(kind.attrib.get("scale", "1 1 1")))
        case "box":
            mesh = trimesh.creation.box(floats(kind.attrib["size"]))
        case "cylinder":
            radius, length = (float(kind.attrib[k]) for k in ("radius", "length"))
            mesh = trimesh.creation.cylinder(radius, length)
        case _:
            mesh = trimesh.creation.icosphere(radius=float(kind.attrib["radius"]))
    points, _ = trimesh.remesh.subdivide_to_size(mesh.vertices, mesh.faces, SLICE / 8)
    return origin(shape).apply(points)


def _enclosing(points: Floats) -> Boxes:
    """One box around points, or one around each half of them where they reach far."""
    low, high = points.min(axis=0), points.max(axis=0)
    axis = int(np.argmax(high - low))
    groups = [points]
    if high[axis] - low[axis] > SLICE:
        upper = points[:, axis] > (low[axis] + high[axis]) / 2
        groups = [points[upper], points[~upper]]
    lows = np.array([g.min(axis=0) for g in groups])
    highs = np.array([g.max(axis=0) for g in groups])
    return Boxes((lows + highs) / 2, (highs - lows) / 2, np.tile(np.eye(3), (len(groups), 1, 1)))
