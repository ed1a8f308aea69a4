"""Finished libraries of given episodes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from episodes.episode import Episode
from episodes.storage import store
from tests.helpers import synthetic_episode


def make_library(root: Path, episodes: list[Episode]) -> Path:
    """A finished library of these episodes."""
    spec = {"spec_id": "a" * 64, "versions": {"cellwright": "0"}}
    store.create(root, {**spec, "episodes": len(episodes), "shard_size": 2, "config": {}})
    for number in range(-(-len(episodes) // 2)):
        batch = episodes[2 * number : 2 * number + 2]
        store.write_shard(root, number, batch, **spec, created="2026-01-01T00:00:00+00:00")
    return root


def make_library_and_mix(root: Path, steps: int, size: tuple[int, int]) -> None:
    """`lib`, of two shards with three episodes, and `mix.json`, which the command made of it."""
    from generators.command.cli import dispatch

    rng = np.random.default_rng(1)
    make_library(root / "lib", [synthetic_episode(i, rng, steps, size=size) for i in range(3)])
    words = f"mix out={root}/mix.json sources=[{{name:a,path:{root}/lib,weight:1}}] keys=[actions]"
    assert dispatch(words.split(" ")) == 0


def brightening(episode: Episode) -> Episode:
    """The same with pictures that no codec takes for the ones before or after."""
    lift = 15 * np.arange(episode.steps)[:, None, None, None]
    cameras = {
        name: replace(track, rgb=(track.rgb // 2 + lift).astype(np.uint8))
        for name, track in episode.cameras.items()
    }
    return replace(episode, cameras=cameras)
