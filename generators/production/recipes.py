"""Plans from configs and from libraries: what decides the content, named in full."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from episodes.errors import UserError
from episodes.storage import store
from episodes.storage.differences import changed
from episodes.storage.library import Library
from generators import rendering, tasks
from generators.config import options
from generators.production import makers
from generators.production.plan import Plan, spec_id
from generators.production.versions import content_versions, robots_among
from generators.seeds import Streams
from sim.quiet import quiet
from sim.spec import Cell

Config = Mapping[str, Any]

# keys that say where, how many and how fast, but not what: two runs that differ in these alone
# make the same episodes
ELSEWHERE = (
    "out", "episodes", "workers", "shard_size", "compression", "pool", "dry_run", "probe",
    "aim_success", "on_other_code",
)  # fmt: skip

MOST_SHARDS, MOST_IN_SHARD, MOST_HZ = 1_000_000, 100_000, 100_000

COMPRESSIONS = ("gzip", "lzf", "zstd")


def generation(config: Config) -> Plan:
    """The plan of `generate`. UserError for a value that cannot be, before anything is written."""
    recipe = {key: value for key, value in config.items() if key not in ELSEWHERE}
    options.image_size(config)
    options.whole(config, "workers", 1)
    _complete(config)
    options.number(config["task"], "max_seconds", 0.1)
    _rates(config["physics"])
    episodes, shard_size = sizes(config)
    recipe["renderer"] = rendering.resolved(config["renderer"])
    versions = content_versions(
        recipe["renderer"]["name"], [config["robot"]["card"]], tasks.known(recipe["task"]["name"])
    )
    return Plan(
        out=options.path(config, "out"),
        make=makers.generate,
        recipe=recipe,
        seed=options.whole(config, "seed"),
        ends=(episodes,),
        shard_size=shard_size,
        compression=options.choice(config, "compression", COMPRESSIONS),
        spec_id=spec_id(recipe, versions),
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


def _complete(config: Config) -> None:
    """UserError where the task's file gives less than every task needs."""
    task = config.get("task")
    if not isinstance(task, Mapping) or not {"name", "max_seconds"} <= set(task):
        raise UserError("give task.name and task.max_seconds in the task's file in conf/task/")
    if not isinstance(config.get("physics"), Mapping):
        raise UserError(
            f"task={task['name']} has no physics: its file in conf/task/ needs "
            "`- /physics: contact` among its defaults"
        )


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
    robots = [arm.card for arm in Cell.from_json(cell).robots]
    versions = content_versions(renderer["name"], robots, None)
    return Plan(
        out=out,
        make=makers.render,
        recipe=recipe,
        seed=int(source.info.get("seed", 0)),
        ends=(source.info["episodes"],),
        shard_size=options.whole(config, "shard_size", 1),
        compression=options.choice(config, "compression", COMPRESSIONS),
        spec_id=spec_id(recipe, versions),
        versions=versions,
        source=source.path.absolute(),
    )


def _content(source: Library) -> str:
    """A hash of the states and actions of all episodes, however they were compressed."""
    digest = hashlib.sha256()
    for row in source.rows:
        digest.update(f"{row.index} {row.content_hash}\n".encode())
    return digest.hexdigest()


def again(root: Path) -> Plan:
    """The plan of a library that we made, by the code and versions that there are now.

    UserError for a library that was not made by `generate` or `render`, and where its task, robot
    or renderer is not there.
    """
    info = store.describe(root)
    make = {f.__name__: f for f in (makers.generate, makers.render)}.get(str(info.get("made_by")))
    if make is None:
        raise UserError(f"{root} was not made by generate or render: it cannot be made again")
    recipe, seed = info["config"], int(info["seed"])
    task = tasks.known(recipe["task"]["name"]) if make is makers.generate else None
    return Plan(
        out=root,
        make=make,
        recipe=recipe,
        seed=seed,
        ends=store.ends(root),
        shard_size=info["shard_size"],
        compression=str(info.get("compression", "gzip")),
        spec_id=info["spec_id"],
        versions=content_versions(recipe["renderer"]["name"], robots_among(info["versions"]), task),
        source=Path(info["source"]) if "source" in info else None,
    )


def differing(plan: Plan, shards: Iterable[int]) -> dict[str, tuple[str, str]]:
    """In what these shards of its library were made by other code or versions than the plan's:
    name -> (then, now)."""
    found: dict[str, tuple[str, str]] = {}
    for number in shards:
        found |= changed(store.versions(plan.out, number), plan.versions)
    return found


def try_first(config: Config, seed: int) -> None:
    """Samples the first episode's cell: UserError for a scene that cannot be."""
    with quiet():
        from generators import run
    run.sample_cell(tasks.make(config), config, Streams(seed, 0))
