"""How the episodes of a plan are made, and by what."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from episodes.episode import Episode

if TYPE_CHECKING:  # physics is imported where an episode is made
    from generators.plan import Plan
    from sim.render.base import Renderer

NO_PIXELS = "none"


def generate(plan: Plan, index: int) -> Episode:
    """Episode `index`: simulated, then looked at unless the renderer is `none`."""
    from generators import run

    episode = run.make_episode(plan.recipe, plan.seed, index)
    name = plan.recipe["renderer"]["name"]
    return episode if name == NO_PIXELS else run.add_frames(episode, open_renderer(name))


@lru_cache(maxsize=1)
def open_renderer(name: str) -> Renderer:
    """The renderer of this process: its context and caches serve every episode."""
    from sim import render

    return render.open_renderer(name)


def renderer_version(name: str) -> str:
    """ "name version" as episodes carry it, without making a graphics context."""
    if name == NO_PIXELS:
        return NO_PIXELS
    from sim.render import RENDERERS, open_renderer

    if name not in RENDERERS:
        open_renderer(name)  # its error says what there is
    module, _, kind = RENDERERS[name].partition(":")
    return f"{name} {getattr(import_module(module), kind).version}"


def try_first(config: Mapping[str, Any], seed: int) -> None:
    """Samples the first episode's cell: UserError for a scene that cannot be."""
    from generators import run, tasks
    from generators.seeds import Streams

    run.sample_cell(tasks.make(config), config, Streams(seed, 0))


def assets(config: Mapping[str, Any]) -> dict[str, str]:
    """name -> sha256 of the files from outside our code that the episodes depend on."""
    from sim import robot

    card = config["robot"]["card"]
    return {f"robot/{card}": robot.load(card).sha256}
