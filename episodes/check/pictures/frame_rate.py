"""The rate at which new pictures really come."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from episodes.array_types import Bools, Floats
from episodes.check import tamper
from episodes.check.kind import Check, Limits, Threshold
from episodes.check.recording import Recording
from episodes.check.wording import ranges, runs
from episodes.episode import Episode
from episodes.finding import Finding

WINDOW, LEAST_RUNS = 24, 4  # frames in which old ones must come so often
NEAR = 4  # frames: the longest period
LEAST_CHANGE = 0.3  # [grey values] of the frames that are new


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    """Old frames may be encoded anew, so that they are not quite the same."""
    hz = seen.episode.control_hz
    for name, camera in seen.scans():
        if camera.change is None or len(camera.change) < WINDOW or _slow(seen.episode, name):
            continue
        old = stale(camera.change, limits["stale_share"])
        rhythmic = runs(_stretches(old))
        share = float(old.mean())
        if share > limits["old_frames_share"]:
            yield seen.origin.warn(
                f"about {hz * (1 - share):.1f} new pictures a second in a recording of {hz:g}: old "
                f"ones come in a rhythm in steps {ranges(rhythmic)}",
                (rhythmic[0][0], rhythmic[-1][1]),
                f"obs/{name}_image",
                measured=share,
                threshold=limits["old_frames_share"],
            )


def stale(change: Floats, most: float) -> Bools:
    """(T - 1,) whether a frame is an old one, by `change` to the next frame: one to three small
    changes between two large ones, time and again. A motion that stops and goes does so once."""
    old, starts = np.zeros(len(change), bool), np.zeros(len(change), bool)
    for length in (1, 2, 3):
        for t in range(1, len(change) - length):
            large = min(change[t - 1], change[t + length])
            small = change[t : t + length].max()
            if large >= LEAST_CHANGE and small <= most * large and not old[t]:
                old[t : t + length] = starts[t] = True
    often = np.convolve(starts, np.ones(WINDOW), mode="same") >= LEAST_RUNS
    return np.asarray(old & _stretches(starts & often))


def _stretches(rows: Bools) -> Bools:
    """The stretches in which marked rows are at most a few apart."""
    return np.convolve(rows, np.ones(2 * NEAR + 1), mode="same") > 0


def _slow(episode: Episode, name: str) -> bool:
    """Whether the cell says that the camera takes a picture at some instants only."""
    try:
        cameras = json.loads(episode.cell or "{}").get("cameras", [])
        return any(one["name"] == name and one.get("every", 1) > 1 for one in cameras)
    except (ValueError, TypeError, KeyError, AttributeError):
        return False


def _encoded_anew(episode: Episode, rng: Generator, fresh: tuple[int, ...]) -> Episode | None:
    """Frames at these places of each period are new; the others repeat, with a codec's noise."""
    found = tamper.one_camera(episode, rng, tamper.pictures)
    if found is None or found[1].rgb is None or episode.steps < 2 * WINDOW:
        return None
    period = len(fresh)
    source = np.array([t - t % period + fresh[t % period] for t in range(episode.steps)])
    rgb = found[1].rgb[source].astype(np.int16)
    rgb += rng.integers(0, 2, rgb.shape, dtype=np.int16) * (rng.random(rgb.shape) < 0.02)
    return tamper.camera(episode, found[0], rgb=rgb.clip(0, 255).astype(np.uint8))


def _half(episode: Episode, rng: Generator) -> Episode | None:
    return _encoded_anew(episode, rng, (0, 0))


def _two_thirds(episode: Episode, rng: Generator) -> Episode | None:
    return _encoded_anew(episode, rng, (0, 1, 1))


def _quarter(episode: Episode, rng: Generator) -> Episode | None:
    return _encoded_anew(episode, rng, (0, 0, 0, 0))


CHECK = Check(
    name="frame_rate",
    reads="pictures",
    finds="fewer new pictures a second than the recording says, exact repeats or not",
    reason="resampled pictures are late by up to a period, at every other step",
    source="a Unitree G1 recorded at 15 frames a second inside a 30-fps AV1 file",
    find=find,
    faults={
        "15 frames a second in 30": _half,
        "20 frames a second in 30": _two_thirds,
        "5 frames a second in 20": _quarter,
    },
    thresholds=[
        Threshold("stale_share", 0.25, "of the change of a new frame, up to which one is old", 1),
        Threshold("old_frames_share", 0.05, "of an episode's frames that are old", 1),
    ],
)
