"""The URDF of a robot as physics takes it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from pathlib import Path

from assets.part import Box
from sim import cache
from sim.robots import urdf, xml_safe
from sim.robots.robot import RobotModel
from sim.robots.tools.jaws import Jaws


def robot_urdf(model: RobotModel, *, visuals: bool) -> Path:
    """The URDF that PyBullet loads: absolute paths, jaw pads as boxes, looks only on request.

    The finger meshes of usual URDFs lose what they hold: their hulls have round, narrow tips.
    The name holds the content's hash, since PyBullet caches by name.
    """
    root, tool = xml_safe.root_of(model.urdf), model.tool
    for mesh in root.iter("mesh"):
        inside = mesh.attrib["filename"].removeprefix("package://")
        mesh.attrib["filename"] = str(model.urdf.parent / inside)
    for link in root.findall("link"):
        pads = tool.pads.get(link.attrib["name"])
        if pads is not None:
            _replace_collisions(link, pads)
            if isinstance(tool, Jaws) and tool.finger_mass:
                _weigh(link, tool.finger_mass)
        if not visuals:
            for visual in link.findall("visual"):
                link.remove(visual)
    return cache.stored("urdf", model.name, ".urdf", ET.tostring(root))


def _replace_collisions(link: ET.Element, pads: Iterable[Box]) -> None:
    for collision in link.findall("collision"):
        link.remove(collision)
    for pad in pads:
        collision = ET.SubElement(link, "collision")
        ET.SubElement(collision, "origin", xyz=urdf.words(pad.at[:3]), rpy="0 0 0")
        size = urdf.words(2 * half for half in pad.half)
        ET.SubElement(ET.SubElement(collision, "geometry"), "box", size=size)


def _weigh(link: ET.Element, mass: float) -> None:
    """Gives a link another mass, spread as it was."""
    weight = link.find("inertial/mass")
    inertia = link.find("inertial/inertia")
    assert weight is not None
    assert inertia is not None
    share = mass / float(weight.attrib["value"])
    weight.attrib["value"] = repr(mass)
    inertia.attrib.update({k: repr(share * float(v)) for k, v in inertia.attrib.items()})
