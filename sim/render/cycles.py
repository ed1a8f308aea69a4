"""Blender's path tracer: seconds a frame, for stills, covers and small sets.

Blender runs in a process of its own: its Python module wants another numpy than ours, holds global
state, and is licensed under the GPL. This file is both sides: the renderer, and, run as a script by
a Python that has `bpy`, the worker. Depth and ids come from the raster renderer, which shows the
same geometry without blending. Labels and hazard stripes are not drawn.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from episodes.array_types import Floats, Singles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.render.base import Frame
    from sim.render.raster import RasterRenderer
    from sim.spec import Cell

SAMPLES = 48  # rays a pixel, denoised after
PYTHON = "CELLWRIGHT_BLENDER_PYTHON"  # a Python with bpy, where this one has none
INSTALL = (
    "python3.11 -m venv blender; blender/bin/pip install 'bpy==4.5.*'; "
    f"export {PYTHON}=$PWD/blender/bin/python"
)
LENS = ("name", "width", "height", "fov", "near", "far")
RAY_S = 2.5e-6  # about, for a ray through a pixel, on two cores of a server
LAMP_ANGLE = 0.06  # [rad] across, seen from the cell


class CyclesRenderer:
    """One Blender for each call of `frames`; nothing is kept between calls."""

    name = "cycles"
    version = "1"

    def __init__(self) -> None:
        from sim.render.raster import RasterRenderer

        self._python = _blender_python()
        self._raster: RasterRenderer = RasterRenderer()

    def frames(
        self, cell: Cell, states: Floats, cameras: Sequence[str]
    ) -> Iterator[dict[str, Frame]]:
        from dataclasses import replace

        from episodes import children

        pixels = [cell.camera(name).width * cell.camera(name).height for name in cameras]
        _foretell(float(np.mean(pixels)) * SAMPLES * RAY_S, len(states) * len(cameras), "about ")
        with tempfile.TemporaryDirectory(prefix="cellwright-cycles-") as name:
            folder = Path(name)
            _write_job(folder, cell, states, cameras)
            with (folder / "log").open("w") as log:
                command = [self._python, __file__, name]
                worker = subprocess.Popen(
                    command, stdout=log, stderr=subprocess.STDOUT, env=children.environment()
                )
            try:
                for t, exact in enumerate(self._raster.frames(cell, states, cameras)):
                    out = {}
                    for camera in cameras:
                        light = _awaited(worker, folder, f"{t}-{camera}.npy")
                        gain = 2.0 ** cell.camera(camera).exposure
                        rgb = _developed(light * gain * cell.camera(camera).balance)
                        out[camera] = replace(exact[camera], rgb=rgb)
                    if t == 0:
                        seconds = float((folder / "seconds").read_text())
                        _foretell(seconds, len(states) * len(cameras))
                    yield out
            finally:
                worker.kill()
                worker.wait()

    def close(self) -> None:
        self._raster.close()


def _blender_python() -> str:
    """UserError where there is no Python with bpy."""
    from episodes import children
    from episodes.errors import UserError

    python = os.environ.get(PYTHON, sys.executable)
    try:
        found = subprocess.run(
            [python, "-c", "import importlib.util as u; print(bool(u.find_spec('bpy')))"],
            capture_output=True, text=True, timeout=60, env=children.environment(),
        ).stdout.strip()  # fmt: skip
    except OSError:
        found = ""
    if found != "True":
        raise UserError(f"renderer=cycles needs Blender's Python module: {INSTALL}")
    return python


def _foretell(seconds: float, count: int, about: str = "") -> None:
    print(
        f"renderer=cycles: {about}{seconds:.1f} s a frame, {count} frames: "
        f"{about}{seconds * count / 60:.1f} min",
        file=sys.stderr,
    )


def _awaited(worker: subprocess.Popen[Any], folder: Path, name: str) -> Floats:
    """The linear picture (H, W, 3), as soon as the worker has moved it into place."""
    path = folder / name
    while not path.exists():
        if worker.poll() is not None and not path.exists():
            tail = (folder / "log").read_text(errors="replace").strip().splitlines()[-1:]
            raise RuntimeError(f"Blender ended with {worker.returncode}: {' '.join(tail)}")
        time.sleep(0.05)
    picture = np.load(path, allow_pickle=False)
    path.unlink()
    return np.asarray(picture, float)


def _developed(light: Floats) -> NDArray[np.uint8]:
    """The tone curve of the raster renderer's shader."""
    s = np.sqrt(np.maximum(light, 0.0))
    curve = s * (1.1101 + s * (s * 1.3447 - 0.2345)) / (1.0 + s * (0.1189 + s * s * 1.3447))
    return np.rint(np.clip(curve, 0.0, 1.0) * 255.0).astype(np.uint8)


