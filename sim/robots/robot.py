"""A robot as its card and its URDF describe it: links, joints, looks, kinematics. No physics."""

from __future__ import annotations

import hashlib
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from episodes.array_types import Floats
from episodes.errors import UserError
from sim.pose import Pose, rotvec_to_matrix
from sim.robots import card, compose, xml_safe
from sim.robots.card import Card
from sim.robots.urdf import end, floats, mesh_file, origin


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

    @property
    def merged(self) -> bool:
        """Whether the URDF was put together from an arm's and a tool's."""
        return "+" in self.card.name

    def link_index(self, name: str) -> int:
        for i, link in enumerate(self.links):
            if link.name == name:
                return i
        raise KeyError(f"{self.card.name} has no link {name!r}: {[k.name for k in self.links]}")

    @cached_property
    def _origins(self) -> Floats:
        """(L, 4, 4) of every link's joint in its parent, at zero."""
        return np.array([link.origin.matrix() for link in self.links])

    def link_to_base(self, joints: Floats) -> Floats:
        """Every link's matrix (..., L, 4, 4) in the root link's frame, for joints (..., M)."""
        joints = np.asarray(joints, float)
        out = np.empty((*joints.shape[:-1], len(self.links), 4, 4))
        for i, link in enumerate(self.links):
            origin = self._origins[i]
            if link.movable >= 0:
                origin = origin @ _motion(link, joints[..., link.movable])
            out[..., i, :, :] = origin if link.parent < 0 else out[..., link.parent, :, :] @ origin
        return out


def _motion(link: Link, value: Floats) -> Floats:
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
    """The names of all arms with all their tools, as a Cell names them."""
    return [card.name_of(arm, tool) for arm in card.arms() for tool in card.tools()]


@lru_cache(maxsize=32)
def load(name: str) -> Model:
    """The model of "arm" or "arm+tool". UserError for an unknown name or a card that does not fit.

    An arm alone has its usual tool.
    """
    found = card.card(name)
    path = compose.whole(found)
    links, movable = _links(path)
    missing = set(found.arm_joints + found.gripper_joints) - set(movable)
    if missing:
        raise UserError(f"robot {name}: {path.name} has no movable joint {sorted(missing)}")
    digest = hashlib.sha256(card.text("assets.robots", found.arm).encode())
    digest.update(card.text("assets.tools", found.tool).encode())
    if "+" in name:
        digest.update(card.text("assets.tools.mounts", "wrist_camera").encode())
    for source in compose.sources(found):
        digest.update(source.read_bytes())
    for mesh in sorted(hashlib.sha256(file.read_bytes()).digest() for file in mesh_files(path)):
        digest.update(mesh)
    return Model(found, path, links, movable, digest.hexdigest())


def mesh_files(urdf: Path) -> set[Path]:
    """Every mesh of a robot that is seen or touched."""
    meshes = xml_safe.root_of(urdf).iter("mesh")
    return {mesh_file(mesh.attrib["filename"], urdf) for mesh in meshes}


def _links(path: Path) -> tuple[tuple[Link, ...], tuple[str, ...]]:
    """Links in topological order, and the movable joints in that order."""
    root = xml_safe.root_of(path)
    elements = {e.attrib["name"]: e for e in root.findall("link")}
    joints = {end(j, "child"): j for j in root.findall("joint")}
    waiting = list(elements)
    order: list[str] = []
    while waiting:
        ready = [n for n in waiting if n not in joints or end(joints[n], "parent") in order]
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
        xyz = floats(axis.attrib["xyz"]) if axis is not None else (1.0, 0.0, 0.0)
        links.append(
            Link(
                name,
                order.index(end(joint, "parent")),
                joint.attrib["name"],
                kind,
                origin(joint),
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
        file = mesh_file(mesh.attrib["filename"], path)
        scale = floats(mesh.attrib.get("scale", "1 1 1"))
        colour = visual.find("material/color")
        rgba = floats(colour.attrib["rgba"]) if colour is not None else (1.0, 1.0, 1.0, 1.0)
        out.append(
            Visual(
                file,
                origin(visual),
                (scale[0], scale[1], scale[2]),
                (rgba[0], rgba[1], rgba[2], rgba[3]),
            )
        )
    return out


def frame_to_world(
    base: Pose, model: Model, joints: Floats, link: str, offset: Pose | None = None
) -> Floats:
    """(..., 4, 4): a link's frame (or `offset` in it) in the world, for joints (..., M)."""
    matrices: Floats = model.link_to_base(joints)[..., model.link_index(link), :, :]
    out: Floats = base.matrix() @ matrices
    return out if offset is None else out @ offset.matrix()
