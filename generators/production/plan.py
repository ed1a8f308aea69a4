"""What to make: from a resolved config to a library's spec and its shards."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from episodes.episode import Episode
from episodes.errors import UserError
from episodes.storage import growth, store
from episodes.storage.differences import changed, describe

Config = Mapping[str, Any]

REFUSE, GROW = "refuse", "grow"


@dataclass(frozen=True)
class Plan:
    """One library to make. Plain enough to cross to another process or machine.

    recipe: the part of the config that decides what is in an episode. make: a top-level function
    (plan, index) -> Episode, pure: any process may call it, twice too. ends: the numbers of
    episodes that were asked for, one after the other, as in `episodes.storage.growth`.
    """

    out: Path
    make: Callable[[Plan, int], Episode]
    recipe: Config
    seed: int
    ends: tuple[int, ...]
    shard_size: int
    compression: str
    spec_id: str
    versions: Mapping[str, str]
    source: Path | None = None  # the library whose states, or whose cells, are used

    @property
    def made_by(self) -> str:
        """The verb, and the name of its maker."""
        return self.make.__name__

    @property
    def episodes(self) -> int:
        return self.ends[-1]

    def indices(self, shard: int) -> range:
        """The episodes of a shard."""
        return growth.episodes_of(self.ends, self.shard_size, shard)

    def library(self) -> dict[str, Any]:
        """What library.json says of it."""
        return {
            "spec_id": self.spec_id,
            "episodes": self.ends[0],
            "shard_size": self.shard_size,
            "compression": self.compression,
            "seed": self.seed,
            "made_by": self.made_by,
            **({"source": str(self.source)} if self.source else {}),
            "versions": dict(self.versions),
            "config": dict(self.recipe),
        }

    def at(self, out: Path) -> Plan:
        return replace(self, out=out)


def spec_id(recipe: Config, versions: Mapping[str, str]) -> str:
    """sha256 over everything that decides the content; two libraries with one spec_id hold the
    same episodes. versions: of code, packages and robots."""
    spec = {"recipe": recipe, "versions": dict(versions)}
    try:
        text = json.dumps(spec, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except ValueError as error:
        raise UserError(f"the config holds a number that is none: {error}") from error
    return hashlib.sha256(text.encode()).hexdigest()


def resumed(plan: Plan, on_other_code: str = REFUSE) -> Plan:
    """The plan as it goes on with what is at its place; nothing is written.

    A library that was asked for fewer episodes grows. UserError where it was asked for more, where
    it is another one, and where something is left to do and the last episodes were made by other
    code or with other versions. With `on_other_code` GROW the rest is made by this code then, and a
    note beside library.json will say so.
    """
    if not (plan.out / store.LIBRARY).is_file():
        return plan
    there = store.ends(plan.out)
    if plan.episodes < there[-1]:
        raise UserError(
            f"{plan.out} has episodes={there[-1]}, and never shrinks; give episodes={there[-1]} "
            "or more to go on, or another out="
        )
    library = store.describe(plan.out)
    if _asked(library) == _asked(plan.library()):  # whatever the code
        plan = replace(plan, spec_id=library["spec_id"])
    ends = there if plan.episodes == there[-1] else (*there, plan.episodes)
    plan = replace(plan, ends=ends)
    store.create(plan.out, plan.library())
    other = changed(store.versions(plan.out), plan.versions)
    if not other or finished(plan):
        return plan
    if on_other_code != GROW:
        raise UserError(
            f"{plan.out} was made by other code ({describe(other)}); give on_other_code=grow to "
            "make what is left with this, or another out= to begin anew"
        )
    return replace(plan, ends=(*there, plan.episodes))


def _asked(library: Mapping[str, Any]) -> str:
    """What was asked for, whatever the code that makes it."""
    return json.dumps([library.get("config"), library.get("made_by")], sort_keys=True)


def finished(plan: Plan) -> bool:
    """Whether nothing is left to do for a resumed plan."""
    if not (plan.out / store.LIBRARY).is_file() or store.ends(plan.out) != plan.ends:
        return False
    return not store.missing(plan.out)


def nothing_to_do(plan: Plan) -> str:
    """What to say of a finished one, and of the code where that is another one by now."""
    line = f"{plan.out} is finished: {plan.episodes} episodes; nothing to do"
    other = changed(store.versions(plan.out), plan.versions)
    return line + (f" (made by other code: {describe(other)})" if other else "")


def waiting(plan: Plan) -> list[int]:
    """Creates the library if it is not there, and lets it grow to what the plan asks for: the
    shards that are still to be made.

    Raises UserError where `out` holds something else.
    """
    store.create(plan.out, plan.library())
    growth.grow(plan.out, plan.ends, plan.versions)
    store.clean_temporaries(plan.out)
    return [number for number in store.missing(plan.out) if plan.indices(number)]
