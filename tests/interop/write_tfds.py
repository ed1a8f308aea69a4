"""tensorflow_datasets itself writes an RLDS data set, for our reader. Run in its environment."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import tensorflow_datasets as tfds

EPISODES, STEPS, SIZE = 3, 12, 32


def main(out: Path) -> None:
    rng = np.random.default_rng(9)
    features = tfds.features.FeaturesDict(
        {
            "steps": tfds.features.Dataset(
                {
                    "observation": {
                        "image": tfds.features.Image(shape=(SIZE, SIZE, 3), encoding_format="png"),
                        "depth": tfds.features.Image(
                            shape=(SIZE, SIZE, 1), dtype=np.uint16, encoding_format="png"
                        ),
                        "packed": tfds.features.Tensor(
                            shape=(2, 3), dtype=np.float64, encoding="zlib"
                        ),
                        "count": np.int32,
                    },
                    "action": tfds.features.Tensor(shape=(7,), dtype=np.float32),
                    "is_first": np.bool_,
                    "is_last": np.bool_,
                    "language_instruction": tfds.features.Text(),
                }
            ),
            "episode_metadata": {"success": np.bool_},
        }
    )
    truth: dict[str, np.ndarray] = {}
    episodes = []
    for episode in range(EPISODES):
        rows = []
        for t in range(STEPS):
            observation = {
                "image": rng.integers(0, 255, (SIZE, SIZE, 3), dtype=np.uint8),
                "depth": rng.integers(0, 60000, (SIZE, SIZE, 1), dtype=np.uint16),
                "packed": rng.normal(size=(2, 3)),
                "count": np.int32(t - 5),
            }
            rows.append(
                {
                    "observation": observation,
                    "action": rng.normal(size=7).astype(np.float32),
                    "is_first": t == 0,
                    "is_last": t == STEPS - 1,
                    "language_instruction": f"task {episode}",
                }
            )
        for name in ("image", "depth", "packed", "count"):
            truth[f"{episode}/{name}"] = np.stack([row["observation"][name] for row in rows])
        truth[f"{episode}/action"] = np.stack([row["action"] for row in rows])
        episodes.append({"steps": rows, "episode_metadata": {"success": episode % 2 == 0}})
    for format in ("tfrecord", "array_record"):
        builder = tfds.dataset_builders.store_as_tfds_dataset(
            name="theirs",
            version="1.0.0",
            features=features,
            split_datasets={"train": list(enumerate(episodes))},
            data_dir=str(out / f"tfds_{format}"),
            file_format=format,
        )
        print(builder.data_dir)
    np.savez(out / "tfds.npz", **truth)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
