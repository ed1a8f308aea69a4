"""What the fast renderer does with what it should not be given."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh

from episodes.errors import UserError
from scenes.cameras import look_at
from sim.pose import Pose
from sim.render import gl, meshes
from sim.robots.links import Visual
from sim.spec import Camera, Cell
from tests.helpers import ROOT
from tests.raster_cells import HALL, LAMP, bench, body, states

pytestmark = pytest.mark.skipif(not gl.available()[0], reason=gl.available()[1])
if gl.available()[0]:
    from sim.render.raster import RasterRenderer


@pytest.fixture(scope="module")
def raster() -> Iterator[RasterRenderer]:
    renderer = RasterRenderer()
    yield renderer
    renderer.close()


def shot(renderer: RasterRenderer, cell: Cell, camera: str = "front") -> np.ndarray:
    return next(renderer.frames(cell, states(cell), [camera]))[camera].rgb


def test_a_mesh_without_normals_gets_them(tmp_path: Path) -> None:
    file = tmp_path / "box.obj"
    corners = trimesh.creation.box((0.1, 0.1, 0.1))
    lines = [f"v {x} {y} {z}" for x, y, z in corners.vertices]
    lines += [f"f {a + 1} {b + 1} {c + 1}" for a, b, c in corners.faces]
    file.write_text("\n".join(lines))
    surface = meshes.of_visual(Visual(file, Pose(), (1.0, 1.0, 1.0), (1.0, 0.0, 0.0, 1.0)))
    assert len(surface.faces) == 12
    # a box keeps its sharp edges: every corner's normal is that of a side
    np.testing.assert_allclose(np.abs(surface.normals).max(axis=1), 1.0, atol=1e-6)
    np.testing.assert_allclose(surface.palette, [[1.0, 0.0, 0.0]], atol=1e-3)


def test_a_mirrored_mesh_still_shows_its_outside(tmp_path: Path) -> None:
    file = tmp_path / "ball.stl"
    trimesh.creation.icosphere(subdivisions=2, radius=0.05).export(file)
    surface = meshes.of_visual(Visual(file, Pose(), (1.0, -1.0, 1.0), (1.0, 1.0, 1.0, 1.0)))
    corners = surface.positions[surface.faces]
    out = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert np.all(np.einsum("ij,ij->i", out, corners.mean(axis=1)) > 0)


def test_nan_vertices_and_wrong_indices_lose_their_triangles_only() -> None:
    box = trimesh.creation.box((0.1, 0.1, 0.1))
    vertices = np.vstack([box.vertices, [[np.nan, 0.0, 0.0]]])
    faces = np.vstack([box.faces, [[0, 1, 8]], [[0, 1, 99]]])
    surface = meshes.of_part(trimesh.Trimesh(vertices, faces, process=False, validate=False))
    assert len(surface.faces) == 12
    assert np.isfinite(surface.positions).all()
    assert np.isfinite(surface.normals).all()


def test_a_mesh_of_nothing_but_nan_is_refused() -> None:
    bad = trimesh.Trimesh(np.full((3, 3), np.nan), [[0, 1, 2]], process=False, validate=False)
    with pytest.raises(UserError, match=r"mesh of gear has no valid triangle"):
        meshes.of_part(bad, "gear")


@pytest.mark.parametrize("content", [b"", b"v 0 0 0\n", b"\x00\x01\x02 not a mesh"])
def test_a_file_that_is_no_mesh_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "broken.obj"
    file.write_bytes(content)
    with pytest.raises(UserError, match=r"broken\.obj"):
        meshes.of_visual(Visual(file, Pose(), (1.0, 1.0, 1.0), (1.0, 1.0, 1.0, 1.0)))


def test_a_missing_texture_leaves_the_material_s_colour(tmp_path: Path) -> None:
    file = tmp_path / "tile.obj"
    file.write_text(
        "mtllib tile.mtl\nusemtl red\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\n"
        "f 1/1 2/2 3/3\n"
    )
    (tmp_path / "tile.mtl").write_text("newmtl red\nKd 1 0 0\nmap_Kd gone.png\n")
    surface = meshes.of_visual(Visual(file, Pose(), (1.0, 1.0, 1.0), (1.0, 1.0, 1.0, 1.0)))
    assert surface.palette[0, 0] > 0.9
    assert surface.palette[0, 1] < 0.1


def test_the_colour_of_the_urdf_stands_over_that_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "cap.obj"
    file.write_text("mtllib cap.mtl\nusemtl usual\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    (tmp_path / "cap.mtl").write_text("newmtl usual\nKd 0.8 0.2 0.2\n")
    for said, expected in (((1.0, 1.0, 1.0), (0.8, 0.2, 0.2)), ((0.1, 0.2, 0.9), (0.1, 0.2, 0.9))):
        surface = meshes.of_visual(Visual(file, Pose(), (1.0, 1.0, 1.0), (*said, 1.0)))
        np.testing.assert_allclose(surface.palette, [expected], atol=0.01)


COLLADA = """<?xml version="1.0" encoding="utf-8"?>
<COLLADA xmlns="http://www.collada.org/2005/11/COLLADASchema" version="1.4.1">
<asset><contributor><authoring_tool>{tool}</authoring_tool></contributor>
<unit name="centimeter" meter="0.01"/><up_axis>Z_UP</up_axis></asset>
<library_effects><effect id="e"><profile_COMMON><technique sid="common"><lambert><diffuse>
<color>0.4 0.08 0.0 1</color></diffuse></lambert></technique></profile_COMMON></effect>
</library_effects>
<library_materials><material id="m"><instance_effect url="#e"/></material></library_materials>
<library_geometries><geometry id="g"><mesh><source id="p"><float_array id="a" count="9">
0 0 0 100 0 0 0 100 0</float_array><technique_common><accessor source="#a" count="3" stride="3">
<param name="X" type="float"/><param name="Y" type="float"/><param name="Z" type="float"/>
</accessor></technique_common></source><vertices id="v"><input semantic="POSITION" source="#p"/>
</vertices><triangles material="s" count="1"><input semantic="VERTEX" source="#v" offset="0"/>
<p>0 1 2</p></triangles></mesh></geometry></library_geometries>
<library_visual_scenes><visual_scene id="vs"><node><instance_geometry url="#g"><bind_material>
<technique_common><instance_material symbol="s" target="#m"/></technique_common></bind_material>
</instance_geometry></node></visual_scene></library_visual_scenes>
<scene><instance_visual_scene url="#vs"/></scene></COLLADA>"""


@pytest.mark.parametrize(
    ("tool", "colour"), [("Blender 2.79.0", (0.735, 0.349, 0.0)), ("FBX", (0.4, 0.08, 0.0))]
)
def test_a_collada_file_has_its_unit_and_its_kind_of_colour(
    tmp_path: Path, tool: str, colour: tuple[float, ...]
) -> None:
    pytest.importorskip("collada")
    file = tmp_path / "arm.dae"
    file.write_text(COLLADA.format(tool=tool))
    surface = meshes.of_visual(Visual(file, Pose(), (1.0, 1.0, 1.0), (1.0, 1.0, 1.0, 1.0)))
    np.testing.assert_allclose(np.ptp(surface.positions, axis=0), [1.0, 1.0, 0.0], atol=1e-6)
    np.testing.assert_allclose(surface.palette, [colour], atol=0.01)


def test_a_damaged_cache_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    ball = trimesh.creation.icosphere(subdivisions=4, radius=0.05)
    first = meshes.of_part(ball)
    (kept,) = (tmp_path / "cellwright" / "meshes").iterdir()
    kept.write_bytes(kept.read_bytes()[:100])
    monkeypatch.setattr(meshes, "_recent", meshes._Recent(8))  # as in another process
    again = meshes.of_part(ball)
    np.testing.assert_array_equal(first.positions, again.positions)
    assert kept.stat().st_size > 100


def test_parts_of_drawn_sizes_do_not_fill_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for k in range(5):
        meshes.of_part(trimesh.creation.box((0.1, 0.1, 0.1 + 1e-3 * k)))
    assert not list(tmp_path.rglob("*.npz"))


def test_no_lights_is_the_usual_light(raster: RasterRenderer) -> None:
    dark = shot(raster, replace(bench(64), lights=()))
    assert 60 < dark.mean() < 220
    assert dark.std() > 10


def test_a_hall_without_a_lamp_and_a_lamp_without_a_hall(raster: RasterRenderer) -> None:
    for lights in ((HALL,), (LAMP,), (replace(LAMP, shadow=False), HALL)):
        assert 20 < shot(raster, replace(bench(64), lights=lights)).mean() < 240


def test_a_light_of_no_direction(raster: RasterRenderer) -> None:
    lights = (replace(LAMP, direction=(0.0, 0.0, 0.0)), HALL)
    assert 20 < shot(raster, replace(bench(64), lights=lights)).mean() < 240


def test_an_unknown_material_is_drawn_in_its_colour(raster: RasterRenderer) -> None:
    cell = bench(64)
    strange = replace(cell.bodies[1].material, name="unobtainium", rgb=(0.9, 0.1, 0.1))
    bodies = tuple(replace(b, material=strange) if b.name == "top" else b for b in cell.bodies)
    r, g, _ = shot(raster, replace(cell, bodies=bodies)).reshape(-1, 3).T.astype(int)
    assert np.mean(r > g + 50) > 0.2


def test_a_camera_inside_a_body(raster: RasterRenderer) -> None:
    camera = Camera("in", look_at((0.4, 0.0, -0.02), (0.4, 0.3, -0.02)), 64, 64, 0.8)
    frame = next(raster.frames(replace(bench(), cameras=(camera,)), states(bench()), ["in"]))["in"]
    assert frame.rgb.shape == (64, 64, 3)


def test_one_pixel(raster: RasterRenderer) -> None:
    cell = bench(1)
    frame = next(raster.frames(cell, states(cell), ["front"]))["front"]
    assert frame.rgb.shape == (1, 1, 3)
    assert frame.depth[0, 0] > 0


def test_a_line_of_pixels(raster: RasterRenderer) -> None:
    camera = replace(bench().camera("front"), width=64, height=2)
    cell = replace(bench(), cameras=(camera,))
    assert shot(raster, cell).shape == (2, 64, 3)


def test_sixteen_megapixels(raster: RasterRenderer) -> None:
    camera = replace(bench().camera("front"), width=4096, height=4096)
    small = shot(raster, bench(256)).astype(float)
    large = shot(raster, replace(bench(), cameras=(camera,)))
    assert large.shape == (4096, 4096, 3)
    assert np.abs(large[8::16, 8::16] - small).mean() < 6.0


def test_more_pixels_than_the_driver_has_room_for(raster: RasterRenderer) -> None:
    camera = replace(bench().camera("front"), width=100_000)
    with pytest.raises(UserError, match=r"camera front: 100000x224 pixels cannot be drawn"):
        shot(raster, replace(bench(), cameras=(camera,)))


def test_two_hundred_bodies(raster: RasterRenderer) -> None:
    cell = bench()
    places = [(0.25 + 0.03 * (i // 14), -0.4 + 0.06 * (i % 14), 0.0) for i in range(196)]
    more = tuple(body(f"b{i}", "block", Pose(p), length_mm=20.0, width_mm=20.0, height_mm=20.0)
                 for i, p in enumerate(places))  # fmt: skip
    crowd = replace(cell, bodies=cell.bodies + more)
    frame = next(raster.frames(crowd, states(crowd), ["front"]))["front"]
    assert len(np.unique(frame.segmentation)) > 150


def test_more_bodies_than_there_is_room_for(raster: RasterRenderer) -> None:
    many = tuple(body(f"b{i}", "block", Pose((0.0, 0.0, 0.1 * i)), fixed=True) for i in range(1100))
    cell = Cell(bodies=many, cameras=(bench().camera("front"),))
    with pytest.raises(UserError, match=r"1100 bodies and links .* too many to draw"):
        shot(raster, cell)


def test_an_unknown_camera(raster: RasterRenderer) -> None:
    with pytest.raises(KeyError, match="no camera 'back'; there are: front, wrist"):
        next(raster.frames(bench(), states(bench()), ["back"]))


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120,
        cwd=ROOT, env={**os.environ, **environment},
    )  # fmt: skip


NO_DRIVER = {"__EGL_VENDOR_LIBRARY_DIRS": "/nonexistent"}  # libEGL finds no driver


def test_without_a_driver_the_probe_says_what_to_install() -> None:
    done = run("from sim.render import gl; print(gl.available())", **NO_DRIVER)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("(False, 'no OpenGL")
    assert "apt-get install libegl1 libgl1-mesa-dri" in done.stdout


def test_without_a_driver_the_renderer_is_refused_in_one_line() -> None:
    code = (
        "from episodes.errors import UserError\nfrom sim.render.raster import RasterRenderer\n"
        "try: RasterRenderer()\nexcept UserError as e: print(e)"
    )
    done = run(code, **NO_DRIVER)
    assert done.returncode == 0, done.stderr
    assert "take renderer=tiny" in done.stdout
    assert done.stdout.count("\n") == 1


def test_without_libegl_one_line_says_what_to_install() -> None:
    code = (
        "import moderngl\nmade = moderngl.create_context\n"
        "moderngl.create_context = lambda **k: made(**{**k, 'libegl': 'libEGL.gone.so.1'})\n"
        "from episodes.errors import UserError\nfrom sim.render.raster import RasterRenderer\n"
        "try: RasterRenderer()\nexcept UserError as e: print(e)"
    )
    done = run(code)
    assert done.returncode == 0, done.stderr
    assert "apt-get install libegl1 libgl1-mesa-dri" in done.stdout
    assert done.stdout.count("\n") == 1


LOSE = """
import ctypes
from sim.render import gl
from sim.render.raster import RasterRenderer
from tests.raster_cells import bench, states
cell = bench(32)
frames = RasterRenderer().frames(cell, states(cell, 3), ["front", "wrist"])
next(frames)
egl = ctypes.CDLL("libEGL.so.1")
egl.eglGetCurrentDisplay.restype = ctypes.c_void_p
egl.eglMakeCurrent(ctypes.c_void_p(egl.eglGetCurrentDisplay()), None, None, None)
try:
    next(frames)
except gl.GraphicsLost as error:
    print(error)
"""


def test_a_context_lost_in_mid_run_is_noticed() -> None:
    """Without a context the driver's functions do nothing at all, and report nothing."""
    done = run(LOSE)
    assert done.returncode == 0, done.stderr
    assert "the context is lost" in done.stdout


def test_a_forked_process_is_told_to_spawn() -> None:
    code = (
        "import os\nfrom sim.render.raster import RasterRenderer\nkept = RasterRenderer()\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    try: RasterRenderer()\n"
        "    except RuntimeError as e: print(e, flush=True)\n"
        "    os._exit(0)\n"
        "os.waitpid(child, 0)\n"
    )
    assert 'start workers with "spawn"' in run(code).stdout
