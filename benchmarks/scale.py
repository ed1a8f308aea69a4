"""How far it goes: scaling over workers, the cost of a commit, a hundred thousand shards, and what
a petabyte would take, every factor shown. The last line is JSON. Some four minutes on two cores.

    python benchmarks/scale.py [task=NAME] [episodes=N] [rounds=N] [records=N] [price=P] [KEY=...]

episodes: of each run. rounds: pairs of runs, one with one worker and one with two, in alternating
order. records: synthetic commit records; 0 leaves them out. price: dollars for a core-hour. Other
keys are those of `generate`.

Efficiency compares the same episodes: the time from one episode's end to the next one's on the
same worker (hand-over, episode, compression, commit), with one worker and with two. What a run pays
once, start-up and the wait for the last shard, is told beside it. CPU time needs no quiet machine;
wall time does, and a line says so where the workers had to share their cores with others.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import clock  # noqa: F401  # workers with one thread each for matrices, as `cellwright` has them

from episodes.episode import Episode
from episodes.storage import store
from episodes.storage.folder import Folder
from episodes.storage.library import Library
from generators.command.hydra_app import composed
from generators.production import makers
from generators.production.plan import Plan
from generators.production.produce import produce
from generators.production.recipes import generation
from generators.text_table import size, table

DEFAULTS = {"task": "bench_place", "episodes": "24", "rounds": "3", "records": "100000",
            "price": "0.05"}  # fmt: skip
PETABYTE = 1e15
ROWS = (1, 8)  # episodes in a synthetic record
SHARED = 0.95  # of a core; a worker that gets less was not alone on it
Found = dict[str, Any]


def main() -> None:
    asked = {**DEFAULTS, **dict(word.split("=", 1) for word in sys.argv[1:])}
    with TemporaryDirectory() as folder:
        root = Path(folder)
        words = [f"{key}={value}" for key, value in asked.items() if key not in DEFAULTS]
        words += [f"task={asked['task']}", f"episodes={asked['episodes']}", "shard_size=1"]
        found, library = scaling(root, words, int(asked["rounds"]))
        found |= commit(library)
        row_bytes = 0.0
        for rows in ROWS if int(asked["records"]) else ():
            found |= records(root / f"many-{rows}", int(asked["records"]), rows, library)
            row_bytes = found[f"record_bytes_{rows}"] / rows
        found |= projection(library, found, row_bytes, float(asked["price"]))
    print(json.dumps(found))


def timed(plan: Plan, index: int) -> Episode:
    """An episode; notes when its worker had it done, and what CPU time that worker had by then."""
    episode = makers.generate(plan, index)
    with open(plan.out.with_suffix(".txt"), "a") as file:
        file.write(f"{os.getpid()} {index} {time.monotonic()} {time.process_time()}\n")
    return episode


@dataclass(frozen=True)
class Timed:
    """One run. wall, cpu: seconds of an episode, hand-over and commit included, by its index,
    without the first of each worker. start_up: CPU seconds of a worker until its first episode is
    done, less a usual one. idle: seconds between the workers' ends. supervisor: its share of a
    core. whole: seconds of all of it."""

    wall: dict[int, float]
    cpu: dict[int, float]
    start_up: float
    idle: float
    supervisor: float
    whole: float


def measured_run(out: Path, words: list[str], workers: int) -> Timed:
    """`generate` with a maker that takes the time."""
    config = composed("generate", [*words, f"workers={workers}", f"out={out}"])
    start, spent = time.monotonic(), time.process_time()
    assert produce([replace(generation(config), make=timed)], config) == 0
    whole, spent = time.monotonic() - start, time.process_time() - spent
    ends: dict[int, list[tuple[int, float, float]]] = defaultdict(list)
    for line in out.with_suffix(".txt").read_text().splitlines():
        worker, index, wall, cpu = line.split()
        ends[int(worker)].append((int(index), float(wall), float(cpu)))
    pairs = [pair for of_one in ends.values() for pair in pairwise(of_one)]
    cpu_s = {two[0]: two[2] - one[2] for one, two in pairs}
    last = [of_one[-1][1] for of_one in ends.values()]
    return Timed(
        wall={two[0]: two[1] - one[1] for one, two in pairs},
        cpu=cpu_s,
        start_up=median(of_one[0][2] for of_one in ends.values()) - median(cpu_s.values()),
        idle=max(last) - min(last),
        supervisor=spent / whole,
        whole=whole,
    )


def scaling(root: Path, words: list[str], rounds: int) -> tuple[Found, Path]:
    """Episodes an hour with one worker and with two, and the ratio, in interleaved pairs of runs of
    the same episodes; and one library."""
    runs: dict[int, list[Timed]] = {1: [], 2: []}
    for turn in range(max(rounds, 1)):
        for workers in (1, 2) if turn % 2 == 0 else (2, 1):
            out = root / f"run-{turn}-{workers}"
            runs[workers].append(measured_run(out, words, workers))
            print(f"pair {turn + 1} of {rounds}: {workers} workers took "
                  f"{runs[workers][-1].whole:.0f} s", flush=True)  # fmt: skip
    kept = {workers: Library(root / f"run-0-{workers}") for workers in runs}
    one, two = ([row.content_hash for row in library] for library in kept.values())
    assert one == two, "two workers made other episodes than one"
    found: Found = {"words": words, "pairs": len(runs[1])}
    rows = []
    for workers, some in runs.items():
        mean = sum(sum(t.wall.values()) for t in some) / sum(len(t.wall) for t in some)
        here = {
            "episodes_per_hour": 3600 * workers / mean,
            "episodes_per_hour_with_start_up": 3600 * len(one) / median(t.whole for t in some),
            "bytes_an_episode": kept[workers].summary().bytes / len(one),
            "cpu_s_an_episode": sum(sum(t.cpu.values()) for t in some)
            / sum(len(t.cpu) for t in some),
            "share_of_a_core": sum(sum(t.cpu.values()) for t in some)
            / sum(sum(t.wall.values()) for t in some),
            "start_up_cpu_s": median(t.start_up for t in some),
            "idle_at_the_end_s": median(t.idle for t in some),
            "supervisor_share": median(t.supervisor for t in some),
        }
        found |= {f"{key}_{workers}": value for key, value in here.items()}
        rows.append(
            (workers, f"{here['episodes_per_hour']:.0f}",
             f"{here['episodes_per_hour_with_start_up']:.0f}", size(here["bytes_an_episode"]),
             f"{here['cpu_s_an_episode']:.2f} s", f"{100 * here['share_of_a_core']:.0f} %",
             f"{here['start_up_cpu_s']:.1f} s", f"{here['idle_at_the_end_s']:.1f} s",
             f"{100 * here['supervisor_share']:.1f} %")
        )  # fmt: skip
    print(f"\n{' '.join(words)}, {len(runs[1])} interleaved pairs of runs")
    print(table(("workers", "episodes/h at work", "of a whole run", "bytes an episode",
                 "CPU an episode", "of its core", "start-up", "idle at the end", "supervisor"),
                rows))  # fmt: skip
    for kind in ("wall", "cpu"):
        each = [
            slower(getattr(a, kind), getattr(b, kind)) for a, b in zip(*runs.values(), strict=True)
        ]
        found[f"efficiency_{kind}_each_pair"] = [round(value, 3) for value in each]
        found[f"efficiency_{kind}"] = median(each)
    print(f"efficiency of 2 workers on {os.cpu_count()} cores: {found['efficiency_wall']:.2f} by "
          f"the clock, {found['efficiency_cpu']:.2f} by CPU time")  # fmt: skip
    if min(found["share_of_a_core_1"], found["share_of_a_core_2"]) < SHARED:
        print("the workers did not have their cores to themselves: measure on a quiet machine")
    return found, root / "run-0-1"


def slower(one: dict[int, float], two: dict[int, float]) -> float:
    """Seconds of the episodes that are in both, first over second."""
    both = one.keys() & two.keys()
    return sum(one[i] for i in both) / sum(two[i] for i in both)


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
    os.sync()  # or the verbs wait for the disk that takes all this
    bytes_of_one = (shards / "00000.json").stat().st_size
    print(f"\n{count} commit records of {each} episodes, {bytes_of_one} bytes each")
    found: Found = {f"record_bytes_{each}": bytes_of_one}
    rows_out = []
    for words in (["list", f"root={root}"], ["check", f"src={root}", "records_only=true"]):
        seconds, cpu, peak, code = measured(words)
        assert code == 0
        found[f"{words[0]}_{count}x{each}"] = {
            "seconds": round(seconds, 2), "cpu_seconds": round(cpu, 2), "peak_bytes": peak,
        }  # fmt: skip
        rows_out.append((words[0], f"{seconds:.1f} s", f"{cpu:.1f} s", size(peak)))
    print(table(("verb", "took", "CPU", "peak memory"), rows_out), flush=True)
    return found


def measured(words: list[str]) -> tuple[float, float, float, int]:
    """Wall and CPU seconds, peak bytes and exit code of a command in a process of its own."""
    start, before = time.perf_counter(), children_s()
    code = (  # not ru_maxrss, which a process inherits from the one that started it
        "import sys; from generators.command.cli import dispatch; code = dispatch(sys.argv[1:]);"
        "kept = open('/proc/self/status').read().partition('VmHWM:')[2].split()[0];"
        "print(kept, file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)
    peak = 1024.0 * int(done.stderr.split()[-1])
    return time.perf_counter() - start, children_s() - before, peak, done.returncode


def children_s() -> float:
    """CPU seconds of the processes that we started and that have ended."""
    spent = getrusage(RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def projection(path: Path, found: Found, row_bytes: float, price: float) -> Found:
    """From one core's time for an episode, and the episode's bytes, to a petabyte."""
    library = Library(path)
    summary = library.summary()
    each = summary.bytes / summary.episodes
    count = PETABYTE / each
    recycle = composed("generate", ["out=x", "task=bench_place"])["pool"]["recycle"]
    working, starting = found["cpu_s_an_episode_2"], found["start_up_cpu_s_2"] / recycle
    seconds = (working + starting) * (1 + found["supervisor_share_2"] / 2)
    hours = count * seconds / 3600
    image = library.info["config"]["image_size"]
    views = len(library.info["config"]["camera"])
    facts: list[tuple[str, str, str]] = [
        ("bytes an episode", size(each), f"{views} cameras of {image}, measured"),
        ("episodes", f"{count:,.0f}", "1 PB / bytes an episode"),
        ("hours of robot time", f"{count * summary.hours / summary.episodes:,.0f}", "measured"),
        ("CPU an episode", f"{working:.2f} s", "a worker's, all cores at work, measured"),
        ("and of start-up", f"{starting:.3f} s", f"a fresh worker every {recycle} episodes"),
        ("and of the supervisor", f"{100 * found['supervisor_share_2'] / 2:.1f} %", "measured"),
        ("core-hours", f"{hours:,.0f}", "episodes * seconds / 3600"),
        ("on 10,000 cores", f"{hours / 1e4 / 24:.1f} days", "core-hours / 10,000"),
        ("price", f"${hours * price:,.0f}", f"at ${price} a core-hour"),
        ("files at 1 GB a shard", f"{2 * PETABYTE / 1e9:,.0f}", f"shard_size={1e9 / each:.0f}"),
        ("commit records", size(count * row_bytes), f"{row_bytes:.0f} bytes an episode"),
    ]
    print("\none petabyte")
    print("\n".join(f"{what:28} {value:>16}   {how}" for what, value, how in facts))
    return {"petabyte": {"episodes": count, "core_hours": hours, "price": hours * price,
                         "bytes_an_episode": each, "index_bytes": count * row_bytes}}  # fmt: skip


if __name__ == "__main__":
    main()
