"""The tfrecord package reads the RLDS export."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import tfrecord


def main(root: Path) -> None:
    truth = {int(path.stem): np.load(path) for path in (root / "truth").glob("*.npz")}
    seen = set()
    for file in sorted((root / "rlds").rglob("*.tfrecord-*")):
        for record in tfrecord.tfrecord_loader(str(file), None):
            index = int(record["episode_metadata/episode_index"][0])
            one = truth[index]
            assert np.array_equal(record["steps/action"], one["actions"].reshape(-1))
            assert np.array_equal(record["steps/observation/wrench"], one["obs/wrench"].reshape(-1))
            seen.add(index)
    assert seen == set(truth)
    print(f"tfrecord: {len(seen)} episodes equal")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
