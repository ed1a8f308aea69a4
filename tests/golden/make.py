"""Writes what tests compare with: run it where a change of content or of the format is meant.

python -m tests.golden.make hashes    one episode of every task, some minutes
python -m tests.golden.make library   a small library in the format of today
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from generators import run, tasks
from generators.command import hydra_app
from tests.golden import HASHES, LIBRARY, numerics
from tests.helpers import synthetic_episode
from tests.libraries import make_library


def hashes() -> None:
    made = {}
    for task in tasks.names():
        config = hydra_app.composed("generate", [f"task={task}", "out=nowhere"])
        made[task] = run.make_episode(config, 0, 0).content_hash()
    HASHES.write_text(json.dumps({"numerics": numerics(), "content": made}, indent=1) + "\n")


def library() -> None:
    rng = np.random.default_rng(1)
    episodes = [synthetic_episode(index, rng, steps=4, size=(16, 12)) for index in range(2)]
    make_library(LIBRARY, episodes)
    told = {str(e.index): e.content_hash() for e in episodes}
    Path(LIBRARY.parent / "library.json").write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    {"hashes": hashes, "library": library}[sys.argv[1]]()
