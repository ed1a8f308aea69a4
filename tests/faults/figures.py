"""What `make faults` ends with: every verb that writes under every trouble, as figures in JSON.

    python -m tests.faults.figures minutes=15
    python -m tests.faults.figures minutes=0 kills=200 operations=300 pairs=20

minutes: when to end, whatever is left; 0: when all is done, which takes hours. What is wrong is
printed as it is found, on standard error; the exit code is 1 then.
"""

from __future__ import annotations

import json
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, zip_longest
from pathlib import Path

from tests.faults import races, trials
from tests.faults.fork_server import ForkServer
from tests.faults.verbs import WRITING, make_sources

ALL = {"kills": 200, "operations": 300, "pairs": 20}
TROUBLES = ("kill", "refuse", "fill", "interrupt")
SECONDS_OF_A_MINUTE = 60
Trial = tuple[str, Callable[[], list[str]]]


def _kills(bench: trials.Bench, count: int, rng: random.Random) -> Iterator[Trial]:
    """At random moments, each verb as often as another."""
    names = list(WRITING)
    for number in range(count):
        yield "kills", partial(trials.killed, bench, names[number % len(names)], rng)


def _operations(bench: trials.Bench, most: int, rng: random.Random) -> Iterator[Trial]:
    """Each of the first `most` operations of each row is killed, and refused; every third finds the
    disk full from there on, or a request to end. In any order, so that a part is a sample."""
    found = []
    for name in WRITING:
        total = bench.undisturbed(name)[1]
        for turn in range(1, min(total, most) + 1):
            for at, trouble in enumerate(TROUBLES):
                if at < 2 or turn % 3 == at % 3:
                    found.append((name, trouble, turn))
    rng.shuffle(found)
    for name, trouble, turn in found:
        yield f"operations, {trouble}", partial(trials.operation, bench, name, trouble, turn)


def _pairs(bench: trials.Bench, count: int, rng: random.Random) -> Iterator[Trial]:
    for number in range(count):
        yield "pairs", partial(races.race, bench, number % len(races.PAIRS), rng)


def _others(bench: trials.Bench, rng: random.Random) -> Iterator[Trial]:
    for name in WRITING:
        size, handles = int(10 ** rng.uniform(2.0, 5.5)), rng.randrange(6, 30)
        yield "sizes of files", partial(trials.limited, bench, name, file_bytes=size)
        yield "open files", partial(trials.limited, bench, name, handles=handles)
        total = bench.undisturbed(name)[1]
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            yield number.name, partial(trials.killed, bench, name, rng, number)
        yield "asleep", partial(trials.stopped, bench, name, rng.randint(1, total))


def main(words: list[str]) -> int:
    asked = {**ALL, "minutes": 15, **{k: int(v) for k, v in (w.split("=") for w in words)}}
    rng, begun = random.Random(0), time.monotonic()
    made: Counter[str] = Counter()
    wrong: list[str] = []
    ended = "everything was tried"
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with ForkServer(folder / "cache") as server:
            bench = trials.Bench(server, make_sources(server, folder / "sources"), folder)
            kinds = [
                _pairs(bench, asked["pairs"], rng),
                _kills(bench, asked["kills"], rng),
                _others(bench, rng),
                _operations(bench, asked["operations"], rng),
            ]
            # in turn, so that each kind has its share of the time
            for trial in chain.from_iterable(zip_longest(*kinds)):
                if trial is None:
                    continue
                spent = time.monotonic() - begun
                if asked["minutes"] and spent > asked["minutes"] * SECONDS_OF_A_MINUTE:
                    ended = f"the time was over: minutes={asked['minutes']}"
                    break
                kind, look = trial
                found = look()
                made[kind] += 1
                wrong += found
                for line in found:
                    print(line, file=sys.stderr, flush=True)
            operations = {name: bench.undisturbed(name)[1] for name in WRITING}
    figures = {
        "trials": dict(sorted(made.items())),
        "wrong": len(wrong),
        "operations of a run": operations,
        "seconds": round(time.monotonic() - begun),
        "ended": ended,
    }
    print(json.dumps(figures, indent=1))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
