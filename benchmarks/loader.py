"""Samples per second out of a library: two cameras, random access, batches of 16, one process.

    cellwright generate task=bench_place episodes=32 image_size=[224,224] out=runs/bench
    python benchmarks/loader.py runs/bench
    python benchmarks/loader.py runs/bench --lerobot ENV/bin/python --robomimic ENV/bin/python

The other side reads the same episodes in an environment of its own (its dependencies clash with
ours), made with: pip install lerobot==0.4.4 h5py; pip install robomimic. It is skipped where no
environment is given. LeRobot's data set is written by LeRobot itself with its defaults: video.
`--epoch` draws 100,000 windows and tells how much memory that took beyond the first 5,000.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import tempfile
import time
from pathlib import Path

from episodes import Library, Mix
from episodes.loader import Loader
from episodes.mix import build

BATCH, WARM, TIMED = 16, 20, 100
ROUNDS = 3
OTHERS = Path(__file__).parent / "others"


def ours(library: Path, cameras: list[str], folder: Path, threads: int) -> float:
    """Samples per second of a Loader without workers: the best of a few rounds."""
    images = [f"obs/{camera}_image" for camera in cameras]
    config = {
        "sources": [{"name": "bench", "path": str(library)}],
        "keys": ["actions", "obs/joint_position", *images],
        "horizon": 1,
        "draws": 10**9,
    }
    build(folder / "mix.json", config)
    mix = Mix(folder / "mix.json")
    for row in Library(library).rows:  # the files are in the page cache, for every side
        Library(library).group(row.index)
    batches = iter(Loader(mix, BATCH, threads=threads))
    for _ in range(WARM):
        next(batches)
    best = 0.0
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(TIMED):
            batch = next(batches)
        best = max(best, TIMED * BATCH / (time.perf_counter() - start))
    shapes = {name: batch[name].shape for name in images}
    print(f"cellwright, {threads} threads: {best:,.0f} samples/s  {shapes}")
    return best


def epoch(folder: Path, draws: int = 100_000) -> None:
    """Peak memory [MB] after 5,000 draws, and after all of them."""
    for n, _ in enumerate(Loader(Mix(folder / "mix.json"), BATCH, stop=draws)):
        if n == 5_000 // BATCH:
            early = _peak()
    print(f"an epoch of {draws:,} draws: peak {early:.0f} MB early, {_peak():.0f} MB at the end")


def other(name: str, python: Path | None, library: Path, cameras: list[str]) -> float | None:
    """Samples per second of another library's loader, run by `others/NAME.py` in its own place."""
    if python is None:
        print(f"{name}: skipped, for want of --{name} ENV/bin/python")
        return None
    with tempfile.TemporaryDirectory() as scratch:
        done = subprocess.run(
            [python, OTHERS / f"{name}_side.py", library, scratch, *cameras],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        print(f"{name}: failed with exit code {done.returncode}, see above")
        return None
    found = json.loads(done.stdout.splitlines()[-1])
    print(f"{name} {found['version']}: {found['rate']:,.0f} samples/s  {found['note']}")
    return float(found["rate"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", type=Path)
    parser.add_argument("--cameras", nargs="+", default=["front", "wrist"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--lerobot", type=Path, metavar="PYTHON")
    parser.add_argument("--robomimic", type=Path, metavar="PYTHON")
    parser.add_argument("--epoch", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rate = ours(options.library.absolute(), options.cameras, Path(folder), options.threads)
        for name in ("lerobot", "robomimic"):
            python = getattr(options, name)
            found = other(name, python, options.library.absolute(), options.cameras)
            if found:
                print(f"  cellwright is {rate / found:.1f} times as fast")
        if options.epoch:
            epoch(Path(folder))


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
