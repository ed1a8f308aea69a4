"""render: other pixels for the same states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from episodes.errors import Exit
from episodes.storage import store
from generators.production.plan import finished, nothing_to_do, resumed
from generators.production.produce import produce
from generators.production.recipes import rendition

Config = Mapping[str, Any]


def run(config: Config) -> Exit:
    plan = resumed(rendition(config), config["on_other_code"])
    if finished(plan):
        store.clean_temporaries(plan.out)
        print(nothing_to_do(plan))
        return Exit.DONE
    return produce([plan], config)
