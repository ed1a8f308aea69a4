"""Putting a part together, and saying in one line why it cannot be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import trimesh

from assets.frames import IDENTITY, Seven, from_matrix, turn
from assets.geometry.shapes import join
from assets.materials import finish
from assets.part import Box, Cylinder, Grasp, Ink, Part, PartError, Piece

MM = 1e-3  # params are in millimetres, everything in a Part is in metres


def require(holds: bool, message: str) -> None:
    """Raises PartError(message) unless it holds."""
    if not holds:
        raise PartError(message)


def solid(
    mesh: trimesh.Trimesh,
    pieces: Iterable[Piece],
    material: str,
    dims: Mapping[str, float],
    frames: Mapping[str, Seven] | None = None,
    grasps: Iterable[Grasp] = (),
    rests: Iterable[Seven] = (IDENTITY,),
    turns: int = 1,
    norm: str = "",
    inks: Iterable[Ink] = (),
) -> Part:
    """A Part whose mass comes from the mesh; dims in metres. `parts.build` fills in the name."""
    x, y, z = (float(v) for v in mesh.center_mass)
    return Part(
        kind="",
        params={},
        mesh=mesh,
        pieces=tuple(pieces),
        density=finish(material).density,
        centre_of_mass=(x, y, z),
        volume=float(mesh.volume),
        dims=dict(dims),
        frames=dict(frames or {}),
        grasps=tuple(grasps),
        rests=tuple(rests),
        turns=turns,
        inks=tuple(inks),
        norm=norm,
    )


RGB = tuple[float, float, float]


Layer = tuple[trimesh.Trimesh, RGB | None]  # a closed skin and its own colour, if it has one


def inked(*layers: Layer) -> tuple[trimesh.Trimesh, tuple[Ink, ...]]:
    """Several closed skins as one mesh, and which of its triangles have which colour of their own;
    None: that of the body's material."""
    ends = np.cumsum([0, *(len(mesh.faces) for mesh, _ in layers)])
    inks = tuple(
        Ink(int(first), int(last), rgb)
        for first, last, (_, rgb) in zip(ends[:-1], ends[1:], layers, strict=True)
        if rgb is not None
    )
    return join(*(mesh for mesh, _ in layers)), inks


def box(
    length: float, width: float, height: float, at: tuple[float, float, float], yaw: float = 0.0
) -> Box:
    """A collision box; `at`: the middle of its underside."""
    x, y, z = at
    m = np.eye(4)
    m[:3, :3] = turn("z", yaw)
    m[:3, 3] = (x, y, z + height / 2.0)
    return Box((length / 2.0, width / 2.0, height / 2.0), from_matrix(m))


def upright(radius: float, bottom: float, top: float) -> Cylinder:
    """A collision cylinder about z."""
    return Cylinder(radius, top - bottom, (0.0, 0.0, (bottom + top) / 2.0, 0.0, 0.0, 0.0, 1.0))


def hexagon(flats: float, bottom: float, top: float) -> list[Piece]:
    """Three boxes whose union is a hexagonal prism about z, two flats facing +-y.

    A flat is 0.65 mm narrower than the true one, or a fifth, so that what lies on it touches the
    one box that it belongs to, and not the edges of the other two as well.
    """
    side = flats / np.sqrt(3.0)
    side -= min(0.00065, 0.2 * side)
    return [
        box(side, flats, top - bottom, (0.0, 0.0, bottom), yaw=k * np.pi / 3.0) for k in range(3)
    ]


def scenery(
    mesh: trimesh.Trimesh,
    pieces: Sequence[Piece],
    material: str,
    top: float | None = None,
    inks: Iterable[Ink] = (),
) -> Part:
    """Something that stands about; top: the height [m] of the surface to put things on."""
    x, y, z = (float(v) for v in mesh.extents)
    frames = {} if top is None else {"top": (0.0, 0.0, top, 0.0, 0.0, 0.0, 1.0)}
    return solid(mesh, pieces, material, {"length": x, "width": y, "height": z}, frames, inks=inks)
