"""A picture that stands still while the robot moves on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from episodes.check import tamper
from episodes.check.kind import Check, Limits, Threshold
from episodes.check.pictures.moving import rides
from episodes.check.recording import Recording
from episodes.check.wording import ranges, runs
from episodes.episode import CameraTrack, Episode
from episodes.finding import Finding


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    for name, camera in seen.scans():
        if camera.same is None:
            continue
        stood = [
            (a, b)
            for a, b in runs(camera.same)
            if b - a >= limits["frozen_frames"]
            and _moved(seen.episode, seen.episode.cameras[name], a - 1, b, limits)
        ]
        if stood:
            # a fixed camera may look away from what moves
            fault = seen.origin.fault if rides(seen.episode.cameras[name]) else seen.origin.warn
            yield fault(
                f"the picture stands still while the robot moves: {ranges(stood)}",
                stood[0],
                f"obs/{name}_image",
                measured=float(max(b - a for a, b in stood)),
                threshold=limits["frozen_frames"],
            )


def _moved(episode: Episode, track: CameraTrack, start: int, stop: int, limits: Limits) -> bool:
    """Whether the camera, or else a joint, went far over all these steps together."""
    if rides(track):
        assert track.camera_to_world is not None
        way = np.ptp(track.camera_to_world[start:stop, :3, 3], axis=0)
        return bool(way.max() > limits["frozen_m"])
    joints = episode.obs.get("joint_position")
    return joints is not None and bool(
        np.ptp(joints[start:stop], axis=0).max(initial=0) > limits["frozen_rad"]
    )


def _frozen(episode: Episode, rng: Generator) -> Episode | None:
    """A driver that hands out its last frame while the robot goes on."""
    return tamper.frames(episode, rng, "rgb", episode.steps // 4, lambda moving: moving[0])


CHECK = Check(
    name="frozen",
    reads="pictures",
    finds="pictures that stand still over many steps in which the robot moves",
    reason="a policy would learn to move blindly, and not to stop",
    source="deadlocked camera drivers; the motion is counted over the whole stretch, so that slow "
    "work shows too",
    find=find,
    faults={"camera freezes": _frozen},
    thresholds=[
        Threshold("frozen_frames", 8, "frames that are alike"),
        Threshold("frozen_rad", 0.1, "[rad] that a joint turned meanwhile, before a fixed camera"),
        Threshold("frozen_m", 0.02, "[m] that a camera on the arm moved meanwhile"),
    ],
)
