"""A task at another control rate than 20 Hz is the same work at the same speeds."""

from __future__ import annotations

import numpy as np
import pytest

from episodes.episode import Episode
from generators import run
from tests.task_episodes import Maker, config


def speeds(made: Episode) -> tuple[float, float]:
    """The highest commanded speed of the tool [m/s] and the median of its rows that move."""
    moved = np.linalg.norm(made.action["ee_delta"][:, :3], axis=1) * made.control_hz
    return float(moved.max()), float(np.median(moved[moved > 0.01]))


@pytest.mark.parametrize("hz", [10, 40])
def test_the_goal_is_reached_as_fast_at_any_control_rate(hz: int, episode: Maker) -> None:
    usual = episode("bench_place", 0)
    made = run.make_episode(config("bench_place", f"physics.control_hz={hz}"), 0, 0)
    assert made.control_hz == hz
    assert made.success, made.failure
    assert np.diff(made.time) == pytest.approx(1 / hz, abs=1e-9)
    assert made.time[-1] == pytest.approx(usual.time[-1], rel=0.25)
    assert speeds(made) == pytest.approx(speeds(usual), rel=0.25)
    assert run.replay(made).same
