"""repair: damaged shards made again, to identical content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import groupby
from typing import Any

from episodes.errors import Exit, UserError
from episodes.finding import spans
from episodes.shown import shown
from episodes.storage import growth, store
from episodes.storage.differences import describe
from generators.command.libraries import simulated
from generators.production.plan import Plan
from generators.production.produce import produce
from generators.production.recipes import current_plan, differing, ready, sound
from generators.production.repair import damaged, released, uncommitted


def run(config: Mapping[str, Any]) -> Exit:
    only_say, retry = config["dry_run"], config["quarantined"]
    plans, found = [], 0
    for root in simulated(config):
        sound(root)
        broken = damaged(root)
        notes = list(store.quarantined(root)) if retry else []
        for line in _told(broken):
            print(shown(f"{root}: {line}"))
        for note in notes:
            print(shown(f"{root}: episode {note['index']}: quarantined: {note['reason']}"))
        found += len(broken) + len(notes)
        if not broken and not notes:
            print(f"{root}: nothing to repair")
            if not only_say:
                store.clean_temporaries(root)
            continue
        plan = current_plan(root)
        remade = {growth.shard_of(plan.ends, plan.shard_size, note["index"]) for note in notes}
        if (differ := differing(plan, remade | set(broken))) and not only_say:
            raise UserError(
                f"{root} was made with other versions ({describe(differ)}): go back to those to "
                "repair it"
            )
        if not only_say:
            ready(plan)
        plans.append(plan)
    if only_say:
        return Exit.FOUND if found else Exit.DONE
    if not plans:
        return Exit.DONE
    return produce(plans, config, partial(_shards, retry), alone=True)


def _shards(retry: bool, plan: Plan) -> list[int]:
    return sorted({*uncommitted(plan), *(released(plan) if retry else ())})


def _told(broken: Mapping[int, str]) -> Iterator[str]:
    """A line for each run of shards with the same fault."""
    for what, group in groupby(broken.items(), key=lambda item: item[1]):
        for span in spans([number for number, _ in group], most=len(broken)).split(", "):
            first, dash, last = span.partition("-")
            several = (
                f"shards {int(first):05d} to {int(last):05d}" if dash else f"shard {int(first):05d}"
            )
            yield f"{several}: {what}"
