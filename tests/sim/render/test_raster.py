"""The fast renderer draws what PyBullet's own camera draws, and the same bytes every time."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from assets import catalogue
from scenes.cameras import look_at
from sim.bullet.tiny import TinyRenderer
from sim.pose import Pose
from sim.render import gl, meshes
from sim.render.base import Frame
from sim.render.simplify import FAR_PART, PART
from sim.robots import robot
from sim.spec import Camera, Cell, Robot
from tests.helpers import ROOT
from tests.raster_cells import HALL, LAMP, around, bench, body, states

pytestmark = pytest.mark.skipif(not gl.available()[0], reason=gl.available()[1])
if gl.available()[0]:
    from sim.render.raster import RasterRenderer


@pytest.fixture(scope="module")
def raster() -> Iterator[RasterRenderer]:
    renderer = RasterRenderer()
    yield renderer
    renderer.close()


@pytest.fixture(scope="module")
def tiny() -> Iterator[TinyRenderer]:
    renderer = TinyRenderer()
    yield renderer
    renderer.close()


def edges(frame: Frame, reach: int = 2) -> NDArray[np.bool_]:
    """Pixels within `reach` of another id, or of a jump in depth."""
    ids, depth = (
        np.pad(x.astype(int), reach, mode="edge") for x in (frame.segmentation, frame.depth)
    )
    h, w = frame.depth.shape
    out = np.zeros((h, w), bool)
    for y in range(2 * reach + 1):
        for x in range(2 * reach + 1):
            out |= ids[y : y + h, x : x + w] != frame.segmentation
            out |= np.abs(depth[y : y + h, x : x + w] - frame.depth) > 0.02 * frame.depth
    return out


def agree(mine: Frame, other: Frame) -> None:
    """Segmentation equal at 99.5 % of pixels, depth within 1 mm at 99 % of those off edges."""
    same = mine.segmentation == other.segmentation
    assert same.mean() >= 0.995
    inner = ~edges(other) & same & (other.segmentation > 0)
    assert inner.mean() > 0.0005  # a fence shows little that is not edge
    off = np.abs(mine.depth.astype(int) - other.depth)[inner]
    assert np.mean(off <= 10) >= 0.99


def test_agrees_with_pybullet_on_a_bench(raster: RasterRenderer, tiny: TinyRenderer) -> None:
    cell = bench()
    wanted, some = ["front", "wrist"], states(cell, 3)
    pairs = zip(raster.frames(cell, some, wanted), tiny.frames(cell, some, wanted), strict=True)
    for mine, theirs in pairs:
        for name in wanted:
            agree(mine[name], theirs[name])


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_every_part_agrees_with_pybullet(
    raster: RasterRenderer, tiny: TinyRenderer, kind: str
) -> None:
    cell = around(kind)
    mine = next(raster.frames(cell, states(cell), ["eye"]))["eye"]
    assert (mine.segmentation == 1).mean() > 0.02
    agree(mine, next(tiny.frames(cell, states(cell), ["eye"]))["eye"])


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_corners_are_shaded_as_the_faces_that_they_belong_to(kind: str) -> None:
    """A chamfer that a far mesh has lost does not round the flat face that takes its place."""
    mesh = catalogue.build(kind, {}).mesh
    for tolerance in (PART, FAR_PART):
        drawn = meshes.of_part(mesh, kind, tolerance)
        a, b, c = (drawn.positions[drawn.faces[:, k]].astype(float) for k in range(3))
        face = np.cross(b - a, c - a)
        face /= np.maximum(np.linalg.norm(face, axis=1, keepdims=True), 1e-30)
        lean = np.einsum("nc,nkc->nk", face, drawn.normals[drawn.faces].astype(float))
        large = np.linalg.norm(np.cross(b - a, c - a), axis=1) > 1e-7
        assert lean[large].min() > np.cos(np.radians(40.0))


def test_what_is_printed_on_a_part_has_its_own_colour(raster: RasterRenderer) -> None:
    """A lit lamp is green, a label white: whatever the body's material says."""
    cell = around("signal_lamp")
    seen = next(raster.frames(cell, states(cell), ["eye"]))["eye"]
    r, g, b = seen.rgb[seen.segmentation == 1].astype(int).T
    assert np.mean((g > 1.5 * r) & (g > 1.3 * b) & (g > 120)) > 0.03
    code = {"code": 5, "print_colour": 1}
    for far in (1.0, 4.0):  # print is not lost in what cameras far away see
        view = Camera("eye", look_at((0.0, 0.01, 0.25 * far), (0, 0, 0)), 128, 128, 0.5 / far)
        top = Cell(bodies=(body("it", "carton", Pose(), fixed=True, **code),), cameras=(view,),
                   lights=(LAMP, HALL))  # fmt: skip
        rgb = next(raster.frames(top, states(top), ["eye"]))["eye"].rgb.astype(int)
        assert rgb[64, 64].max() < 0.5 * rgb[64, 74:78].min(), far  # a pip on white


