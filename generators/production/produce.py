"""From plans to libraries: one pool for all of them, and a table of how each ended."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from episodes.errors import Exit
from episodes.shown import shown
from episodes.storage import store
from episodes.storage.summary import summary_of
from generators.production import supervise
from generators.production.interrupt import stoppable
from generators.production.plan import Plan, waiting
from generators.production.pools import open_pool
from generators.production.progress import Tally
from generators.production.shard import EpisodeLimits
from generators.production.supervise import LibraryOutcome
from generators.progress import Progress
from generators.text_table import share, size, table

MOST_TOLD, LONGEST = 5, 200  # reasons, and episodes of each; characters


def produce(
    plans: Sequence[Plan],
    config: Mapping[str, Any],
    todo: Callable[[Plan], list[int]] = waiting,
    alone: bool = False,
) -> Exit:
    """Makes the shards `todo` of each library and prints how they stand.

    alone: nobody else may write to a library meanwhile."""
    workers, pool = config["workers"], config["pool"]
    limits = EpisodeLimits(pool["episode_seconds"], memory_of_worker(pool, workers))
    with stoppable() as stops:
        runner = open_pool(pool, workers, min(plan.shard_size for plan in plans))
        tally = Tally(Progress(plans[0].made_by, 0))
        outcomes = supervise.run(plans, runner, workers, limits, tally, stops, todo, alone)
    if rows := report(outcomes):
        print(rows)
    for line in problems(outcomes):
        print(shown(line))
    if stops.count:
        print("stopped; the same command goes on from here")
    code = max(outcome.code for outcome in outcomes)
    return code or (Exit.STOPPED if stops.count else Exit.DONE)


def report(outcomes: Sequence[LibraryOutcome]) -> str:
    """One row for each library that there is; nothing where there is none."""
    rows: list[tuple[object, ...]] = []
    for outcome in outcomes:
        try:
            found = summary_of(outcome.plan.out)
        except Exception as error:  # it is none yet, or no more
            if outcome.looked_at:
                outcome.error = outcome.error or error
            continue
        rows.append(
            (
                outcome.plan.out,
                outcome.state,
                f"{found.episodes}/{found.asked}",
                share(found.success_rate),
                outcome.quarantined or "-",
                f"{found.hours:.2f}",
                size(found.bytes),
            )
        )
    head = ("library", "state", "episodes", "success", "quarantined", "hours", "size")
    return table(head, rows) if rows else ""


def problems(outcomes: Sequence[LibraryOutcome]) -> list[str]:
    """A line for each thing that a person should look at."""
    lines = []
    for outcome in outcomes:
        if outcome.error is not None:
            lines.append(f"failed: {outcome.error}")
        if outcome.quarantined:
            folder = outcome.plan.out / store.QUARANTINE
            lines.append(f"{outcome.quarantined} episodes could not be made; logs are in {folder}")
            lines += _reasons(outcome.plan.out)
    return lines


def _reasons(root: Path) -> list[str]:
    """Why episodes of a library are in quarantine, the most frequent reason first."""
    found: dict[str, list[int]] = defaultdict(list)
    for note in store.quarantined(root):
        found[" ".join(str(note.get("reason", "no reason told")).split())[:LONGEST]].append(
            note["index"]
        )
    lines = []
    for reason, indices in sorted(found.items(), key=lambda pair: -len(pair[1]))[:MOST_TOLD]:
        named = ", ".join(map(str, indices[:MOST_TOLD]))
        more = f" and {len(indices) - MOST_TOLD} more" if len(indices) > MOST_TOLD else ""
        lines.append(f"  episode{'s' * (len(indices) > 1)} {named}{more}: {reason}")
    return [*lines, "  ..."] if len(found) > MOST_TOLD else lines


def memory_of_worker(pool: Mapping[str, Any], workers: int) -> int | None:
    """Bytes that a worker may allocate; None for no limit."""
    if pool["memory_gb"] is not None:
        return int(pool["memory_gb"] * 1e9)
    if pool["name"] != "local":  # its workers are on machines that we do not know
        return None
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return int(machine) // workers
