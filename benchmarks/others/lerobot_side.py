"""LeRobot's side of benchmarks/loader.py: runs in an environment with lerobot and h5py.

python lerobot_side.py LIBRARY SCRATCH CAMERA...: writes LeRobot's data set with its defaults, then
reads it in batches at random; the last line is JSON: rate and per_cpu_second
[samples/s], version, note.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

import h5py
import torch
from lerobot.datasets.lerobot_dataset import LeRobotDataset

BATCH, WARM, TIMED, ROUNDS = 16, 5, 30, 3


def write(library: Path, root: Path, cameras: list[str]) -> None:
    dataset = None
    for shard in sorted((library / "shards").glob("*.h5")):
        with h5py.File(shard) as file:
            for demo in file["data"].values():
                frames = {name: demo[f"obs/{name}_image"][()] for name in cameras}
                state, action = demo["obs/joint_position"][()], demo["actions"][()]
                if dataset is None:
                    dataset = LeRobotDataset.create(
                        "local/bench",
                        fps=round(demo.attrs["control_hz"]),
                        root=root,
                        features=features(frames, state.shape[1], action.shape[1]),
                    )
                for t in range(len(action)):
                    views = {f"observation.images.{k}": v[t] for k, v in frames.items()}
                    row = {"observation.state": state[t], "action": action[t], "task": "bench"}
                    dataset.add_frame({**views, **row})
                dataset.save_episode()
    dataset.finalize()


def features(frames: dict, joints: int, actions: int) -> dict:
    views = {
        f"observation.images.{name}": {
            "dtype": "video",
            "shape": value.shape[1:],
            "names": ["height", "width", "channels"],
        }
        for name, value in frames.items()
    }
    return {
        **views,
        "observation.state": {"dtype": "float32", "shape": (joints,), "names": None},
        "action": {"dtype": "float32", "shape": (actions,), "names": None},
    }


def main() -> None:
    library, scratch, *cameras = sys.argv[1:]
    root = Path(scratch) / "dataset"
    if not root.exists():
        write(Path(library), root, cameras)
    dataset = LeRobotDataset("local/bench", root=root)
    sampler = torch.utils.data.RandomSampler(dataset, replacement=True, num_samples=10**6)
    batches = iter(torch.utils.data.DataLoader(dataset, BATCH, sampler=sampler, num_workers=0))
    for _ in range(WARM):
        next(batches)
    rate = per_cpu_second = 0.0
    for _ in range(ROUNDS):
        start, worked = time.perf_counter(), time.process_time()
        for _ in range(TIMED):
            next(batches)
        rate = max(rate, TIMED * BATCH / (time.perf_counter() - start))
        per_cpu_second = max(per_cpu_second, TIMED * BATCH / (time.process_time() - worked))
    note = f"video, decoded by {dataset.video_backend}"
    found = {"rate": rate, "per_cpu_second": per_cpu_second}
    print(json.dumps({**found, "version": version("lerobot"), "note": note}))


if __name__ == "__main__":
    main()
