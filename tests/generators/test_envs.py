"""Every task as a gymnasium environment."""

import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import generators.envs  # noqa: F401  registers them
from generators import run, tasks
from generators.command import hydra_app

TASKS = tasks.names()


@pytest.mark.parametrize("task", TASKS)
def test_gymnasium_has_no_complaint(task):
    env = gymnasium.make(
        f"cellwright/{tasks.class_name(task)}-v0",
        overrides=["image_size=[32,24]"],
        renderer="tiny",
        render_mode="rgb_array",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(env.unwrapped)
    env.close()


@pytest.mark.parametrize("task", TASKS)
def test_stepping_with_the_stored_actions_is_the_episode(task):
    config = hydra_app.composed("generate", [f"task={task}", "out=nowhere"])
    episode = run.make_episode(config, 3, 1)
    assert episode.success, episode.failure
    env = gymnasium.make(f"cellwright/{tasks.class_name(task)}-v0").unwrapped
    env.reset(seed=3)  # episode 0
    obs, info = env.reset()  # episode 1
    assert info["index"] == 1
    assert info["instruction"] == episode.instruction
    for t, action in enumerate(episode.actions):
        for name, row in obs.items():
            assert np.array_equal(row, episode.obs[name][t]), (name, t)
        obs, reward, terminated, _, info = env.step(action)
        assert np.array_equal(env.station.world.state(), episode.states[t + 1])
        assert reward == episode.rewards[t]
        assert terminated == bool(episode.dones[t])
    assert info["success"]
    env.close()
