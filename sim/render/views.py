"""What cameras and the key light see, as matrices for the GPU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from episodes.array_types import Bools, Floats, Singles
from sim.spec import Camera

REACH = (0.5, 1.2)  # the shadow map covers this much around what moves, at least and at most [m]
ABOVE = 3.0  # casters up to here towards the light count [m]


@dataclass(frozen=True)
class Track:
    """What one camera needs over T instants, worked out at once; a fixed camera's first axis is 1.

    clips: world to clip, as the shader takes it; views: what the lighting pass needs;
    seen (T, N): which things' spheres reach into its frustum; changed: T times the triangles over
    what may differ from what a fixed camera sees of the still, or None: all.
    """

    camera: Camera
    clips: Singles  # (T or 1, 4, 4)
    views: Singles  # (T or 1, 5, 4)
    seen: Bools
    changed: Sequence[Singles] | None = None


def track(camera: Camera, camera_to_world: Floats, spheres: Floats, radii: Floats) -> Track:
    """camera_to_world (T or 1, 4, 4), OpenCV axes; spheres (T, N, 3), radii (N,) [m]."""
    rotation, eye = camera_to_world[:, :3, :3], camera_to_world[:, :3, 3]
    world_to_camera = np.tile(np.eye(4), (len(eye), 1, 1))
    world_to_camera[:, :3, :3] = np.swapaxes(rotation, 1, 2)
    world_to_camera[:, :3, 3] = -np.einsum("tji,tj->ti", rotation, eye)
    clips = np.swapaxes(projection(camera) @ world_to_camera, 1, 2)
    k = camera.intrinsics()
    views = np.zeros((len(eye), 5, 4), np.float32)
    views[:, :3, :3], views[:, :3, 3] = np.swapaxes(rotation, 1, 2), eye
    views[:, 3] = (camera.width, camera.height, 1.0 / k[0, 0], 1.0 / k[1, 1])
    views[:, 4, :3] = 2.0**camera.exposure * np.asarray(camera.balance)
    at = np.einsum("tnj,tji->tni", spheres - eye[:, None], rotation)
    seen = (at[..., 2] + radii > camera.near) & (at[..., 2] - radii < camera.far)
    for axis, size in ((0, camera.width), (1, camera.height)):
        slope = size / (2.0 * k[axis, axis])
        seen &= np.abs(at[..., axis]) - slope * at[..., 2] < radii * np.hypot(1.0, slope)
    return Track(camera, np.ascontiguousarray(clips, np.float32), views, seen)


def projection(camera: Camera) -> Floats:
    """(4, 4) camera to clip; row v of the picture is row v of the target in memory."""
    k, near, far = camera.intrinsics(), camera.near, camera.far
    width, height = camera.width, camera.height
    return np.array(
        [
            [2 * k[0, 0] / width, 0, 2 * k[0, 2] / width - 1, 0],
            [0, 2 * k[1, 1] / height, 2 * k[1, 2] / height - 1, 0],
            [0, 0, (far + near) / (far - near), -2 * far * near / (far - near)],
            [0, 0, 1, 0],
        ]
    )


def sun_matrix(direction: Floats, centre: Floats, radius: float) -> Floats:
    """(4, 4) world to clip of the key light: a box around a sphere, long towards the light."""
    radius = float(np.clip(radius, *REACH))
    side = np.array([0.0, 1.0, 0.0]) if abs(direction[1]) < 0.9 else np.array([1.0, 0.0, 0.0])
    right = np.cross(side, direction)
    right /= np.linalg.norm(right)
    rows = np.stack([right, np.cross(direction, right), direction])
    out = np.eye(4)
    # z runs from the light (-1) to the far side (1)
    out[:3, :3] = rows / np.array([[radius], [radius], [-(ABOVE + radius) / 2]])
    out[:3, 3] = -out[:3, :3] @ centre
    out[2, 3] += (ABOVE - radius) / (ABOVE + radius)
    return out
