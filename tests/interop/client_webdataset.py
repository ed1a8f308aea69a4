"""webdataset reads the tars, decoded by its own decoders."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import webdataset


def main(root: Path) -> None:
    truth = {int(path.stem): np.load(path) for path in (root / "truth").glob("*.npz")}
    files = [str(path) for path in sorted((root / "webdataset").glob("*.tar"))]
    seen = 0
    for sample in webdataset.WebDataset(files, shardshuffle=False).decode("rgb8"):
        said = sample["json"]
        one, step = truth[said["episode"]], said["step"]
        assert said["instruction"] == "put the block into the tray"
        assert np.array_equal(sample["front_image.png"], one["obs/front_image"][step])
        assert np.array_equal(sample["wrist_depth.npz"]["frame"], one["obs/wrist_depth"][step])
        for name in ("actions", "obs/ee_pose", "states", "time"):
            found = sample["numbers.npz"][name.replace("/", ".")]
            assert np.array_equal(found, one[name][step]), name
        seen += 1
    assert seen == sum(len(one["actions"]) for one in truth.values())
    print(f"webdataset: {seen} samples equal")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
