"""What a shard says of the environment of its episodes, as robomimic has it: `env_name`, `type` and
`env_kwargs`, which are arguments of `gymnasium.make`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from episodes.errors import UserError
from episodes.storage import safe, store
from generators import rendering, tasks

GYM_TYPE = 2  # robomimic's `EnvType.GYM_TYPE`
MODULE = "generators.envs"  # which registers the environments, when gymnasium imports it


def of_recipe(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a library that `generate` makes by this recipe. The seed is left out: who evaluates
    a policy does not want the episodes that it was trained on."""
    config = {key: value for key, value in recipe.items() if key != "seed"}
    return {
        "env_name": f"{MODULE}:cellwright/{tasks.class_name(recipe['task']['name'])}-v0",
        "type": GYM_TYPE,
        "env_kwargs": {"config": config, "renditions": []},
    }


def rendered(args: Mapping[str, Any], recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a library that `render` makes by this recipe of one that has `args`."""
    rendition = {key: recipe[key] for key in rendering.RENDITION}
    kwargs = args["env_kwargs"]
    return {**args, "env_kwargs": {**kwargs, "renditions": [*kwargs["renditions"], rendition]}}


def read(source: Path) -> dict[str, Any]:
    """Those of a library, or of a shard or a copy of one. UserError where nothing is said of an
    environment of ours."""
    file = source
    if source.is_dir():
        file = min((source / store.SHARDS).glob("*.h5"), default=source)
    if not file.is_file():
        raise UserError(f"{source}: there is no library with a finished shard, and no such file")
    with safe.open_hdf5(file) as opened:
        text = opened["data"].attrs.get("env_args", "{}") if "data" in opened else "{}"
        args = safe.parse_json(str(safe.plain(text)), f"{file}: env_args")
    kwargs = args.get("env_kwargs") if isinstance(args, dict) else None
    match kwargs:
        case {"config": {"task": {"name": str()}}, "renditions": list()}:
            return dict(args)
    raise UserError(f"{source} was not made by generate or render: it has no environment")
