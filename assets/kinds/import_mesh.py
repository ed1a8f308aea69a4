"""From a user's mesh file to a part: read, checked, repaired, decomposed, with grasps and rests.

Needs the extra `meshes` (coacd, scipy, networkx). Everything is a function of the file's content,
the settings and the versions of those libraries; seeds are fixed.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import shapely
import trimesh

from assets.frames import Seven, from_matrix, turn
from assets.geometry import antipodal
from assets.geometry.grasps import WIDEST
from assets.geometry.solid import require
from assets.kinds.meshes import PackedMesh
from assets.part import PartError
from episodes.array_types import Floats

Noted = tuple[str, tuple[str, ...]]  # a part's data, and notes
Keep = Callable[[str, Callable[[], bytes], Callable[[bytes], Noted]], Noted]

FORMATS = ("stl", "obj", "ply", "off", "glb")
MOST_BYTES, MOST_FACES = 200_000_000, 1_000_000
KEPT_FACES = 4000  # of the surface that is carried along; finer meshes are simplified to it
SMALLEST, LARGEST = 0.0005, 2.0  # [m] of any side
PIECES, HULL_POINTS = 16, 48
# under half of the search that CoACD does by default, on which most of the time goes
SEARCH = {"resolution": 1000, "mcts_iterations": 60, "mcts_nodes": 10, "mcts_max_depth": 2}
THRESHOLD = 0.08  # concavity that CoACD leaves (Wei et al. 2022)
VERSION = 3  # of what this file makes; part of the cache key
EXTRA = "pip install 'cellwright[meshes]'"


@dataclass(frozen=True)
class Prepared:
    """A file made ready: params of the kind "mesh", and what was noticed on the way, in words."""

    params: Mapping[str, Any]
    notes: tuple[str, ...]


def prepared(
    path: Path, keep: Keep, *, scale: float | None = None, density: float = 0.0
) -> Prepared:
    """The file as a part, made once for its content and settings.

    keep: (key, what makes the bytes, what reads them) -> what was read, of now or of before.
    scale: what its lengths are multiplied with to be metres; None: guessed from its size.
    Raises PartError (one line) for what cannot be a part, and why.
    """
    content = _content(path)
    settings = [VERSION, scale, KEPT_FACES, PIECES, HULL_POINTS, THRESHOLD, _versions()]
    key = hashlib.sha256(content + json.dumps(settings).encode() + path.suffix.lower().encode())

    def made() -> bytes:
        packed, notes = _made(path, scale)
        return json.dumps({"data": packed.text(), "notes": notes}).encode()

    def read(kept: bytes) -> Noted:
        found = json.loads(kept)
        return str(found["data"]), tuple(map(str, found["notes"]))

    data, notes = keep(f"{key.hexdigest()[:40]}.json", made, read)
    return Prepared({"data": data, **({"density": float(density)} if density else {})}, notes)


def _content(path: Path) -> bytes:
    kind = path.suffix.lower().removeprefix(".")
    require(kind in FORMATS, f"{path}: not a mesh that is read here; use {', '.join(FORMATS)}")
    try:
        size = path.stat().st_size
        require(path.is_file(), f"{path}: not a file, but a folder, a pipe or a device")
        require(size <= MOST_BYTES, f"{path}: {size / 1e6:.0f} MB; at most {MOST_BYTES / 1e6:.0f}")
        return path.read_bytes()
    except OSError as error:
        raise PartError(f"{path}: cannot be read: {error.strerror}") from error


def _versions() -> list[str]:
    try:
        return [version(name) for name in ("coacd", "scipy", "networkx", "trimesh", "numpy")]
    except PackageNotFoundError as error:
        raise PartError(f"meshes of your own need {error.name}: {EXTRA}") from error


def _made(path: Path, scale: float | None) -> tuple[PackedMesh, tuple[str, ...]]:
    mesh, notes = read(path, scale)
    notes = [*notes, f"{len(mesh.faces)} triangles, closed"]
    rng = np.random.default_rng(0)
    poses = stable_rests(mesh)
    mesh = mesh.copy()
    usual = _squared(mesh, poses[0])
    mesh.apply_transform(usual)
    fine = _simplified(mesh)
    if len(fine.faces) < len(mesh.faces):
        notes.append(f"simplified to {len(fine.faces)} triangles")
    hulls = decomposed(fine)
    grasps = antipodal.grasps(fine, rng)
    rests = [_onto_support(fine, pose @ np.linalg.inv(usual)) for pose in poses]
    if not grasps:
        notes.append(f"no grasp for jaws that open {1000 * WIDEST:.0f} mm")
    return PackedMesh(
        np.asarray(fine.vertices), np.asarray(fine.faces), hulls, tuple(grasps), tuple(rests)
    ), tuple(notes)


def read(path: Path, scale: float | None = None) -> tuple[trimesh.Trimesh, list[str]]:
    """The mesh in metres, closed, its faces outwards; and notes. Raises PartError."""
    try:
        # from bytes, so that what a file names beside it (materials, buffers) is never read
        data, kind = io.BytesIO(path.read_bytes()), path.suffix.lower().lstrip(".")
        mesh = trimesh.load(data, file_type=kind, force="mesh", process=False)
    except Exception as error:  # readers of foreign files fail in many ways
        said = " ".join(str(error).split())[:120] or type(error).__name__
        raise PartError(f"{path}: not a readable mesh ({said}); export it again, as STL") from error
    vertices = np.asarray(getattr(mesh, "vertices", np.empty((0, 3))), float).reshape(-1, 3)
    faces = np.asarray(getattr(mesh, "faces", np.empty((0, 3))), np.int64).reshape(-1, 3)
    require(len(faces) > 0, f"{path}: it holds no triangles; points and lines make no part")
    require(
        len(faces) <= MOST_FACES,
        f"{path}: {len(faces)} triangles; simplify it to under {MOST_FACES} first",
    )
    require(
        faces.min() >= 0 and faces.max() < len(vertices),
        f"{path}: a triangle refers to vertex {faces.max()} of {len(vertices)}; export it again",
    )
    bad = ~np.isfinite(vertices).all(axis=1)
    require(not bad.any(), f"{path}: {int(bad.sum())} vertices are not numbers; export it again")
    notes: list[str] = []
    size = float(np.ptp(vertices, axis=0).max())
    require(size > 0.0, f"{path}: all its points are one; it has no size")
    if scale is None:
        scale = 0.001 if size > 1.5 else 1.0
        unit = "millimetres" if scale == 0.001 else "metres"
        notes.append(
            f"taken to be in {unit}, since it is {size:.4g} long; scale=... says otherwise"
        )
    else:
        notes.append(f"scaled by {scale:g}")
    sides = np.ptp(vertices, axis=0) * scale
    require(
        bool(sides.max() <= LARGEST and sides.min() >= SMALLEST),
        f"{path}: {' x '.join(f'{1000 * s:.4g}' for s in sides)} mm is no size for a part "
        f"({1000 * SMALLEST:g} to {1000 * LARGEST:g} mm a side); give scale=...",
    )
    return _closed(path, trimesh.Trimesh(vertices * scale, faces, process=False), notes), notes


def _closed(path: Path, mesh: trimesh.Trimesh, notes: list[str]) -> trimesh.Trimesh:
    """The mesh welded, its holes filled, turned outwards."""
    before = len(mesh.faces)
    mesh.merge_vertices(digits_vertex=7)
    mesh.update_faces(mesh.nondegenerate_faces(height=1e-9) & mesh.unique_faces())
    mesh.remove_unreferenced_vertices()
    require(len(mesh.faces) >= 4, f"{path}: only {len(mesh.faces)} sound triangles; no solid")
    if len(mesh.faces) < before:
        notes.append(f"{before - len(mesh.faces)} empty or double triangles left out")
    if not mesh.is_watertight:
        trimesh.repair.fill_holes(mesh)
        if mesh.is_watertight:
            notes.append("small holes were filled")
    edges, count = np.unique(mesh.edges_sorted, axis=0, return_counts=True)
    loose = edges[count != 2]
    if len(loose):
        where = 1000 * np.asarray(mesh.vertices)[loose[0]].mean(axis=0)
        raise PartError(
            f"{path}: not closed: {len(loose)} edges do not join two faces, the first near "
            f"({', '.join(f'{v:.1f}' for v in where)}) mm; close it in the CAD program"
        )
    if not mesh.is_winding_consistent or mesh.volume < 0.0:
        trimesh.repair.fix_normals(mesh, multibody=True)
        notes.append("faces were turned outwards")
    require(bool(mesh.volume > 1e-12), f"{path}: it encloses no volume")
    return mesh


def _simplified(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    """The same solid with about KEPT_FACES triangles, in whole micrometres, still closed."""
    from meshoptimizer import simplify

    points = np.ascontiguousarray(mesh.vertices, np.float32)
    index = np.ascontiguousarray(mesh.faces.reshape(-1), np.uint32)
    target = KEPT_FACES
    while True:
        faces = np.asarray(mesh.faces)
        if len(faces) > target:
            out = np.empty(len(index), np.uint32)
            count = simplify(out, index, points, target_index_count=3 * target, target_error=1.0)
            faces = out[:count].reshape(-1, 3).astype(np.int64)
        made = trimesh.Trimesh(np.round(mesh.vertices, 6), faces, process=False)
        made.remove_unreferenced_vertices()
        if made.is_watertight and made.volume > 0.0:
            return made
        if len(faces) == len(mesh.faces):
            break
        target *= 2
    raise PartError(
        f"its {len(mesh.faces)} triangles cannot be made fewer without tearing; "
        f"simplify it to under {KEPT_FACES} in the CAD program"
    )


def decomposed(mesh: trimesh.Trimesh) -> tuple[Floats, ...]:
    """Points (N, 3) of convex pieces that fill the solid: one where it is convex, else CoACD's."""
    hull = mesh.convex_hull
    if mesh.volume > 0.985 * hull.volume and len(hull.vertices) <= 4 * HULL_POINTS:
        return (np.asarray(hull.vertices),)
    import coacd

    coacd.set_log_level("error")
    pieces = coacd.run_coacd(
        coacd.Mesh(np.asarray(mesh.vertices), np.asarray(mesh.faces)),
        threshold=THRESHOLD,
        max_convex_hull=PIECES,
        decimate=True,
        max_ch_vertex=HULL_POINTS,
        seed=0,
        **SEARCH,
    )
    require(len(pieces) > 0, "it falls into no convex pieces; it may be too thin")
    # into the box of the mesh: decomposition may bulge by a fraction of a millimetre
    low, high = mesh.bounds
    return tuple(np.clip(np.asarray(points, float), low, high) for points, _ in pieces)


