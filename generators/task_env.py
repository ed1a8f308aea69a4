"""A task as a gymnasium environment, from words of the command line or from a recipe."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from episodes.episode import Episode
from episodes.errors import UserError
from generators import rendering, run, tasks
from generators.cell_sources import open_source
from generators.config import vetting
from generators.recorded import cell_of
from generators.reward import Scorer, reward_of
from generators.seeds import Streams
from generators.task import Task, instruction
from sim.env import CellEnv, Start
from sim.plain import BadRecord
from sim.render import NO_PIXELS

Config = Mapping[str, Any]
PARTS = ("task", "robot", "scene", "camera", "look", "physics", "renderer", "image_size")


class TaskEnv(CellEnv):
    """The environment of a task, as `gymnasium.make` makes it.

    task: its name. overrides: keys as `cellwright generate` takes them, e.g.
    ["scene.clearance_mm=0.5", "image_size=[224,224]"]. Or instead of both, as the `env_args` of a
    shard have it, config: the recipe of a library, and renditions: those of the `render`s after it,
    one after the other.

    renderer: None is the recipe's, or what `overrides` name, else "none". reward: None is the
    recipe's: "sparse", or "dense" (`generators.reward.Scorer`). channels, render_mode, seed: as in
    `sim.env.CellEnv`. episode: one to begin with at every reset, in place of those of the recipe.
    """

    def __init__(
        self,
        task: str | None = None,
        *,
        overrides: Sequence[str] = (),
        config: Config | None = None,
        renditions: Sequence[Config] = (),
        renderer: str | None = None,
        reward: str | None = None,
        channels: Sequence[str] = ("image",),
        render_mode: str | None = None,
        seed: int | None = None,
        episode: Episode | None = None,
    ) -> None:
        if config is None:
            config = _composed(task, overrides)
            if renderer is None and not any(word.startswith("renderer=") for word in overrides):
                renderer = NO_PIXELS
        else:
            _check_recipe(config, renditions, overrides)
        made = tasks.make(config)
        reward = reward_of({**config, **({} if reward is None else {"reward": reward})})
        last = [config, *renditions][-1]
        name = rendering.resolved({"name": renderer} if renderer else last["renderer"])["name"]
        shown = name
        if name == NO_PIXELS and render_mode is not None:
            shown = rendering.resolved({"name": rendering.AUTO})["name"]
        if episode is None:
            draw = _of_recipe(config, renditions, made, reward)
        else:
            draw = _recorded(episode, made, reward)
        if episode is None and config.get("cells") is None:
            cameras = rendering.outlines(config, renditions)
            control_hz = int(config["physics"]["control_hz"])
        else:  # as they stand in the cells, the first of which tells it for all
            first = draw(0, 0).cell
            cameras, control_hz = first.cameras, first.physics.control_hz
        super().__init__(
            draw,
            card=config["robot"]["card"],
            cameras=cameras,
            control_hz=control_hz,
            max_seconds=made.max_seconds,
            channels=channels,
            renderer=name,
            shows=shown,
            render_mode=render_mode,
            seed=seed,
        )


def _composed(task: str | None, overrides: Sequence[str]) -> Config:
    from generators.command import hydra_app, problems

    if task is None:
        raise UserError("an environment needs a task, or the config of a library")
    words = [f"task={task}", "out=nowhere", *overrides]
    try:
        return hydra_app.composed("generate", words)
    except Exception as error:
        described = problems.describe(error, ["generate", *words])
        if described is None:
            raise
        raise UserError(described[0]) from error


def _check_recipe(config: Any, renditions: Any, overrides: Sequence[str]) -> None:
    """UserError for what is no recipe: it may come from a file of others."""
    if overrides:
        raise UserError("give config, or task and overrides, not both")
    missing = [key for key in PARTS if not isinstance(config, Mapping) or key not in config]
    if missing:
        raise UserError(f"config is not the recipe of a library: it lacks {', '.join(missing)}")
    recorded = isinstance(config.get("cells"), Mapping)
    free = ("image_size", *(("camera", "look") if recorded else ()))  # null: as recorded
    odd = [key for key in PARTS if key not in free and not isinstance(config[key], Mapping)]
    if odd:
        raise UserError(f"config is not the recipe of a library: {odd[0]} is no group of keys")
    for i, one in enumerate(renditions):
        missing = [key for key in rendering.RENDITION if key not in one]
        if missing:
            raise UserError(f"renditions[{i}] is not that of a render: it lacks {missing[0]}")
    vetting.refuse_code({"config": config, "renditions": list(renditions)}, "env_args")


def _of_recipe(
    config: Config, renditions: Sequence[Config], made: Task, reward: str
) -> Callable[[int, int], Start]:
    """The episodes of a recipe. Where its cells are on record, they begin anew after the last."""
    source = open_source(config, made)

    def draw(root: int, index: int) -> Start:
        index = index if source.count is None else index % source.count
        streams = Streams(root, index)
        cell = run.cell_for(source, config, streams)
        words = instruction(made.instruction(cell, streams.rng("words")))
        for one in renditions:
            cell = rendering.view(cell, one, index)
        return Start(cell, words, root, index, Scorer(made, cell, reward), streams.rng("noise"))

    return draw


def _recorded(episode: Episode, made: Task, reward: str) -> Callable[[int, int], Start]:
    """One episode whatever is asked for. UserError where it has no cell, or one that cannot be, or
    whose goal is not this task's."""
    seed, index = episode.seed, episode.index
    cell = cell_of(episode, "its library")
    try:
        made.judge(cell)
    except BadRecord as error:
        raise BadRecord(f"episode {index}: {error}") from error

    def draw(_root: int, _index: int) -> Start:
        noise = Streams(seed, index).rng("noise")
        return Start(cell, episode.instruction, seed, index, Scorer(made, cell, reward), noise)

    return draw
