"""Solids that a tool card is written in: boxes, turned profiles and plates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
import trimesh

from assets.geometry.shapes import loft, rectangle
from assets.part import PartError
from episodes.array_types import Floats

SECTIONS = 48  # of a full turn
KINDS = ("box", "lathe", "plate")


def solid(spec: Mapping[str, Any], where: str) -> trimesh.Trimesh:
    """The mesh of one shape of a card [m].

    box: half extents, its edges cut by `chamfer`; lathe: a profile of [radius, z] turned about z;
    plate: an outline of [y, z] that is `thick` along x. Each may be moved by `at` and turned by
    `rpy` [rad]. PartError for anything else.
    """
    found = [kind for kind in KINDS if kind in spec]
    if len(found) != 1:
        raise PartError(f"{where}: a shape is one of {', '.join(KINDS)}, not {sorted(spec)}")
    match found[0]:
        case "box":
            mesh = _box(np.asarray(spec["box"], float), float(spec.get("chamfer", 0.0)))
        case "lathe":
            mesh = _lathe(np.asarray(spec["lathe"], float))
        case _:
            mesh = _plate(spec["plate"], float(spec["thick"]))
    roll, pitch, yaw = spec.get("rpy", (0.0, 0.0, 0.0))
    mesh.apply_transform(trimesh.transformations.euler_matrix(roll, pitch, yaw))
    mesh.apply_translation(spec.get("at", (0.0, 0.0, 0.0)))
    if not mesh.is_volume:
        raise PartError(f"{where}: the {found[0]} is not closed; check the order of its points")
    return mesh


def _box(half: Floats, chamfer: float) -> trimesh.Trimesh:
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
