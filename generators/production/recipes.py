"""Plans from configs and from libraries: what decides the content, named in full."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from episodes.errors import UserError
from episodes.storage import store
from episodes.storage.library import Library
from generators import rendering
from generators.config import options
from generators.production import makers
from generators.production.plan import Plan, spec_id
from generators.production.versions import content_versions
from generators.seeds import Streams
from sim.quiet import quiet
from sim.robots import robot
from sim.spec import Cell

Config = Mapping[str, Any]

# keys that say where, how many and how fast, but not what: two runs that differ in these alone
# make the same episodes
ELSEWHERE = (
    "out", "episodes", "workers", "shard_size", "compression", "pool", "dry_run", "probe",
    "aim_success",
)  # fmt: skip

MOST_SHARDS, MOST_IN_SHARD, MOST_HZ = 1_000_000, 100_000, 100_000

COMPRESSIONS = ("gzip", "lzf", "zstd")


def generation(config: Config) -> Plan:
    """The plan of `generate`. UserError for a value that cannot be, before anything is written."""
    recipe = {key: value for key, value in config.items() if key not in ELSEWHERE}
    options.image_size(config)
    options.whole(config, "workers", 1)
    options.number(config["task"], "max_seconds", 0.1)
    _rates(config["physics"])
    episodes, shard_size = sizes(config)
    recipe["renderer"] = rendering.resolved(config["renderer"])
    versions = _versions(recipe)
    return Plan(
        out=options.path(config, "out"),
        make=makers.generate,
        recipe=recipe,
        seed=options.whole(config, "seed"),
        ends=(episodes,),
        shard_size=shard_size,
        compression=options.choice(config, "compression", COMPRESSIONS),
        spec_id=spec_id(recipe, versions, robots_of([config["robot"]["card"]])),
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


def rendition(config: Config) -> Plan:
    """The plan of `render`. UserError for a source that cannot be rendered."""
    source = Library(options.folder(config, "src"))
    out = options.path(config, "out")
    if out == source.path.absolute():
        raise UserError(f"out={config['out']} is the source itself; choose another folder")
    if not source.rows:
        raise UserError(f"{source.path} has no episodes yet")
    cell = source.read(source.rows[0].index, images=False).cell
    if not cell:
        raise UserError(f"{source.path} holds no cells, as real data does: nothing to render")
    options.image_size(config)
    renderer = rendering.resolved(config["renderer"])
    recipe = {
        **{key: config[key] for key in ("camera", "look", "image_size")},
        "renderer": renderer,
        "look_seed": options.whole(config, "look_seed"),
        "source": source.info["spec_id"],
        "content": _content(source),
        "task": source.info["config"].get("task"),
    }
    versions = _versions(recipe)
    return Plan(
        out=out,
        make=makers.render,
        recipe=recipe,
        seed=int(source.info.get("seed", 0)),
        ends=(source.info["episodes"],),
        shard_size=options.whole(config, "shard_size", 1),
        compression=options.choice(config, "compression", COMPRESSIONS),
        spec_id=spec_id(
            recipe, versions, robots_of(arm.card for arm in Cell.from_json(cell).robots)
        ),
        versions=versions,
        source=source.path.absolute(),
    )


def _content(source: Library) -> str:
    """A hash of the states and actions of all episodes, however they were compressed."""
    digest = hashlib.sha256()
    for row in source.rows:
        digest.update(f"{row.index} {row.content_hash}\n".encode())
    return digest.hexdigest()


def again(root: Path) -> tuple[Plan, dict[str, tuple[str, str]]]:
    """The plan of a library that we made, and the versions that differ now: name -> (then, now).

    UserError for a library that was not made by `generate` or `render`.
    """
    info = store.describe(root)
    make = {f.__name__: f for f in (makers.generate, makers.render)}.get(str(info.get("made_by")))
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
    now = _versions(recipe)
    names = sorted(set(then) | set(now))
    differ = {n: (then.get(n, "-"), now.get(n, "-")) for n in names if then.get(n) != now.get(n)}
    return plan, differ


def _versions(recipe: Config) -> dict[str, str]:
    return content_versions(rendering.renderer_version(recipe["renderer"]["name"]))


def try_first(config: Config, seed: int) -> None:
    """Samples the first episode's cell: UserError for a scene that cannot be."""
    with quiet():
        from generators import run, tasks
    run.sample_cell(tasks.make(config), config, Streams(seed, 0))


def robots_of(cards: Iterable[str]) -> dict[str, str]:
    """name -> sha256 of the files from outside our code that episodes with these robots need."""
    return {f"robot/{card}": robot.load(card).sha256 for card in cards}
