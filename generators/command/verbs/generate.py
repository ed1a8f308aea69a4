"""generate: a library from a config, or one for each combination of a sweep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from episodes.errors import Exit
from episodes.shown import shown
from episodes.storage import store
from generators.production import recipes
from generators.production import sweep as sweeps
from generators.production.plan import finished, nothing_to_do, resumed
from generators.production.produce import produce
from generators.production.recipes import generation

Config = Mapping[str, Any]


def run(config: Config) -> Exit:
    plan = resumed(generation(config), config["on_other_code"])
    if finished(plan):
        store.clean_temporaries(plan.out)
        print(nothing_to_do(plan))
        return Exit.DONE
    recipes.try_first(config, plan.seed)
    if config["dry_run"]:
        entries = [sweeps.Combination(str(plan.out), plan)]
        print(sweeps.outlook(entries, sweeps.probed([plan]), config["workers"]))
        return Exit.DONE
    return produce([plan], config)


def sweep(configs: Mapping[str, Config]) -> tuple[Exit, float]:
    """Every combination: (exit code, figure of merit). One that fails does not stop the others."""
    shared = sweeps.workers_of(configs)
    entries = sweeps.planned(configs)
    plans = [entry.plan for entry in entries if entry.plan is not None]
    costs = sweeps.probed(plans) if shared["probe"] and plans else {}
    print(sweeps.outlook(entries, costs, shared["workers"]), flush=True)
    for entry in entries:
        if entry.plan is None:
            print(shown(f"{entry.words}: {entry.error}"))
    code = Exit.BAD_INPUT if len(plans) < len(entries) else Exit.DONE
    if shared["dry_run"] or not plans:
        return code, 1.0
    code = max(produce(plans, shared), code)
    return code, sweeps.merit(plans, shared["aim_success"])
