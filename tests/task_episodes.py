"""The tasks' own episodes, made once in a process: what tests of one task share."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from episodes.episode import Episode
from generators import run
from generators.command import hydra_app


def config(task: str, *words: str) -> dict[str, Any]:
    return hydra_app.composed("generate", [f"task={task}", "out=nowhere", *words])


@lru_cache
def episode(task: str, index: int) -> Episode:
    """Episode `index` of seed 0, without pictures."""
    return run.make_episode(config(task), 0, index)
