"""Solids that a tool card is written in: boxes, turned profiles and plates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import shapely
import trimesh

from assets.geometry.shapes import loft, rectangle
from assets.part import PartError
from episodes.array_types import Floats

SECTIONS = 48  # of a full turn

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class ChamferedBox:
    """A box: half extents [m], its edges cut by `chamfer` [m]."""

    half: Triple
    chamfer: float = 0.0

    kind: ClassVar[str] = "box"


@dataclass(frozen=True)
class Lathe:
    """A profile of (radius, z) [m], turned about z."""

    profile: tuple[tuple[float, float], ...]

    kind: ClassVar[str] = "lathe"


@dataclass(frozen=True)
class Plate:
    """An outline of (y, z) [m] that is `thick` [m] along x."""

    outline: tuple[tuple[float, float], ...]
    thick: float

    kind: ClassVar[str] = "plate"


@dataclass(frozen=True)
class Shape:
    """What is seen of a link: a solid, turned by `rpy` [rad], moved to `at` [m]; colour: sRGB."""

    solid: ChamferedBox | Lathe | Plate
    colour: Triple
    at: Triple = (0.0, 0.0, 0.0)
    rpy: Triple = (0.0, 0.0, 0.0)


def mesh_of(shape: Shape, where: str) -> trimesh.Trimesh:
    """The mesh of a shape, in its link's frame [m]. PartError, which names `where`, for one that
    encloses nothing."""
    match shape.solid:
        case ChamferedBox(half, chamfer):
            mesh = _block(np.array(half), chamfer)
        case Lathe(profile):
            mesh = _lathe(np.array(profile))
        case Plate(outline, thick):
            mesh = _plate(outline, thick)
    mesh.apply_transform(trimesh.transformations.euler_matrix(*shape.rpy))
    mesh.apply_translation(shape.at)
    if not mesh.is_volume:
        raise PartError(
            f"{where}: the {shape.solid.kind} is not closed; check the order of its points"
        )
    return mesh


def _block(half: Floats, chamfer: float) -> trimesh.Trimesh:
    if chamfer <= 0:
        sharp: trimesh.Trimesh = trimesh.creation.box(2 * half)
        return sharp
    x, y, z = 2 * half
    outline, inner = rectangle(x, y, chamfer), rectangle(x - 2 * chamfer, y - 2 * chamfer, chamfer)
    lower, upper = chamfer - z / 2, z / 2 - chamfer
    rings = [(inner, -z / 2), (outline, lower), (outline, upper), (inner, z / 2)]
    return loft([np.column_stack([ring, np.full(len(ring), at)]) for ring, at in rings])


def _lathe(profile: Floats) -> trimesh.Trimesh:
    mesh = trimesh.creation.revolve(profile, sections=SECTIONS)
    mesh.merge_vertices()
    mesh.update_faces(mesh.nondegenerate_faces())
    trimesh.repair.fix_normals(mesh)
    return mesh


def _plate(outline: Sequence[Sequence[float]], thick: float) -> trimesh.Trimesh:
    mesh = trimesh.creation.extrude_polygon(shapely.Polygon(outline), thick)
    # the outline's plane is y z, and the middle of the thickness x = 0
    to_link = np.array([[0, 0, 1, -thick / 2], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1.0]])
    mesh.apply_transform(to_link)
    return mesh
