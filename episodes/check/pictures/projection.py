"""Objects that a camera sees elsewhere than where they are: calibration, or another camera."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.random import Generator

from episodes.array_types import AnyFloats, Floats
from episodes.check import tamper
from episodes.check.camera_scan import LEAST_PIXELS
from episodes.check.kind import Check, Limits, Threshold
from episodes.check.pictures.before_camera import before_camera
from episodes.check.recording import Recording
from episodes.episode import CameraTrack, Episode
from episodes.finding import Finding

LEAST_VIEWS = 10  # of objects, over all steps


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    """What is seen of an object is a part of its surface, so the middle of all gaps is taken."""
    objects = seen.episode.objects
    if objects is None:
        return
    for name, camera in seen.scans():
        gaps: list[AnyFloats] = []
        depths: list[AnyFloats] = []
        for label, surface in camera.seen_at.items():
            place = objects[: len(surface), list(seen.episode.object_names).index(label), :3]
            truth = before_camera(place, seen.episode.cameras[name])
            visible = np.isfinite(surface).all(axis=1)
            gaps.append(np.linalg.norm((surface - truth)[visible], axis=1))
            depths.append(truth[visible, 2])
        every = np.concatenate(gaps) if gaps else np.zeros(0)
        if len(every) < LEAST_VIEWS:
            continue
        usual = float(np.median(every))
        behind = bool(np.median(np.concatenate(depths)) < 0)
        if usual > limits["projection_m"] or behind:
            yield seen.origin.fault(
                f"objects are seen {usual:.2f} m from where they are"
                f"{', behind it' if behind else ''}: is it calibrated?",
                None,
                f"cameras/{name}/camera_to_world",
                measured=usual,
                threshold=limits["projection_m"],
            )


def _sees_objects(episode: Episode) -> Callable[[CameraTrack], bool]:
    """Whether a camera is calibrated, and sees an object well and often enough to tell."""

    def projectable(track: CameraTrack) -> bool:
        if track.camera_to_world is None or track.depth is None or track.segmentation is None:
            return False
        names = {f"{name}/pose" for name in episode.object_names} & set(episode.layout)
        ids = [i for i, name in track.names.items() if f"{name}/pose" in names]
        pixels = np.isin(track.segmentation, ids).sum(axis=(1, 2))
        return bool((pixels >= 2 * LEAST_PIXELS).sum() >= 2 * LEAST_VIEWS)

    return projectable


def _other_pose(episode: Episode, rng: Generator, change: Floats) -> Episode | None:
    found = tamper.one_camera(episode, rng, _sees_objects(episode))
    if found is None or found[1].camera_to_world is None:
        return None
    pose = found[1].camera_to_world @ change
    return tamper.camera(episode, found[0], camera_to_world=pose)


def _other_axes(episode: Episode, rng: Generator) -> Episode | None:
    """OpenGL's axes for OpenCV's: y up, z back."""
    return _other_pose(episode, rng, np.diag([1.0, -1.0, -1.0, 1.0]))


def _inverse(episode: Episode, rng: Generator) -> Episode | None:
    """World to camera, where camera to world is meant."""
    found = tamper.one_camera(episode, rng, _sees_objects(episode))
    if found is None or found[1].camera_to_world is None:
        return None
    pose = np.linalg.inv(found[1].camera_to_world)
    return tamper.camera(episode, found[0], camera_to_world=pose)


def _swapped(episode: Episode, rng: Generator) -> Episode | None:
    """The calibrations of two cameras in each other's place."""
    names = sorted(n for n, track in episode.cameras.items() if track.camera_to_world is not None)
    sees = _sees_objects(episode)
    if len(names) < 2 or not any(sees(episode.cameras[name]) for name in names):
        return None
    a = str(rng.choice([name for name in names if sees(episode.cameras[name])]))
    b = str(rng.choice([name for name in names if name != a]))
    poses = [episode.cameras[name].camera_to_world for name in (b, a)]
    made = tamper.camera(episode, a, camera_to_world=poses[0])
    return tamper.camera(made, b, camera_to_world=poses[1])


CHECK = Check(
    name="projection",
    reads="pictures",
    finds="objects that a camera sees far from where they are",
    reason="extrinsics of other axes, of the other direction, or of another camera",
    source="depth and ids projected by the calibration, against objects/pose",
    find=find,
    faults={
        "axes of OpenGL": _other_axes,
        "world to camera": _inverse,
        "calibrations swapped": _swapped,
    },
    thresholds=[Threshold("projection_m", 0.25, "[m], half of the largest thing that is handled")],
)