@pytest.mark.parametrize("card", robot.cards())
def test_every_robot_agrees_with_pybullet(
    raster: RasterRenderer, tiny: TinyRenderer, card: str
) -> None:
    home = robot.load(card).home
    cell = Cell(
        robots=(Robot("it", card, Pose(), home),),
        cameras=(Camera("eye", look_at((1.6, 1.0, 0.9), (0.2, 0.0, 0.45)), 224, 224, 0.8),),
    )
    mine = next(raster.frames(cell, states(cell), ["eye"]))["eye"]
    agree(mine, next(tiny.frames(cell, states(cell), ["eye"]))["eye"])


def test_known_points_land_within_half_a_pixel(raster: RasterRenderer) -> None:
    points = [(0.3, -0.2, 0.05), (0.5, 0.1, 0.2), (0.1, 0.25, 0.1), (0.6, -0.05, 0.3)]
    tiny = {"length_mm": 12.0, "width_mm": 12.0, "height_mm": 12.0}
    cubes = [body(f"cube_{i}", "block", Pose(p), fixed=True, **tiny) for i, p in enumerate(points)]
    camera = Camera("eye", look_at((1.1, 0.3, 0.8), (0.4, 0.0, 0.1)), 320, 240, 0.7)
    cell = Cell(bodies=tuple(cubes), cameras=(camera,), lights=(LAMP, HALL))
    frame = next(raster.frames(cell, states(cell), ["eye"]))["eye"]
    world_to_camera = camera.pose.inverse()
    for i, point in enumerate(points):
        rows, columns = np.nonzero(frame.segmentation == i + 1)
        seen = np.array([columns.mean() + 0.5, rows.mean() + 0.5])  # pixel centres lie at 0.5
        middle = world_to_camera.apply(np.add(point, (0.0, 0.0, 0.006)))
        expected = camera.intrinsics() @ middle / middle[2]
        np.testing.assert_allclose(seen, expected[:2], atol=0.5)


def test_depth_is_z_depth_not_ray_length(raster: RasterRenderer) -> None:
    camera = Camera("eye", look_at((0.0, 0.0, 1.0), (0, 0, 0), (0.0, 1.0, 0.0)), 96, 96, 1.2)
    cell = Cell(bodies=(body("floor", "floor", Pose(), fixed=True),), cameras=(camera,))
    depth = next(raster.frames(cell, states(cell), ["eye"]))["eye"].depth
    assert np.ptp(depth) <= 1
    assert depth[48, 48] == 10_000


DIGEST = """
import hashlib
from sim.render.raster import RasterRenderer
from tests.raster_cells import bench, states
digest, cell = hashlib.sha256(), bench(96)
for frames in RasterRenderer().frames(cell, states(cell, 3), ["front", "wrist"]):
    for frame in frames.values():
        digest.update(frame.rgb.tobytes() + frame.depth.tobytes() + frame.segmentation.tobytes())
print(digest.hexdigest())
"""


def elsewhere(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    import os

    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120,
        cwd=ROOT, env={**os.environ, **environment},
    )  # fmt: skip


def test_same_bytes_in_two_processes_and_any_thread_count() -> None:
    first = elsewhere(DIGEST)
    second = elsewhere(DIGEST, LP_NUM_THREADS="2", OPENBLAS_NUM_THREADS="1")
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert first.stdout == second.stdout
    assert first.stdout.strip() != hashlib.sha256().hexdigest()


