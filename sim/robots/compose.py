"""An arm and a tool put together: one URDF with the tool's links on the arm's flange."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from assets.frames import Seven
from assets.part import Box
from assets.tools.shapes import mesh_of
from episodes.errors import UserError, choices
from sim import cache
from sim.pose import Pose
from sim.robots import card, urdf
from sim.robots.card import ArmCard, ToolCard
from sim.robots.link_card import LinkCard

MOUNT = "tool_mount"  # the fixed joint between flange and tool; the wrist force sensor sits here
TIP = 0.1024  # how far behind a tool's tip the camera's mount is: a Panda's hand has it so [m]
SLIDING = 0.15  # the fastest that a link on a slide goes [m/s]
NO_TURN = (0.0, 0.0, 0.0)


def merged(arm: ArmCard, held: ToolCard) -> bool:
    """Whether the tool is put on the arm here: not where the arm's URDF has it already."""
    return not (arm.built_in and arm.tool == held.name)


def refuse_missing(
    file: Path, model: Path, what: str, wanted: Sequence[str], there: Sequence[str]
) -> None:
    """UserError for what a card (file) names and its model lacks."""
    for name in wanted:
        if name not in there:
            raise UserError(f"{file}: {model.name} has no {what} {name!r}{choices(name, there)}")


def sources(arm: ArmCard, held: ToolCard) -> list[Path]:
    """The files that the robot is made from, but for meshes."""
    camera = [card.wrist_camera_file()] if merged(arm, held) else []
    models = [urdf.resolve(one.urdf) for one in (arm, held) if one.urdf]
    return [arm.file, held.file, *camera, *models]


def camera_link(arm: ArmCard, held: ToolCard) -> str:
    """The link that a wrist camera rides on."""
    return card.CAMERA if arm.built_in is None or merged(arm, held) else arm.built_in.link


def wrench_joint(arm: ArmCard, held: ToolCard) -> str:
    """The joint between flange and tool."""
    return MOUNT if arm.built_in is None or merged(arm, held) else arm.built_in.joint


def camera_to_link(held: ToolCard) -> Pose:
    """Where the wrist camera's mount sits (mount_to_link), in the link of the tool's TCP."""
    return held.tcp.pose @ Pose((0.0, 0.0, -TIP))


def camera_boxes(held: ToolCard) -> list[Box]:
    """The boxes of the wrist camera, in the link of the tool's TCP."""
    mount = camera_to_link(held)
    boxes = [piece for piece in card.wrist_camera().pieces if isinstance(piece, Box)]
    return [replace(box, at=_seven(mount @ Pose.from_array(box.at))) for box in boxes]


def whole(arm: ArmCard, held: ToolCard) -> Path:
    """The URDF of an arm with a tool: its own file where the tool is built in, else merged.

    A merged file lies in the cache, named by its content; its meshes have absolute paths, and
    every link says its inertia.
    """
    path = urdf.resolve(arm.urdf)
    if not merged(arm, held):
        return path
    without = [arm.built_in.link] if arm.built_in else []
    elements = urdf.branch(path, arm.root, without, arm.colours)
    if arm.boxed_inertia:
        urdf.solid_inertia(e for e in elements if e.tag == "link")
    refuse_missing(arm.file, path, "link", [arm.flange.link], _links_among(elements))
    elements = _stand(arm) + elements + _tool(arm, held)
    name = f"{arm.name}+{held.name}"
    robot = ET.Element("robot", name=name)
    robot.extend(elements)
    return cache.stored("urdf", name, ".urdf", ET.tostring(robot))


def _stand(arm: ArmCard) -> list[ET.Element]:
    """What the arm stands on, if anything: its foot is then the robot's base."""
    if arm.stand is None:
        return []
    top = Pose.from_rpy((0.0, 0.0, arm.foot), NO_TURN)
    joint = _fixed("stand_joint", arm.stand.name, arm.root, top)
    return [*_described(arm.stand, arm.file), joint]


def _tool(arm: ArmCard, held: ToolCard) -> list[ET.Element]:
    if held.urdf:
        path = urdf.resolve(held.urdf)
        elements = urdf.branch(path, held.root)
        urdf.solid_inertia(e for e in elements if e.tag == "link")
        root, model = held.root, path
    else:
        elements = [e for link in held.links for e in _described(link, held.file)]
        root, model = held.links[0].name, held.file
    refuse_missing(held.file, model, "link", [held.tcp.link], _links_among(elements))
    elements.append(_fixed(MOUNT, arm.flange.link, root, arm.flange.pose))
    elements += _described(card.wrist_camera(), card.wrist_camera_file())
    camera = _fixed("wrist_camera_joint", held.tcp.link, card.CAMERA, camera_to_link(held))
    return [*elements, camera]


def _fixed(name: str, parent: str, child: str, at: Pose) -> ET.Element:
    joint = ET.Element("joint", name=name, type="fixed")
    ET.SubElement(joint, "parent", link=parent)
    ET.SubElement(joint, "child", link=child)
    urdf.set_origin(joint, at)
    return joint


def _described(described: LinkCard, file: Path) -> list[ET.Element]:
    """The link that a card describes, and the joint that carries it."""
    link = ET.Element("link", name=described.name)
    meshes = []
    for i, shape in enumerate(described.shapes):
        mesh = mesh_of(shape, f"{file}: {described.name}: shape {i + 1}")
        meshes.append(mesh)
        visual = ET.SubElement(link, "visual")
        geometry = ET.SubElement(visual, "geometry")
        ET.SubElement(geometry, "mesh", filename=str(urdf.keep_mesh(mesh)))
        material = ET.SubElement(visual, "material", name=f"{described.name}_{i}")
        ET.SubElement(material, "color", rgba=urdf.words((*shape.colour, 1.0)))
    bounds = np.array([mesh.bounds for mesh in meshes])
    urdf.set_inertial(link, described.mass, bounds[:, 0].min(axis=0), bounds[:, 1].max(axis=0))
    for piece in described.pieces:
        collision = ET.SubElement(link, "collision")
        urdf.set_origin(collision, Pose.from_array(piece.at))
        geometry = ET.SubElement(collision, "geometry")
        if isinstance(piece, Box):
            ET.SubElement(geometry, "box", size=urdf.words(2 * np.array(piece.half)))
        else:
            size = {k: repr(v) for k, v in (("radius", piece.radius), ("length", piece.length))}
            ET.SubElement(geometry, "cylinder", size)
    if not described.parent:
        return [link]
    joint = _fixed(
        f"{described.name}_joint",
        described.parent,
        described.name,
        Pose.from_rpy(described.at, NO_TURN),
    )
    if described.slide is not None:
        slide = described.slide
        joint.attrib |= {"name": slide.joint, "type": "prismatic"}
        ET.SubElement(joint, "axis", xyz=urdf.words(slide.axis))
        limit = {"lower": 0.0, "upper": slide.upper, "effort": slide.effort, "velocity": SLIDING}
        ET.SubElement(joint, "limit", {k: repr(v) for k, v in limit.items()})
    return [link, joint]


def _links_among(elements: Iterable[ET.Element]) -> list[str]:
    return [element.attrib["name"] for element in elements if element.tag == "link"]


def _seven(pose: Pose) -> Seven:
    return (*pose.position, *pose.quaternion)
