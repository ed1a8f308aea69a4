"""render: other pixels for the same states."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from episodes.errors import UserError
from episodes.library import Library
from generators import making, options
from generators.plan import COMPRESSIONS, Plan, code_versions, finished, settled, spec_id
from generators.produce import produce

Config = Mapping[str, Any]


def run(config: Config) -> int:
    plan = settled(_plan(config))
    if finished(plan):
        print(f"{plan.out} is finished: {plan.episodes} episodes; nothing to do")
        return 0
    return produce([plan], config)


def _plan(config: Config) -> Plan:
    source = Library(options.folder(config, "src"))
    out = options.path(config, "out")
    if out == source.path.absolute():
        raise UserError(f"out={config['out']} is the source itself; choose another folder")
    if not source.rows:
        raise UserError(f"{source.path} has no episodes yet")
    if not source.read(source.rows[0].index, images=False).cell:
        raise UserError(f"{source.path} holds no cells, as real data does: nothing to render")
    options.image_size(config)
    renderer = making.resolved(config["renderer"])
    recipe = {
        **{key: config[key] for key in ("camera", "look", "image_size")},
        "renderer": renderer,
        "look_seed": options.whole(config, "look_seed"),
        "source": source.info["spec_id"],
        "content": _content(source),
        "task": source.info["config"].get("task"),
    }
    versions = code_versions(renderer["name"])
    return Plan(
        out=out,
        make=making.render,
        recipe=recipe,
        seed=int(source.info.get("seed", 0)),
        ends=(source.info["episodes"],),
        shard_size=options.whole(config, "shard_size", 1),
        compression=options.choice(config, "compression", COMPRESSIONS),
        spec_id=spec_id(recipe, versions, {}),
        versions=versions,
        source=source.path.absolute(),
    )


def _content(source: Library) -> str:
    """A hash of the states and actions of all episodes, however they were compressed."""
    digest = hashlib.sha256()
    for row in source.rows:
        digest.update(f"{row.index} {row.content_hash}\n".encode())
    return digest.hexdigest()
