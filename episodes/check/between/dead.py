"""Action dimensions that never change in a whole library."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.random import Generator

from episodes.check import tamper
from episodes.check.digest import Digest
from episodes.check.kind import Check, Limits
from episodes.episode import Episode
from episodes.finding import Finding


def find(seen: Sequence[Digest], limits: Limits) -> Iterator[Finding]:
    groups: dict[tuple[str, str, int], list[Digest]] = defaultdict(list)
    for one in seen:
        if one.actions is not None:
            groups[one.domain, one.robot, len(one.low)].append(one)
    for (_, robot, width), group in groups.items():
        low = np.fmin.reduce([one.low for one in group])
        high = np.fmax.reduce([one.high for one in group])
        dead = np.flatnonzero(low == high)
        if len(dead) and len(group) > 1:
            listed = ", ".join(f"{i} ({low[i]:.4g})" for i in dead[:30])
            more = f" and {len(dead) - 30} more" if len(dead) > 30 else ""
            yield Finding(
                "warning",
                f"{len(dead)} of {width} dimensions never change ({robot}): {listed}{more}",
                field="actions",
            )


def _dead(episodes: Sequence[Episode], rng: Generator) -> Sequence[Episode]:
    """A column that the source never fills, as for a hand that it does not have."""
    column = int(rng.integers(episodes[0].actions.shape[1]))
    value = np.float32(rng.choice([0.0, 1.0, rng.normal()]))
    return [
        replace(e, domain="real", actions=tamper.put(e.actions, (slice(None), column), value))
        for e in episodes
    ]


CHECK = Check(
    name="dead",
    reads="library",
    finds="action dimensions that never change in any episode of a robot",
    reason="normalised by its own spread, such a column divides by nothing, or is noise",
    source="LeRobot's statistics; robomimic's normalisation",
    find=find,
    faults={"a dead dimension": _dead},
)
