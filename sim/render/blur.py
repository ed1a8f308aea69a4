"""How fast each pixel's surface moves across the picture, and what a slow shutter makes of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from episodes.array_types import Floats
from sim import state_layout
from sim.pose import Pose
from sim.render.base import DEPTH_UNIT_M, Frame
from sim.robots import robot
from sim.spec import Camera, Cell

EXPOSURES = 7  # moments within a shutter's opening that are averaged


def segment_to_world(cell: Cell, states: Floats) -> Floats:
    """(T, I, 4, 4): the frame of every segmentation id, 0 (background) the world's own."""
    ids = state_layout.segments(cell)
    out = np.tile(np.eye(4), (len(states), len(ids) + 1, 1, 1))
    for arm in cell.robots:
        model = robot.load(arm.card)
        links = arm.base.matrix() @ model.link_to_base(state_layout.joints(cell, states, arm.name))
        out[:, [ids[f"{arm.name}/{link.name}"] for link in model.links]] = links
    for name, poses in state_layout.body_poses(cell, states).items():
        out[:, ids[name]] = [Pose.from_array(row).matrix() for row in poses]
    return out


def flow(
    camera: Camera, frame: Frame, moves: tuple[Floats, Floats], eyes: tuple[Floats, Floats]
) -> Floats:
    """(H, W, 2) [px]: how far each pixel's surface goes across the picture from one instant to the
    next.

    moves: `segment_to_world` (I, 4, 4) then and next; eyes: camera_to_world (4, 4) likewise. Where
    there is no depth nothing moves.
    """
    k = camera.intrinsics()
    height, width = frame.depth.shape
    v, u = np.mgrid[0:height, 0:width] + 0.5
    z = frame.depth * DEPTH_UNIT_M
    points = np.stack(
        [(u - k[0, 2]) / k[0, 0] * z, (v - k[1, 2]) / k[1, 1] * z, z, np.ones_like(z)]
    )
    # camera -> world -> the thing's frame -> world, next -> camera, next
    ways = np.linalg.inv(eyes[1]) @ moves[1] @ np.linalg.inv(moves[0]) @ eyes[0]
    chosen = ways[frame.segmentation]
    x, y, depth = np.einsum("hwij,jhw->ihw", chosen[..., :3, :], points)
    safe = np.where(depth > 1e-3, depth, 1.0)
    to = np.stack([k[0, 0] * x / safe + k[0, 2] - u, k[1, 1] * y / safe + k[1, 2] - v], axis=-1)
    return np.where(((z > 0) & (depth > 1e-3))[..., None], to, 0.0)


def exposed(
    rgb: NDArray[np.uint8], over: Floats, period: float, camera: Camera
) -> NDArray[np.uint8]:
    """The picture as a shutter open for `camera.shutter`, read out row by row over
    `camera.readout`, takes it. over: `flow` over a control period [s].

    Each pixel looks back along its own flow; what its motion uncovers is not known, and is smeared.
    """
    height, width, _ = rgb.shape
    rows, columns = np.mgrid[0:height, 0:width]
    late = camera.readout * (rows + 0.5) / height
    total = np.zeros(rgb.shape)
    times = camera.shutter * (np.arange(EXPOSURES) + 0.5) / EXPOSURES
    for time in times if camera.shutter > 0 else [0.0]:
        back = ((time + late) / period)[..., None] * over
        u = np.clip(np.rint(columns - back[..., 0]), 0, width - 1).astype(int)
        v = np.clip(np.rint(rows - back[..., 1]), 0, height - 1).astype(int)
        total += _LINEAR[rgb[v, u]]
    return encoded(total / (EXPOSURES if camera.shutter > 0 else 1))


def _decode() -> Floats:
    v = np.arange(256) / 255.0
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


_LINEAR = _decode()  # of every 8-bit sRGB value (IEC 61966-2-1)


def decoded(rgb: NDArray[np.uint8]) -> Floats:
    """Linear light of sRGB bytes."""
    out: Floats = _LINEAR[rgb]
    return out


def encoded(linear: Floats) -> NDArray[np.uint8]:
    """sRGB bytes of linear light, by a table over its square root."""
    at = np.rint(np.sqrt(np.clip(linear, 0.0, 1.0)) * (len(_BYTES) - 1)).astype(np.int32)
    out: NDArray[np.uint8] = _BYTES[at]
    return out


def _encode() -> NDArray[np.uint8]:
    v = np.linspace(0.0, 1.0, 8192) ** 2
    v = np.where(v <= 0.0031308, v * 12.92, 1.055 * np.maximum(v, 1e-9) ** (1 / 2.4) - 0.055)
    return np.rint(v * 255.0).astype(np.uint8)


_BYTES = _encode()
