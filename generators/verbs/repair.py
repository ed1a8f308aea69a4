"""repair: damaged shards made again, to identical content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from episodes.errors import UserError
from generators import options
from generators.libraries import named
from generators.plan import again
from generators.produce import produce
from generators.repair import damaged, uncommitted


def run(config: Mapping[str, Any]) -> int:
    only_say = options.flag(config, "dry_run")
    plans, found = [], 0
    for root in named(config):
        plan, differ = again(root)
        bad = damaged(root)
        found += len(bad)
        for number, what in bad.items():
            print(f"{root}: shard {number:05d}: {what}")
        if not bad:
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
    return produce(plans, config, uncommitted) if plans else 0
