"""A library in numbers, from its records alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from episodes.storage import store
from episodes.storage.records import Shard


@dataclass(frozen=True)
class Summary:
    """A library in numbers; success_rate counts the episodes that say how they ended."""

    episodes: int
    asked: int  # episodes that the finished library has
    quarantined: int
    success_rate: float | None
    failures: Mapping[str, int]  # cause -> episodes, most frequent first
    steps: int
    hours: float
    bytes: int
    tasks: tuple[str, ...]
    robots: tuple[str, ...]
    domains: tuple[str, ...]


def summary_of(root: Path) -> Summary:
    """The summary of the library in a folder; one record in memory at a time, so that millions of
    episodes are no trouble. Raises UserError for a folder that is no library, or broken records."""
    info = store.describe(root)
    quarantined = sum(1 for _ in store.quarantined(root))
    return summarized(info, store.shards(root, info["spec_id"]), quarantined)


def summarized(info: Mapping[str, Any], shards: Iterable[Shard], quarantined: int) -> Summary:
    """info: what library.json says. shards: all that are committed."""
    episodes = steps = size = 0
    seconds = 0.0
    videos: dict[str, int] = {}  # one may belong to several shards
    kinds: Counter[tuple[str, str, str]] = Counter()
    ends: Counter[tuple[bool | None, str]] = Counter()
    for shard in shards:
        size += shard.bytes
        videos |= {video.file: video.bytes for video in shard.videos}
        episodes += len(shard.rows)
        for row in shard.rows:
            steps += row.steps
            seconds += row.seconds
            kinds[row.task, row.robot, row.domain] += 1
            ends[row.success, row.failure] += 1
    good = sum(count for (success, _), count in ends.items() if success)
    told = sum(count for (success, _), count in ends.items() if success is not None)
    causes: Counter[str] = Counter()
    for (success, failure), count in ends.items():
        if success is False:
            causes[failure or "unnamed"] += count
    tasks, robots, domains = (tuple(sorted({kind[at] for kind in kinds})) for at in range(3))
    return Summary(
        episodes=episodes,
        asked=info["episodes"],
        quarantined=quarantined,
        success_rate=good / told if told else None,
        failures=dict(causes.most_common()),
        steps=steps,
        hours=seconds / 3600.0,
        bytes=size + sum(videos.values()),
        tasks=tasks,
        robots=robots,
        domains=domains,
    )
