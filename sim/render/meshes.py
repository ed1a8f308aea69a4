"""Meshes of parts and robots: read, checked, simplified once, kept on disk."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import trimesh

from assets.part import Ink
from episodes.array_types import Floats, Ints
from episodes.errors import UserError
from sim import cache
from sim.render.simplify import LINK, PART, Piece, Surface, Tolerance, surface
from sim.robots.links import Visual

VERSION = 12  # of what this file and simplify.py make; part of the cache key
FEW_FACES = 2000  # a mesh of fewer is simplified faster than it is worth a file: in under 15 ms
BLENDER_DIFFUSE = 0.8  # its exporter to Collada multiplies colours by this intensity


BARE = (1.0, 1.0, 1.0)  # the palette's row for what has the colour of the body's material


def of_part(
    mesh: trimesh.Trimesh,
    name: str = "part",
    tolerance: Tolerance = PART,
    inks: tuple[Ink, ...] = (),
) -> Surface:
    """The surface of a part's mesh: a palette row for each ink, and BARE for the rest.

    Raises UserError for a mesh that cannot be drawn.
    """
    vertices, faces = _checked(mesh.vertices, mesh.faces, name)
    content = hashlib.sha256(vertices.tobytes() + faces.tobytes() + repr(tolerance).encode())
    if not inks:
        pieces = [Piece(vertices, faces)]
    else:
        content.update(repr(inks).encode())
        # print is thinner than any tolerance: it is drawn as it is
        pieces = [Piece(vertices, faces[i.first : i.last], i.rgb, exact=True) for i in inks]
        bare = np.ones(len(faces), bool)
        for ink in inks:
            bare[ink.first : ink.last] = False
        pieces += [Piece(vertices, faces[bare], BARE)] if bare.any() else []
    key = content.hexdigest()

    def make() -> Surface:
        return surface(pieces, tolerance, mapped=True)

    # Parts of drawn sizes hardly ever come again: a file for each would fill the disk for nothing.
    return _recent.get(key, make if len(faces) < FEW_FACES else lambda: _cached(key, make))


@lru_cache(maxsize=512)
def of_visual(visual: Visual) -> Surface:
    """The surface of a robot's mesh file, in the link's frame, in the URDF's colour, or in the
    file's own where the URDF says none, or white."""
    content = hashlib.sha256(visual.file.read_bytes())
    # What a mesh file may refer to lies beside it.
    beside = [p for end in ("mtl", "png", "jpg") for p in visual.file.parent.glob(f"*.{end}")]
    for file in sorted(beside) if visual.file.suffix.lower() != ".stl" else ():
        content.update(file.name.encode() + file.read_bytes())
    content.update(repr((visual.pose, visual.scale, visual.rgba)).encode())
    return _cached(content.hexdigest(), lambda: surface(_pieces(visual), LINK))


def _cached(content: str, make: Callable[[], Surface]) -> Surface:
    """The surface of that content from the disk; made, and kept there, where it is not."""

    def made() -> bytes:
        surface, data = make(), io.BytesIO()
        np.savez(data, **{f.name: getattr(surface, f.name) for f in fields(Surface)})
        return data.getvalue()

    def read(data: bytes) -> Surface:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            return Surface(**{f.name: file[f.name] for f in fields(Surface)})

    return cache.kept("meshes", f"{content[:40]}-{VERSION}.npz", made, read)


