"""When a window is, and room for its arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from episodes.array_types import AnyArray
from episodes.mix.manifest import TEXT, Key

NEARLY = 1e-9  # steps: times such as 3 * (20 / 60) are not exact in floating point


class Span(NamedTuple):
    """When a window is, in steps of its episode."""

    sensed: Sequence[int]  # (H,) which readings
    edges: Sequence[float]  # (K + 1,) times that bound the actions
    commands: Sequence[int]  # (K,) which are in force at the ends


def spans(sensed: AnyArray, edges: AnyArray, length: Any) -> list[Span]:
    """Of n windows. sensed (n, H), below 0 before the start; edges (n, K + 1); length [steps] of
    their episodes, (n, 1)."""
    commands = np.minimum(np.ceil(edges[:, 1:] - NEARLY).astype(int), length) - 1
    lists = np.maximum(sensed, 0).tolist(), edges.tolist(), commands.tolist()
    return [Span(*one) for one in zip(*lists, strict=True)]


def is_sensed(key: Key) -> bool:
    """Or else it is an action, or comes with one."""
    return key.name.startswith(("obs/", "cameras/"))


def room(keys: Sequence[Key], count: int, history: int, horizon: int) -> dict[str, AnyArray]:
    """For `count` windows: obs/* and cameras/* (count, history, ...), other keys (count, horizon,
    ...); has/KEY (count, D) or (count,) where a source lacks KEY or some of its numbers."""
    out = {}
    for key in keys:
        if key.dtype == TEXT:
            continue
        steps = history if is_sensed(key) else horizon
        out[key.name] = np.empty((count, steps, *key.shape), key.dtype)
        if key.partial:
            shape = key.shape if len(key.shape) == 1 else ()
            out[f"has/{key.name}"] = np.empty((count, *shape), bool)
    return out
