"""Real video kept as it is, beside the same pictures unpacked: bytes, time to import, loader speed.

    python benchmarks/video.py path/to/dataset ... out=FOLDER

Each data set is imported twice, with pictures=copy and pictures=decode, and random windows of both
are drawn, the two in turn, `passes=N` times; what both deliver is compared first. Figures by the
clock and per second of processor time of the whole process; the best of each pass counts. The last
line is all of it as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from episodes import Mix, formats
from episodes.mix.build import build
from episodes.mix.loader import Loader, batch_of
from episodes.storage.library import Library

WAYS = ("copy", "decode")
BATCH, SECONDS, PASSES = 16, 4.0, 3
THREADS = (1, 2)


def imported(source: Path, out: Path, way: str) -> dict[str, float]:
    """Seconds by the clock and of the processor, and bytes, of one import."""
    start, worked = time.perf_counter(), time.process_time()
    formats.import_library(None, source, out, pictures=way)
    return {
        "seconds": time.perf_counter() - start,
        "cpu_seconds": time.process_time() - worked,
        "bytes": Library(out).summary().bytes,
    }


def mixed(library: Path) -> Mix:
    """A mix of its pictures and actions."""
    manifest = library.with_name(f"{library.name}.json")
    config = {
        "sources": [{"name": "real", "path": str(library)}],
        "keys": ["actions", "obs/*_image"],
        "action_space": "native",
        "horizon": 1,
        "draws": 10**9,
    }
    build(manifest, config)
    return Mix(manifest)


def drawn(mix: Mix, threads: int, start: int) -> dict[str, float]:
    """Random windows a second, for SECONDS, after as long a while to warm up as a batch takes."""
    batches = iter(Loader(mix, BATCH, threads=threads, start=start))
    next(batches)
    begin, worked, count = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - begin < SECONDS:
        next(batches)
        count += BATCH
    return {
        "rate": count / (time.perf_counter() - begin),
        "per_cpu_second": count / (time.process_time() - worked),
    }


def compare(mixes: dict[str, Mix], draws: int = 64) -> None:
    """AssertionError: the two deliver other pictures."""
    copied, decoded = (batch_of(mixes[way], range(draws)) for way in WAYS)
    for key, value in decoded.items():
        if isinstance(value, np.ndarray):
            assert np.array_equal(copied[key], value), key


def measure(source: Path, out: Path, passes: int) -> dict[str, Any]:
    found: dict[str, Any] = {"import": {way: [] for way in WAYS}, "loader": []}
    for number in range(passes):
        for way in WAYS:
            made = imported(source, out / f"{source.name}-{way}-{number}", way)
            found["import"][way].append(made)
            print(f"{source.name} import {way}: {made}", flush=True)
    mixes = {way: mixed(out / f"{source.name}-{way}-0") for way in WAYS}
    for shard in sorted(out.glob(f"{source.name}-*-0/*/*")):
        shard.read_bytes()  # in the page cache, where the smaller side is anyhow
    compare(mixes)
    library = Library(out / f"{source.name}-copy-0")
    found["hours"] = library.summary().hours
    found["source_bytes"] = sum(p.stat().st_size for p in source.rglob("*") if p.is_file())
    for number in range(passes):
        turn = {
            f"{way}, {threads} threads": drawn(mixes[way], threads, number * 10_000)
            for threads in THREADS
            for way in WAYS
        }
        found["loader"].append(turn)
        for name, figures in turn.items():
            print(
                f"{source.name} {name}: {figures['rate']:,.1f} windows/s, "
                f"{figures['per_cpu_second']:,.1f} per CPU second",
                flush=True,
            )
    return found


def main() -> None:
    given = dict(word.split("=", 1) for word in sys.argv[1:] if "=" in word)
    sources = [Path(word) for word in sys.argv[1:] if "=" not in word]
    if not sources or "out" not in given:
        raise SystemExit(__doc__)
    passes = int(given.get("passes", PASSES))
    report = {one.name: measure(one, Path(given["out"]), passes) for one in sources}
    print(json.dumps(report))


if __name__ == "__main__":
    main()
