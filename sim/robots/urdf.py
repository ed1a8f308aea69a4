"""URDF files as trees: a branch of one cut out, everything it refers to made plain."""

from __future__ import annotations

import importlib.util
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import trimesh

from episodes.array_types import Floats
from episodes.errors import NotInstalled, UserError
from sim import cache
from sim.pose import Pose
from sim.robots import xml_safe

EXTRA = {"example-robot-data": "robots"}  # package of models -> the extra that brings it


def resolve(reference: str) -> Path:
    """The file of "package:path/inside", without importing the package; an absolute path is one.

    Packages of robot models that are no Python modules keep their files in a share folder: a
    wheel made by cmeel has it in `cmeel.prefix/share/`. NotInstalled if the package is not there.
    """
    if Path(reference).is_absolute():
        return Path(reference)
    package, _, inside = reference.partition(":")
    for root in sys.path:
        shared = Path(root) / "cmeel.prefix" / "share" / package
        if shared.is_dir():
            return shared / inside
    spec = importlib.util.find_spec(package) if package.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        extra = EXTRA.get(package)
        if extra is None:
            raise UserError(f"the robot's files are in a package {package!r} that is not installed")
        raise NotInstalled(f"the robot's model needs pip install 'cellwright[{extra}]'")
    return Path(spec.submodule_search_locations[0]) / inside


def mesh_file(name: str, urdf: Path) -> Path:
    """A mesh's file: beside the URDF, under the folder that its `package://` starts from, or
    "package:path/inside" as in a card."""
    if ":" in name and "://" not in name:
        return resolve(name)
    inside = name.removeprefix("package://")
    for folder in urdf.parents:
        if (folder / inside).is_file():
            return folder / inside
    return urdf.parent / inside


def branch(
    path: Path,
    root: str,
    without: Sequence[str] = (),
    colours: Mapping[str, Sequence[float]] | None = None,
) -> list[ET.Element]:
    """The links and joints from link `root` on, but for those from the links `without` on.

    Mesh files get absolute paths, primitive shapes to be seen become mesh files, materials that
    are named are spelled out, with the rgb of `colours` if it has them. UserError if there is no
    such link.
    """
    robot = xml_safe.root_of(path)
    links = {e.attrib["name"]: e for e in robot.findall("link")}
    if root not in links:
        raise UserError(f"{path.name} has no link {root!r}; links: {', '.join(links)}")
    materials = {m.attrib["name"]: m for m in robot.findall("material")}
    for name, rgb in (colours or {}).items():
        materials[name] = ET.Element("material", name=name)
        ET.SubElement(materials[name], "color", rgba=words((*rgb, 1.0)))
    out: list[ET.Element] = []
    waiting = [root]
    while waiting:
        name = waiting.pop(0)
        link = links[name]
        for visual in link.findall("visual"):
            _spell_out(visual, materials)
            _as_mesh(visual)
        for mesh in link.iter("mesh"):
            mesh.attrib["filename"] = str(mesh_file(mesh.attrib["filename"], path))
        out.append(link)
        for joint in robot.findall("joint"):
            if end(joint, "parent") == name and end(joint, "child") not in without:
                out.append(joint)
                waiting.append(end(joint, "child"))
    return out


def end(joint: ET.Element, which: str) -> str:
    """The name of the link at a joint's "parent" or "child" end."""
    element = joint.find(which)
    return "" if element is None else element.attrib["link"]


def floats(text: str) -> tuple[float, ...]:
    return tuple(float(v) for v in text.split())


def origin(element: ET.Element) -> Pose:
    """The pose that an element's <origin> gives."""
    found = element.find("origin")
    if found is None:
        return Pose()
    rpy = floats(found.attrib.get("rpy", "0 0 0"))
    return Pose.from_rpy(floats(found.attrib.get("xyz", "0 0 0")), rpy)


