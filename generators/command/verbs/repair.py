"""repair: damaged shards made again, to identical content."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from episodes.errors import UserError
from episodes.storage import store
from generators.command.libraries import ours
from generators.production.plan import Plan
from generators.production.produce import produce
from generators.production.recipes import again
from generators.production.repair import damaged, released, uncommitted


def run(config: Mapping[str, Any]) -> int:
    only_say, retry = config["dry_run"], config["quarantined"]
    plans, found = [], 0
    for root in ours(config):
        plan, differ = again(root)
        wrong = {f"shard {number:05d}": what for number, what in damaged(root).items()}
        if retry:
            notes = store.quarantined(root)
            wrong |= {
                f"episode {note['index']}": f"quarantined: {note['reason']}" for note in notes
            }
        found += len(wrong)
        for where, what in wrong.items():
            print(f"{root}: {where}: {what}")
        if not wrong:
            print(f"{root}: nothing to repair")
            continue
        if differ and not only_say:
            versions = ", ".join(f"{k} {then}, now {now}" for k, (then, now) in differ.items())
            raise UserError(
                f"{root} was made with other versions ({versions}): install those to repair it"
            )
        plans.append(plan)
    if only_say:
        return 1 if found else 0
    return produce(plans, config, partial(_shards, retry)) if plans else 0


def _shards(retry: bool, plan: Plan) -> list[int]:
    return sorted({*uncommitted(plan), *(released(plan) if retry else ())})
