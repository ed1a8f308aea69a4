"""What to make: from a resolved config to a library's spec and its shards."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from episodes import growth, store
from episodes.episode import Episode
from episodes.errors import UserError
from generators import options

Config = Mapping[str, Any]

# keys that say where, how many and how fast, but not what: two runs that differ in these alone
# make the same episodes
ELSEWHERE = (
    "out", "episodes", "workers", "shard_size", "compression", "pool", "dry_run", "probe",
    "aim_success",
)  # fmt: skip
# modules of generators/ that decide when and where episodes are made, never what is in them
PLUMBING = (
    "cli", "envs", "guard", "hydra_app", "interrupt", "libraries", "making", "options", "plan",
    "pools", "problems", "produce", "progress", "quiet", "repair", "shard", "sheet", "supervise",
    "sweep", "table", "usage", "verbs",
)  # fmt: skip
MOST_SHARDS, MOST_IN_SHARD, MOST_HZ = 1_000_000, 100_000, 100_000
COMPRESSIONS = ("gzip", "lzf", "zstd")


@dataclass(frozen=True)
class Plan:
    """One library to make. Plain enough to cross to another process or machine.

    recipe: the part of the config that decides what is in an episode. make: a top-level function
    (plan, index) -> Episode, pure: any process may call it, twice too. ends: the numbers of
    episodes that were asked for, one after the other, as in `episodes.growth`.
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
    source: Path | None = None  # the library whose states are rendered again

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


def generation(config: Config) -> Plan:
    """The plan of `generate`. UserError for a value that cannot be, before anything is written."""
    from generators import making

    recipe = {key: value for key, value in config.items() if key not in ELSEWHERE}
    options.image_size(config)
    options.whole(config, "workers", 1)
    options.number(config["task"], "max_seconds", 0.1)
    _rates(config["physics"])
    episodes, shard_size = sizes(config)
    recipe["renderer"] = making.resolved(config["renderer"])
    versions = code_versions(recipe["renderer"]["name"])
    return Plan(
        out=options.path(config, "out"),
        make=making.generate,
        recipe=recipe,
        seed=options.whole(config, "seed"),
        ends=(episodes,),
        shard_size=shard_size,
        compression=options.choice(config, "compression", COMPRESSIONS),
        spec_id=spec_id(recipe, versions, making.assets(config)),
        versions=versions,
    )


def sizes(config: Config) -> tuple[int, int]:
    """(episodes, shard_size) of a library that a file system can hold."""
    episodes, size = (options.whole(config, key, 1) for key in ("episodes", "shard_size"))
    if size > MOST_IN_SHARD:
        raise UserError(f"shard_size={size} does not fit in memory; give {MOST_IN_SHARD} at most")
    if episodes > MOST_SHARDS * size:
        raise UserError(
            f"episodes={episodes} in shards of {size} are over {MOST_SHARDS} files; give a larger "
            "shard_size=, or make several libraries with other seeds"
        )
    return episodes, size


def _rates(physics: Config) -> None:
    """UserError for rates that no simulation can have."""
    control = options.whole(physics, "control_hz", 1)
    hz = options.whole(physics, "hz", control)
    if hz % control or hz > MOST_HZ:
        raise UserError(f"physics.hz={hz} must be a multiple of control_hz={control}, below 1e5")


def spec_id(recipe: Config, versions: Mapping[str, str], assets: Mapping[str, str]) -> str:
    """sha256 over everything that decides the content; two libraries with one spec_id hold the
    same episodes. assets: name -> hash of its files."""
    spec = {"recipe": recipe, "versions": dict(versions), "assets": dict(assets)}
    try:
        text = json.dumps(spec, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except ValueError as error:
        raise UserError(f"the config holds a number that is none: {error}") from error
    return hashlib.sha256(text.encode()).hexdigest()


def code_versions(renderer: str) -> dict[str, str]:
    """The versions of everything that may change a state or a pixel."""
    from generators import making

    return {
        "cellwright": version("cellwright"),
        "code": code_hash()[:16],
        "pybullet": version("pybullet"),
        "ompl": version("ompl"),
        "ruckig": version("ruckig"),
        "numpy": version("numpy"),
        "renderer": making.renderer_version(renderer),
    }


@cache
def code_hash() -> str:
    """sha256 over our source files, without the plumbing that no episode depends on."""
    digest = hashlib.sha256()
    for package in ("assets", "generators", "scenes", "sim"):
        root = Path(str(files(package)))
        for file in sorted(p for p in root.rglob("*") if p.suffix in (".py", ".yaml", ".glsl")):
            inside = file.relative_to(root)
            if package == "generators" and inside.parts[0].removesuffix(".py") in PLUMBING:
                continue
            digest.update(f"{package}/{inside.as_posix()}\n".encode() + file.read_bytes())
    digest.update(Path(str(files("episodes") / "episode.py")).read_bytes())
    return digest.hexdigest()


def again(root: Path) -> tuple[Plan, dict[str, tuple[str, str]]]:
    """The plan of a library that we made, and the versions that differ now: name -> (then, now).

    UserError for a library that was not made by `generate` or `render`.
    """
    from generators import making

    info = store.describe(root)
    make = {f.__name__: f for f in (making.generate, making.render)}.get(str(info.get("made_by")))
    if make is None:
        raise UserError(f"{root} was not made by generate or render: it cannot be made again")
    recipe, seed, then = info["config"], int(info["seed"]), dict(info["versions"])
    plan = Plan(
        out=root,
        make=make,
        recipe=recipe,
        seed=seed,
        ends=store.ends(root),
        shard_size=info["shard_size"],
        compression=str(info.get("compression", "gzip")),
        spec_id=info["spec_id"],
        versions=then,
        source=Path(info["source"]) if "source" in info else None,
    )
    now = code_versions(recipe["renderer"]["name"])
    names = sorted(set(then) | set(now))
    differ = {n: (then.get(n, "-"), now.get(n, "-")) for n in names if then.get(n) != now.get(n)}
    return plan, differ


def settled(plan: Plan) -> Plan:
    """The plan as it goes on with what is at its place; nothing is written.

    A library that was asked for fewer episodes grows. UserError where it was asked for more, or
    where it is another one.
    """
    if not (plan.out / store.LIBRARY).is_file():
        return plan
    there = store.ends(plan.out)
    if plan.episodes < there[-1]:
        raise UserError(
            f"{plan.out} has episodes={there[-1]}, and never shrinks; give episodes={there[-1]} "
            "or more to go on, or another out="
        )
    ends = there if plan.episodes == there[-1] else (*there, plan.episodes)
    plan = replace(plan, ends=ends)
    store.create(plan.out, plan.library())
    return plan


def finished(plan: Plan) -> bool:
    """Whether nothing is left to do for a settled plan."""
    if not (plan.out / store.LIBRARY).is_file() or store.ends(plan.out) != plan.ends:
        return False
    return not store.missing(plan.out)


def waiting(plan: Plan) -> list[int]:
    """Creates the library if it is not there, and lets it grow to what the plan asks for: the
    shards that are still to be made.

    Raises UserError where `out` holds something else.
    """
    store.create(plan.out, plan.library())
    growth.grow(plan.out, plan.ends)
    store.clean_temporaries(plan.out)
    return [number for number in store.missing(plan.out) if plan.indices(number)]
