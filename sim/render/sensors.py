"""What a real camera makes of a perfect frame: noise, quantisation, holes, blur.

The numbers stand in `assets.camera_models`, with their sources.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from assets import materials
from assets.camera_models import MODELS, CameraModel, Ranging, names
from episodes.array_types import Bools, Floats
from episodes.errors import unknown
from sim import state_layout
from sim.render import blur
from sim.render.base import DEPTH_UNIT_M, Frame
from sim.spec import Camera, Cell, Material

PATCH = 6  # [px] holes come in patches of about this size


def through(
    cell: Cell, states: Floats, frames: Iterable[dict[str, Frame]], rng: np.random.Generator
) -> Iterator[dict[str, Frame]]:
    """Frames of states (T, S) as the cell's cameras would have taken them."""
    sensors = Sensors(cell, rng)
    for t, row in enumerate(frames):
        yield sensors.take(t, states[max(t - 1, 0)], states[t], row)


class Sensors:
    """The sensors of a cell's cameras; ideal cameras' frames stay as they are.

    Noise depends on the camera's name and the instant, not on what else is looked at. Blur is of
    the motion that led to an instant, so there is none at the first one.
    """

    def __init__(self, cell: Cell, rng: np.random.Generator) -> None:
        self._cell = cell
        self._root = int(rng.integers(2**63))
        self._cameras = {camera.name: camera for camera in cell.cameras}
        self._slow = {c.name for c in cell.cameras if c.shutter > 0 or c.readout > 0}
        self._surfaces = _surfaces(cell)

    def take(
        self, instant: int, before: Floats, state: Floats, row: Mapping[str, Frame]
    ) -> dict[str, Frame]:
        """What the cameras of `row` make of perfect frames of `state` (S,). before: the state a
        control period ago; at the first instant the same."""
        moved = np.stack([before, state])
        places = blur.segment_to_world(self._cell, moved) if self._slow & set(row) else None
        out = {}
        for name, frame in row.items():
            camera = self._cameras[name]
            if places is not None and name in self._slow:
                eyes = state_layout.camera_to_world(self._cell, moved, camera)
                over = blur.flow(camera, frame, (places[0], places[1]), (eyes[0], eyes[-1]))
                period = 1.0 / self._cell.physics.control_hz
                frame = replace(frame, rgb=blur.exposed(frame.rgb, over, period, camera))
            if camera.model != "ideal":
                noise = np.random.default_rng([self._root, zlib.crc32(name.encode()), instant])
                frame = sense(device(camera), camera, frame, self._surfaces, noise)
            out[name] = frame
        return out


def device(camera: Camera) -> CameraModel:
    """UserError for a model that there is none of."""
    if camera.model not in MODELS:
        raise unknown(f"model of the camera {camera.name}:", camera.model, names())
    return MODELS[camera.model]


def has_depth(camera: Camera) -> bool:
    """Whether the camera measures depth at all; where it does not, none should be stored."""
    return camera.model == "ideal" or device(camera).ranging is not None


def sense(
    model: CameraModel, camera: Camera, frame: Frame, surfaces: Floats, rng: np.random.Generator
) -> Frame:
    """One frame with a device's noise. surfaces (I, 2): how shiny and how dark each id is."""
    light = blur.decoded(frame.rgb)
    light += rng.standard_normal(light.shape) * np.sqrt(model.shot * light + model.read**2)
    depth = np.zeros_like(frame.depth)
    if model.ranging is not None:
        depth = _measured(model.ranging, camera, frame, surfaces, rng)
    return replace(frame, rgb=blur.encoded(light), depth=depth)


def _surfaces(cell: Cell) -> Floats:
    """(I, 2) by segmentation id: shininess (metal and gloss) and darkness, 0 to 1."""
    ids = state_layout.segments(cell)
    out = np.zeros((len(ids) + 1, 2))
    for body in cell.bodies:
        out[ids[body.name]] = _shine(body.material)
    return out


def _shine(material: Material) -> tuple[float, float]:
    gloss = float(np.clip(1.0 - material.roughness, 0.0, 1.0))
    mirror = gloss if material.name in materials.FINISHES and material.metallic > 0.5 else 0.0
    glass = gloss if material.name == "acrylic" else 0.0
    dark = float(np.clip(1.0 - np.mean(material.rgb) / 0.2, 0.0, 1.0))
    return max(mirror, glass), dark


