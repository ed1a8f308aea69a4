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

MOST_SHARDS = 1_000_000


def generation(config: Config) -> Plan:
    """The plan of `generate`. UserError for a value that cannot be, before anything is written."""
    recipe = {key: value for key, value in config.items() if key not in ELSEWHERE}
    _rates(config["physics"])
    _sizes(config)
    recipe["renderer"] = rendering.resolved(config["renderer"])
    versions = _versions(recipe)
    return Plan(
        out=config["out"],
        make=makers.generate,
        recipe=recipe,
        seed=config["seed"],
        ends=(config["episodes"],),
        shard_size=config["shard_size"],
        compression=config["compression"],
        spec_id=spec_id(recipe, versions, robots_of([config["robot"]["card"]])),
        versions=versions,
    )


def _sizes(config: Config) -> None:
    """UserError for more shards than a file system can hold."""
    episodes, size = config["episodes"], config["shard_size"]
    if episodes > MOST_SHARDS * size:
        raise UserError(
            f"episodes={episodes} in shards of {size} are over {MOST_SHARDS} files; give a larger "
            "shard_size=, or make several libraries with other seeds"
        )


def _rates(physics: Config) -> None:
    """UserError for rates that no simulation can have."""
    hz, control = physics["hz"], physics["control_hz"]
    if hz % control:
        near = max(1, round(hz / control)) * control
        raise UserError(
            f"physics.hz={hz} must be a multiple of physics.control_hz={control}; "
            f"try physics.hz={near}"
        )


def rendition(config: Config) -> Plan:
    """The plan of `render`. UserError for a source that cannot be rendered."""
    source = Library(config["src"])
    out = config["out"]
    if out == source.path.absolute():
        raise UserError(f"out={config['out']} is the source itself; choose another folder")
    if not source.rows:
        raise UserError(f"{source.path} has no episodes yet")
    cell = source.read(source.rows[0].index, images=False).cell
    if not cell:
        raise UserError(f"{source.path} holds no cells, as real data does: nothing to render")
    renderer = rendering.resolved(config["renderer"])
    recipe = {
        **{key: config[key] for key in ("camera", "look", "image_size")},
        "renderer": renderer,
        "look_seed": config["look_seed"],
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
        shard_size=config["shard_size"],
        compression=config["compression"],
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
