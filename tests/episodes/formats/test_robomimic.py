"""HDF5 of robomimic and its kin."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from episodes import Library, formats
from episodes.check.check import check
from episodes.episode import Episode
from episodes.errors import UserError
from episodes.finding import Report

STEPS = 6


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def read(path: Path, report: Report | None = None, **options: Any) -> list[Episode]:
    return list(formats.read("robomimic", path, report=report, **options))


def robosuite(path: Path, rng: np.random.Generator, demos: int = 3) -> Path:
    """As robomimic and MimicGen write it."""
    with h5py.File(path, "w") as file:
        data = file.create_group("data")
        env = {"env_name": "Lift", "type": 1, "env_kwargs": {"control_freq": 20}}
        env["env_kwargs"]["robots"] = ["Panda"]
        data.attrs["env_args"] = json.dumps(env)
        for number in reversed(range(demos)):
            demo = data.create_group(f"demo_{number}")
            demo.attrs["num_samples"] = STEPS
            demo["actions"] = rng.normal(size=(STEPS, 7))
            demo["rewards"] = np.eye(1, STEPS, STEPS - 1)[0]
            demo["dones"] = np.eye(1, STEPS, STEPS - 1, dtype=int)[0]
            demo["states"] = rng.normal(size=(STEPS, 32))
            demo["obs/robot0_eef_pos"] = rng.normal(size=(STEPS, 3))
            demo["obs/agentview_image"] = rng.integers(0, 255, (STEPS, 8, 8, 3), dtype=np.uint8)
            demo["next_obs/robot0_eef_pos"] = rng.normal(size=(STEPS, 3))
            demo["datagen_info/object_poses/cube"] = rng.normal(size=(STEPS, 4, 4))
        names = np.array([b"demo_0", b"demo_2"])
        file["mask/train"], file["mask/valid"] = names, np.array([b"demo_1"])
    return path


def test_robomimic_and_mimicgen(tmp_path: Path, rng: np.random.Generator) -> None:
    path = robosuite(tmp_path / "low_dim.hdf5", rng)
    assert formats.detect(path) == "hdf5"
    found = read(path)
    assert [e.extra["source_episode"] for e in found] == [0, 1, 2], "by number, not by name"
    assert [e.extra["split"] for e in found] == ["train", "valid", "train"]
    with h5py.File(path) as file:
        demo = file["data/demo_1"]
        np.testing.assert_array_equal(found[1].actions, demo["actions"][()].astype(np.float32))
        np.testing.assert_array_equal(
            found[1].cameras["agentview"].rgb, demo["obs/agentview_image"][()]
        )
        np.testing.assert_array_equal(
            found[1].obs["robot0_eef_pos"], demo["obs/robot0_eef_pos"][()]
        )
    assert found[0].control_hz == 20
    assert found[0].robot == "panda"
    assert found[0].task == "Lift"
    assert found[0].domain == "sim"
    assert found[0].success is None, "nothing says so"
    assert found[0].states is None, "T rows of another simulator are no trajectory of ours"
    assert "states" in found[0].lineage["left_out"]
    assert list(found[0].dones) == [0] * (STEPS - 1) + [1]


def test_what_another_simulator_made_is_not_asked_for_our_states(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    """domain=sim as ours is, but imported: what it lacks is no error, what is wrong a warning."""
    path = robosuite(tmp_path / "low_dim.hdf5", rng)
    formats.import_library("robomimic", path, tmp_path / "sound")
    assert {row.domain for row in Library(tmp_path / "sound")} == {"sim"}
    assert [f for f in check(tmp_path / "sound") if f.severity == "error"] == []
    with h5py.File(path, "a") as file:
        file["data/demo_1/obs/robot0_eef_pos"][2, 0] = np.nan
    formats.import_library("robomimic", path, tmp_path / "odd")
    told = [f for f in check(tmp_path / "odd") if f.field == "obs/robot0_eef_pos"]
    assert [(f.severity, f.episode, f.step) for f in told] == [("warning", 1, 2)]


def test_libero_has_an_instruction(tmp_path: Path, rng: np.random.Generator) -> None:
    path = robosuite(tmp_path / "demo.hdf5", rng, demos=1)
    with h5py.File(path, "a") as file:
        problem = {"language_instruction": "open the drawer"}
        file["data"].attrs["problem_info"] = json.dumps(problem)
        pictures = rng.integers(0, 255, (STEPS, 8, 8, 3), dtype=np.uint8)
        file["data/demo_0/obs/eye_in_hand_rgb"] = pictures
    (found,) = read(tmp_path)
    assert found.instruction == "open the drawer"
    assert sorted(found.cameras) == ["agentview", "eye_in_hand"]


def test_isaac_lab_nests_and_tells_success(tmp_path: Path, rng: np.random.Generator) -> None:
    with h5py.File(tmp_path / "dataset.hdf5", "w") as file:
        data = file.create_group("data")
        env = {"env_name": "Isaac-Stack-v0", "type": 2, "sim_args": {"dt": 0.01, "decimation": 5}}
        data.attrs["env_args"] = json.dumps(env)
        demo = data.create_group("demo_0")
        demo.attrs["success"] = True
        demo["actions"] = rng.normal(size=(STEPS, 7)).astype("f4")
        demo["obs/policy/joint_pos"] = rng.normal(size=(STEPS, 9)).astype("f4")
        demo["initial_state/articulation/robot/root_pose"] = rng.normal(size=(1, 7))
        demo["states/articulation/robot/root_pose"] = rng.normal(size=(STEPS, 7))
    (found,) = read(tmp_path)
    assert found.control_hz == pytest.approx(20)
    assert found.success is True
    assert list(found.obs) == ["policy.joint_pos"]


def test_maniskill_has_one_more_observation(tmp_path: Path, rng: np.random.Generator) -> None:
    pictures = rng.integers(0, 255, (STEPS + 1, 8, 8, 3), dtype=np.uint8)
    depth = rng.integers(0, 3000, (STEPS + 1, 8, 8, 1), dtype=np.int16)
    with h5py.File(tmp_path / "trajectory.h5", "w") as file:
        for number in range(2):
            demo = file.create_group(f"traj_{number}")
            demo["actions"] = rng.normal(size=(STEPS, 8)).astype("f4")
            demo["success"] = np.arange(STEPS) > 3
            demo["obs/agent/qpos"] = rng.normal(size=(STEPS + 1, 9)).astype("f4")
            demo["obs/sensor_data/base_camera/rgb"] = pictures
            demo["obs/sensor_data/base_camera/depth"] = depth
    told = {"env_info": {"env_id": "PickCube-v1", "env_kwargs": {"robot_uids": "panda"}}}
    told["episodes"] = [{"episode_id": 0, "success": True}]
    (tmp_path / "trajectory.json").write_text(json.dumps(told))
    with pytest.raises(UserError, match=r"control rate; give it: 'options=\{hz:20\}'"):
        read(tmp_path)
    found = read(tmp_path, hz=20)
    assert [e.steps for e in found] == [STEPS, STEPS]
    track = found[0].cameras["base_camera"]
    np.testing.assert_array_equal(track.rgb, pictures[:-1])
    np.testing.assert_array_equal(track.depth, depth[:-1, ..., 0])
    assert track.unit_m == 1e-3
    assert found[0].obs["agent.qpos"].shape == (STEPS, 9)
    assert found[0].task == "PickCube-v1"
    assert found[0].success is True


def test_what_does_not_fit_is_told(tmp_path: Path, rng: np.random.Generator) -> None:
    path = robosuite(tmp_path / "a.hdf5", rng, demos=2)
    with h5py.File(path, "a") as file:
        file["data/demo_0/obs/odd"] = np.zeros((3, 2))
        del file["data/demo_1/actions"]
    report = Report()
    assert len(read(path, report)) == 1
    told = {f.field: f.message for f in report if f.episode == 0}
    assert told.pop("obs/odd") == "left out: 3 rows for 6 steps"
    assert set(told) == {"states", "datagen_info/object_poses/cube"}
    assert any("demo_1 has no actions" in f.message for f in report)
    with pytest.raises(UserError, match="strict"):
        read(path, strict=True)


def test_hostile_files_are_refused(tmp_path: Path, rng: np.random.Generator) -> None:
    linked = robosuite(tmp_path / "linked.hdf5", rng, demos=1)
    with h5py.File(linked, "a") as file:
        file["data/demo_0/obs/secret"] = h5py.ExternalLink("/etc/passwd", "/")
    with pytest.raises(UserError, match="not safe to read"):
        read(linked)
    empty = tmp_path / "empty.hdf5"
    with h5py.File(empty, "w") as file:
        file.create_group("data")
    with pytest.raises(UserError, match="no layout that is known; it holds"):
        read(empty)
    cut = robosuite(tmp_path / "cut.hdf5", rng)
    cut.write_bytes(cut.read_bytes()[:3000])
    with pytest.raises(UserError, match="HDF5"):
        read(cut)