def test_a_frame_depends_on_its_state_alone(raster: RasterRenderer) -> None:
    """Not on what was drawn before, on the other cameras, or on other states."""
    cell = bench(96)
    some = states(cell, 4)
    alone = next(raster.frames(cell, some[2:3], ["wrist"]))["wrist"]
    list(raster.frames(around("block"), states(around("block")), ["eye"]))
    together = list(raster.frames(cell, some, ["front", "wrist"]))[2]["wrist"]
    for name in ("rgb", "depth", "segmentation"):
        np.testing.assert_array_equal(getattr(alone, name), getattr(together, name))


def test_two_generators_of_one_renderer_do_not_disturb_each_other(raster: RasterRenderer) -> None:
    one, two = bench(64), replace(bench(64), lights=(HALL,))
    some = states(one, 2)
    expected = [f["front"].rgb for f in raster.frames(one, some, ["front"])]
    mixed = []
    for mine, _ in zip(
        raster.frames(one, some, ["front"]), raster.frames(two, some, ["front"]), strict=True
    ):
        mixed.append(mine["front"].rgb)
    np.testing.assert_array_equal(expected, mixed)


def test_what_stands_still_is_drawn_again_when_the_cell_changes(raster: RasterRenderer) -> None:
    cell = bench(64)
    moved = replace(
        cell,
        bodies=tuple(
            replace(b, pose=b.pose.shifted(y=-0.2)) if b.name == "tray" else b for b in cell.bodies
        ),
    )
    some = states(cell)
    before = next(raster.frames(cell, some, ["front"]))["front"]
    after = next(raster.frames(moved, some, ["front"]))["front"]
    assert np.mean(before.segmentation != after.segmentation) > 0.01


def test_shadows_fall_away_from_the_light(raster: RasterRenderer) -> None:
    top = body("top", "bench_top", Pose((0.0, 0.0, -0.04)), fixed=True)
    block = body("block", "block", Pose(), length_mm=40.0, width_mm=40.0, height_mm=60.0)
    camera = Camera("eye", look_at((0.0, 0.0, 0.9), (0, 0, 0), (0.0, 1.0, 0.0)), 160, 160, 0.6)
    light = replace(LAMP, direction=(0.7, 0.0, 0.7))
    cell = Cell(bodies=(top, block), cameras=(camera,), lights=(light, HALL))
    rgb = next(raster.frames(cell, states(cell), ["eye"]))["eye"].rgb.astype(float)
    # x of the world runs to the right of this picture: the light comes from there
    assert rgb[76:84, 61:71].mean() < 0.75 * rgb[76:84, 90:100].mean()


def test_ids_alone_are_those_of_the_frame(raster: RasterRenderer) -> None:
    cell = bench(96)
    some = states(cell)
    for name in ("front", "wrist"):
        frame = next(raster.frames(cell, some, [name]))[name]
        np.testing.assert_array_equal(
            raster.segmentation(cell, some[0], cell.camera(name)), frame.segmentation
        )


def test_memory_stays_flat_from_cell_to_cell(raster: RasterRenderer) -> None:
    import resource

    def megabytes() -> float:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 2**20

    def draw(k: int) -> None:
        cell = replace(bench(96), sampled={"k": k})
        list(raster.frames(cell, states(cell), ["front", "wrist"]))

    for k in range(10):
        draw(k)
    before = megabytes()
    for k in range(40):
        draw(k)
    assert megabytes() - before < 8.0


def test_contexts_come_and_go() -> None:
    """The last renderer to close frees the context; another can be made after it."""
    cell = bench(32)
    pictures = []
    for _ in range(2):
        renderer = RasterRenderer()
        pictures.append(next(renderer.frames(cell, states(cell), ["front"]))["front"].rgb)
        renderer.close()
        renderer.close()
        with pytest.raises(RuntimeError, match="closed"):
            next(renderer.frames(cell, states(cell), ["front"]))
    np.testing.assert_array_equal(*pictures)


def test_the_same_bytes_without_a_cache() -> None:
    done = elsewhere(DIGEST, XDG_CACHE_HOME="/proc/nowhere")
    assert done.returncode == 0, done.stderr
    assert done.stdout == elsewhere(DIGEST).stdout
