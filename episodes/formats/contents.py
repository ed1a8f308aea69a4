"""Faults that show in the contents of any episode, whatever its format was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from episodes.episode import Episode
from episodes.finding import Finding, Report

BLACK = 8  # brightest value of a picture that shows nothing: a codec's error around black
NEAR = 4  # repeated frames at most this far apart belong to one stretch
LEAST = 3  # repeats that make a stretch
FEW = 0.02  # a lower share of repeats is what a still scene under a codec gives by itself
MAX_RANGES = 50  # findings of one kind for one camera and episode
Range = tuple[int, int]


class Contents:
    """Looks at episodes as they go by, and at the end at what all of them had in common."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._low: NDArray[Any] | None = None
        self._high: NDArray[Any] | None = None
        self._episodes = 0
        self._comparable = True

    def episode(self, episode: Episode) -> None:
        for finding in faults(episode):
            self._report.findings.append(finding)
        self._episodes += 1
        if not episode.steps:
            return
        low, high = episode.actions.min(axis=0), episode.actions.max(axis=0)
        if self._low is None or self._high is None:
            self._low, self._high = low, high
        elif self._low.shape == low.shape:
            self._low, self._high = np.minimum(self._low, low), np.maximum(self._high, high)
        else:
            self._comparable = False
            self._report.add(
                "warning",
                f"its actions have {len(low)} columns, those of the first episode {len(self._low)}",
                episode=episode.index,
                field="actions",
            )

    def finish(self) -> None:
        if self._low is None or self._high is None or not self._comparable:
            return
        dead = np.flatnonzero(self._low == self._high)
        if len(dead):
            self._report.add(
                "warning",
                f"{len(dead)} of {len(self._low)} columns never change in {self._episodes} "
                f"episodes: {', '.join(_spans(dead.tolist()))}",
                field="actions",
            )


def faults(episode: Episode) -> Iterator[Finding]:
    """Numbers that are none, black pictures, pictures that repeat."""
    arrays = {"actions": episode.actions, "time": episode.time}
    arrays |= {f"action/{key}": value for key, value in episode.action.items()}
    arrays |= {f"obs/{key}": value for key, value in episode.obs.items()}
    for field, value in arrays.items():
        if value.dtype.kind != "f":
            continue
        bad = ~np.isfinite(value.reshape(len(value), -1)).all(axis=1)
        for step in _ranges(np.flatnonzero(bad), 1)[:MAX_RANGES]:
            yield Finding("error", "NaN or infinite", episode.index, step, field)
    for name, track in episode.cameras.items():
        if track.rgb is not None and len(track.rgb):
            yield from _pictures(episode.index, f"obs/{name}_image", track.rgb)


def _pictures(index: int, field: str, frames: NDArray[Any]) -> Iterator[Finding]:
    black = np.array([int(frame.max()) <= BLACK for frame in frames])
    for step in _ranges(np.flatnonzero(black), 1)[:MAX_RANGES]:
        yield Finding("warning", "the picture is black", index, step, field)
    same = [np.array_equal(one, two) for one, two in pairwise(frames)]
    repeats = np.flatnonzero([False, *same] & ~black)
    if len(repeats) < max(LEAST, FEW * len(frames)):
        return
    yield Finding(
        "warning",
        f"{len(repeats)} of {len(frames)} frames ({len(repeats) / len(frames):.0%}) repeat the "
        "frame before them, pixel for pixel",
        index,
        field=field,
    )
    for start, end in _ranges(repeats, NEAR)[:MAX_RANGES]:
        count = int(np.count_nonzero((repeats >= start) & (repeats < end)))
        if count < LEAST:
            continue
        if count == end - start:
            how = "the picture stands still"
        elif 2 * count <= end - start + 1:
            how = f"{count} frames repeat, every second one: the camera was slower than the record"
        else:
            how = f"{count} frames repeat"
        yield Finding("warning", how, index, (start - 1, end), field)


def _ranges(places: NDArray[Any], near: int) -> list[Range]:
    """The half-open ranges of places that lie at most `near` apart."""
    if not len(places):
        return []
    cuts = np.flatnonzero(np.diff(places) > near)
    starts = places[np.concatenate([[0], cuts + 1])]
    ends = places[np.concatenate([cuts, [len(places) - 1]])] + 1
    return [(int(start), int(end)) for start, end in zip(starts, ends, strict=True)]


def _spans(places: Sequence[int]) -> list[str]:
    """[1, 2, 3, 7] as ["1-3", "7"]."""
    return [
        f"{start}-{end - 1}" if end - start > 1 else str(start)
        for start, end in _ranges(np.array(places), 1)
    ]