class _Recent:
    """Surfaces of this process, the last used ones: scenery comes again in cell after cell."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[str, Surface] = {}

    def get(self, content: str, make: Callable[[], Surface]) -> Surface:
        found = self._kept.pop(content, None) or make()
        self._kept[content] = found
        if len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]
        return found


_recent = _Recent(256)


def _pieces(visual: Visual) -> list[Piece]:
    """Every shape of a mesh file, in the link's frame."""
    try:
        scene = trimesh.load_scene(visual.file, process=False)
    except Exception as error:
        raise UserError(
            f"cannot read the mesh {visual.file}: {error}; use OBJ, STL, GLB, or DAE with pycollada"
        ) from error
    linear = _in_linear_light(visual.file)
    place = visual.pose.matrix() @ np.diag([*visual.scale, 1.0])
    out: list[Piece] = []
    for node in sorted(scene.graph.nodes_geometry):
        node_to_file, name = scene.graph[node]
        mesh = scene.geometry[name]
        if not isinstance(mesh, trimesh.Trimesh) or not len(mesh.faces):
            continue
        unit = _unit(mesh)
        matrix = place @ np.diag([unit, unit, unit, 1.0]) @ node_to_file
        points, faces = _checked(mesh.vertices, mesh.faces, str(visual.file))
        if np.linalg.det(matrix[:3, :3]) < 0:
            faces = faces[:, ::-1]
        points = points @ matrix[:3, :3].T + matrix[:3, 3]
        out.append(Piece(points, faces, _colour(mesh, visual, linear=linear)))
    if not out:
        raise UserError(f"{visual.file} holds no triangles")
    return out


def _unit(mesh: trimesh.Trimesh) -> float:
    """Metres to the unit of a file: Collada says it, and trimesh hands it on as "0.01 * meters"."""
    number, _, rest = str(mesh.metadata.get("units", "")).partition(" * ")
    return float(number) if rest == "meters" else 1.0


def _in_linear_light(file: Path) -> bool:
    """Whether a mesh file gives colours in linear light: Collada as Blender writes it does."""
    if file.suffix.lower() != ".dae":
        return False
    with open(file, "rb") as text:
        return b"<authoring_tool>Blender" in text.read(4096)


def _colour(mesh: trimesh.Trimesh, visual: Visual, *, linear: bool) -> tuple[float, ...]:
    """The typical colour of a shape, sRGB: the URDF's unless that is white, else that of its
    texture, else of its material."""
    tint = tuple(float(v) for v in visual.rgba[:3])
    if tint != (1.0, 1.0, 1.0):
        return tint
    material = getattr(mesh.visual, "material", None)
    uv = getattr(mesh.visual, "uv", None)
    image = getattr(material, "image", None) or getattr(material, "baseColorTexture", None)
    if image is not None and uv is not None and len(uv):
        pixels = np.asarray(image.convert("RGB"), float) / 255.0
        height, width = pixels.shape[:2]
        x = np.floor(uv[:, 0] % 1.0 * width).astype(int) % width
        y = np.floor((1.0 - uv[:, 1]) % 1.0 * height).astype(int) % height
        return tuple(np.round(np.median(pixels[y, x], axis=0), 4))
    main = getattr(material, "main_color", None)
    if main is None:
        return tint
    colour = np.asarray(main[:3], float) / 255.0
    if linear:
        colour = np.minimum(colour / BLENDER_DIFFUSE, 1.0)
        low, high = colour * 12.92, 1.055 * np.maximum(colour, 1e-9) ** (1 / 2.4) - 0.055
        colour = np.where(colour <= 0.0031308, low, high)
    return tuple(np.round(colour, 4))


def _checked(vertices: Any, faces: Any, name: str) -> tuple[Floats, Ints]:
    """Finite vertices and faces that refer to them; broken triangles are left out.

    A few bad triangles are common in files and cannot be seen; a mesh of nothing else is an error.
    """
    v, f = np.asarray(vertices, float).reshape(-1, 3), np.asarray(faces, np.int64).reshape(-1, 3)
    good = np.all((f >= 0) & (f < len(v)), axis=1)
    f = f[good]
    finite = np.all(np.isfinite(v), axis=1)
    f = f[np.all(finite[f], axis=1)]
    if not len(f):
        raise UserError(
            f"the mesh of {name} has no valid triangle (NaN or indices out of range): repair it"
        )
    return np.where(finite[:, None], v, 0.0), f
