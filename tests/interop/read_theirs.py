"""Data sets that lerobot and tensorflow_datasets wrote themselves are read by us, exactly.

Run by the project's own Python: python -m tests.interop.read_theirs FOLDER.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from episodes import formats
from episodes.finding import Report

LEVEL = 3  # of 255: AV1's error on an even picture; neighbours are 6 apart


def main(root: Path) -> None:
    truth = np.load(root / "theirs.npz")
    report = Report()
    found = list(formats.read("lerobot", root / "theirs", report=report))
    assert not list(report), [str(finding) for finding in report]
    for number, episode in enumerate(found):
        assert episode.instruction == f"task {number}"
        assert episode.robot == "so100"
        assert np.array_equal(episode.actions, truth[f"{number}/action"])
        assert np.array_equal(episode.obs["state"], truth[f"{number}/state"])
        frames = episode.cameras["top"].rgb
        assert frames is not None
        off = np.abs(frames.mean(axis=(1, 2, 3)) - truth[f"{number}/level"])
        assert off.max() < LEVEL, off.max()
    print(f"we read lerobot's own v3.0: {len(found)} episodes equal")

    truth = np.load(root / "tfds.npz")
    for kind in ("tfrecord", "array_record"):
        found = list(formats.read("rlds", root / f"tfds_{kind}", hz=10.0))
        seen = set()
        for episode in found:
            # tensorflow_datasets shuffles what it writes
            number = int(episode.instruction.removeprefix("task "))
            assert np.array_equal(episode.actions, truth[f"{number}/action"])
            assert np.array_equal(episode.cameras["image"].rgb, truth[f"{number}/image"])
            assert np.array_equal(episode.obs["depth"][..., None], truth[f"{number}/depth"])
            assert np.array_equal(episode.obs["packed"], truth[f"{number}/packed"])
            assert np.array_equal(episode.obs["count"], truth[f"{number}/count"])
            assert episode.success == (number % 2 == 0)
            seen.add(number)
        assert seen == {0, 1, 2}
        print(f"we read tensorflow_datasets' own {kind}: {len(found)} episodes equal")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
