"""Is the opening of a gripper between open and closed?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from episodes.check import tamper
from episodes.check.kind import Check, Limits, Threshold
from episodes.check.recording import Recording
from episodes.check.wording import span
from episodes.episode import Episode
from episodes.finding import Finding

COMMANDED = 1e-6  # of rounding; what is commanded never overshoots


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    for field, values, slack in (
        ("action/gripper", seen.episode.action.get("gripper"), COMMANDED),
        (
            "obs/gripper_position",
            seen.episode.obs.get("gripper_position"),
            limits["opening_overshoot"],
        ),
    ):
        if values is None:
            continue
        rows = np.any((values < -slack) | (values > 1 + slack), axis=1)
        if rows.any():
            low, high = float(values.min()), float(values.max())
            yield seen.origin.fault(
                f"outside 0..1: {low:.4g} to {high:.4g}",
                span(rows),
                field,
                measured=max(-low, high - 1),
                threshold=slack,
            )


def _in_millimetres(episode: Episode, rng: Generator) -> Episode | None:
    """The opening of 85 mm jaws, left in millimetres."""
    measured = episode.obs.get("gripper_position")
    return None if measured is None else tamper.obs(episode, gripper_position=85 * (1 - measured))


def _signed(episode: Episode, rng: Generator) -> Episode | None:
    """Open is -1, as in robosuite."""
    commanded = episode.action.get("gripper")
    if commanded is None or not (commanded < 0.4).any():
        return None
    return tamper.action(episode, gripper=2 * commanded - 1)


CHECK = Check(
    name="openings",
    reads="numbers",
    finds="openings of a gripper outside 0 (open) .. 1 (closed)",
    reason="other units or another sign: half of a mix would open where the other half closes",
    source="docs/library-format.md",
    find=find,
    faults={"opening in millimetres": _in_millimetres, "opening from -1 to 1": _signed},
    thresholds=[
        Threshold(
            "opening_overshoot", 0.05, "of the range by which a measured opening may leave it"
        )
    ],
)