def _write_job(folder: Path, cell: Cell, states: Floats, cameras: Sequence[str]) -> None:
    """All that the worker needs, as plain arrays and JSON."""
    from sim import state_layout
    from sim.render import environment, stage, texture

    on = stage.build(cell)
    arrays: dict[str, Any] = {
        "places": on.places(states),
        "panorama": environment.panorama(cell.lights, 256).astype(np.float32),
        "tiles": texture.tiles(),
    }
    for k, thing in enumerate(on.things):
        surface = thing.surface
        for field in ("positions", "normals", "uv", "faces", "slots"):
            arrays[f"{field}-{k}"] = getattr(surface, field)
    for camera in cameras:
        arrays[f"eye-{camera}"] = state_layout.camera_to_world(cell, states, cell.camera(camera))
    np.savez(folder / "arrays.npz", **arrays)
    suns, _, _, _ = environment.sources(cell.lights)
    job = {
        "things": [thing.paint for thing in on.things],
        "paints": [vars(paint) for paint in on.paints],
        "suns": [(direction.tolist(), rgb.tolist()) for direction, rgb in suns],
        "cameras": [
            {key: getattr(cell.camera(name), key) for key in LENS} for name in cameras
        ],
        "samples": SAMPLES,
        "lamp_angle": LAMP_ANGLE,
    }  # fmt: skip
    (folder / "job.json").write_text(json.dumps(job))


# From here on the worker, which has numpy and bpy and nothing of ours.


def _work(folder: Path) -> None:
    import bpy  # type: ignore[import-not-found]

    job = json.loads((folder / "job.json").read_text())
    arrays = np.load(folder / "arrays.npz", allow_pickle=False)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.preferences.addon_enable(module="cycles")
    scene = bpy.context.scene
    _settings(scene, job)
    _light(bpy, scene, job, arrays["panorama"])
    objects = _things(bpy, scene, job, arrays)
    places = arrays["places"]
    for t in range(len(places)):
        for thing, place in zip(objects, places[t], strict=True):
            matrix = np.eye(4)
            matrix[:3] = place
            thing.matrix_world = _rows(matrix)
        for camera in job["cameras"]:
            start = time.monotonic()
            eyes = arrays[f"eye-{camera['name']}"]
            picture = _shot(bpy, scene, camera, eyes[t % len(eyes)], folder)
            (folder / "seconds").write_text(str(time.monotonic() - start))
            partial = folder / "partial.npy"
            np.save(partial, picture)
            partial.rename(folder / f"{t}-{camera['name']}.npy")


def _rows(matrix: Floats) -> Any:
    """Blender takes plain lists for columns."""
    import mathutils  # type: ignore[import-not-found]

    return mathutils.Matrix(matrix.tolist())


def _settings(scene: Any, job: dict[str, Any]) -> None:
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = job["samples"]
    scene.cycles.seed = 0
    scene.cycles.use_denoising = True
    scene.cycles.max_bounces = 6
    scene.cycles.caustics_reflective = scene.cycles.caustics_refractive = False
    scene.render.use_persistent_data = True
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.image_settings.color_depth = "32"


def _light(bpy: Any, scene: Any, job: dict[str, Any], panorama: Singles) -> None:
    height, width, _ = panorama.shape
    image = bpy.data.images.new("hall", width, height, float_buffer=True)
    image.colorspace_settings.name = "Non-Color"
    image.pixels.foreach_set(
        np.concatenate([panorama, np.ones((height, width, 1), np.float32)], axis=2).ravel()
    )
    world = scene.world = bpy.data.worlds.new("hall")
    world.use_nodes = True
    nodes, links = world.node_tree.nodes, world.node_tree.links
    sky = nodes.new("ShaderNodeTexEnvironment")
    sky.image = image
    links.new(sky.outputs["Color"], nodes["Background"].inputs["Color"])
    for direction, rgb in job["suns"]:
        lamp = bpy.data.lights.new("sun", "SUN")
        strength = max(rgb)
        lamp.energy = np.pi * strength
        lamp.color = [v / max(strength, 1e-9) for v in rgb]
        lamp.angle = job["lamp_angle"]
        thing = bpy.data.objects.new("sun", lamp)
        scene.collection.objects.link(thing)
        z = np.array(direction)  # a lamp shines along its -z
        x = np.cross([0.0, 1.0, 0.0] if abs(z[1]) < 0.9 else [1.0, 0.0, 0.0], z)
        x /= np.linalg.norm(x)
        matrix = np.eye(4)
        matrix[:3, :3] = np.column_stack([x, np.cross(z, x), z])
        thing.matrix_world = _rows(matrix)


def _things(bpy: Any, scene: Any, job: dict[str, Any], arrays: Any) -> list[Any]:
    images = [_tile(bpy, k, tile) for k, tile in enumerate(arrays["tiles"])]
    coats = [_material(bpy, paint, images) for paint in job["paints"]]
    out = []
    for k, paint in enumerate(job["things"]):
        positions, faces = arrays[f"positions-{k}"], arrays[f"faces-{k}"]
        slots, uv = arrays[f"slots-{k}"], arrays[f"uv-{k}"]
        mesh = bpy.data.meshes.new(f"thing {k}")
        mesh.from_pydata(positions.tolist(), [], faces.tolist())
        for slot in range(int(slots.max()) + 1):
            mesh.materials.append(coats[paint + slot])
        mesh.polygons.foreach_set("material_index", slots[faces[:, 0]].astype(np.int32))
        mesh.uv_layers.new(name="uv").data.foreach_set("uv", uv[faces.ravel()].ravel())
        mesh.polygons.foreach_set("use_smooth", np.ones(len(faces), bool))
        mesh.normals_split_custom_set_from_vertices(arrays[f"normals-{k}"].tolist())
        thing = bpy.data.objects.new(mesh.name, mesh)
        scene.collection.objects.link(thing)
        out.append(thing)
    return out


