"""Episodes without physics: what storage does with them is the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from episodes.episode import Episode
from generators import run, tasks
from generators.command import hydra_app
from generators.command.verbs import part
from generators.production import makers, recipes, versions
from generators.production.plan import Plan
from generators.seeds import Streams
from tests.helpers import synthetic_episode

STEPS, SIZE = 6, (16, 12)


def make_light(patch: pytest.MonkeyPatch) -> None:
    """In this process and those that it forks, episodes depend on their seed and index alone."""
    config = hydra_app.composed("generate", ["task=bench_place", "out=nowhere"])
    cell = run.sample_cell(tasks.make(config), config, Streams(0, 0)).to_json()
    for task in (tasks.known("bench_place"), None):  # kept from then on: it reads all of our code
        versions.content_versions("tiny", [config["robot"]["card"]], task)

    def generate(plan: Plan, index: int) -> Episode:
        rng = np.random.default_rng([plan.seed, index])
        return replace(synthetic_episode(index, rng, STEPS, SIZE), cell=cell)

    def add_frames(episode: Episode, renderer: Any, cell: Any = None) -> Episode:
        rng = np.random.default_rng([7, episode.index])
        cameras = synthetic_episode(episode.index, rng, episode.steps, SIZE).cameras
        return replace(episode, cameras=cameras, renderer="light-1")

    patch.setattr(makers, "generate", generate)
    patch.setattr(run, "add_frames", add_frames)
    patch.setattr(recipes, "try_first", lambda config, seed: None)
    patch.setattr(part, "picture", lambda params, extents: Image.new("RGB", SIZE))