def set_origin(element: ET.Element, pose: Pose) -> None:
    """Gives an element the <origin> of a pose."""
    for old in element.findall("origin"):
        element.remove(old)
    m = pose.rotation
    pitch = float(np.arctan2(-m[2, 0], np.hypot(m[0, 0], m[1, 0])))
    if abs(abs(pitch) - np.pi / 2) > 1e-9:
        roll, yaw = np.arctan2(m[2, 1], m[2, 2]), np.arctan2(m[1, 0], m[0, 0])
    else:  # roll and yaw turn about one axis
        roll, yaw = 0.0, np.arctan2(-m[0, 1], m[1, 1])
    ET.SubElement(element, "origin", xyz=words(pose.position), rpy=words((roll, pitch, yaw)))


def words(values: Iterable[float]) -> str:
    return " ".join(repr(float(v)) for v in values)


def set_inertial(link: ET.Element, mass: float, low: Floats, high: Floats) -> None:
    """Gives a link the mass and inertia of a solid box between two corners (3,) [kg, m]."""
    for old in link.findall("inertial"):
        link.remove(old)
    inertial = ET.SubElement(link, "inertial")
    set_origin(inertial, Pose.at((low + high) / 2))
    ET.SubElement(inertial, "mass", value=repr(float(mass)))
    x, y, z = (np.maximum(high - low, 0.02)) ** 2  # a mere sheet would turn too easily to step
    moments = {"ixx": y + z, "iyy": x + z, "izz": x + y}
    ET.SubElement(
        inertial,
        "inertia",
        {k: repr(float(mass * v / 12)) for k, v in moments.items()}
        | {"ixy": "0", "ixz": "0", "iyz": "0"},
    )


def solid_inertia(links: Iterable[ET.Element]) -> None:
    """Replaces each link's inertia by that of the box around its collision shapes."""
    for link in links:
        inertial = link.find("inertial/mass")
        mass = float(inertial.attrib["value"]) if inertial is not None else 0.0
        corners = [_corners(shape) for shape in link.findall("collision")]
        if mass > 0 and corners:
            points = np.concatenate(corners)
            set_inertial(link, mass, points.min(axis=0), points.max(axis=0))


def _corners(shape: ET.Element) -> Floats:
    """(N, 3) points that span a collision or visual shape, in its link's frame."""
    mesh = shape.find("geometry/mesh")
    if mesh is None:
        return origin(shape).apply(trimesh.bounds.corners(_primitive(shape).bounds))
    scale = floats(mesh.attrib.get("scale", "1 1 1"))
    loaded = trimesh.load_mesh(mesh.attrib["filename"], process=False)
    return origin(shape).apply(np.asarray(loaded.vertices) * scale)


def _spell_out(visual: ET.Element, materials: dict[str, ET.Element]) -> None:
    material = visual.find("material")
    if material is None or material.find("color") is not None:
        return
    known = materials.get(material.attrib.get("name", ""))
    colour = known.find("color") if known is not None else None
    if colour is not None:
        ET.SubElement(material, "color", rgba=colour.attrib["rgba"])


def _primitive(shape: ET.Element) -> trimesh.Trimesh:
    """The mesh of a <box>, <cylinder> or <sphere>."""
    geometry = shape.find("geometry")
    kind = geometry[0] if geometry is not None and len(geometry) else ET.Element("nothing")
    match kind.tag:
        case "box":
            mesh: trimesh.Trimesh = trimesh.creation.box(floats(kind.attrib["size"]))
        case "cylinder":
            radius, length = (float(kind.attrib[k]) for k in ("radius", "length"))
            mesh = trimesh.creation.cylinder(radius, length, sections=48)
        case "sphere":
            mesh = trimesh.creation.icosphere(3, float(kind.attrib["radius"]))
        case other:
            raise UserError(f"a URDF shape {other!r} is none of: mesh, box, cylinder, sphere")
    return mesh


def _as_mesh(visual: ET.Element) -> None:
    geometry = visual.find("geometry")
    if geometry is None or geometry.find("mesh") is not None:
        return
    file = keep_mesh(_primitive(visual))
    geometry.remove(geometry[0])
    ET.SubElement(geometry, "mesh", filename=str(file))


def keep_mesh(mesh: trimesh.Trimesh) -> Path:
    """The mesh as a file in the cache, named by its content."""
    data: bytes = trimesh.exchange.stl.export_stl(mesh)
    return cache.stored("meshes", "", ".stl", data)
