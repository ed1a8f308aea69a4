"""Do `dones`, success and failure tell of one end?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.random import Generator

from episodes.check.kind import Check, Limits
from episodes.check.recording import Recording
from episodes.check.wording import span
from episodes.episode import Episode
from episodes.finding import Finding


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    episode = seen.episode
    if episode.dones is not None:
        if not episode.dones[-1]:
            yield seen.origin.fault("no done at the last step", episode.steps - 1, "dones")
        if episode.dones[:-1].any():
            where = span(episode.dones[:-1] != 0)
            yield seen.origin.fault("done before the last step", where, "dones")
    if episode.success and episode.failure:
        message = f"success, and yet a failure: {episode.failure!r:.80}"
        yield seen.origin.fault(message, field="failure")
    if seen.origin.ours and episode.success is False and not episode.failure:
        yield seen.origin.error("a failure without a cause", field="failure")


def _cut(episode: Episode, rng: Generator) -> Episode | None:
    """Cut short after it was recorded: the end with its done is gone."""
    if episode.dones is None:
        return None
    return replace(episode, dones=np.zeros_like(episode.dones))


def _joined(episode: Episode, rng: Generator) -> Episode | None:
    """Two episodes recorded as one."""
    if episode.dones is None or episode.steps < 3:
        return None
    dones = episode.dones.copy()
    dones[int(rng.integers(1, episode.steps - 1))] = 1
    return replace(episode, dones=dones)


def _both(episode: Episode, rng: Generator) -> Episode:
    return replace(episode, success=True, failure="dropped")


CHECK = Check(
    name="outcome",
    reads="numbers",
    finds="episodes without an end, with two, or with a success that failed",
    reason="returns run on into the next episode; a filter by success keeps failures",
    source="docs/library-format.md",
    find=find,
    faults={"the end is gone": _cut, "two episodes in one": _joined, "success and failure": _both},
)
