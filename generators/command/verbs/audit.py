"""audit: do a library's episodes still come out the same?"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import numpy as np

from episodes.errors import Exit, UserError
from episodes.shown import shown
from episodes.storage.library import Library
from episodes.storage.records import Row
from generators.command.libraries import simulated
from generators.production import makers
from generators.production.plan import Plan
from generators.production.pools.local import LocalPool, workers
from generators.production.recipes import current_plan, differing, ready
from generators.progress import waited
from sim.quiet import quiet
from sim.render import NO_PIXELS

RECYCLE = 200  # episodes after which a worker is replaced by a fresh one


def run(config: Mapping[str, Any]) -> Exit:
    fraction, rng = config["fraction"], np.random.default_rng(config["seed"])
    asked: dict[Future[str], tuple[Plan, Row]] = {}
    with workers(config["workers"], RECYCLE) as pool:
        for root in simulated(config):
            plan = current_plan(root)
            ready(plan)
            rows = Library(root).rows
            if not rows:
                raise UserError(f"{root} has no episodes yet")
            count = max(1, round(fraction * len(rows)))
            chosen = [rows[at] for at in sorted(rng.choice(len(rows), count, replace=False))]
            for name, (then, now) in differing(plan, {row.shard for row in chosen}).items():
                print(shown(f"{root}: made with {name} {then}, audited with {now}"))
            for row in chosen:
                asked[pool.submit(content_hash, plan, row.index)] = (plan, row)
        waited("audit", asked)
        others = sum(not _reproduces(pool, future, *asked[future]) for future in asked)
    print(f"{len(asked) - others} of {len(asked)} episodes came out the same")
    return Exit.FOUND if others else Exit.DONE


def content_hash(plan: Plan, index: int) -> str:
    """The hash of an episode made anew; pixels are not part of it."""
    if plan.make is makers.generate:
        plan = replace(plan, recipe={**plan.recipe, "renderer": {"name": NO_PIXELS}})
    with quiet():
        return plan.make(plan, index).content_hash()


def _reproduces(pool: LocalPool, future: Future[str], plan: Plan, row: Row) -> bool:
    error = future.exception()
    if error is not None:
        print(shown(f"{plan.out}: episode {row.index}: {pool.death(error) or error}"))
        return False
    now = future.result()
    if now != row.content_hash:
        print(shown(f"{plan.out}: episode {row.index} was {row.content_hash}, and is now {now}"))
    return now == row.content_hash
