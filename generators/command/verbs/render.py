"""render: other pixels for the same states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generators.production.plan import finished, settled
from generators.production.produce import produce
from generators.production.recipes import rendition

Config = Mapping[str, Any]


def run(config: Config) -> int:
    plan = settled(rendition(config))
    if finished(plan):
        print(f"{plan.out} is finished: {plan.episodes} episodes; nothing to do")
        return 0
    return produce([plan], config)
