"""The kind "mesh": a part from a user's file, carried whole in its parameters.

What took work on the file (`assets.kinds.import_mesh`) is packed into one string: the closed
surface, convex pieces, grasps, rests. So a cell can be loaded and replayed wherever its library is
moved to, without the file, a cache, or the libraries that made the pieces.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from dataclasses import dataclass, replace

import numpy as np
import trimesh

from assets.frames import Seven, seven
from assets.geometry.solid import require, solid
from assets.kinds.workpieces import block
from assets.materials import finish
from assets.part import Grasp, Hull, Part, PartError
from episodes.array_types import Floats, Ints

UNIT = 1e-6  # [m] coordinates are packed as whole micrometres
LARGEST = 8_000_000  # [bytes] of what a string may unpack to
FIELDS = ("vertices", "faces", "hulls", "ends", "grasps", "rests")
TYPES = {"vertices": "<i4", "faces": "<i4", "hulls": "<i4", "ends": "<i4",
         "grasps": "<f4", "rests": "<f4"}  # fmt: skip
COLUMNS = {"vertices": 3, "faces": 3, "hulls": 3, "ends": 1, "grasps": 8, "rests": 7}


@dataclass(frozen=True)
class PackedMesh:
    """What a mesh part is made of, in its own frame.

    vertices (V, 3) and faces (F, 3) of a closed surface; hulls: points (N, 3) of each convex piece;
    grasps: at and width; rests: part_to_support, the usual one first. Lengths in metres.
    """

    vertices: Floats
    faces: Ints
    hulls: tuple[Floats, ...]
    grasps: tuple[Grasp, ...]
    rests: tuple[Seven, ...]

    def text(self) -> str:
        """As one string: base64 of a deflated header and little-endian arrays."""
        ends = np.cumsum([len(h) for h in self.hulls])
        arrays = {
            "vertices": np.rint(self.vertices / UNIT),
            "faces": self.faces,
            "hulls": np.rint(np.concatenate(self.hulls) / UNIT),
            "ends": ends,
            "grasps": [[*g.at, g.width] for g in self.grasps],
            "rests": list(self.rests),
        }
        blobs = {n: np.asarray(arrays[n]).astype(TYPES[n]).reshape(-1, COLUMNS[n]) for n in FIELDS}
        header = json.dumps({n: len(b) for n, b in blobs.items()}).encode() + b"\n"
        raw = header + b"".join(blobs[n].tobytes() for n in FIELDS)
        return base64.b64encode(zlib.compress(raw, 9)).decode()


def unpacked(text: str) -> PackedMesh:
    """What `PackedMesh.text` made. Raises PartError for anything else."""
    try:
        unzip = zlib.decompressobj()
        raw = unzip.decompress(base64.b64decode(text, validate=True), LARGEST)
        header, _, body = raw.partition(b"\n")
        counts = json.loads(header)
        arrays, start = {}, 0
        for name in FIELDS:
            size = int(counts[name]) * COLUMNS[name] * 4
            if size < 0 or start + size > len(body):
                raise ValueError("it is cut short")
            values = np.frombuffer(body[start : start + size], TYPES[name])
            arrays[name] = values.reshape(-1, COLUMNS[name]).astype(float)
            start += size
        faces, ends = arrays["faces"].astype(int), arrays["ends"].astype(int).ravel()
        if not len(faces) or faces.min() < 0 or faces.max() >= len(arrays["vertices"]):
            raise ValueError("a triangle has no vertex")
        if not len(ends) or ends[-1] != len(arrays["hulls"]) or np.any(np.diff(ends) <= 0):
            raise ValueError("its pieces do not add up")
        if not all(np.isfinite(a).all() for a in arrays.values()):
            raise ValueError("a number is none")
    except (ValueError, KeyError, TypeError, binascii.Error, zlib.error) as error:
        raise PartError(
            f"mesh: its data is no packed part ({error}); make it with `cellwright part`"
        ) from error
    hulls = np.split(arrays["hulls"] * UNIT, ends[:-1])
    return PackedMesh(
        arrays["vertices"] * UNIT,
        faces,
        tuple(hulls),
        tuple(Grasp(_frame(row[:7]), float(row[7])) for row in arrays["grasps"]),
        tuple(_frame(row) for row in arrays["rests"]) or (seven((0, 0, 0)),),
    )


def _frame(row: Floats) -> Seven:
    """Seven numbers whose quaternion has length 1 again, after float32."""
    x, y, z = (float(v) for v in row[:3])
    quaternion = row[3:7] / max(1e-9, float(np.linalg.norm(row[3:7])))
    a, b, c, w = (float(v) for v in quaternion)
    return (x, y, z, a, b, c, w)


def mesh(*, data: str = "", density: float = 0.0, material: str = "pom") -> Part:
    """A part from a user's file. data: what `assets.kinds.import_mesh.prepared` packed; without it,
    a cube of 40 mm. density: [kg/m^3], 0 for that of the material."""
    if not data:
        return block(length_mm=40.0, width_mm=40.0, height_mm=40.0, material=material)
    require(density <= 25_000.0, "mesh: density must be in kg/m^3, 25000 or less")
    packed = unpacked(data)
    surface = trimesh.Trimesh(packed.vertices, packed.faces, process=False)
    x, y, z = (float(v) for v in surface.extents)
    part = solid(
        surface,
        [Hull(tuple((float(a), float(b), float(c)) for a, b, c in h)) for h in packed.hulls],
        material,
        {"length": x, "width": y, "height": z},
        grasps=packed.grasps,
        rests=packed.rests,
        norm="",
    )
    return replace(part, density=density or finish(material).density, licence="the file's own")
