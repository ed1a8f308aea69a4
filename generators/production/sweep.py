"""Many libraries from one command: planned whole, shown, then made through one pool."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from episodes.errors import UserError
from episodes.storage import store
from episodes.storage.summary import summary_of
from generators.production import recipes
from generators.production.plan import Plan, finished, resumed, spec_id
from generators.production.pools.local import workers
from generators.production.recipes import generation
from generators.text_table import clock, size, table
from sim.quiet import quiet

Config = Mapping[str, Any]


@dataclass(frozen=True)
class Combination:
    """One combination: its words, and its plan or why there is none."""

    words: str
    plan: Plan | None = None
    error: str = ""


@dataclass(frozen=True)
class Cost:
    """What one episode took: seconds of a core, and bytes on disk."""

    seconds: float
    bytes: int


def planned(configs: Mapping[str, Config]) -> list[Combination]:
    """Every combination, each in a folder of its own, named by its task and recipe: so the same
    sweep again goes on where it was, whatever the code, and a wider one makes only what is new."""
    entries = []
    for words, config in configs.items():
        try:
            plan = generation(config)
            name = f"{config['task']['name']}-{spec_id(plan.recipe, {})[:10]}"
            on_other_code = config["on_other_code"]
            plan = resumed(plan.at(plan.out / name), on_other_code)
            if not finished(plan):
                recipes.try_first(config, plan.seed)
            entries.append(Combination(words, plan))
        except UserError as error:
            entries.append(Combination(words, None, str(error)))
    return entries


def probed(plans: Iterable[Plan]) -> dict[str, Cost]:
    """By `kind_of` a plan: one measured episode of each kind, in a process of its own."""
    first = {kind_of(plan): plan for plan in plans}
    with workers(1, recycle=1) as pool:
        asked = {kind: pool.submit(_measure, plan) for kind, plan in first.items()}
        return {kind: future.result() for kind, future in asked.items() if not future.exception()}


def kind_of(plan: Plan) -> str:
    """Plans of one kind cost about the same."""
    recipe = plan.recipe
    renderer = recipe["renderer"]["name"]
    cameras = len(recipe["camera"] or ())
    return f"{recipe['task']['name']} {renderer} {recipe['image_size']} {cameras}"


def outlook(entries: Iterable[Combination], costs: Mapping[str, Cost], workers: int) -> str:
    """The plan as a table: libraries, episodes, and what they will probably take."""
    rows: list[tuple[object, ...]] = []
    episodes, seconds, count = 0, 0.0, 0.0
    for entry in entries:
        if entry.plan is None:
            rows.append((entry.words, "cannot be made", "-", "-", "-"))
            continue
        plan = entry.plan
        there = _committed_episodes(plan)
        episodes += plan.episodes - there
        cost = costs.get(kind_of(plan))
        row: list[object] = [entry.words, plan.out.name, f"{there}/{plan.episodes}"]
        if cost is None:
            rows.append((*row, "-", "-"))
            continue
        mine = cost.seconds * (plan.episodes - there) / workers
        seconds, count = seconds + mine, count + cost.bytes * plan.episodes
        rows.append((*row, clock(mine), size(cost.bytes * plan.episodes)))
    head = ("combination", "library", "episodes there", "time about", "size about")
    total = f"{episodes} episodes to make"
    if costs:
        total += f", about {clock(seconds)} with workers={workers}, {size(count)} in all"
    return f"{table(head, rows)}\n{total}"


def merit(plans: Iterable[Plan], aim: float) -> float:
    """How far the success rate of these libraries is from the one that is sought."""
    there = [plan.out for plan in plans if (plan.out / store.LIBRARY).is_file()]
    rates = [summary_of(out).success_rate for out in there]
    told = [rate for rate in rates if rate is not None]
    return abs(sum(told) / len(told) - aim) if told else 1.0


def workers_of(configs: Mapping[str, Config]) -> Config:
    """The config whose pool and workers all combinations share. UserError where they differ."""
    first, *others = configs.values()
    for key in ("workers", "pool", "dry_run", "probe"):
        if any(config[key] != first[key] for config in others):
            raise UserError(f"{key} cannot be swept: all combinations share one pool")
    return first


def _committed_episodes(plan: Plan) -> int:
    """The episodes that are committed already."""
    if not (plan.out / store.LIBRARY).is_file():
        return 0
    return sum(len(plan.indices(number)) for number in store.committed(plan.out))


def _measure(plan: Plan) -> Cost:
    """Makes episode 0 twice, since the first one pays for imports and caches, and times it."""
    with quiet():
        plan.make(plan, 0)
    start = time.perf_counter()
    with TemporaryDirectory() as folder:
        record = store.write_shard(
            Path(folder),
            0,
            [plan.make(plan, 0)],
            spec_id=plan.spec_id,
            versions=plan.versions,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            compression=plan.compression,
        )
    return Cost(time.perf_counter() - start, record["bytes"])
