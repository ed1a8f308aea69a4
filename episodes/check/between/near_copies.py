"""Episodes that are nearly the same: re-encoded, resampled, rounded, or recorded twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.random import Generator

from episodes.check.digest import Digest
from episodes.check.kind import Check, Limits, Threshold
from episodes.episode import Episode
from episodes.finding import Finding

LEAST_STEPS = 10


def find(seen: Sequence[Digest], limits: Limits) -> Iterator[Finding]:
    """Actions at a few moments of each episode, against their range in the library. Only those
    next to each other in the order of their first moments are compared, so that it takes no
    square of their number."""
    groups: dict[tuple[str, int], list[Digest]] = defaultdict(list)
    for one in seen:
        if one.steps >= LEAST_STEPS and one.actions is not None:
            groups[one.robot, len(one.low)].append(one)
    for group in groups.values():
        if len(group) < 2:
            continue
        stacked = np.stack([one.path for one in group])
        spread = np.ptp(stacked.reshape(-1, stacked.shape[-1]), axis=0)
        paths = (stacked / np.where(spread > 0, spread, 1)).reshape(len(group), -1)
        key = paths.mean(axis=1)
        order = np.argsort(key)
        most = limits["near_share"]
        for i, one in enumerate(order):
            for other in order[i + 1 :]:
                if key[other] - key[one] > most:
                    break
                gap = float(np.sqrt(((paths[one] - paths[other]) ** 2).mean()))
                if gap < most and group[one].actions != group[other].actions:
                    yield _finding(group[one], group[other], gap, most)


def _finding(one: Digest, other: Digest, gap: float, most: float) -> Finding:
    first, second = sorted((one, other), key=lambda digest: digest.index)
    leak = "; train and valid share them (leakage)" if first.train != second.train else ""
    return Finding(
        "warning",
        f"the actions are nearly those of episode {first.index}{leak}",
        second.index,
        field="actions",
        measured=gap,
        threshold=most,
    )


def _resampled(episodes: Sequence[Episode], rng: Generator) -> Sequence[Episode] | None:
    """An episode once more at another rate, with the rounding of another pipeline."""
    if len(episodes) < 2:
        return None
    one, other = rng.choice(len(episodes), 2, replace=False)
    source = episodes[one]
    if source.steps < 2 * LEAST_STEPS:
        return None
    count = round(source.steps * rng.uniform(0.8, 1.25))
    at = np.linspace(0, source.steps - 1, count)
    actions = np.stack(
        [np.interp(at, np.arange(source.steps), column) for column in source.actions.T], axis=1
    )
    actions += rng.normal(0, 1e-3, actions.shape) * np.ptp(source.actions, axis=0)
    out = list(episodes)
    out[other] = replace(out[other], actions=actions.astype(np.float32), action={}, states=None)
    return out


CHECK = Check(
    name="near_copies",
    reads="library",
    finds="episodes whose actions are nearly those of another, at any rate",
    reason="a data set that was converted twice is in it twice, and on both sides of a split",
    source="near-duplicates in training data: Lee et al., Deduplicating training data, 2022",
    find=find,
    faults={"an episode resampled": _resampled},
    thresholds=[Threshold("near_share", 0.02, "of the range of the actions, root mean square", 1)],
)
