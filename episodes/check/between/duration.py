"""Episodes much longer or shorter than others of their task."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.random import Generator

from episodes.check.digest import Digest
from episodes.check.kind import Check, Limits, Threshold
from episodes.check.numbers.idle import taken
from episodes.episode import Episode
from episodes.finding import Finding

LEAST_EPISODES = 5
LEAST_SPREAD = 0.15  # of the logarithm, below which lengths count as alike


def find(seen: Sequence[Digest], limits: Limits) -> Iterator[Finding]:
    """By the spread of the logarithms, successes and failures apart: a failure may end early."""
    groups: dict[tuple[str, str, bool | None, str], list[Digest]] = defaultdict(list)
    for one in seen:
        groups[one.task, one.robot, one.success, one.instruction if not one.task else ""].append(
            one
        )
    for group in groups.values():
        if len(group) < LEAST_EPISODES:
            continue
        lengths = np.log([max(one.seconds, 1e-3) for one in group])
        middle = float(np.median(lengths))
        spread = max(LEAST_SPREAD, 1.4826 * float(np.median(np.abs(lengths - middle))))
        for one, off in zip(group, (lengths - middle) / spread, strict=True):
            if abs(off) > limits["duration_spread"]:
                yield Finding(
                    "warning",
                    f"{one.seconds:.1f} s long, the others of {one.task} about "
                    f"{np.exp(middle):.1f} s",
                    one.index,
                    field="time",
                    measured=float(abs(off)),
                    threshold=limits["duration_spread"],
                )


def _changed(
    episodes: Sequence[Episode], rng: Generator, order: tuple[float, float]
) -> Sequence[Episode] | None:
    """One of them, of `order` times its length."""
    ended: dict[bool | None, list[int]] = defaultdict(list)
    for i, episode in enumerate(episodes):
        ended[episode.success].append(i)
    alike = max(ended.values(), key=len)
    if len(alike) < LEAST_EPISODES:
        return None
    out = list(episodes)
    which = int(rng.choice(alike))
    steps = out[which].steps
    length = max(1, round(steps * rng.uniform(*order)))
    made = taken(out[which], np.minimum(np.arange(length), steps - 1))
    out[which] = replace(made, domain=out[which].domain)
    return out


def _forgotten(episodes: Sequence[Episode], rng: Generator) -> Sequence[Episode] | None:
    """Nobody stopped the recording."""
    return _changed(episodes, rng, (8, 20))


def _broken_off(episodes: Sequence[Episode], rng: Generator) -> Sequence[Episode] | None:
    """Stopped right after it began."""
    return _changed(episodes, rng, (0.02, 0.08))


CHECK = Check(
    name="duration",
    reads="library",
    finds="episodes much longer or shorter than the others of their task",
    reason="a recording that nobody stopped, or that broke off: what it shows is not the task",
    source="median absolute deviation: Leys et al., 2013",
    find=find,
    faults={"nobody stopped the recording": _forgotten, "it broke off": _broken_off},
    thresholds=[Threshold("duration_spread", 6, "times the usual spread of the logarithm")],
)
