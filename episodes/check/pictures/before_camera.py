"""Points of the world as a camera has them before it."""

from __future__ import annotations

import numpy as np

from episodes.array_types import AnyFloats
from episodes.episode import CameraTrack


def before_camera(place: AnyFloats, track: CameraTrack) -> AnyFloats:
    """(T, 3) [m] in the frame of a camera, of points (T, 3) [m] in the world."""
    assert track.camera_to_world is not None
    pose = np.broadcast_to(track.camera_to_world, (len(place), 4, 4))
    return np.asarray(np.einsum("tji,tj->ti", pose[:, :3, :3], place - pose[:, :3, 3]))
