"""Where a suction cup can hold a part: flat, uncovered spots of its mesh, found from the triangles.

A spot is the middle of a disc that lies wholly in one plane of the surface and that nothing stands
in front of. Faces of a tessellated curve are flat only by construction and are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import shapely
import trimesh
from numpy.typing import ArrayLike
from shapely.geometry.base import BaseGeometry

from assets.frames import seven
from assets.part import SuctionGrasp
from episodes.array_types import Bools, Floats, Ints

SMALLEST = 0.003  # [m] radius: a cup of 6 mm, about the smallest on the market
SPREAD = 0.020  # [m] at most this far around a chosen spot no other of the same face is chosen
SPOTS = 5  # of one face
PLANES = 30  # the largest planes that are looked at
IN_PLANE = 6e-5  # [m]: print and tape, which a lip does not notice, lie in the plane
SLIT = 2e-5  # [m]
SMOOTH = np.radians(12.0)  # neighbours at less than this are one curved surface
GRID = 25


def spots(
    mesh: trimesh.Trimesh, into: ArrayLike = (0.0, 0.0, 0.0), within: float = np.pi
) -> tuple[SuctionGrasp, ...]:
    """The places for a cup on a part's mesh, nearest the centre of mass first: by how far their
    axis passes from it.

    Only those that a cup reaches going `into` the part (3,), within an angle [rad]: what a wide
    mesh costs is spent on the faces that are asked for, once.
    """
    least = np.cos(within) - 1e-6
    faces = [f for f in _faces(mesh) if within >= np.pi or -f.normal @ np.asarray(into) >= least]
    found = [spot for face in faces for spot in face.spots]
    found.sort(key=lambda spot: spot[0])
    return tuple(suction for _, suction in found)


@dataclass(frozen=True, eq=False)
class Face:
    """A plane of a mesh: its outward normal (3,), its offset along it [m], its triangles."""

    mesh: trimesh.Trimesh
    number: int
    normal: Floats
    offset: float
    members: Ints

    @cached_property
    def spots(self) -> list[tuple[tuple[float, ...], SuctionGrasp]]:
        """Each with what it is sorted by: the lever, the radius, then the order of finding."""
        corners = np.asarray(self.mesh.triangles, float)
        x_axis = _across(self.normal)
        axes = np.stack([x_axis, np.cross(self.normal, x_axis)], axis=1)  # (3, 2)
        flat = corners @ axes
        face = shapely.union_all(shapely.polygons(flat[self.members]), grid_size=1e-7)
        # triangles meet but for rounding: what is left open between them is no edge
        face = face.buffer(SLIT, quad_segs=2).buffer(-SLIT, quad_segs=2)
        shapely.prepare(face)
        in_front = _in_front(corners @ self.normal - self.offset, flat, face)
        aim = np.asarray(self.mesh.center_mass, float) @ axes
        into = np.stack([x_axis, np.cross(-self.normal, x_axis), -self.normal], axis=1)
        out: list[tuple[tuple[float, ...], SuctionGrasp]] = []
        for k, (point, radius) in enumerate(_discs(face, in_front, aim)):
            at = axes @ point + self.offset * self.normal
            lever = float(np.linalg.norm(point - aim))
            key = (round(lever, 6), -round(radius, 6), float(self.number), float(k))
            out.append((key, SuctionGrasp(seven(at, into), radius)))
        return out


@lru_cache(maxsize=256)
def _faces(mesh: trimesh.Trimesh) -> tuple[Face, ...]:
    return tuple(Face(mesh, k, *plane) for k, plane in enumerate(_planes(mesh)))


def _planes(mesh: trimesh.Trimesh) -> Iterator[tuple[Floats, float, Ints]]:
    """(outward normal (3,), offset, triangles) of the larger planes of the surface."""
    normals, areas = np.asarray(mesh.face_normals, float), np.asarray(mesh.area_faces, float)
    offsets = np.einsum("ij,ij->i", normals, np.asarray(mesh.triangles, float)[:, 0])
    usable = np.flatnonzero((areas > 0.0) & ~_curved(mesh))
    if not len(usable):
        return
    keys, index = np.unique(np.round(normals[usable], 3) + 0.0, axis=0, return_inverse=True)
    groups = []
    for k in range(len(keys)):
        members = usable[index.reshape(-1) == k]
        members = members[np.argsort(offsets[members], kind="stable")]
        cuts = np.flatnonzero(np.diff(offsets[members]) > IN_PLANE) + 1
        groups += np.split(members, cuts)
    least = np.pi * SMALLEST**2
    groups = [g for g in groups if float(areas[g].sum()) > least]
    groups.sort(key=lambda g: (-round(float(areas[g].sum()), 9), int(g.min())))
    for members in groups[:PLANES]:
        largest = members[int(np.argmax(areas[members]))]
        yield normals[largest], float(offsets[members].mean()), members


def _curved(mesh: trimesh.Trimesh) -> Bools:
    """Which triangles (M,) belong to a curved surface: those that meet others at a small angle."""
    pairs, angles = mesh.face_adjacency, mesh.face_adjacency_angles
    bent = (angles > 1e-3) & (angles < SMOOTH)
    curved = np.zeros(len(mesh.faces), bool)
    curved[pairs[bent].reshape(-1)] = True
    # the other triangle of each quad of a tessellated curve
    level = pairs[angles <= 1e-3]
    areas = np.asarray(mesh.area_faces)
    for a, b in ((0, 1), (1, 0)):
        near = curved[level[:, a]] & (areas[level[:, b]] < 3.0 * areas[level[:, a]])
        curved[level[near, b]] = True
    return curved


def _in_front(height: Floats, flat: Floats, face: BaseGeometry) -> shapely.STRtree:
    """The triangles (heights (M, 3) over the plane, corners (M, 3, 2) along it) that stand in the
    way of what comes straight down on the face."""
    low, high = np.array(face.bounds[:2]), np.array(face.bounds[2:])
    way = height.max(axis=1) > 2 * IN_PLANE
    way &= np.all(flat.min(axis=1) < high + SPREAD, axis=1)
    way &= np.all(flat.max(axis=1) > low - SPREAD, axis=1)
    # A wall seen edge on has no area; as a ring of lines it still keeps its distance.
    rings = flat[way][:, [0, 1, 2, 0]]
    areas = shapely.polygons(flat[way]) if way.any() else np.empty(0, object)
    return shapely.STRtree(
        np.concatenate([areas[shapely.area(areas) > 1e-12], shapely.linestrings(rings)])
        if way.any()
        else areas
    )


def _discs(
    face: BaseGeometry, in_front: shapely.STRtree, aim: Floats
) -> list[tuple[Floats, float]]:
    """Middles (2,) and radii of discs on the face: below the centre of mass, then the largest that
    keep apart."""
    chosen: list[tuple[Floats, float]] = []
    radius = _room(face, in_front, aim[None])[0]
    if radius >= SMALLEST:
        chosen.append((aim, float(radius)))
    while len(chosen) < SPOTS:
        best, radius = _widest(face, in_front, chosen)
        if radius < (SMALLEST if not chosen else max(SMALLEST, 0.5 * chosen[0][1])):
            break
        chosen.append((best, radius))
    return chosen


def _widest(
    face: BaseGeometry, in_front: shapely.STRtree, taken: list[tuple[Floats, float]]
) -> tuple[Floats, float]:
    """The point with the most room that is not near one already taken: a grid, refined twice."""
    low, high = np.array(face.bounds[:2]), np.array(face.bounds[2:])
    best, room = (low + high) / 2.0, 0.0
    for _ in range(3):
        ticks = [np.linspace(low[k], high[k], GRID) for k in range(2)]
        points = np.stack(np.meshgrid(*ticks, indexing="ij"), axis=-1).reshape(-1, 2)
        rooms = _room(face, in_front, points)
        for other, radius in taken:
            near = np.linalg.norm(points - other, axis=1) < min(2.0 * radius, SPREAD)
            rooms[near] = 0.0
        # Ties to the middle: the first of equals would be a corner of a wide face.
        rank = np.round(rooms, 6) - 1e-4 * np.linalg.norm(points - points.mean(axis=0), axis=1)
        k = int(np.argmax(np.where(rooms > 0.0, rank, -np.inf)))
        if rooms[k] <= 0.0:
            break
        best, room = points[k], float(rooms[k])
        step = (high - low) / (GRID - 1)
        low, high = best - step, best + step
    return best, room


def _room(face: BaseGeometry, in_front: shapely.STRtree, points: Floats) -> Floats:
    """(N,) [m] from each point to where the face ends or something stands in front; 0 outside."""
    spots = shapely.points(points)
    rooms = np.zeros(len(points))
    inside = np.flatnonzero(shapely.contains(face, spots))
    rooms[inside] = shapely.distance(shapely.boundary(face), spots[inside])
    if len(in_front.geometries) and len(inside):
        (index, _), gaps = in_front.query_nearest(
            spots[inside], max_distance=max(float(rooms.max()), 1e-9), return_distance=True,
            all_matches=False,
        )  # fmt: skip
        rooms[inside[index]] = np.minimum(rooms[inside[index]], gaps)
    return rooms


def _across(normal: Floats) -> Floats:
    """A unit vector in the plane: the part's x as far as it lies in it, else the part's y."""
    side = np.array([1.0, 0.0, 0.0] if abs(normal[0]) < 0.9 else [0.0, 1.0, 0.0])
    side = side - (side @ normal) * normal
    return np.asarray(side / np.linalg.norm(side))
