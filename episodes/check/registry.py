"""Every check: a module each, with a CHECK. What is here is run, in this order, told in
docs/checks.md, and proved on its own faults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from episodes.check import kind
from episodes.check.between import cameras, copies, dead, duration, near_copies
from episodes.check.digest import Digest
from episodes.check.files import content_hash, records, schema, shard_bytes, shard_frame
from episodes.check.kind import Check
from episodes.check.numbers import (
    calibration,
    clock,
    command_lag,
    commands,
    echo,
    finite,
    idle,
    jumps,
    meanings,
    openings,
    outcome,
    placeholder,
    quaternions,
    shaking,
    step_contract,
    stuck,
    subtasks,
    words,
)
from episodes.check.pictures import (
    black,
    blurred,
    depth_unit,
    doubled,
    edges,
    frame_rate,
    frozen,
    ids,
    late_colours,
    late_objects,
    no_return,
    projection,
    stopped,
)
from episodes.check.recording import Recording
from episodes.episode import Episode

FILES: Sequence[Check[Any, Path]] = (
    records.CHECK,
    shard_bytes.CHECK,
    shard_frame.CHECK,
    schema.CHECK,
    content_hash.CHECK,
)
EPISODE: Sequence[Check[Recording, Episode]] = (
    finite.CHECK,
    meanings.CHECK,
    clock.CHECK,
    quaternions.CHECK,
    openings.CHECK,
    commands.CHECK,
    step_contract.CHECK,
    command_lag.CHECK,
    echo.CHECK,
    jumps.CHECK,
    stuck.CHECK,
    shaking.CHECK,
    idle.CHECK,
    outcome.CHECK,
    subtasks.CHECK,
    words.CHECK,
    placeholder.CHECK,
    calibration.CHECK,
    black.CHECK,
    doubled.CHECK,
    frozen.CHECK,
    frame_rate.CHECK,
    blurred.CHECK,
    stopped.CHECK,
    no_return.CHECK,
    depth_unit.CHECK,
    ids.CHECK,
    late_colours.CHECK,
    late_objects.CHECK,
    edges.CHECK,
    projection.CHECK,
)
LIBRARY: Sequence[Check[Sequence[Digest], Sequence[Episode]]] = (
    dead.CHECK,
    copies.CHECK,
    near_copies.CHECK,
    duration.CHECK,
    cameras.CHECK,
)
CHECKS: Sequence[Check[Any, Any]] = (*FILES, *EPISODE, *LIBRARY)


def limits(changed: Mapping[str, float] | None = None) -> dict[str, float]:
    """Every threshold's value, `changed` ones as told. UserError: no such threshold or value."""
    return kind.limits((one for check in CHECKS for one in check.thresholds), changed)
