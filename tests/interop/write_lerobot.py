"""lerobot itself writes a v3.0 data set, for our reader. Run in lerobot's environment."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from lerobot.datasets.lerobot_dataset import LeRobotDataset

EPISODES, STEPS, HEIGHT, WIDTH = 3, 30, 64, 96


def main(out: Path) -> None:
    rng = np.random.default_rng(7)
    names = ["height", "width", "channels"]
    data = LeRobotDataset.create(
        repo_id="interop/theirs",
        root=out / "theirs",
        fps=10,
        robot_type="so100",
        features={
            "observation.state": {"dtype": "float32", "shape": (6,), "names": list("abcdef")},
            "action": {"dtype": "float32", "shape": (6,), "names": list("abcdef")},
            "observation.images.top": {
                "dtype": "video",
                "shape": (HEIGHT, WIDTH, 3),
                "names": names,
            },
        },
        use_videos=True,
    )
    truth = {}
    for episode in range(EPISODES):
        steps = STEPS + episode
        state = rng.normal(size=(steps, 6)).astype(np.float32)
        action = rng.normal(size=(steps, 6)).astype(np.float32)
        level = (20 + 6 * np.arange(steps)).astype(np.uint8)  # tells the step from its picture
        for t in range(steps):
            frame = np.full((HEIGHT, WIDTH, 3), level[t], np.uint8)
            row = {"observation.state": state[t], "action": action[t]}
            data.add_frame(row | {"observation.images.top": frame, "task": f"task {episode}"})
        data.save_episode()
        truth |= {f"{episode}/state": state, f"{episode}/action": action, f"{episode}/level": level}
    data.finalize()
    np.savez(out / "theirs.npz", **truth)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
