"""A small library in every format, and its arrays as the clients must find them.

Run by the project's own Python: python -m tests.interop.make OUT. Leaves OUT/lerobot/v30, v21,
OUT/rlds, OUT/webdataset, OUT/robomimic and OUT/truth/{episode}.npz.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from episodes import Library, formats
from episodes.episode import Episode
from episodes.formats.flat import flatten
from tests.helpers import synthetic_episode
from tests.libraries import make_library

EPISODES, STEPS, SIZE = 4, 40, (96, 64)


def episode(index: int, rng: np.random.Generator) -> Episode:
    """One in which a frame differs from its neighbours by more than a codec's error."""
    made = synthetic_episode(index, rng, steps=STEPS + index, size=SIZE)
    lift = (3 * np.arange(made.steps)[:, None, None, None]).astype(np.int64)
    cameras = {
        name: replace(track, rgb=(track.rgb // 3 + lift).clip(0, 255).astype(np.uint8))
        for name, track in made.cameras.items()
        if track.rgb is not None
    }
    return replace(made, cameras=cameras)


def main(out: Path) -> None:
    rng = np.random.default_rng(2026)
    source = make_library(out / "library", [episode(i, rng) for i in range(EPISODES)])
    for name, version in (("v30", "v3.0"), ("v21", "v2.1")):
        formats.export_library("lerobot", source, out / "lerobot" / name, version=version)
    for format in ("rlds", "webdataset", "robomimic"):
        formats.export_library(format, source, out / format)
    (out / "truth").mkdir()
    for made in Library(source).episodes():
        flat = flatten(made)
        arrays = {**flat.numbers, **flat.pictures}
        np.savez(out / "truth" / f"{made.index}.npz", allow_pickle=False, **arrays)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
