"""Colours that come late or early for their depth, or for the motion of their camera."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from episodes.array_types import AnyFloats
from episodes.check import tamper
from episodes.check.kind import Check, Limits, Threshold
from episodes.check.pictures.moving import camera_motion
from episodes.check.recording import Recording
from episodes.check.wording import steps_off
from episodes.episode import Episode
from episodes.finding import Finding

LAGS = range(-3, 4)


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    """Colour changes when depth does; without depth, when the camera moves.

    Of two channels of one sensor, how a change differs from its neighbours is compared, which is
    sharp: on simulated episodes, correlations of 0.5 to 0.9 at no lag, below 0.3 at any other. The
    motion of the camera itself only tells coarsely.
    """
    for name, camera in seen.scans():
        track, change = seen.episode.cameras[name], camera.change
        if change is None or len(change) < 6 * len(LAGS):
            continue
        if camera.depth_change is not None and len(camera.depth_change) == len(change):
            cause, effect = _ripple(camera.depth_change), _ripple(change)
            what, least, margin = "their depth", limits["late_depth_fit"], 0.25
        elif track.camera_to_world is not None and len(track.camera_to_world) == len(change) + 1:
            cause, effect = camera_motion(track.camera_to_world), change
            what, least, margin = "the motion of their camera", limits["late_motion_fit"], 0.1
        else:
            continue
        fits = {lag: _correlation(cause, effect, lag) for lag in LAGS}
        best = max(LAGS, key=lambda lag: fits[lag])
        if best and fits[best] > least and fits[best] - fits[0] > margin:
            message = f"pictures are {steps_off(best)} for {what}"
            field = f"obs/{name}_image"
            yield seen.origin.warn(message, None, field, measured=fits[best], threshold=least)


def _ripple(change: AnyFloats) -> AnyFloats:
    root = np.sqrt(change)
    return np.asarray(root[1:-1] - (root[:-2] + root[2:]) / 2)


def _correlation(cause: AnyFloats, effect: AnyFloats, lag: int) -> float:
    """Of cause[t] with effect[t + lag]; 0 where either does not vary."""
    most = max(LAGS)
    a = cause[most : len(cause) - most]
    b = effect[most + lag : len(effect) - most + lag]
    if a.std() < 1e-9 or b.std() < 1e-9:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def _late(episode: Episode, rng: Generator) -> Episode | None:
    """Colours through a slower pipe than depth."""
    found = tamper.one_camera(
        episode, rng, lambda track: tamper.pictures(track) and tamper.depth(track)
    )
    if found is None or found[1].rgb is None:
        return None
    by = int(rng.integers(1, 3))
    late = np.concatenate([found[1].rgb[:1].repeat(by, axis=0), found[1].rgb[:-by]])
    return tamper.camera(episode, found[0], rgb=late)


CHECK = Check(
    name="late_colours",
    reads="pictures",
    finds="pictures that are late or early for their depth or the motion of their camera",
    reason="a policy would be shown where things were, and told where they are",
    source="measured on simulated episodes: correlation 0.5 to 0.9 at no lag, below 0.3 elsewhere",
    find=find,
    faults={"colours late for depth": _late},
    thresholds=[
        Threshold("late_depth_fit", 0.5, "correlation with the depth's change", 1),
        Threshold("late_motion_fit", 0.6, "correlation with the camera's motion", 1),
    ],
)