def _tile(bpy: Any, k: int, tile: NDArray[np.uint8]) -> Any:
    image = bpy.data.images.new(f"tile {k}", tile.shape[1], tile.shape[0], alpha=True)
    image.colorspace_settings.name = "Non-Color"
    image.alpha_mode = "CHANNEL_PACKED"
    image.pixels.foreach_set((tile.astype(np.float32) / 255.0).ravel())
    return image


def _material(bpy: Any, paint: dict[str, Any], images: list[Any]) -> Any:
    """The raster shader's sums, as nodes."""
    material = bpy.data.materials.new("paint")
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    surface = nodes["Principled BSDF"]
    surface.inputs["Base Color"].default_value = [*paint["rgb"], 1.0]
    surface.inputs["Roughness"].default_value = paint["roughness"]
    surface.inputs["Metallic"].default_value = paint["metallic"]
    if paint["tile"] < 0:
        return material

    def sum_of(value: Any, factor: float, offset: float) -> Any:
        node = nodes.new("ShaderNodeMath")
        node.operation = "MULTIPLY_ADD"
        links.new(value, node.inputs[0])
        node.inputs[1].default_value, node.inputs[2].default_value = factor, offset
        return node.outputs[0]

    def both(one: Any, two: Any, operation: str) -> Any:
        node = nodes.new("ShaderNodeMath")
        node.operation = operation
        links.new(one, node.inputs[0])
        links.new(two, node.inputs[1])
        return node.outputs[0]

    place = nodes.new("ShaderNodeMapping")
    place.inputs["Scale"].default_value = [paint["per_metre"]] * 3
    place.inputs["Location"].default_value = [0.37 * paint["shift"], 0.71 * paint["shift"], 0.0]
    links.new(nodes.new("ShaderNodeUVMap").outputs["UV"], place.inputs["Vector"])
    texture = nodes.new("ShaderNodeTexImage")
    texture.image = images[paint["tile"]]
    links.new(place.outputs["Vector"], texture.inputs["Vector"])
    parts = nodes.new("ShaderNodeSeparateColor")
    links.new(texture.outputs["Color"], parts.inputs["Color"])
    light, rough, scratch = (parts.outputs[k] for k in ("Red", "Green", "Blue"))
    dirt = texture.outputs["Alpha"]
    shade = both(
        both(sum_of(light, 2 * paint["grain"], 1 - paint["grain"]),
             sum_of(scratch, paint["scratches"], 1.0), "MULTIPLY"),
        sum_of(dirt, -0.5 * abs(paint["dirt"]), 1.0), "MULTIPLY",
    )  # fmt: skip
    scale = nodes.new("ShaderNodeVectorMath")
    scale.operation = "SCALE"
    scale.inputs[0].default_value = paint["rgb"]
    links.new(shade, scale.inputs["Scale"])
    links.new(scale.outputs[0], surface.inputs["Base Color"])
    base = sum_of(rough, paint["sheen"], paint["roughness"] - 0.5 * paint["sheen"])
    total = both(base, sum_of(dirt, 0.25 * paint["dirt"], 0.0), "ADD")
    links.new(total, surface.inputs["Roughness"])
    return material


def _shot(bpy: Any, scene: Any, camera: dict[str, Any], eye: Floats, folder: Path) -> Singles:
    """(H, W, 3) linear light."""
    if scene.camera is None:
        scene.camera = bpy.data.objects.new("eye", bpy.data.cameras.new("eye"))
        scene.collection.objects.link(scene.camera)
    lens = scene.camera.data
    lens.sensor_fit, lens.angle_y = "VERTICAL", camera["fov"]
    lens.angle = camera["fov"]
    lens.clip_start, lens.clip_end = camera["near"], camera["far"]
    scene.camera.matrix_world = _rows(eye @ np.diag([1.0, -1.0, -1.0, 1.0]))
    scene.render.resolution_x, scene.render.resolution_y = camera["width"], camera["height"]
    scene.render.resolution_percentage = 100
    scene.render.filepath = str(folder / "shot.exr")
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath)
    values = np.empty(camera["width"] * camera["height"] * 4, np.float32)
    image.pixels.foreach_get(values)
    bpy.data.images.remove(image)
    return values.reshape(camera["height"], camera["width"], 4)[::-1, :, :3].copy()


if __name__ == "__main__":
    here = str(Path(__file__).parent)  # its modules must not pass for Blender's
    sys.path[:] = [place for place in sys.path if place != here]
    _work(Path(sys.argv[1]))
