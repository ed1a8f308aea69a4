"""In every format a command is no observation, and a set without actions says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from episodes import Library, formats
from episodes.check.check import check
from episodes.errors import UserError
from episodes.finding import Report
from episodes.formats import commands
from episodes.formats.rlds import example, records
from tests.episodes.formats.test_rlds import tensor, tree

STEPS = 20


@pytest.mark.parametrize(
    "name",
    [
        "action", "actions", "action.joint_position", "action_dict/joint_position",
        "observation.last_action", "processed_actions", "rel_actions_gym", "RelAction", "cmd_vel",
        "/forward_position_controller/commands", "gripper_cmd", "jointCommands", "commandedPose",
        "target_joint_position", "desired_ee_pose", "targetQpos", "ctrl", "setpoint_torque",
    ],
)  # fmt: skip
def test_these_are_commands(name: str) -> None:
    assert commands.named(name)


@pytest.mark.parametrize(
    "name",
    [
        "observation.state", "reaction_force", "interaction", "traction", "desired_goal",
        "target_object", "action_camera", "annotation.human.action.task_description",
        "observation.images.action_cam", "control_mode", "joint_position",
    ],
)  # fmt: skip
def test_these_are_none(name: str) -> None:
    assert not commands.named(name)


def rlds(root: Path, with_action: bool) -> Path:
    leaves = {"observation/state": tensor("float32", 2)}
    record: dict[str, np.ndarray] = {
        "steps/observation/state": np.arange(2.0 * STEPS, dtype=np.float32)
    }
    if with_action:
        leaves |= {
            "action": tensor("float32", 3),
            "action_dict/gripper_velocity": tensor("float32", 1),
            "observation/tip": tensor("float32", -1),
        }
        record["steps/observation/tip"] = np.zeros(STEPS + 3, np.float32)
        record["steps/action"] = np.zeros(3 * STEPS, np.float32)
        record["steps/action_dict/gripper_velocity"] = np.arange(STEPS, dtype=np.float32)
    root.mkdir(parents=True)
    sequence = {"sequence": {"feature": tree(leaves), "length": "-1"}}
    features = {"featuresDict": {"features": {"steps": sequence}}}
    (root / "features.json").write_text(json.dumps(features))
    data = records.framed(example.write(record)) * 2
    (root / "toy-train.tfrecord-00000-of-00001").write_bytes(data)
    return root


def hdf5(root: Path, with_action: bool) -> Path:
    root.mkdir(parents=True)
    with h5py.File(root / "demos.hdf5", "w") as file:
        for number in range(2):
            demo = file.create_group(f"data/demo_{number}")
            if with_action:
                demo["actions"] = np.zeros((STEPS, 3), np.float32)
                demo["obs/actions"] = np.arange(3.0 * STEPS, dtype=np.float32).reshape(-1, 3)
            demo["obs/state"] = np.zeros((STEPS, 2), np.float32)
    return root


MAKERS: dict[str, Callable[[Path, bool], Path]] = {"rlds": rlds, "robomimic": hdf5}


@pytest.mark.parametrize(
    ("format", "name"), [("rlds", "action_dict.gripper_velocity"), ("robomimic", "actions")]
)
def test_what_stands_beside_the_actions_is_a_command_too(
    tmp_path: Path, format: str, name: str
) -> None:
    folder = MAKERS[format](tmp_path / "set", True)
    done = formats.import_library(format, folder, tmp_path / "lib", options={"hz": 10})
    episode = Library(tmp_path / "lib").read(0)
    assert set(episode.obs) == {"state"}
    width = 3 if format == "robomimic" else 1
    np.testing.assert_array_equal(episode.action[name][:, 0], np.arange(STEPS) * width)
    assert any("a command, which is no observation" in f.message for f in done.report)


def test_rows_of_different_sizes_are_told_as_that(tmp_path: Path) -> None:
    """features.json leaves the size open: 23 values in 20 steps."""
    folder, report = rlds(tmp_path / "set", with_action=True), Report()
    episodes = list(formats.read("rlds", folder, report=report, hz=10))
    assert "tip" not in episodes[0].obs
    told = [f.message for f in report if f.field == "steps/observation/tip"]
    assert "23 values in 20 steps: their number differs from step to step" in told[0]
    with pytest.raises(UserError, match="differs from step to step"):
        list(formats.read("rlds", folder, hz=10, strict=True))


def test_a_set_without_actions_says_so(tmp_path: Path) -> None:
    folder = rlds(tmp_path / "set", with_action=False)
    done = formats.import_library("rlds", folder, tmp_path / "lib", options={"hz": 10})
    told = [(f.episode, f.field) for f in done.report if f.message == "it has no action"]
    assert told == [(0, "actions"), (1, "actions")]
    assert not [f for f in check(tmp_path / "lib") if "those of episode" in f.message]
    with pytest.raises(UserError, match="actions: it has no action; strict=false"):
        list(formats.read("rlds", folder, hz=10, strict=True))