def stable_rests(mesh: trimesh.Trimesh) -> list[Floats]:
    """mesh_to_support (4, 4) of the poses in which it lies stably on z = 0, likeliest first, those
    of under 3 % left out (Goldberg et al. 1999, as trimesh computes it)."""
    poses, shares = trimesh.poses.compute_stable_poses(mesh, n_samples=1, seed=0)
    require(len(poses) > 0, "it rests stably on no side")
    order = sorted(range(len(poses)), key=lambda k: (-round(float(shares[k]), 6), k))
    likely = [np.asarray(poses[k]) for k in order if shares[k] >= 0.03]
    return (likely or [np.asarray(poses[order[0]])])[:8]


def _squared(mesh: trimesh.Trimesh, pose: Floats) -> Floats:
    """The pose (4, 4) turned about z so that the smallest box around the footprint lies along the
    axes, its long side along x, and moved so that its middle is over the origin, its foot at 0."""
    points = np.asarray(mesh.vertices) @ pose[:3, :3].T
    box = shapely.minimum_rotated_rectangle(shapely.multipoints(points[:, :2]))
    corners = np.asarray(box.exterior.coords)
    sides = np.diff(corners[:3], axis=0)
    long = sides[int(np.argmax(np.round(np.linalg.norm(sides, axis=1), 9)))]
    turned = turn("z", -float(np.arctan2(long[1], long[0]))) @ pose[:3, :3]
    points = np.asarray(mesh.vertices) @ turned.T
    low, high = points.min(axis=0), points.max(axis=0)
    out = np.eye(4)
    out[:3, :3] = turned
    out[:3, 3] = (-(low[0] + high[0]) / 2, -(low[1] + high[1]) / 2, -low[2])
    return out


def _onto_support(mesh: trimesh.Trimesh, pose: Floats) -> Seven:
    """The pose moved so that the mesh stands on z = 0, over the origin."""
    points = np.asarray(mesh.vertices) @ pose[:3, :3].T
    low, high = points.min(axis=0), points.max(axis=0)
    out = np.eye(4)
    out[:3, :3] = pose[:3, :3]
    out[:3, 3] = (-(low[0] + high[0]) / 2, -(low[1] + high[1]) / 2, -low[2])
    return from_matrix(out)
