"""How far it goes: scaling over workers, the cost of a commit, a hundred thousand shards, and what
a petabyte would take, every factor shown. The last line is JSON.

    python benchmarks/scale.py [task=NAME] [episodes=N] [rounds=N] [records=N] [price=P] [KEY=...]

episodes: of each run. rounds: pairs of runs, with one and with two workers; 0 makes one short run
for the rest to measure. records: synthetic commit records; 0 leaves them out. price: of a
core-hour, in any currency. Other keys are those of `generate`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from episodes import store
from episodes.folder import Folder
from episodes.library import Library
from generators.cli import dispatch
from generators.table import size, table

DEFAULTS = {"task": "bench_place", "episodes": "32", "rounds": "3", "records": "100000",
            "price": "0.05"}  # fmt: skip
PETABYTE = 1e15
ROWS = (1, 8)  # episodes in a synthetic record
Found = dict[str, Any]


def main() -> None:
    asked = {**DEFAULTS, **dict(word.split("=", 1) for word in sys.argv[1:])}
    with TemporaryDirectory() as folder:
        root = Path(folder)
        others = [f"{key}={value}" for key, value in asked.items() if key not in DEFAULTS]
        task, episodes, rounds = asked["task"], int(asked["episodes"]), int(asked["rounds"])
        found, library = scaling(root, task, episodes, rounds, others)
        found |= commit(library)
        row_bytes = 0.0
        for rows in ROWS if int(asked["records"]) else ():
            found |= records(root / f"many-{rows}", int(asked["records"]), rows, library)
            row_bytes = found[f"record_bytes_{rows}"] / rows
        found |= projection(library, found["episodes_per_hour_1"], row_bytes, float(asked["price"]))
    print(json.dumps(found))


def scaling(
    root: Path, task: str, episodes: int, rounds: int, others: list[str]
) -> tuple[Found, Path]:
    """Episodes an hour with one worker and with two, and the ratio, in interleaved pairs of runs of
    the same episodes; and one library."""
    steady: dict[int, list[float]] = {1: [], 2: []}
    whole: dict[int, list[float]] = {1: [], 2: []}
    for turn in range(max(rounds, 1)):
        for workers in (1, 2) if turn % 2 == 0 else (2, 1):
            out = root / f"run-{turn}-{workers}"
            words = [f"task={task}", f"episodes={episodes}", f"workers={workers}", "shard_size=1"]
            start = time.perf_counter()
            assert dispatch(["generate", *words, *others, f"out={out}"]) == 0
            whole[workers].append(3600 * episodes / (time.perf_counter() - start))
            steady[workers].append(rate(out, workers))
            if not rounds:
                break
    found: Found = {"task": task, "episodes_a_run": episodes, "pairs": rounds}
    found |= {f"episodes_per_hour_{w}": median(r) for w, r in steady.items() if r}
    found |= {f"episodes_per_hour_{w}_with_start_up": median(r) for w, r in whole.items() if r}
    if rounds:
        pairs = zip(steady[1], steady[2], strict=True)
        found["efficiency_each_pair"] = [round(two / one / 2, 3) for one, two in pairs]
        found["efficiency"] = median(found["efficiency_each_pair"])
        print(f"\n{task}, {episodes} episodes a run, {rounds} interleaved pairs of runs")
        head = ("workers", "episodes/h at work", "start-up included")
        print(table(head, [(w, f"{median(steady[w]):.0f}", f"{median(whole[w]):.0f}")
                           for w in (1, 2)]))  # fmt: skip
        print(f"efficiency of 2 workers: {found['efficiency']:.2f} on {os.cpu_count()} cores")
    return found, root / "run-0-1"


def rate(out: Path, workers: int) -> float:
    """Episodes an hour from each worker's first commit on: without imports and caches, which every
    run pays once. Shards of one episode."""
    times = sorted(file.stat().st_mtime_ns for file in (out / store.SHARDS).glob("*.json"))
    return 3600e9 * (len(times) - workers) / (times[-1] - times[workers - 1])


def commit(path: Path) -> Found:
    """What building and committing a shard costs, apart from making its episodes."""
    library = Library(path)
    shard = library.shards[0]
    episodes = [library.read(row.index) for row in shard.rows]
    library.close()
    took = []
    for turn in range(5):
        with TemporaryDirectory(dir=path.parent) as folder:
            start = time.perf_counter()
            store.write_shard(
                Path(folder), turn, episodes, spec_id=shard.spec_id, versions={}, created=""
            )
            took.append(time.perf_counter() - start)
    per = median(took) / len(episodes)
    print(f"\ncompressing and committing: {1000 * per:.0f} ms an episode, "
          f"{shard.bytes / 1e6 / median(took):.0f} MB/s")  # fmt: skip
    return {"commit_ms_an_episode": 1000 * per}


def records(root: Path, count: int, each: int, like: Path) -> Found:
    """Times `list` and `check records_only` over synthetic commit records of `each` episodes."""
    shards = root / store.SHARDS
    shards.mkdir(parents=True)
    info = {**Library(like).info, "episodes": count * each, "shard_size": each}
    store.create(root / "x", info)
    (root / "x" / store.LIBRARY).rename(root / store.LIBRARY)
    (root / "x").rmdir()
    name = Folder(like / store.SHARDS).names(".json")[0]
    record = json.loads((like / store.SHARDS / name).read_text())
    row = record["episodes"][0]
    for number in range(count):
        indices = range(number * each, (number + 1) * each)
        rows = [
            {**row, "index": i, "episode_id": f"{info['spec_id'][:12]}-{i:06d}"} for i in indices
        ]
        here = {**record, "file": f"{number:05d}.h5", "bytes": 1, "episodes": rows}
        (shards / f"{number:05d}.json").write_text(json.dumps(here, indent=1))
        (shards / f"{number:05d}.h5").write_bytes(b"x")
    bytes_of_one = (shards / "00000.json").stat().st_size
    print(f"\n{count} commit records of {each} episodes, {bytes_of_one} bytes each")
    found: Found = {f"record_bytes_{each}": bytes_of_one}
    rows_out = []
    for words in (["list", f"root={root}"], ["check", f"src={root}", "records_only=true"]):
        seconds, peak, code = measured(words)
        assert code == 0
        found[f"{words[0]}_{count}x{each}"] = {"seconds": round(seconds, 2), "peak_bytes": peak}
        rows_out.append((words[0], f"{seconds:.1f} s", size(peak)))
    print(table(("verb", "took", "peak memory"), rows_out))
    return found


def measured(words: list[str]) -> tuple[float, float, int]:
    """Wall seconds, peak bytes and exit code of a command in a process of its own."""
    start = time.perf_counter()
    code = (
        "import resource, sys; from generators.cli import dispatch; code = dispatch(sys.argv[1:]);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)
    peak = 1024.0 * int(done.stderr.split()[-1])
    return time.perf_counter() - start, peak, done.returncode


def projection(path: Path, rate: float, row_bytes: float, price: float) -> Found:
    """From one core's rate and one episode's bytes to a petabyte."""
    library = Library(path)
    summary = library.summary()
    each = summary.bytes / summary.episodes
    count = PETABYTE / each
    hours = count / rate
    image = library.info["config"]["image_size"]
    views = len(library.info["config"]["camera"])
    facts: list[tuple[str, str, str]] = [
        ("bytes an episode", size(each), f"{views} cameras of {image}, measured"),
        ("episodes", f"{count:,.0f}", "1 PB / bytes an episode"),
        ("hours of robot time", f"{count * summary.hours / summary.episodes:,.0f}", "measured"),
        ("episodes an hour, one core", f"{rate:.0f}", "measured"),
        ("core-hours", f"{hours:,.0f}", "episodes / rate"),
        ("on 10,000 cores", f"{hours / 1e4 / 24:.1f} days", "core-hours / 10,000"),
        ("price", f"{hours * price:,.0f}", f"at {price} a core-hour"),
        ("files at 1 GB a shard", f"{2 * PETABYTE / 1e9:,.0f}", f"shard_size={1e9 / each:.0f}"),
        ("commit records", size(count * row_bytes), f"{row_bytes:.0f} bytes an episode"),
    ]
    print("\none petabyte")
    print("\n".join(f"{what:28} {value:>16}   {how}" for what, value, how in facts))
    return {"petabyte": {"episodes": count, "core_hours": hours, "price": hours * price,
                         "bytes_an_episode": each, "index_bytes": count * row_bytes}}  # fmt: skip


if __name__ == "__main__":
    main()
