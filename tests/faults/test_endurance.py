"""A worker that makes hundreds of episodes stays as it was."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from statistics import median

import pytest

from episodes.episode import Episode
from generators.command.hydra_app import composed
from generators.production import makers
from generators.production.plan import Plan
from generators.production.produce import produce
from generators.production.recipes import generation

WINDOW, SLACK = 50, 0.05
TASKS = (  # between them all that an episode can hold of a process; each takes minutes
    "palletise",  # a belt, a suction cup, free bodies that come and go
    "machine_load",  # jaws, a door and a vise on joints, a controller
)


def watched(plan: Plan, index: int) -> Episode:
    """A real episode with pixels; notes what its process holds afterwards."""
    episode = makers.generate(plan, index)
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    handles = len(os.listdir("/proc/self/fd"))
    with open(plan.out.parent / "held.txt", "a") as file:
        file.write(f"{os.getpid()} {resident} {handles}\n")
    return episode


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_memory_and_handles_stay_flat_over_500_episodes(task: str, tmp_path: Path) -> None:
    words = [f"task={task}", "task.max_seconds=0.5", "episodes=500", "image_size=[64,64]"]
    config = composed("generate", [*words, "pool.recycle=100000", f"out={tmp_path / 'lib'}"])
    plan = generation(config)
    assert produce([replace(plan, make=watched)], config) == 0

    held = [tuple(map(int, line.split())) for line in (tmp_path / "held.txt").open()]
    assert len({pid for pid, _, _ in held}) == 1, "the worker was replaced on the way"
    assert len(held) == 500
    settled = median(resident for _, resident, _ in held[WINDOW : 2 * WINDOW])
    at_last = median(resident for _, resident, _ in held[-WINDOW:])
    assert at_last <= settled * (1 + SLACK)
    assert held[-1][2] <= max(handles for _, _, handles in held[:WINDOW])
