"""Small libraries to mix."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from episodes.episode import Episode
from episodes.storage import store
from tests.helpers import synthetic_episode

# What a mix of `episodes` and `real` has to say: their cameras differ in name and size.
ONE_CAMERA = {"cameras": {"front": ["front", "image_0"]}, "image_size": [32, 24]}


def make_library(root: Path, episodes: Sequence[Episode], shard_size: int = 3) -> Path:
    """Write the episodes as a finished library."""
    spec_id = f"{len(episodes):064x}"
    facts = {"versions": {}, "config": {"task": episodes[0].task if episodes else "none"}}
    store.create(
        root,
        {"spec_id": spec_id, "episodes": max(1, len(episodes)), "shard_size": shard_size, **facts},
    )
    for number, first in enumerate(range(0, len(episodes), shard_size)):
        part = episodes[first : first + shard_size]
        store.write_shard(root, number, part, spec_id=spec_id, versions={}, created="2026-01-01")
    return root


def episodes(
    count: int, steps: Callable[[int], int] = lambda n: 12 + n, seed: int = 0, **options: Any
) -> list[Episode]:
    """Synthetic episodes of different lengths; options as of `synthetic_episode`."""
    rng = np.random.default_rng(seed)
    return [synthetic_episode(n, rng, steps(n), **options) for n in range(count)]


def real(count: int, hz: float = 5.0, size: tuple[int, int] = (20, 16)) -> list[Episode]:
    """Episodes as from a real data set: one camera, another rate, no joints, no wrench."""
    out = []
    for one in episodes(count, lambda n: 7 + n, seed=7, size=size, cameras=("image_0",)):
        obs = {"ee_pose": one.obs["ee_pose"], "state": one.obs["ee_pose"][:, :6]}
        action = {name: one.action[name] for name in ("ee_delta", "gripper")}
        time = one.time * one.control_hz / hz
        out.append(
            replace(one, domain="real", robot="widowx", task="pick", success=None, failure="",
                    control_hz=hz, time=time, obs=obs, action=action, states=None, layout={},
                    objects=None, object_names=(), instruction=f"pick up number {one.index}")
        )  # fmt: skip
    return out
