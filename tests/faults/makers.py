"""Episode makers that misbehave, and a runner for them. Worker processes import this by name."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from episodes.episode import Episode
from episodes.errors import NeedsFreshProcess
from episodes.storage import store
from episodes.storage.library import Library
from generators.production.plan import Plan
from generators.production.produce import produce
from tests.helpers import synthetic_episode

BAD = 5  # the index of the episode that goes wrong


def good(plan: Plan, index: int) -> Episode:
    """After a nap, a small episode that depends on seed and index alone."""
    time.sleep(plan.recipe.get("nap", 0.0))
    rng = np.random.default_rng([plan.seed, index])
    return synthetic_episode(index, rng, steps=6, size=(16, 12))


def gated(plan: Plan, index: int) -> Episode:
    """From the second shard on, waits until the test creates a file `go` beside the library."""
    while index >= plan.shard_size and not (plan.out.parent / "go").exists():
        time.sleep(0.02)
    return good(plan, index)


def segfaulting(plan: Plan, index: int) -> Episode:
    if index == BAD:
        ctypes.string_at(0)
    return good(plan, index)


def hanging(plan: Plan, index: int) -> Episode:
    if index == BAD:
        time.sleep(3600)
    return good(plan, index)


def raising(plan: Plan, index: int) -> Episode:
    if index == BAD:
        raise ValueError("a bug in the task")
    return good(plan, index)


def contextless(plan: Plan, index: int) -> Episode:
    """Loses its graphics context for good."""
    raise NeedsFreshProcess("the driver is gone")


def blinking(plan: Plan, index: int) -> Episode:
    """Loses its graphics context once."""
    once = plan.out.parent / "lost-once"
    if index == BAD and not once.exists():
        once.touch()
        raise NeedsFreshProcess("the driver is gone")
    return good(plan, index)


def hopeless(plan: Plan, index: int) -> Episode:
    raise ValueError("nothing works here")


def greedy(plan: Plan, index: int) -> Episode:
    """Eats memory until it gets no more."""
    if index == BAD:
        eaten = []
        while True:
            eaten.append(bytearray(50_000_000))
    return good(plan, index)


def killed(plan: Plan, index: int) -> Episode:
    """As the kernel's out-of-memory killer does it."""
    if index == BAD:
        os.kill(os.getpid(), signal.SIGKILL)
    return good(plan, index)


def flaky(plan: Plan, index: int) -> Episode:
    """Dies over the bad episode, once."""
    once = plan.out.parent / "died-once"
    if index == BAD and not once.exists():
        once.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return good(plan, index)


def drifting(plan: Plan, index: int) -> Episode:
    """Another episode in every process: what must never happen."""
    rng = np.random.default_rng([os.getpid(), index])
    return synthetic_episode(index, rng, steps=6, size=(16, 12))


MAKERS = (
    good,
    gated,
    segfaulting,
    hanging,
    raising,
    contextless,
    blinking,
    hopeless,
    greedy,
    killed,
    flaky,
    drifting,
)


def plan_for(out: Path, maker: str, episodes: int = 14, nap: float = 0.0) -> Plan:
    """A small library to be made by one of the makers above."""
    make = {f.__name__: f for f in MAKERS}[maker]
    return Plan(
        out=out,
        make=make,
        recipe={"task": {"name": "bench_place"}, "nap": nap},
        seed=3,
        ends=(episodes,),
        shard_size=4,
        compression="gzip",
        spec_id="5" * 64,
        versions={"cellwright": "test"},
    )


def config_for(
    workers: int = 2, seconds: float = 60.0, memory_gb: float = 4.0
) -> dict[str, object]:
    """What `produce` reads of a config."""
    pool = {"name": "local", "recycle": 200, "episode_seconds": seconds, "memory_gb": memory_gb}
    return {"workers": workers, "pool": pool}


def hashes(out: Path) -> dict[int, str]:
    """index -> content hash of every committed episode."""
    return {row.index: row.content_hash for row in Library(out)}


def temporaries(out: Path) -> list[Path]:
    """What must not be left behind."""
    return [p for p in out.rglob("*") if p.name.startswith(".")]


def assert_whole(out: Path, reference: dict[int, str]) -> None:
    """Everything made, the same as without trouble, and nothing left lying about."""
    assert store.missing(out) == []
    assert hashes(out) == reference
    assert temporaries(out) == []


if __name__ == "__main__":  # python -m tests.faults.makers OUT MAKER NAP WORKERS
    where, kind, pause, count = sys.argv[1:]
    asked = plan_for(Path(where), kind, nap=float(pause))
    sys.exit(produce([asked], config_for(int(count), seconds=600.0)))
