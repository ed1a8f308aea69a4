"""A sweep that searches, by Optuna. `make pools` installs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from episodes.storage.library import Library
from generators.command.cli import dispatch


def test_a_search_makes_a_library_of_each_trial_and_tells_the_best(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("hydra_plugins.hydra_optuna_sweeper")
    search = ["hydra/sweeper=optuna", "hydra.sweeper.n_trials=2", "hydra.sweeper.n_jobs=1"]
    words = ["task=bench_place", "renderer=none", "episodes=1", "probe=false", f"out={tmp_path}"]
    asked = "task.max_seconds=interval(0.5,1)"
    assert dispatch(["generate", "-m", *search, *words, "aim_success=0.25", asked]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("closest to the aim of 2 tried: task.max_seconds=0.")
    assert last.endswith("(off by 0.25)"), "no episode succeeds within a second"
    tried = [Library(path).info["config"]["task"]["max_seconds"] for path in tmp_path.iterdir()]
    assert len(set(tried)) == 2
    assert all(0.5 <= seconds <= 1.0 for seconds in tried)
