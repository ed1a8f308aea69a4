"""How many faults the checks find, and how often they accuse clean episodes.

    python benchmarks/checks.py LIBRARY ... [rounds=5] [seed=0] [checks=black,doubled]

Every fault of every check is put into every episode of the libraries (by seed, so that nothing else
changes, and as a rule the length neither), into sets of them, or into copies of their files, and
looked for by its own check. Take libraries that no threshold was chosen on. A line for each fault
and each check with false alarms; the last line is all of it as JSON.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
import zlib
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from episodes.check import proof, registry
from episodes.episode import Episode
from episodes.storage import store
from episodes.storage.library import Library

ROUNDS = 5  # of faults of sets and of files, in each library


@dataclass
class Count:
    trials: int = 0
    found: int = 0
    missed: list[str] = field(default_factory=list)

    def add(self, found: bool | None, where: str) -> None:
        if found is None:
            return
        self.trials += 1
        self.found += found
        if not found:
            self.missed.append(where)

    @property
    def rate(self) -> float | None:
        return self.found / self.trials if self.trials else None


@dataclass
class Report:
    faults: dict[str, Count] = field(default_factory=lambda: defaultdict(Count))
    alarms: dict[str, Count] = field(default_factory=lambda: defaultdict(Count))  # found: accused
    said: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    episodes: int = 0


def measure(path: Path, names: set[str], rounds: int, seed: int, report: Report) -> None:
    limits = registry.limits()
    library = Library(path)
    start = time.process_time()
    clean = proof.Clean([library.read(row.index) for row in library.rows])
    report.seconds["reading and looking once"] += time.process_time() - start
    report.episodes += len(clean.episodes)
    for one, fault in proof.faults():
        if one.name not in names:
            continue
        label = f"{one.name}: {fault}"
        start = time.process_time()
        for i in range(len(clean.episodes) if one.reads in ("numbers", "pictures") else rounds):
            where = f"{path.name} {i}"
            rng = np.random.default_rng([seed, zlib.crc32(label.encode()), i])
            report.faults[label].add(_found(clean, one, fault, i, rng, limits), where)
        report.seconds[label] += time.process_time() - start
    for one in registry.CHECKS:
        if one.name in names:
            _accused(clean, one, path.name, limits, report)


def _found(
    clean: proof.Clean, one: Any, fault: str, i: int, rng: np.random.Generator, limits: Any
) -> bool | None:
    if one.reads == "library":
        return clean.finds_among(one, fault, rng, limits)
    if one.reads != "files":
        return clean.finds(one, fault, i, rng, limits)
    with tempfile.TemporaryDirectory() as folder:
        return proof.files_find(one, fault, _copy(Path(folder) / "copy", clean.episodes[:4]), rng)


def _copy(root: Path, episodes: list[Episode]) -> Path:
    """A library of what no picture is needed for."""
    spec = {"spec_id": "c0" * 32, "versions": {}}
    store.create(root, {**spec, "episodes": len(episodes), "shard_size": 2})
    for number in store.missing(root):
        some = [
            replace(one, index=2 * number + k, cameras={})
            for k, one in enumerate(episodes[2 * number : 2 * number + 2])
        ]
        store.write_shard(root, number, some, **spec, created="2026-01-01")
    return root


def _accused(clean: proof.Clean, one: Any, name: str, limits: Any, report: Report) -> None:
    start = time.process_time()
    if one.reads == "library":
        told = {None: clean.alarms_among(one, limits)}
    elif one.reads == "files":
        return
    else:
        told = {i: clean.alarms(one, i, limits) for i in range(len(clean.episodes))}
    report.seconds[f"{one.name} on clean episodes"] += time.process_time() - start
    for i, findings in told.items():
        where = name if i is None else f"{name} {i}"
        report.alarms[one.name].add(bool(findings), where)
        report.said[one.name] += [f"{where}: {finding}" for finding in findings]


def main() -> None:
    given = dict(word.split("=", 1) for word in sys.argv[1:] if "=" in word)
    paths = [Path(word) for word in sys.argv[1:] if "=" not in word]
    if not paths:
        raise SystemExit(__doc__)
    every = [one.name for one in registry.CHECKS]
    names = set(given.get("checks", ",".join(every)).split(","))
    report = Report()
    for path in paths:
        measure(path, names, int(given.get("rounds", ROUNDS)), int(given.get("seed", 0)), report)
    print(f"{report.episodes} episodes of {len(paths)} libraries")
    for label, count in report.faults.items():
        rate = "no room for it" if count.rate is None else f"{100 * count.rate:.1f} %"
        missed = f"   missed: {', '.join(count.missed[:6])}" if count.missed else ""
        print(f"{label:60} {count.found:4} of {count.trials:4} {rate}{missed}")
    for name, count in report.alarms.items():
        if count.found:
            print(f"{name}: {count.found} of {count.trials} clean ones accused")
            for line in report.said[name][:4]:
                print(f"    {line}")
    print(
        json.dumps(
            {
                "episodes": report.episodes,
                "libraries": [path.name for path in paths],
                "recall": {
                    label: {"trials": c.trials, "found": c.found, "rate": c.rate}
                    for label, c in report.faults.items()
                },
                "false_alarms": {
                    name: {"clean": c.trials, "accused": c.found, "rate": c.rate}
                    for name, c in report.alarms.items()
                },
                "cpu_seconds": {label: round(s, 2) for label, s in report.seconds.items()},
            }
        )
    )


if __name__ == "__main__":
    main()
