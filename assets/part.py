"""What a part is: a mesh to see, convex pieces to touch, a mass to feel, frames to aim at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import trimesh

from assets.frames import IDENTITY, Seven
from episodes.array_types import Floats
from episodes.errors import BadValue


class PartError(BadValue):
    """A part that cannot be made. One line: what, why, and what to change."""


@dataclass(frozen=True)
class Box:
    """A convex piece: half extents [m] about its own centre `at`."""

    half: tuple[float, float, float]
    at: Seven = IDENTITY


@dataclass(frozen=True)
class Cylinder:
    """A convex piece: its axis is the z of `at`, its middle the origin."""

    radius: float  # [m]
    length: float  # [m]
    at: Seven = IDENTITY


@dataclass(frozen=True)
class Hull:
    """A convex piece: the hull of points (N, 3) [m] in the part's frame."""

    points: tuple[tuple[float, float, float], ...]


Piece = Box | Cylinder | Hull


@dataclass(frozen=True)
class Grasp:
    """Where parallel jaws can hold the part.

    at: the gripper frame in the part: z is the way it comes in, y the way the jaws close.
    width: what the jaws hold [m].
    """

    at: Seven
    width: float


@dataclass(frozen=True)
class SuctionGrasp:
    """Where a cup can hold the part.

    at: the cup's frame in the part, its origin on the surface: z is the way the cup comes in, into
    the part, as in Grasp. radius: of the largest flat and uncovered disc around it [m].
    """

    at: Seven
    radius: float


@dataclass(frozen=True)
class Ink:
    """Triangles [first, last) of the mesh that have a colour of their own (sRGB, 0..1), whatever
    the body's material: a label, a cap, a pane. For the eye alone."""

    first: int
    last: int
    rgb: tuple[float, float, float]


@dataclass(frozen=True)
class Part:
    """A kind of part, built for one set of parameters.

    Frame: z up as it rests on its stable side, origin in the middle of the footprint at the
    bottom (z = 0 is the support). frames: named places such as "slot_0", part-relative.
    turns: turning by 360/turns degrees about z maps the part onto itself; 0 = any angle.
    dims: the defining dimensions [m]. norm: the standard the proportions come from.
    slots: those frames that are pockets for other parts, by number.
    rests: part_to_support poses in which it lies stably on the plane z = 0, the usual one first.
    """

    kind: str
    params: Mapping[str, Any]
    mesh: trimesh.Trimesh
    pieces: tuple[Piece, ...]
    density: float  # [kg/m^3]
    centre_of_mass: tuple[float, float, float]  # [m]
    volume: float  # [m^3]
    dims: Mapping[str, float]
    frames: Mapping[str, Seven] = field(default_factory=dict)
    slots: tuple[str, ...] = ()
    grasps: tuple[Grasp, ...] = ()
    rests: tuple[Seven, ...] = (IDENTITY,)
    turns: int = 1
    inks: tuple[Ink, ...] = ()
    norm: str = ""
    licence: str = "Apache-2.0"

    @cached_property
    def corners(self) -> np.ndarray:
        """(V, 3) the mesh's vertices, as a plain array."""
        return np.array(self.mesh.vertices)

    @cached_property
    def middle(self) -> np.ndarray:
        """(3,) the mean of the corners [m]."""
        return np.asarray(self.corners.mean(axis=0))

    @cached_property
    def radius(self) -> float:
        """How far the mesh reaches from the origin of its frame [m]."""
        return float(np.linalg.norm(self.corners, axis=1).max())

    @property
    def mass(self) -> float:
        """[kg]"""
        return self.volume * self.density

    @property
    def inertia(self) -> Floats:
        """(3, 3) [kg m^2] about the centre of mass, of the solid at `density`."""
        return np.asarray(self.mesh.moment_inertia) * self.density

    @property
    def extents(self) -> Floats:
        """(3,) [m] the size of the axis-aligned box around the part in its own frame."""
        return np.asarray(self.mesh.extents)

    @cached_property
    def height(self) -> float:
        """[m]"""
        return float(self.mesh.bounds[1, 2])

    def __repr__(self) -> str:
        size = " x ".join(f"{1000 * v:.1f}" for v in self.extents)
        return f"Part({self.kind}, {size} mm, {1000 * self.mass:.0f} g, {len(self.pieces)} pieces)"
