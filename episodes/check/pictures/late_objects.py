"""Objects that are seen before or after they are where objects/pose has them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from episodes.array_types import AnyFloats
from episodes.check import tamper
from episodes.check.kind import Check, Limits, Threshold
from episodes.check.pictures.before_camera import before_camera
from episodes.check.recording import Recording
from episodes.check.wording import steps_off
from episodes.episode import Episode
from episodes.finding import Finding

LAGS = range(-3, 4)
LEAST_STEPS = 15  # in which something moves, before a lag is believed
CLIP_M = 0.01  # a larger gap is something else that passes in front


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    """Where a camera sees an object must move as the object does before it, in the same step.

    What is seen of an object is a part of its surface, so motions are compared, not places. Of what
    a camera on the arm sees in the hand, nothing follows; what lies still tells, while it moves.
    """
    episode = seen.episode
    if episode.objects is None:
        return
    for camera, view in seen.scans():
        gaps: dict[int, list[AnyFloats]] = {lag: [] for lag in LAGS}
        for name, surface in view.seen_at.items():
            place = episode.objects[:, list(episode.object_names).index(name), :3]
            before = before_camera(place[: len(surface)], episode.cameras[camera])
            truth, moves = np.diff(before, axis=0), np.diff(surface, axis=0)
            steps = _telling(truth, moves, limits["object_moves_m"])
            for lag in LAGS:
                gap = np.linalg.norm(moves[steps] - truth[steps + lag], axis=1)
                gaps[lag].append(np.minimum(gap, CLIP_M))
        if sum(map(len, gaps[0])) < LEAST_STEPS:
            continue
        means = {lag: float(np.concatenate(parts).mean()) for lag, parts in gaps.items()}
        best = min(LAGS, key=lambda lag: means[lag])
        if best and means[best] < limits["late_objects_share"] * means[0]:
            message = f"objects are seen {steps_off(-best)} for objects/pose: shifted?"
            yield seen.origin.fault(
                message,
                None,
                f"obs/{camera}_depth",
                measured=means[best] / means[0],
                threshold=limits["late_objects_share"],
            )


def _telling(truth: AnyFloats, moves: AnyFloats, least: float) -> NDArray[np.intp]:
    """The steps in which an object moves before a camera, with room for every lag around."""
    most = max(LAGS)
    if len(truth) < 2 * most + 1:
        return np.array([], np.intp)
    speed = np.linalg.norm(truth, axis=1)
    near = np.lib.stride_tricks.sliding_window_view(speed, 2 * most + 1).max(axis=1)
    steps = most + np.flatnonzero(near > least)
    steps = steps[steps < len(moves)]
    return np.asarray(steps[np.isfinite(moves[steps]).all(axis=1)])


def _late(episode: Episode, rng: Generator) -> Episode | None:
    """All that the cameras saw, a step or two late."""
    by, told = int(rng.integers(1, 3)), False
    for name, track in sorted(episode.cameras.items()):
        told = told or (tamper.depth(track) and track.segmentation is not None)
        late = {
            channel: np.concatenate([rows[:1].repeat(by, axis=0), rows[:-by]])
            for channel in ("rgb", "depth", "segmentation")
            if (rows := getattr(track, channel)) is not None
        }
        episode = tamper.camera(episode, name, **late)
    return episode if told else None


CHECK = Check(
    name="late_objects",
    reads="pictures",
    finds="objects that are seen before or after they are where objects/pose has them",
    reason="pictures and poses of different steps teach to reach where the thing was",
    source="measured on simulated episodes",
    find=find,
    faults={"pictures late for poses": _late},
    thresholds=[
        Threshold("object_moves_m", 0.003, "[m] before a camera in a step, to count as moving"),
        Threshold("late_objects_share", 0.75, "of the gap at no lag that the best lag leaves", 1),
    ],
)
