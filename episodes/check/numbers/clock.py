"""Does time pass evenly, at the rate that is promised?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.random import Generator

from episodes.check import tamper
from episodes.check.kind import Check, Limits, Threshold
from episodes.check.recording import Recording
from episodes.check.wording import share, span
from episodes.episode import Episode
from episodes.finding import Finding

EXACT = 1e-6  # the clock of a simulation is exact


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    episode = seen.episode
    periods = np.diff(episode.time)
    if (periods <= 0).any():
        rows = periods <= 0
        message = f"time does not increase in {share(rows)} steps"
        yield seen.origin.fault(message, span(rows), "time")
        return
    # The clock of a simulation is exact; a sensor's jitters.
    most = limits["clock_share"] if seen.origin.given else EXACT
    off = np.abs(periods * episode.control_hz - 1.0)
    rows = off > most
    if rows.any():
        told = f"1/{episode.control_hz:g} s"
        yield seen.origin.fault(
            f"{share(rows)} steps do not take {told} (median {np.median(periods):.4g} s, "
            f"longest {periods.max():.4g} s)",
            span(rows),
            "time",
            measured=float(off.max()),
            threshold=most,
        )


def _gap(episode: Episode, rng: Generator) -> Episode | None:
    """Some periods passed of which nothing was recorded."""
    if episode.steps < 3:
        return None
    at = int(rng.integers(1, episode.steps))
    late = rng.integers(1, 6) / episode.control_hz
    return replace(
        episode, time=episode.time + np.where(np.arange(episode.steps + 1) >= at, late, 0)
    )


def _backwards(episode: Episode, rng: Generator) -> Episode | None:
    if episode.steps < 3:
        return None
    at = int(rng.integers(1, episode.steps))
    return replace(episode, time=tamper.put(episode.time, at, episode.time[at - 1]))


def _other_rate(episode: Episode, rng: Generator) -> Episode:
    rate = float(rng.choice([0.5, 0.75, 1.5, 2.0]))
    return replace(episode, control_hz=episode.control_hz * rate)


CHECK = Check(
    name="clock",
    reads="numbers",
    finds="time that stands still, runs back, has gaps, or another rate than is promised",
    reason="a policy that is run at control_hz would repeat recorded motions at another speed",
    source="the timing contract of docs/library-format.md; LeRobot's check_timestamps_sync",
    find=find,
    faults={"a gap in time": _gap, "time runs back": _backwards, "another rate": _other_rate},
    thresholds=[
        Threshold("clock_share", 0.2, "of a period by which a step of given data may be longer"),
    ],
)
