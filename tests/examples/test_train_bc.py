"""The training example: short, and it learns what it is shown."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from episodes import Mix
from episodes.mix.mix import build
from tests.helpers import ROOT
from tests.mixing import episodes, make_library

EXAMPLE = ROOT / "examples" / "train_bc.py"
SCENE = ["task=bin_pick", "look=plain", "image_size=[32,32]", "task.max_seconds=0.5"]


def test_it_is_short() -> None:
    assert len(EXAMPLE.read_text().splitlines()) < 150


@pytest.fixture
def example() -> ModuleType:
    pytest.importorskip("torch", reason="PyTorch is the user's to install")
    spec = importlib.util.spec_from_file_location("train_bc", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_learns_and_acts(example: ModuleType, tmp_path: Path) -> None:
    make_library(tmp_path / "a", episodes(4))
    make_library(tmp_path / "b", episodes(3, seed=1))
    build(
        tmp_path / "m.json",
        {
            "sources": [{"path": str(tmp_path / name)} for name in "ab"],
            "normalize": "global",
            "horizon": 4,
            "image_size": [16, 16],
            "keys": [
                "actions",
                "action/ee_pose",
                "obs/*_image",
                "obs/ee_pose",
                "obs/gripper_position",
            ],
        },
    )
    mix = Mix(tmp_path / "m.json")
    policy = example.train(mix, 0.05, 8)
    shown = {
        "front_image": np.zeros((24, 32, 3), np.uint8),
        "wrist_image": np.zeros((24, 32, 3), np.uint8),
        "ee_pose": np.array([0.4, 0, 0.3, 1, 0, 0, 0], np.float32),
        "gripper_position": np.zeros(1, np.float32),
    }
    open_jaws = example.act(policy, mix, shown)
    assert open_jaws.shape == (4, 7)
    assert np.isfinite(open_jaws).all()
    shown["gripper_position"] = np.ones(1, np.float32)
    closed_jaws = example.act(policy, mix, shown)
    assert (closed_jaws[:, 6] > open_jaws[:, 6]).all(), "they close steadily, in every episode"
    assert example.evaluate(policy, mix, SCENE, 1, 0) == 0, "half a second is too short"
