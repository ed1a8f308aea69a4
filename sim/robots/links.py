"""The links and joints of a URDF, in topological order. No physics."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

from episodes.errors import UserError
from sim.pose import Pose
from sim.robots import xml_safe
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


def mesh_files(urdf: Path) -> set[Path]:
    """Every mesh of a robot that is seen or touched."""
    meshes = xml_safe.root_of(urdf).iter("mesh")
    return {mesh_file(mesh.attrib["filename"], urdf) for mesh in meshes}


def links_of(path: Path) -> tuple[tuple[Link, ...], tuple[str, ...]]:
    """Links in topological order, and the movable joints in that order."""
    root = xml_safe.root_of(path)
    for what in ("link", "joint"):
        names = [element.attrib["name"] for element in root.findall(what)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise UserError(f"{path}: there are two {what}s {', '.join(twice)}: rename one")
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
