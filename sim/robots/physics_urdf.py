"""The URDF of a robot as physics takes it."""

from __future__ import annotations

import hashlib
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path

from sim import cache
from sim.robots import xml_safe
from sim.robots.robot import Model


def robot_urdf(model: Model, *, visuals: bool) -> Path:
    """The URDF that PyBullet loads: absolute paths, jaw pads as boxes, looks only on request.

    The finger meshes of usual URDFs lose what they hold: their hulls have round, narrow tips.
    The name holds the content's hash, since PyBullet caches by name.
    """
    root = xml_safe.root_of(model.urdf_path)
    for mesh in root.iter("mesh"):
        inside = mesh.attrib["filename"].removeprefix("package://")
        mesh.attrib["filename"] = str(model.urdf_path.parent / inside)
    for link in root.findall("link"):
        pads = model.card.pads.get(link.attrib["name"])
        if pads is not None:
            _replace_collisions(link, pads)
            if model.card.finger_mass:
                _weigh(link, model.card.finger_mass)
        if not visuals:
            for visual in link.findall("visual"):
                link.remove(visual)
    text = ET.tostring(root)
    name = f"{model.card.name}-{hashlib.sha256(text).hexdigest()[:16]}.urdf"
    return cache.kept("urdf", name, lambda: text)


def _replace_collisions(
    link: ET.Element, pads: tuple[Mapping[str, tuple[float, ...]], ...]
) -> None:
    for collision in link.findall("collision"):
        link.remove(collision)
    for pad in pads:
        collision = ET.SubElement(link, "collision")
        ET.SubElement(collision, "origin", xyz=" ".join(map(str, pad["centre"])), rpy="0 0 0")
        size = " ".join(str(2 * half) for half in pad["half"])
        ET.SubElement(ET.SubElement(collision, "geometry"), "box", size=size)


def _weigh(link: ET.Element, mass: float) -> None:
    """Gives a link another mass, spread as it was."""
    told = link.find("inertial/mass")
    inertia = link.find("inertial/inertia")
    assert told is not None
    assert inertia is not None
    share = mass / float(told.attrib["value"])
    told.attrib["value"] = repr(mass)
    inertia.attrib.update({k: repr(share * float(v)) for k, v in inertia.attrib.items()})
