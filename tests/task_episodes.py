"""The tasks' own episodes, made once in a run: what tests of one task share."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from episodes.episode import Episode
from generators import run
from generators.command import hydra_app
from tests.sharing import made_once

Maker = Callable[[str, int], Episode]


def config(task: str, *words: str) -> dict[str, Any]:
    return hydra_app.composed("generate", [f"task={task}", "out=nowhere", *words])


def maker(factory: pytest.TempPathFactory) -> Maker:
    """Gives episode `index` of seed 0 of a task, without pictures."""
    kept: dict[tuple[str, int], Episode] = {}

    def episode(task: str, index: int) -> Episode:
        def make(path: Path) -> None:
            path.write_bytes(pickle.dumps(run.make_episode(config(task), 0, index)))

        if (task, index) not in kept:
            path = made_once(factory, f"{task}-{index}", make)
            kept[task, index] = pickle.loads(path.read_bytes())
        return kept[task, index]

    return episode
