"""An arm and a tool put together: one URDF with the tool's links on the arm's flange."""

from __future__ import annotations

import hashlib
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from assets.tools.shapes import solid
from sim import cache
from sim.robots import urdf
from sim.robots.card import Card, arm, pose, tool, wrist_camera

MOUNT = "tool_mount"  # the fixed joint between flange and tool; the wrist force sensor sits here


def sources(card: Card) -> list[Path]:
    """The URDF files that the robot is made from."""
    held = tool(card.tool)
    found = [urdf.resolve(arm(card.arm)["urdf"])]
    return found + ([urdf.resolve(held["urdf"])] if "urdf" in held else [])


def whole(card: Card) -> Path:
    """The URDF of an arm with its tool: its own file where the tool is built in, else merged.

    A merged file lies in the cache, named by its content; its meshes have absolute paths, and
    every link says its inertia.
    """
    body = arm(card.arm)
    path = urdf.resolve(body["urdf"])
    if "+" not in card.name:
        return path
    without = [body["built_in"]["link"]] if "built_in" in body else []
    elements = urdf.branch(path, body["root"], without, body.get("colours"))
    if body.get("inertia") == "boxes":
        urdf.solid_inertia(e for e in elements if e.tag == "link")
    elements = _stand(body) + elements + _tool(card, body)
    robot = ET.Element("robot", name=card.name)
    robot.extend(elements)
    data = ET.tostring(robot)
    name = f"{card.name}-{hashlib.sha256(data).hexdigest()[:16]}.urdf"
    return cache.kept("urdf", name, lambda: data)


def _stand(body: Mapping[str, Any]) -> list[ET.Element]:
    """What the arm stands on, if anything: its foot is then the robot's base."""
    if "stand" not in body:
        return []
    stand = body["stand"]
    top = pose({"position": (0.0, 0.0, stand["height"])})
    return [*_described("stand", stand), _fixed("stand_joint", "stand", body["root"], top)]


def _tool(card: Card, body: Mapping[str, Any]) -> list[ET.Element]:
    held = tool(card.tool)
    if "urdf" in held:
        elements = urdf.branch(urdf.resolve(held["urdf"]), held["root"])
        urdf.solid_inertia(e for e in elements if e.tag == "link")
        root = held["root"]
    else:
        elements = [e for name, link in held["links"].items() for e in _described(name, link)]
        root = next(iter(held["links"]))
    flange = pose(body["flange"])
    elements.append(_fixed(MOUNT, body["flange"]["link"], root, flange))
    elements += _described(card.camera_link, wrist_camera())
    elements.append(_fixed("wrist_camera_joint", card.tcp_link, card.camera_link, card.camera))
    return elements


def _fixed(name: str, parent: str, child: str, at: Any) -> ET.Element:
    joint = ET.Element("joint", name=name, type="fixed")
    ET.SubElement(joint, "parent", link=parent)
    ET.SubElement(joint, "child", link=child)
    urdf.set_origin(joint, at)
    return joint


def _described(name: str, entry: Mapping[str, Any]) -> list[ET.Element]:
    """The link that a tool's card describes, and the joint that carries it."""
    link = ET.Element("link", name=name)
    meshes = []
    for i, shape in enumerate(entry["shapes"]):
        mesh = solid(shape, f"{name}, shape {i + 1}")
        meshes.append(mesh)
        visual = ET.SubElement(link, "visual")
        geometry = ET.SubElement(visual, "geometry")
        ET.SubElement(geometry, "mesh", filename=str(urdf.keep_mesh(mesh)))
        material = ET.SubElement(visual, "material", name=f"{name}_{i}")
        ET.SubElement(material, "color", rgba=urdf.words((*shape["colour"], 1.0)))
    bounds = np.array([mesh.bounds for mesh in meshes])
    urdf.set_inertial(link, entry["mass"], bounds[:, 0].min(axis=0), bounds[:, 1].max(axis=0))
    for shape in entry.get("collide", ()):
        collision = ET.SubElement(link, "collision")
        urdf.set_origin(collision, pose({"position": shape["centre"]}))
        geometry = ET.SubElement(collision, "geometry")
        if "half" in shape:
            ET.SubElement(geometry, "box", size=urdf.words(2 * np.array(shape["half"])))
        else:
            size = {k: repr(float(shape[k])) for k in ("radius", "length")}
            ET.SubElement(geometry, "cylinder", size)
    if "parent" not in entry:
        return [link]
    at = pose({"position": entry["at"]})
    if "slide" not in entry:
        return [link, _fixed(f"{name}_joint", entry["parent"], name, at)]
    slide = entry["slide"]
    joint = _fixed(slide["joint"], entry["parent"], name, at)
    joint.attrib["type"] = "prismatic"
    ET.SubElement(joint, "axis", xyz=urdf.words(slide["axis"]))
    limit = {"lower": 0.0, "upper": slide["upper"], "effort": slide["effort"], "velocity": 0.15}
    ET.SubElement(joint, "limit", {k: repr(float(v)) for k, v in limit.items()})
    return [link, joint]
