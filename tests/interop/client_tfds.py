"""tensorflow_datasets reads the RLDS export."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import tensorflow_datasets as tfds

FIELDS = {
    ("action",): "actions",
    ("reward",): "rewards",
    ("observation", "ee_pose"): "obs/ee_pose",
    ("observation", "front_image"): "obs/front_image",
    ("observation", "wrist_depth"): "obs/wrist_depth",
    ("observation", "front_segmentation"): "obs/front_segmentation",
    ("action_dict", "joint_position"): "action/joint_position",
    ("cellwright", "states"): "states",
    ("cellwright", "time"): "time",
}


def main(root: Path) -> None:
    folder = root / "rlds" / "cellwright" / "1.0.0"
    truth = {int(path.stem): np.load(path) for path in (root / "truth").glob("*.npz")}
    builder = tfds.builder_from_directory(str(folder))
    seen = set()
    for split in builder.info.splits:
        for episode in builder.as_dataset(split=split):
            index = int(episode["episode_metadata"]["episode_index"])
            one = truth[index]
            rows = list(episode["steps"].as_numpy_iterator())
            assert len(rows) == len(one["actions"])
            for step, row in enumerate(rows):
                assert row["language_instruction"] == b"put the block into the tray"
                assert row["is_last"] == (step == len(rows) - 1)
                for path, name in FIELDS.items():
                    value = row
                    for key in path:
                        value = value[key]
                    wanted = one[name][step]
                    found = np.asarray(value).reshape(wanted.shape)
                    assert found.dtype == wanted.dtype, path
                    assert np.array_equal(found, wanted), (path, index, step)
            seen.add(index)
    assert seen == set(truth)
    print(f"tensorflow_datasets: {len(seen)} episodes equal")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
