"""Every task as a gymnasium environment."""

import copy
import json
import pickle
import re
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium
import h5py
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AsyncVectorEnv, SyncVectorEnv

from episodes.errors import UserError
from episodes.storage import store
from episodes.storage.library import Library
from generators import env_args, run, tasks
from generators.command import cli
from generators.envs import env_from_episode, make_env
from sim.bullet.tiny import TinyRenderer
from tests.task_episodes import Maker, config

TASKS = tasks.names()
FAMILIES = ("bench_place", "conveyor_pick", "carton_pack")  # jaws, a belt, cups and flaps
SMALL = "image_size=[32,24]"
STILL = np.zeros(7, np.float32)


def bench(*words: str, **options: Any) -> gymnasium.Env:
    return gymnasium.make("cellwright/BenchPlace-v0", overrides=list(words), **options)


# one class serves every task: the others in `make slow`
@pytest.mark.parametrize(
    "task", [FAMILIES[0], *(pytest.param(t, marks=pytest.mark.slow) for t in FAMILIES[1:])]
)
def test_gymnasium_has_no_complaint(task):
    env = gymnasium.make(
        f"cellwright/{tasks.class_name(task)}-v0",
        overrides=[SMALL],
        renderer="tiny",
        render_mode="rgb_array",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(env.unwrapped)
    env.close()


@pytest.mark.parametrize("task", TASKS)
def test_stepping_with_the_stored_actions_is_the_episode(task, episode: Maker):
    """Bit for bit; and its potential begins low and ends at 1, at the goal alone."""
    made = episode(task, 0)
    env = gymnasium.make(f"cellwright/{tasks.class_name(task)}-v0", reward="dense").unwrapped
    obs, info = env.reset(seed=0)
    assert (info["seed"], info["index"], info["instruction"]) == (0, 0, made.instruction)
    begun, total = info["progress"], 0.0
    for t, action in enumerate(made.actions):
        assert 0.0 <= info["progress"] <= 0.9
        for name, row in obs.items():
            assert np.array_equal(row, made.obs[name][t]), (name, t)
        obs, reward, terminated, truncated, info = env.step(action)
        assert np.array_equal(env.station.world.state(), made.states[t + 1])
        assert float(info["success"]) == made.rewards[t]
        assert (terminated, truncated) == (bool(made.dones[t]), False)
        total += reward
    assert info["progress"] == 1.0
    assert begun < 0.35
    assert total == pytest.approx(1.0 + 1.0 - begun)
    env.close()


def test_a_reset_without_a_seed_goes_on_to_the_next_episode(episode: Maker):
    made = episode("bench_place", 1)
    env = bench().unwrapped
    env.reset(seed=0)
    obs, info = env.reset()
    assert (info["seed"], info["index"], info["instruction"]) == (0, 1, made.instruction)
    for name, row in obs.items():
        assert np.array_equal(row, made.obs[name][0]), name
    for t, action in enumerate(made.actions):
        env.step(action)
        assert np.array_equal(env.station.world.state(), made.states[t + 1])
    env.close()


def test_a_dense_reward_is_recorded_and_a_sparse_one_is_the_default(episode: Maker):
    dense = run.make_episode(config("bench_place", "reward=dense"), 0, 1)
    sparse = episode("bench_place", 1)
    assert np.array_equal(dense.states, sparse.states)
    assert sparse.rewards.tolist() == [0.0] * (sparse.steps - 1) + [1.0]
    env = bench("reward=dense").unwrapped
    env.reset(seed=0, options={"index": 1})
    rewards = [env.step(action)[1] for action in dense.actions[:40]]
    np.testing.assert_array_equal(np.float32(rewards), dense.rewards[:40])
    assert len(set(rewards)) > 10
    env.close()


def test_a_reward_that_there_is_not_is_named():
    with pytest.raises(UserError, match="unknown reward 'dence'; did you mean 'dense'"):
        bench(reward="dence")


# what is seen


def seen(overrides: list[str], channels: list[str], actions: np.ndarray) -> list[dict[str, Any]]:
    env = bench(*overrides, renderer="tiny", channels=channels).unwrapped
    obs, _ = env.reset(seed=0, options={"index": 1})
    rows = [obs]
    for action in actions:
        obs, *_ = env.step(action)
        rows.append(obs)
    for row in rows:
        assert env.observation_space.contains(row)
    env.close()
    return rows


DEVICES = [
    "camera=devices", "camera.front.size_px=[40,30]", "camera.top.size_px=[32,24]",
    "camera.wrist.size_px=[48,32]", "camera.wrist.every=2", "camera.wrist.shutter_s=0.04",
    "camera.top.clean=true",
]  # fmt: skip
CHANNELS = ["image", "depth", "segmentation", "intrinsics", "camera_to_world"]


def test_pictures_are_those_that_are_recorded():
    """Sizes of their own, noise, blur, rates and a clean twin; every channel, bit for bit."""
    steps = 9
    made = run.make_episode(config("bench_place", *DEVICES), 0, 1)
    cut = replace(made, states=made.states[: steps + 2], actions=made.actions[: steps + 1])
    recorded = run.add_frames(cut, TinyRenderer()).cameras
    rows = seen(DEVICES, CHANNELS, made.actions[:steps])
    assert set(recorded) == {"front", "top", "top_clean", "wrist"}
    for name, track in recorded.items():
        assert (f"{name}_depth" in rows[0]) == (name != "wrist")  # a web camera has none
        for t, row in enumerate(rows):
            pose = track.camera_to_world[t % len(track.camera_to_world)]
            np.testing.assert_array_equal(row[f"{name}_image"], track.rgb[t])
            np.testing.assert_array_equal(row[f"{name}_segmentation"], track.segmentation[t])
            np.testing.assert_array_equal(row[f"{name}_intrinsics"], track.intrinsics)
            np.testing.assert_array_equal(row[f"{name}_camera_to_world"], pose)
            if track.depth is not None:
                np.testing.assert_array_equal(row[f"{name}_depth"], track.depth[t])
    assert np.any(rows[0]["top_image"] != rows[0]["top_clean_image"])
    assert np.array_equal(rows[2]["wrist_image"], rows[3]["wrist_image"])


@pytest.mark.parametrize("vector", [SyncVectorEnv, AsyncVectorEnv])
def test_cameras_of_their_own_sizes_in_vectors_of_environments(vector):
    words = [SMALL, "camera.wrist.fov_deg=60", "+camera.wrist.size_px=[16,12]"]
    many = vector([lambda: bench(*words, renderer="tiny")] * 2)
    obs, info = many.reset()
    assert obs["front_image"].shape == (2, 24, 32, 3)
    assert obs["wrist_image"].shape == (2, 12, 16, 3)
    assert info["seed"][0] != info["seed"][1]  # unseeded ones differ from one another
    many.step(np.stack([STILL] * 2))
    many.close()


def test_ids_have_names():
    env = bench(SMALL, renderer="tiny", channels=["segmentation"]).unwrapped
    obs, _ = env.reset(seed=0)
    ids = set(np.unique(obs["front_segmentation"]).tolist()) - {0}
    assert ids
    assert ids <= set(env.segment_names)
    assert "panda/panda_link0" in env.segment_names.values()
    with pytest.raises(ValueError, match="unknown channel 'rgb'; there are: image, depth"):
        bench(channels=["rgb"])
    env.close()


# what a library says of its environment


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One episode by a UR5 at 30 Hz, seen by a noisy camera; and `seen anew` beside it."""
    root = tmp_path_factory.mktemp("envs")
    words = [
        "task=bench_place", "robot=ur5", "physics.control_hz=30", "scene.count=[3,4]", "seed=7",
        "look=wild", "renderer=tiny", "camera=devices", "camera.front.size_px=[32,24]",
        "camera.top.size_px=[24,16]", "camera.wrist.size_px=[16,12]", "episodes=1",
        "task.max_seconds=0.6",
    ]  # fmt: skip
    assert cli.dispatch(["generate", *words, f"out={root / 'made'}"]) == 0
    again = [f"src={root / 'made'}", f"out={root / 'seen'}", "image_size=[20,16]", "renderer=tiny"]
    assert cli.dispatch(["render", *again]) == 0
    return root


@pytest.mark.parametrize(
    ("name", "how"),
    [("made", "make_env"), ("made", "gymnasium"), ("made", "episode"), ("seen", "make_env")],
)
def test_an_environment_is_rebuilt_from_its_library(library, name, how):
    """Robot, rate, scene, look, cameras: the cell, and the states and pictures of its actions."""
    root = library / name
    with h5py.File(root / "shards/00000.h5") as file:
        args = json.loads(file["data"].attrs["env_args"])
    made = Library(root).read(0)
    env = {
        "make_env": lambda: make_env(root),
        "gymnasium": lambda: gymnasium.make(args["env_name"], **args["env_kwargs"]),
        "episode": lambda: env_from_episode(root, 0),
    }[how]().unwrapped
    obs, info = env.reset(seed=7 if how != "episode" else None)
    assert (info["seed"], info["index"], info["instruction"]) == (7, 0, made.instruction)
    assert json.loads(env.station.world.cell.to_json()) == json.loads(made.cell)
    assert env.metadata["render_fps"] == 30
    for t, action in enumerate(made.actions):
        assert env.observation_space.contains(obs)
        for camera, track in made.cameras.items():
            assert np.array_equal(obs[f"{camera}_image"], track.rgb[t]), (camera, t)
        obs, _, _, truncated, info = env.step(action)
        assert np.array_equal(env.station.world.state(), made.states[t + 1])
    assert (truncated, info["failure"]) == (True, made.failure) == (True, "timeout")
    env.close()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"pose": [1, 2]}, "goal.pose must be 7 values, not [1, 2]"),
        ({"hole": 3}, "goal: unknown fields of a PlaceGoal: hole"),
    ],
)
def test_a_goal_that_is_not_the_task_s_is_named_with_library_and_episode(
    library, tmp_path, wrong, says
):
    args = env_args.read(library / "made")
    made = Library(library / "made").read(0)
    cell = json.loads(made.cell)
    bad = replace(made, cell=json.dumps({**cell, "goal": {**cell["goal"], **wrong}}))
    spec = {"spec_id": "a" * 64, "versions": {"cellwright": "0"}}
    store.create(tmp_path / "bad", {**spec, "episodes": 1, "shard_size": 1, "config": {}})
    day = "2026-01-01T00:00:00+00:00"
    store.write_shard(tmp_path / "bad", 0, [bad], **spec, created=day, env_args=args)
    with pytest.raises(UserError) as error:
        env_from_episode(tmp_path / "bad", 0)
    assert str(error.value) == f"{tmp_path / 'bad'}: episode 0: {says}"
    assert run.replay(bad).same  # what is to be reached plays no part in it


def test_robomimic_can_make_it(library):
    """robomimic hands `env_kwargs` to `gym.make` beside arguments of its own."""
    with h5py.File(library / "made/shards/00000.h5") as file:
        args = json.loads(file["data"].attrs["env_args"])
    assert set(args) == {"env_name", "type", "env_kwargs"}
    assert args["type"] == 2  # EnvType.GYM_TYPE
    theirs = {"env_name", "render", "render_offscreen", "use_image_obs", "postprocess_visual_obs"}
    assert not theirs & set(args["env_kwargs"])


def test_an_environment_of_a_library_may_be_changed(library):
    env = make_env(library / "made", renderer="none", reward="dense", seed=3)
    obs, info = env.reset()
    assert set(obs) == {
        "joint_position", "joint_velocity", "ee_pose", "gripper_position", "wrench",
    }  # fmt: skip
    assert (info["seed"], info["progress"] < 0.5) == (3, True)
    env.close()


def test_the_page_on_environments_does_what_it_says(library, tmp_path, monkeypatch):
    """Its blocks of Python, one after the other, where the library of its command is."""
    text = (Path(__file__).parents[2] / "docs/environments.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.S)
    assert len(blocks) == 2
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs/place").symlink_to(library / "made")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)
    assert names["info"]["index"] == 0
    assert names["info"]["progress"] < 0.5
    assert names["truncated"]  # it ran to the end of the stored episode
    for name in tasks.names():
        assert f"`{name}`" in text


def test_what_has_no_environment_says_so(tmp_path, library):
    with pytest.raises(UserError, match=r"nowhere: there is no library with a finished shard"):
        make_env(tmp_path / "nowhere")
    with pytest.raises(UserError, match="has no episode 5"):
        env_from_episode(library / "made", 5)
    hostile = tmp_path / "theirs.hdf5"
    with h5py.File(hostile, "w") as file:
        group = file.create_group("data")
        group.attrs["env_args"] = json.dumps({"env_name": "this:Lift", "env_kwargs": {}})
    with pytest.raises(UserError, match="was not made by generate or render"):
        make_env(hostile)
    with pytest.raises(UserError, match="not the recipe of a library: it lacks task, robot"):
        gymnasium.make("cellwright/BenchPlace-v0", config={"scene": {}})


def test_what_cannot_be_composed_is_one_line():
    for words, line in (
        (["camera=nope"], "unknown camera 'nope'; there are: behind_wrist, devices, fixed_wrist"),
        (["scene.clearanc=3"], "unknown key 'scene.clearanc'; did you mean 'scene.clearance_mm'"),
    ):
        with pytest.raises(UserError, match=line):
            make_env("bench_place", overrides=words)
    with pytest.raises(ValueError, match="seed=-1: give a whole number"):
        make_env("bench_place", seed=-1)


def test_a_camera_whose_model_is_drawn_shows_what_all_of_them_have():
    models = "camera.front.model=[d435,wrist_usb]"
    env = bench(*DEVICES, models, renderer="tiny", channels=["image", "depth"]).unwrapped
    drawn = set()
    for seed in range(8):
        obs, _ = env.reset(seed=seed)
        drawn.add(env.station.world.cell.camera("front").model)
        assert env.observation_space.contains(obs)
        assert "front_depth" not in obs
        if len(drawn) == 2:
            break
    assert drawn == {"d435", "wrist_usb"}
    env.close()


def test_a_foreign_file_names_no_module_that_is_imported(tmp_path, library):
    (tmp_path / "canary.py").write_text("raise SystemExit('imported')")
    mine, theirs = library / "made/shards/00000.h5", tmp_path / "theirs.hdf5"
    theirs.write_bytes(mine.read_bytes())
    with h5py.File(theirs, "r+") as file:
        args = json.loads(file["data"].attrs["env_args"])
        file["data"].attrs["env_args"] = json.dumps({**args, "env_name": "canary:Lift-v0"})
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(tmp_path)
        make_env(theirs, renderer="none").close()


# seeds, actions, options


def test_seeds_are_exact_and_none_is_by_chance():
    one, other = bench().unwrapped, bench().unwrapped
    cells = []
    for env in (one, other):
        env.reset()
        cells.append(env.station.world.cell)
        env.reset(seed=5)
        cells.append(env.station.world.cell)
    assert cells[0] != cells[2]
    assert cells[1] == cells[3]
    _, info = one.reset()
    assert (info["seed"], info["index"]) == (5, 1)
    other.reset(seed=info["seed"], options={"index": info["index"]})
    assert other.station.world.cell == one.station.world.cell
    third = bench(seed=5).unwrapped
    third.reset()
    assert third.station.world.cell == cells[1]
    for env in (one, other, third):
        env.close()


@pytest.fixture(scope="module")
def running():
    env = bench()
    env.reset(seed=0)
    yield env.unwrapped
    env.close()


@pytest.mark.parametrize("index", range(7))
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_what_is_not_finite_is_refused_and_moves_nothing(running, index, value):
    before = running.station.world.state()
    action = np.zeros(7)
    action[index] = value
    with pytest.raises(ValueError, match=r"an action must be finite, not (dx|dy|dz|rx|ry|rz|grip)"):
        running.step(action)
    assert np.array_equal(running.station.world.state(), before)


@pytest.mark.parametrize(
    "action",
    [
        np.zeros(6, np.float32), np.zeros((1, 7)), 0.0, np.zeros(7, bool), np.zeros(7, complex),
        ["0"] * 7, [None] * 7, [[0.0], [0.0, 1.0]],
    ],
)  # fmt: skip
def test_what_is_no_action_is_refused(running, action):
    with pytest.raises(ValueError, match="an action is 7 numbers, not"):
        running.step(action)


@pytest.mark.parametrize("action", [np.zeros(7, np.float64), [0, 0, 0, 0, 0, 0, 1], (0.0,) * 7])
def test_other_kinds_of_numbers_are_taken(running, action):
    running.step(action)


def test_unknown_options_of_reset_are_refused(running):
    before = running.station
    for options, line in (
        ({"idx": 3}, r"unknown option of reset: 'idx'; did you mean 'index'\? there are: index"),
        ({"index": -1}, "index=-1: give the number of an episode, 0 or more"),
        ({"index": 1.5}, "index=1.5: give the number"),
        ({"index": True}, "index=True: give the number"),
    ):
        with pytest.raises(ValueError, match=line):
            running.reset(options=options)
    assert running.station is before  # it goes on


def test_copies_are_refused(running):
    for act in (copy.deepcopy, copy.copy, pickle.dumps):
        for what in (running, running.station.world):
            with pytest.raises(TypeError, match="cannot be copied or pickled"):
                act(what)
    running.step(STILL)


# render()


def test_render_shows_all_cameras_side_by_side_at_the_control_rate():
    words = ["physics.control_hz=40", "image_size=[33,25]", "+camera.wrist.size_px=[16,12]"]
    env = bench(*words, render_mode="rgb_array")
    assert env.metadata["render_fps"] == 40
    assert not any(name.endswith("_image") for name in env.observation_space.spaces)
    env.reset(seed=0)
    picture = env.render()
    assert picture.shape == (26, 50, 3)  # 25 x (33 + 16), made even
    assert picture[:25, :33].std() > 5
    assert picture[:12, 33:49].std() > 5
    assert not picture[12:, 33:].any()
    env.close()


def test_a_window_is_gymnasium_s_and_other_modes_are_refused():
    with pytest.warns(UserWarning, match="HumanRendering"):
        env = gymnasium.make("cellwright/BenchPlace-v0", render_mode="human")
    assert isinstance(env, gymnasium.wrappers.HumanRendering)
    assert env.unwrapped.render_mode == "rgb_array"
    env.close()
    from generators.task_env import TaskEnv

    for mode in ("human", "ansi"):
        with pytest.raises(ValueError, match=f"render_mode='{mode}': there is 'rgb_array'"):
            TaskEnv("bench_place", render_mode=mode)
