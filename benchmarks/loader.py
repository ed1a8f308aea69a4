"""Samples per second out of a library: two cameras, random access, batches of 16, one process.

    cellwright generate task=bench_place episodes=32 image_size=[224,224] out=runs/bench
    python benchmarks/loader.py runs/bench
    python benchmarks/loader.py runs/bench --lerobot ENV/bin/python --robomimic ENV/bin/python

The other side reads the same episodes in an environment of its own (its dependencies clash with
ours), made with: pip install lerobot==0.4.4 h5py; pip install robomimic. It is skipped where no
environment is given. LeRobot's data set is written by LeRobot itself with its defaults: video.

Two figures of each: by the clock, and per second of processor time of the whole process, which does
not depend on what else the machine is doing. All sides take turns, `--passes` times; a ratio is of
one pass. The last line is all of it as JSON. `--epoch` draws 100,000 windows and tells how much
memory that took beyond the first 5,000.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from episodes import Mix
from episodes.mix.loader import Loader
from episodes.mix.mix import build

BATCH, WARM, TIMED = 16, 20, 100
ROUNDS = 3
OTHERS = Path(__file__).parent / "others"

Figures = dict[str, Any]  # rate, per_cpu_second [samples/s], version, note


def mixed(library: Path, cameras: list[str], folder: Path) -> Mix:
    """A mix of one source, with what the other sides read too."""
    images = [f"obs/{camera}_image" for camera in cameras]
    config = {
        "sources": [{"name": "bench", "path": str(library)}],
        "keys": ["actions", "obs/joint_position", *images],
        "horizon": 1,
        "draws": 10**9,
    }
    build(folder / "mix.json", config)
    return Mix(folder / "mix.json")


def ours(mix: Mix, threads: int) -> Figures:
    """Of a Loader without workers: the best of a few rounds."""
    batches = iter(Loader(mix, BATCH, threads=threads))
    for _ in range(WARM):
        next(batches)
    rate = per_cpu_second = 0.0
    for _ in range(ROUNDS):
        start, worked = time.perf_counter(), time.process_time()
        for _ in range(TIMED):
            next(batches)
        rate = max(rate, TIMED * BATCH / (time.perf_counter() - start))
        per_cpu_second = max(per_cpu_second, TIMED * BATCH / (time.process_time() - worked))
    return {
        "rate": rate,
        "per_cpu_second": per_cpu_second,
        "version": version("cellwright"),
        "note": f"{threads} {'thread' if threads == 1 else 'threads'}",
    }


def other(
    name: str, python: Path, library: Path, cameras: list[str], scratch: Path
) -> Figures | None:
    """Of another library's loader, run by `others/NAME_side.py` in its own environment."""
    done = subprocess.run(
        [python, OTHERS / f"{name}_side.py", library, scratch, *cameras],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        print(f"{name}: failed with exit code {done.returncode}, see above")
        return None
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def show(found: dict[str, Figures]) -> None:
    for name, figures in found.items():
        print(
            f"{name} {figures['version']}: {figures['rate']:,.0f} samples/s, "
            f"{figures['per_cpu_second']:,.0f} per CPU second  ({figures['note']})",
            flush=True,
        )


def compared(passes: list[dict[str, Figures]]) -> dict[str, dict[str, list[float]]]:
    """Of each pass and unit, the best of our numbers of threads over another side."""
    ratios: dict[str, dict[str, list[float]]] = {}
    for found in passes:
        mine = [figures for name, figures in found.items() if name.startswith("cellwright")]
        for name in sorted(found.keys() & {"lerobot", "robomimic"}):
            for unit in ("rate", "per_cpu_second"):
                best = max(figures[unit] for figures in mine) / found[name][unit]
                ratios.setdefault(name, {}).setdefault(unit, []).append(best)
    return ratios


def epoch(mix: Mix, draws: int = 100_000) -> dict[str, float]:
    """Memory [MB] of this process after 5,000 draws, and after all of them."""
    early = 0.0
    for n, _ in enumerate(Loader(mix, BATCH, stop=draws)):
        if n == 5_000 // BATCH:
            early = resident()
    return {"draws": draws, "early_mb": early, "end_mb": resident()}


def resident() -> float:
    """Memory of this process [MB], without what it shares with the page cache."""
    fields = Path("/proc/self/statm").read_text().split()
    return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", type=Path)
    parser.add_argument("--cameras", nargs="+", default=["front", "wrist"])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--lerobot", type=Path, metavar="PYTHON")
    parser.add_argument("--robomimic", type=Path, metavar="PYTHON")
    parser.add_argument("--scratch", type=Path, help="keep LeRobot's data set in this folder")
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--epoch", action="store_true")
    options = parser.parse_args()
    library = options.library.absolute()
    others = {name: getattr(options, name) for name in ("lerobot", "robomimic")}
    for name, python in others.items():
        if python is None:
            print(f"{name}: skipped, for want of --{name} ENV/bin/python")
    passes: list[dict[str, Figures]] = []
    with tempfile.TemporaryDirectory() as folder:
        scratch = options.scratch or Path(folder)
        mix = mixed(library, options.cameras, Path(folder))
        for shard in sorted(library.glob("shards/*.h5")):
            shard.read_bytes()  # in the page cache, as the other sides' smaller files are anyhow
        for _ in range(options.passes):
            found = {f"cellwright, {n} threads": ours(mix, n) for n in options.threads}
            for name, python in others.items():
                if python is not None:
                    figures = other(name, python, library, options.cameras, scratch)
                    if figures is not None:
                        found[name] = figures
            passes.append(found)
            show(found)
        ratios = compared(passes)
        for name, by in ratios.items():
            clock, cpu = (
                [round(one, 1) for one in by[unit]] for unit in ("rate", "per_cpu_second")
            )
            print(f"cellwright over {name}: {clock} times, per CPU second {cpu} times")
        report: dict[str, Any] = {
            "cameras": options.cameras,
            "batch": BATCH,
            "passes": passes,
            "ratios": ratios,
        }
        if options.epoch:
            report["epoch"] = epoch(mix)
        print(json.dumps(report))


if __name__ == "__main__":
    main()
