"""Steps at a control rate, and which message of a topic each of them takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from episodes.array_types import Ints
from episodes.errors import UserError
from episodes.formats import guard

NANO = 1e-9
STALE = 3.0  # periods of its own after which a reading is called stale


@dataclass(frozen=True)
class Stale:
    """Steps, from the first to the last of `count`, whose reading is old: `longest` at most, where
    the topic's own `period` is usual [s]."""

    count: int
    steps: tuple[int, int]
    longest: float
    period: float


def times(topics: Sequence[Ints], hz: float, place: object) -> Ints:
    """(T,) [ns]: from when every topic has been heard until the first falls silent.

    topics: log times of each [ns], in any order. UserError: that is no episode.
    """
    start = max(int(stamps.min()) for stamps in topics)
    end = min(int(stamps.max()) for stamps in topics)
    steps = int((end - start) * NANO * hz) + 1 if end >= start else 0
    if not 1 < steps <= guard.MAX_STEPS:
        raise UserError(
            f"{place}: its topics overlap for {max(0, end - start) * NANO:.3f} s, {steps} steps at "
            f"{hz:g} Hz; leave the topics that end early out of the map"
        )
    return start + np.rint(np.arange(steps) / hz / NANO).astype(np.int64)


def chosen(
    stamps: Ints, steps: Ints, hz: float, command: bool
) -> tuple[NDArray[np.intp], Stale | None]:
    """(T,) the index of the message that each step takes: the last one logged at or before its
    time, of a command the last one before the next step. And, of a reading, which of them are old.

    stamps: log times in the order of the files, which may overlap a little [ns].
    """
    order = np.argsort(stamps, kind="stable")
    until = steps + (round(1 / hz / NANO) - 1 if command else 0)
    found = np.searchsorted(stamps[order], until, side="right") - 1
    age = (until - stamps[order][found]) * NANO
    period = float(np.median(np.diff(stamps[order]))) * NANO if len(stamps) > 1 else np.inf
    old = np.flatnonzero(age > STALE * period)
    if command or not len(old):
        return order[found], None
    spread = (int(old[0]), int(old[-1]) + 1)
    return order[found], Stale(len(old), spread, float(age.max()), period)