def _measured(
    ranging: Ranging, camera: Camera, frame: Frame, surfaces: Floats, rng: np.random.Generator
) -> NDArray[np.uint16]:
    """Depth counts as triangulation gives them; 0 where it fails."""
    height, width = frame.depth.shape
    true = frame.depth.astype(np.float64) * DEPTH_UNIT_M
    angle = _slant(camera, true)
    # A pixel looks a little beside where it should, so edges fray.
    rows, columns = np.mgrid[0:height, 0:width]
    shift = rng.standard_normal((2, height, width)) * ranging.lateral
    v = np.clip(np.rint(rows + shift[0]), 0, height - 1).astype(int)
    u = np.clip(np.rint(columns + shift[1]), 0, width - 1).astype(int)
    z = true[v, u]
    there = z > 0
    disparity = ranging.focal * ranging.baseline / np.where(there, z, 1.0)
    # The growth with the angle of Nguyen et al. (2012), relative to their noise at 1 m.
    steep = np.minimum(angle, 1.5)
    growth = 1.0 + 0.053 * (steep / (np.pi / 2 - steep)) ** 2
    disparity = disparity + rng.standard_normal(z.shape) * ranging.noise * growth
    if ranging.step > 0:
        disparity = np.rint(disparity / ranging.step) * ranging.step
    measured = ranging.focal * ranging.baseline / np.maximum(disparity, 1e-6)
    there &= (measured > ranging.nearest) & (measured < ranging.farthest) & (disparity > 0)
    there &= ~_hidden(camera, true, ranging.baseline)
    shiny, dark = np.moveaxis(surfaces[frame.segmentation], -1, 0)
    lost = ranging.lost_shiny * shiny + ranging.lost_dark * dark
    lost = lost + 1.0 / (1.0 + np.exp((ranging.slant - angle) * 25.0))
    there &= _patches(rng, height, width) >= lost
    counts = np.rint(measured / DEPTH_UNIT_M)
    return np.where(there & (counts < 65535), counts, 0).astype(np.uint16)


def _slant(camera: Camera, z: Floats) -> Floats:
    """(H, W) [rad]: the angle between the ray and the surface's normal, from depth alone."""
    k = camera.intrinsics()
    height, width = z.shape
    v, u = np.mgrid[0:height, 0:width] + 0.5
    points = np.stack([(u - k[0, 2]) / k[0, 0] * z, (v - k[1, 2]) / k[1, 1] * z, z], axis=-1)
    if min(height, width) < 2:
        return np.zeros(z.shape)
    normal = np.cross(np.gradient(points, axis=1), np.gradient(points, axis=0))
    across = np.abs(np.einsum("hwi,hwi->hw", normal, points))
    size = np.linalg.norm(normal, axis=-1) * np.linalg.norm(points, axis=-1)
    angle: Floats = np.arccos(np.clip(across / np.maximum(size, 1e-12), 0.0, 1.0))
    return angle


def _hidden(camera: Camera, z: Floats, baseline: float) -> Bools:
    """Pixels whose surface the second imager, `baseline` [m] to the right, cannot see: something
    nearer lies between, so a strip to the left of edges has no depth."""
    focal = camera.intrinsics()[0, 0]
    u = np.arange(z.shape[1]) + 0.5
    # where each surface lands in the second picture; the background lies at infinity
    lands = u - np.where(z > 0, focal * baseline / np.maximum(z, 1e-3), 0.0)
    # Anything further right that lands at or before the same place covers it.
    nearest = np.minimum.accumulate(lands[:, ::-1], axis=1)[:, ::-1]
    beyond = np.concatenate([nearest[:, 1:], np.full((len(z), 1), np.inf)], axis=1)
    return beyond <= lands - 0.5


def _patches(rng: np.random.Generator, height: int, width: int) -> Floats:
    """(H, W) evenly spread in 0..1, alike within patches: what is lost is lost in blots."""
    rows, columns = (-(-n // PATCH) + 1 for n in (height, width))
    coarse = rng.uniform(size=(rows, columns))
    offset = rng.integers(PATCH, size=2)
    jitter = rng.integers(-2, 3, size=(2, height, width))
    v = (np.arange(height)[:, None] + offset[0] + jitter[0]) // PATCH
    u = (np.arange(width)[None, :] + offset[1] + jitter[1]) // PATCH
    noise: Floats = coarse[np.clip(v, 0, rows - 1), np.clip(u, 0, columns - 1)]
    return noise
