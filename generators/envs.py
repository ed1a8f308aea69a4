"""The tasks as gymnasium environments.

Importing this module registers them (gymnasium 1 finds no environments by itself):

    import gymnasium, generators.envs
    env = gymnasium.make("cellwright/PegRound-v0", renderer="auto")

`make_env("runs/a")` is the environment in which a library was made, and in that of
`env_from_episode("runs/a", 3)` every reset is that episode.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium

from episodes.errors import UserError
from episodes.storage.library import Library
from generators import env_args, tasks
from sim.plain import BadRecord

if TYPE_CHECKING:  # physics is imported where an environment is made
    from generators.task_env import TaskEnv


def make_env(source: str | Path, **options: Any) -> gymnasium.Env[Any, Any]:
    """The environment of a task, by its name, or of a library, as it was recorded.

    source: a task's name, a library, or one of its shards or a copy of one. For a library
    reset(seed=S, options={"index": i}) with the library's seed S is its episode i: the same cell,
    and with the stored actions the same states, readings, rewards and pictures. options: other
    arguments of `generators.task_env.TaskEnv`, e.g. renderer="none" or channels=["image", "depth"].
    UserError for data that was recorded in no environment of ours.
    """
    recipe: dict[str, Any] = {}
    name = str(source)
    if name not in tasks.names():
        recipe = _recipe(Path(source))
        # by its task: a file of others must not name what gymnasium imports
        name = str(recipe["config"]["task"]["name"])
    return gymnasium.make(f"cellwright/{tasks.class_name(name)}-v0", **{**recipe, **options})


def env_from_episode(library: str | Path, index: int, **options: Any) -> TaskEnv:
    """An environment in which every reset is one stored episode of a library: its cell as it stands
    there, sampled anew by no code, its instruction and its noise. options: as for `make_env`.
    UserError where there is no such episode."""
    from generators.task_env import TaskEnv

    opened = Library(library)
    try:
        episode = opened.read(index, images=False)
    except KeyError as error:
        raise UserError(f"{library} has no episode {index}") from error
    finally:
        opened.close()
    try:
        return TaskEnv(**{**_recipe(Path(library)), **options}, episode=episode)
    except BadRecord as error:
        raise BadRecord(f"{library}: {error}") from error


def _recipe(source: Path) -> dict[str, Any]:
    """The arguments of `TaskEnv` that a library stands for."""
    kwargs = env_args.read(source)["env_kwargs"]
    return {key: kwargs[key] for key in ("config", "renditions")}


for _name in tasks.names():
    gymnasium.register(
        id=f"cellwright/{tasks.class_name(_name)}-v0",
        entry_point="generators.task_env:TaskEnv",
        kwargs={"task": _name},
    )
