"""What is kept of each episode, to compare it with all the others: some hundred numbers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from episodes.array_types import Singles
from episodes.check.recording import Recording

MOMENTS = 16


@dataclass(frozen=True)
class Digest:
    """One episode. low, high (A,): of its actions. content: hash of its states and actions, None
    where they hold no numbers; actions: of its actions alone. looks: camera -> its mean picture.
    path (MOMENTS, A): actions at as many moments, evenly spread.
    """

    index: int
    train: bool
    domain: str
    task: str
    robot: str
    instruction: str
    steps: int
    seconds: float
    success: bool | None
    low: Singles
    high: Singles
    content: bytes | None
    actions: bytes | None
    looks: Mapping[str, NDArray[np.float16]]
    path: Singles

    @classmethod
    def of(cls, seen: Recording) -> Digest:
        episode = seen.episode
        actions = episode.actions
        width = actions.shape[1]
        # Of what holds no numbers, nothing follows: empty actions are alike in every episode.
        arrays = [*episode.action.values(), *([] if episode.states is None else [episode.states])]
        whole = any(array.size for array in arrays)
        named = json.dumps(actions.shape).encode() + actions.tobytes()
        looks = {
            name: camera.look.astype(np.float16)
            for name, camera in seen.scans()
            if camera.look is not None
        }
        return cls(
            index=episode.index,
            train=seen.train,
            domain=episode.domain,
            task=episode.task,
            robot=episode.robot,
            instruction=episode.instruction,
            steps=episode.steps,
            seconds=episode.seconds,
            success=episode.success,
            low=actions.min(axis=0) if actions.size else np.zeros(width, np.float32),
            high=actions.max(axis=0) if actions.size else np.zeros(width, np.float32),
            content=bytes.fromhex(episode.content_hash()) if whole else None,
            actions=hashlib.sha256(named).digest() if actions.size else None,
            looks=looks,
            path=_path(actions),
        )


def _path(actions: Singles) -> Singles:
    """(MOMENTS, A): means of stretches of the actions, so that no single row decides."""
    if not actions.size:
        return np.zeros((MOMENTS, actions.shape[1]), np.float32)
    edges = np.linspace(0, len(actions), MOMENTS + 1)
    summed = np.concatenate([np.zeros((1, actions.shape[1])), np.cumsum(actions, axis=0)])
    at = np.arange(len(summed))
    whole = np.stack([np.interp(edges, at, column) for column in summed.T], axis=1)
    return (np.diff(whole, axis=0) * MOMENTS / len(actions)).astype(np.float32)
