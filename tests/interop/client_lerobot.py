"""lerobot's own LeRobotDataset loads the v3.0 export, and finds what was there."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from lerobot.datasets.lerobot_dataset import LeRobotDataset

LEAST_PSNR = 27.0  # dB, of colour at half resolution in pictures of 96x64
STATE = ("joint_position", "ee_pose", "gripper_position")
EXACT = {
    "action": "actions",
    "action.ee_pose": "action/ee_pose",
    "action.joint_position": "action/joint_position",
    "observation.joint_position": "obs/joint_position",
    "observation.joint_velocity": "obs/joint_velocity",
    "observation.wrench": "obs/wrench",
    "next.reward": "rewards",
}


def main(root: Path) -> None:
    data = LeRobotDataset("interop/v30", root=root / "lerobot" / "v30", video_backend="pyav")
    truth = [np.load(path) for path in sorted((root / "truth").glob("*.npz"))]
    assert data.meta.total_episodes == len(truth)
    assert len(data) == sum(len(one["actions"]) for one in truth)
    worst, at = np.inf, 0
    for number, one in enumerate(truth):
        rows = one["actions"].shape[0]
        for step in range(rows):
            item = data[at]
            assert item["episode_index"] == number
            assert item["task"] == "put the block into the tray"
            for key, name in EXACT.items():
                found = np.asarray(item[key]).reshape(-1)
                assert np.array_equal(found, one[name][step].reshape(-1)), (key, number, step)
            state = [
                one[f"obs/{n}"][step] for n in ("joint_position", "ee_pose", "gripper_position")
            ]
            assert np.array_equal(item["observation.state"], np.concatenate(state))
            for camera in ("front", "wrist"):
                depth = np.asarray(item[f"observation.depth.{camera}"]).reshape(64, 96)
                assert np.array_equal(depth.astype(np.uint16), one[f"obs/{camera}_depth"][step])
                seen = np.asarray(item[f"observation.images.{camera}"]).transpose(1, 2, 0) * 255
                worst = min(worst, psnr(seen, one[f"obs/{camera}_image"][step]))
            at += 1
    assert worst > LEAST_PSNR, f"PSNR {worst:.1f} dB"
    mean = np.concatenate([one["actions"] for one in truth]).mean(axis=0)
    assert np.allclose(data.meta.stats["action"]["mean"], mean, atol=1e-6)
    print(f"lerobot: {len(truth)} episodes, {at} steps equal, colour {worst:.1f} dB or better")


def psnr(one: np.ndarray, two: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.mean((one - two.astype(float)) ** 2)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
