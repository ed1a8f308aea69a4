"""Plans from configs and from libraries: what decides the content, named in full."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from episodes import fields
from episodes.errors import UserError
from episodes.storage import store
from episodes.storage.description import MOST_SHARDS, Generated, Rendered
from episodes.storage.differences import changed
from episodes.storage.library import Library
from episodes.storage.selection import whole
from generators import rendering, tasks
from generators.cell_sources import open_source
from generators.cell_sources.records import check_rates
from generators.production import makers
from generators.production.plan import Plan, spec_id
from generators.production.versions import content_versions, robots_among
from generators.recorded import cell_of
from generators.seeds import Streams
from sim.quiet import quiet

Config = Mapping[str, Any]

# keys that say where, how many and how fast, but not what: two runs that differ in these alone
# make the same episodes
ELSEWHERE = (
    "out", "episodes", "workers", "shard_size", "compression", "pool", "dry_run", "probe",
    "aim_success", "on_other_code",
)  # fmt: skip


def generation(config: Config) -> Plan:
    """The plan of `generate`. UserError for a value that cannot be, before anything is written."""
    recipe = {key: value for key, value in config.items() if key not in ELSEWHERE}
    _complete(config)
    _sizes(config)
    source, cells = None, config.get("cells")
    if cells is None:
        check_rates(config["physics"]["hz"], config["physics"]["control_hz"])
    else:
        source = Path(cells["library"])
        recipe["cells"] = {"content": cells["content"]}  # wherever it lies
    recipe["renderer"] = rendering.resolved(config["renderer"])
    versions = content_versions(
        recipe["renderer"]["name"], [config["robot"]["card"]], tasks.known(recipe["task"]["name"])
    )
    return Plan(
        out=config["out"],
        make=makers.generate,
        recipe=recipe,
        seed=config["seed"],
        ends=(config["episodes"],),
        shard_size=config["shard_size"],
        compression=config["compression"],
        spec_id=spec_id(recipe, versions),
        versions=versions,
        source=source,
    )


def _sizes(config: Config) -> None:
    """UserError for more shards than a file system can hold."""
    episodes, size = config["episodes"], config["shard_size"]
    if episodes > MOST_SHARDS * size:
        raise UserError(
            f"episodes={episodes} in shards of {size} are over {MOST_SHARDS} files; give a larger "
            "shard_size=, or make several libraries with other seeds"
        )


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


def rendition(config: Config) -> Plan:
    """The plan of `render`. UserError for a source that cannot be rendered, or is not finished.

    What a rendition is told apart by are the episodes that its source had when it was begun: when
    the source has grown since then, so does the rendition.
    """
    source = Library(config["src"])
    out = config["out"]
    if out == source.path.absolute():
        raise UserError(f"out={config['out']} is the source itself; choose another folder")
    if not source.rows:
        raise UserError(f"{source.path} has no episodes yet")
    whole(source)
    episode = source.read(source.rows[0].index, images=False)
    if not episode.cell:
        raise UserError(f"{source.path} holds no cells, as real data does: nothing to render")
    renderer = rendering.resolved(config["renderer"])
    recipe = {
        **{key: config[key] for key in ("camera", "look", "image_size")},
        "renderer": renderer,
        "look_seed": config["look_seed"],
        "source": source.info["spec_id"],
        "content": _content(source, _begun_with(out) or source.info["episodes"]),
        "task": source.info["config"].get("task"),
    }
    robots = [arm.card for arm in cell_of(episode, source.path).robots]
    versions = content_versions(renderer["name"], robots, None)
    return Plan(
        out=out,
        make=makers.render,
        recipe=recipe,
        seed=int(source.info.get("seed", 0)),
        ends=(source.info["episodes"],),
        shard_size=config["shard_size"],
        compression=config["compression"],
        spec_id=spec_id(recipe, versions),
        versions=versions,
        source=source.path.absolute(),
    )


def _begun_with(out: Path) -> int | None:
    """The number of episodes that a library was first asked for; None where there is none yet."""
    return store.ends(out)[0] if (out / store.LIBRARY).is_file() else None


def _content(source: Library, below: int) -> str:
    """A hash of the states and actions of the episodes below an index, however compressed."""
    digest = hashlib.sha256()
    for row in (row for row in source.rows if row.index < below):
        digest.update(f"{row.index} {row.content_hash}\n".encode())
    return digest.hexdigest()


def sound(root: Path) -> dict[str, Any]:
    """What library.json says of a library that we made, fit to make it again. UserError for one
    that `generate` or `render` did not make, or that was edited by hand."""
    info = store.describe(root)
    place = f"{root / store.LIBRARY}:"
    forms = {"generate": Generated, "render": Rendered}
    form = forms.get(info.get("made_by", ""))
    if form is None:
        raise UserError(f"{root} was not made by generate or render: it cannot be made again")
    for key in ("config", "versions", "seed", *(("source",) if form is Rendered else ())):
        if key not in info:
            raise UserError(f"{place} {key} is missing")
    fields.read(form, info["config"], f"{place} config")
    if spec_id(info["config"], info["versions"]) != info["spec_id"]:
        raise UserError(f"{place} spec_id is not that of its config and versions: it was edited")
    return info


def current_plan(root: Path) -> Plan:
    """The plan of a library that we made, by the code and versions that there are now.

    UserError as of `sound`, and where its task, robot or renderer is not there.
    """
    info = sound(root)
    make = {"generate": makers.generate, "render": makers.render}[info["made_by"]]
    recipe = info["config"]
    task = tasks.known(recipe["task"]["name"]) if make is makers.generate else None
    return Plan(
        out=root,
        make=make,
        recipe=recipe,
        seed=info["seed"],
        ends=store.ends(root),
        shard_size=info["shard_size"],
        compression=info.get("compression", "gzip"),
        spec_id=info["spec_id"],
        versions=content_versions(recipe["renderer"]["name"], robots_among(info["versions"]), task),
        source=Path(info["source"]) if "source" in info else None,
    )


def ready(plan: Plan) -> None:
    """UserError where the library that a plan's cells come from is gone, or another one by now."""
    if plan.source is None or plan.make is makers.render:
        return
    made = f"the cells of {plan.out} come from {plan.source}"
    try:
        content = Library(plan.source).content()
    except UserError as error:
        raise UserError(f"{made}: {error}; put it back there") from error
    if content != plan.recipe["cells"]["content"]:
        raise UserError(f"{made}, which is another library by now: put back the one that was there")


def differing(plan: Plan, shards: Iterable[int]) -> dict[str, tuple[str, str]]:
    """In what these shards of its library were made by other code or versions than the plan's:
    name -> (then, now)."""
    found: dict[str, tuple[str, str]] = {}
    for number in shards:
        found |= changed(store.versions(plan.out, number), plan.versions)
    return found


def try_first(config: Config, seed: int) -> None:
    """Samples the first episode's cell: UserError for a scene that cannot be, or a reward that the
    task cannot give."""
    with quiet():
        from generators import reward, run
    task, asked = tasks.make(config), reward.reward_of(config)
    source = open_source(config, task)
    if source.count is not None and config["episodes"] > source.count:
        raise UserError(
            f"episodes={config['episodes']}, and cells={config['cells']['library']} has "
            f"{source.count}; give episodes={source.count} or fewer"
        )
    reward.Scorer(task, run.cell_for(source, config, Streams(seed, 0)), asked)
