"""When a camera, or what it watches, moves."""

from __future__ import annotations

import numpy as np

from episodes.array_types import AnyFloats, Bools
from episodes.check.kind import Limits
from episodes.episode import CameraTrack, Episode


def rides(track: CameraTrack) -> bool:
    """Whether a camera is on the arm."""
    return track.camera_to_world is not None and len(track.camera_to_world) > 1


def moved(episode: Episode, track: CameraTrack, limits: Limits) -> Bools | None:
    """(T - 1,) whether the camera, or what a fixed one watches, clearly moved; None: unknown."""
    if rides(track):
        assert track.camera_to_world is not None
        return np.asarray(camera_motion(track.camera_to_world) > limits["moved_m"])
    if episode.domain != "real" and "joint_position" in episode.obs:
        turned = np.abs(np.diff(episode.obs["joint_position"], axis=0))
        return np.asarray(turned.max(axis=1, initial=0) > limits["moved_rad"])
    return changed(episode)


def changed(episode: Episode) -> Bools | None:
    """(T - 1,) whether any sensed number changed at all: real sensors and cameras are never so
    quiet that a picture repeats."""
    rows = [
        (value[1:] != value[:-1]).reshape(len(value) - 1, -1).any(axis=1)
        for value in episode.obs.values()
        if value.ndim <= 2 and len(value) > 1
    ]
    return np.any(rows, axis=0) if rows else None


def camera_motion(camera_to_world: AnyFloats) -> AnyFloats:
    """(T - 1,) how far a camera moved [m]; a turn counts as the way of a point 0.3 m ahead."""
    ahead = camera_to_world[:, :3, 3] + 0.3 * camera_to_world[:, :3, 2]
    aside = camera_to_world[:, :3, 3] + 0.3 * camera_to_world[:, :3, 0]
    steps = [np.linalg.norm(np.diff(p, axis=0), axis=1) for p in (ahead, aside)]
    return np.asarray(np.maximum(*steps))
