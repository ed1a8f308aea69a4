"""generate: a library from a config, or one for each combination of a sweep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from episodes import store
from generators import making
from generators.plan import Plan, generation
from generators.produce import produce

Config = Mapping[str, Any]


def run(config: Config) -> int:
    plan = generation(config)
    if _finished(plan):
        print(f"{plan.out} is finished: {plan.episodes} episodes; nothing to do")
        return 0
    making.try_first(config, plan.seed)
    return produce([plan], config)


def _finished(plan: Plan) -> bool:
    if not (plan.out / store.LIBRARY).is_file():
        return False
    store.create(plan.out, plan.library())  # raises where another library stands
    return not store.missing(plan.out)
