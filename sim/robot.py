"""A robot as its card and its URDF describe it: links, joints, looks, kinematics. No physics."""

from __future__ import annotations

import hashlib
import importlib.util
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from episodes.errors import UserError
from sim.pose import Pose, rotvec_to_matrix

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Visual:
    """A mesh file to see: its pose in the link, its scale, its colour where the file has none."""

    file: Path
    pose: Pose  # mesh_to_link
    scale: tuple[float, float, float]
    rgba: tuple[float, float, float, float]


@dataclass(frozen=True)
class Link:
    """A link and the joint that carries it. movable: index among the movable joints, or -1."""

    name: str
    parent: int  # index of the parent link; -1 for the root
    joint: str
    joint_type: str  # "fixed", "revolute", "continuous", "prismatic"
    origin: Pose  # joint_to_parent at zero
    axis: tuple[float, float, float]
    movable: int
    visuals: tuple[Visual, ...]


@dataclass(frozen=True)
class Card:
    """The card of `assets/robots/{name}.yaml`; angles in rad, lengths in m, forces in N."""

    name: str
    title: str
    urdf: str
    licence: str
    arm_joints: tuple[str, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    velocity: tuple[float, ...]
    effort: tuple[float, ...]
    home: tuple[float, ...]
    wrench_joint: str
    tcp_link: str
    tcp: Pose  # tcp_to_link
    gripper_joints: tuple[str, ...]
    gripper_open: float
    gripper_closed: float
    gripper_width: float
    gripper_force: float
    gripper_couple: bool
    palm: Mapping[str, tuple[float, ...]]
    pads: Mapping[str, tuple[Mapping[str, tuple[float, ...]], ...]]

    @property
    def palm_above_tcp(self) -> float:
        """How far behind the tool centre point the palm begins [m]."""
        return self.tcp.position[2] - self.palm["centre"][2] - self.palm["half"][2]

    @property
    def wrist(self) -> str:
        """Where a wrist camera rides, as `Camera.parent` names it."""
        return f"{self.name}/{self.tcp_link}"


@dataclass(frozen=True)
class Model:
    """Card, links in topological order, and the movable joints by name."""

    card: Card
    urdf_path: Path
    links: tuple[Link, ...]
    movable: tuple[str, ...]  # names of movable joints, in link order
    sha256: str  # of the card, the URDF and its meshes

    def arm_columns(self) -> list[int]:
        """Where the arm joints stand among the movable joints."""
        return [self.movable.index(name) for name in self.card.arm_joints]

    def gripper_columns(self) -> list[int]:
        return [self.movable.index(name) for name in self.card.gripper_joints]

    def link_index(self, name: str) -> int:
        for i, link in enumerate(self.links):
            if link.name == name:
                return i
        raise KeyError(f"{self.card.name} has no link {name!r}: {[k.name for k in self.links]}")

    def link_to_base(self, joints: Array) -> Array:
        """Every link's matrix (..., L, 4, 4) in the root link's frame, for joints (..., M)."""
        joints = np.asarray(joints, float)
        out = np.empty((*joints.shape[:-1], len(self.links), 4, 4))
        for i, link in enumerate(self.links):
            origin = link.origin.matrix()
            if link.movable >= 0:
                origin = origin @ _motion(link, joints[..., link.movable])
            out[..., i, :, :] = origin if link.parent < 0 else out[..., link.parent, :, :] @ origin
        return out


def _motion(link: Link, value: Array) -> Array:
    """(..., 4, 4): what the joint adds at `value` (...,)."""
    axis = np.asarray(link.axis)
    out = np.zeros((*np.shape(value), 4, 4))
    out[..., 3, 3] = 1.0
    if link.joint_type == "prismatic":
        out[..., :3, :3] = np.eye(3)
        out[..., :3, 3] = value[..., None] * axis
        return out
    k = rotvec_to_matrix(axis * (np.pi / 2)) - np.outer(axis, axis)  # the cross product matrix
    sin, cos = np.sin(value)[..., None, None], np.cos(value)[..., None, None]
    out[..., :3, :3] = cos * np.eye(3) + sin * k + (1 - cos) * np.outer(axis, axis)
    return out


def cards() -> list[str]:
    """The names of the robots there are."""
    return sorted(p.name[:-5] for p in files("assets.robots").iterdir() if p.name.endswith(".yaml"))


@lru_cache(maxsize=16)
def load(name: str) -> Model:
    """The model of a robot card. UserError for an unknown name or a card that does not fit."""
    if name not in cards():
        raise UserError(f"unknown robot {name!r}; robots: {', '.join(cards())}")
    text = (files("assets.robots") / f"{name}.yaml").read_text()
    card = _card(yaml.safe_load(text))
    path = _resolve(card.urdf)
    links, movable = _links(path)
    missing = set(card.arm_joints + card.gripper_joints) - set(movable)
    if missing:
        raise UserError(f"robot card {name}: {path.name} has no movable joint {sorted(missing)}")
    digest = hashlib.sha256(text.encode() + path.read_bytes())
    for mesh in sorted({v.file for link in links for v in link.visuals}):
        digest.update(mesh.read_bytes())
    return Model(card, path, links, movable, digest.hexdigest())


def _card(raw: dict[str, Any]) -> Card:
    tcp, gripper = raw["tcp"], raw["gripper"]
    return Card(
        name=raw["name"],
        title=raw["title"],
        urdf=raw["urdf"],
        licence=raw["licence"],
        arm_joints=tuple(raw["arm_joints"]),
        lower=tuple(raw["lower"]),
        upper=tuple(raw["upper"]),
        velocity=tuple(raw["velocity"]),
        effort=tuple(raw["effort"]),
        home=tuple(raw["home"]),
        wrench_joint=raw["wrench_joint"],
        tcp_link=tcp["link"],
        tcp=Pose(tuple(tcp["position"]), tuple(tcp.get("quaternion", (0.0, 0.0, 0.0, 1.0)))),
        gripper_joints=tuple(gripper["joints"]),
        gripper_open=gripper["open"],
        gripper_closed=gripper["closed"],
        gripper_width=gripper["width"],
        gripper_force=gripper["force"],
        gripper_couple=gripper["couple"],
        palm=gripper["palm"],
        pads=gripper["pads"],
    )


def _resolve(reference: str) -> Path:
    """The file of "package:path/inside", without importing the package."""
    package, _, inside = reference.partition(":")
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise UserError(f"the robot's files come with the package {package!r}: pip install it")
    return Path(spec.submodule_search_locations[0]) / inside


def _links(path: Path) -> tuple[tuple[Link, ...], tuple[str, ...]]:
    """Links in topological order, and the movable joints in that order."""
    root = ET.parse(path).getroot()
    elements = {e.attrib["name"]: e for e in root.findall("link")}
    joints = {_child(j): j for j in root.findall("joint")}
    waiting = list(elements)
    order: list[str] = []
    while waiting:
        ready = [n for n in waiting if n not in joints or _parent(joints[n]) in order]
        if not ready:
            raise UserError(f"{path}: these links hang on nothing: {waiting}")
        order.append(ready[0])
        waiting.remove(ready[0])
    links: list[Link] = []
    movable: list[str] = []
    for name in order:
        joint = joints.get(name)
        visuals = tuple(_visuals(elements[name], path))
        if joint is None:
            links.append(Link(name, -1, "", "fixed", Pose(), (0.0, 0.0, 1.0), -1, visuals))
            continue
        kind = joint.attrib["type"]
        column = -1
        if kind != "fixed":
            column = len(movable)
            movable.append(joint.attrib["name"])
        axis = joint.find("axis")
        xyz = _floats(axis.attrib["xyz"]) if axis is not None else (1.0, 0.0, 0.0)
        links.append(
            Link(
                name,
                order.index(_parent(joint)),
                joint.attrib["name"],
                kind,
                _origin(joint),
                (xyz[0], xyz[1], xyz[2]),
                column,
                visuals,
            )
        )
    return tuple(links), tuple(movable)


def _visuals(link: ET.Element, path: Path) -> list[Visual]:
    out = []
    for visual in link.findall("visual"):
        mesh = visual.find("geometry/mesh")
        if mesh is None:
            continue
        file = path.parent / mesh.attrib["filename"].removeprefix("package://")
        scale = _floats(mesh.attrib.get("scale", "1 1 1"))
        colour = visual.find("material/color")
        rgba = _floats(colour.attrib["rgba"]) if colour is not None else (1.0, 1.0, 1.0, 1.0)
        out.append(
            Visual(
                file,
                _origin(visual),
                (scale[0], scale[1], scale[2]),
                (rgba[0], rgba[1], rgba[2], rgba[3]),
            )
        )
    return out


def _child(joint: ET.Element) -> str:
    element = joint.find("child")
    assert element is not None
    return element.attrib["link"]


def _parent(joint: ET.Element) -> str:
    element = joint.find("parent")
    assert element is not None
    return element.attrib["link"]


def _floats(text: str) -> tuple[float, ...]:
    return tuple(float(v) for v in text.split())


def _origin(element: ET.Element) -> Pose:
    origin = element.find("origin")
    if origin is None:
        return Pose()
    roll, pitch, yaw = _floats(origin.attrib.get("rpy", "0 0 0"))
    rotation = (
        rotvec_to_matrix([0, 0, yaw])
        @ rotvec_to_matrix([0, pitch, 0])
        @ rotvec_to_matrix([roll, 0, 0])
    )
    return Pose.at(_floats(origin.attrib.get("xyz", "0 0 0")), rotation)


def frame_to_world(
    base: Pose, model: Model, joints: Array, link: str, offset: Pose | None = None
) -> Array:
    """(..., 4, 4): a link's frame (or `offset` in it) in the world, for joints (..., M)."""
    matrices: Array = model.link_to_base(joints)[..., model.link_index(link), :, :]
    out: Array = base.matrix() @ matrices
    return out if offset is None else out @ offset.matrix()
