"""How the episodes of a plan are made, and by what."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from episodes.episode import Episode
from episodes.errors import UserError
from episodes.library import Library
from generators.options import unknown
from generators.quiet import quiet
from generators.seeds import Streams
from sim import robot
from sim.spec import Cell

if TYPE_CHECKING:  # physics is imported where an episode is made
    from generators.plan import Plan
    from sim.render.base import Renderer

NO_PIXELS, AUTO = "none", "auto"


def generate(plan: Plan, index: int) -> Episode:
    """Episode `index`: simulated, then looked at unless the renderer is `none`."""
    from generators import run

    episode = run.make_episode(plan.recipe, plan.seed, index)
    name = plan.recipe["renderer"]["name"]
    return episode if name == NO_PIXELS else run.add_frames(episode, open_renderer(name))


def render(plan: Plan, index: int) -> Episode:
    """Episode `index` of `plan.source`, its states seen anew. UserError if it is not there."""
    assert plan.source is not None
    library = Library(plan.source)
    try:
        episode = library.read(index, images=False)
    except KeyError as error:
        raise UserError(f"{plan.source} has no episode {index}") from error
    finally:
        library.close()
    from generators import run

    cell = view(Cell.from_json(episode.cell), plan.recipe, index)
    name = plan.recipe["renderer"]["name"]
    if name == NO_PIXELS:
        raise UserError("renderer=none renders nothing; choose another")
    return run.add_frames(episode, open_renderer(name), cell)


def view(cell: Cell, recipe: Mapping[str, Any], index: int) -> Cell:
    """The cell with the cameras, sizes and look that a `render` asks for."""
    from scenes import cameras, look

    streams = Streams(recipe["look_seed"], index)
    size = recipe["image_size"] or [cell.cameras[0].width, cell.cameras[0].height]
    if recipe["camera"] is not None:
        around = np.mean([b.pose.position for b in cell.bodies if not b.fixed], axis=0)
        arm = cell.robots[0]
        wrist = f"{arm.name}/{robot.load(arm.card).card.camera_link}"
        config = {"camera": recipe["camera"], "image_size": list(size)}
        drawn = cameras.cameras(config, streams.rng("camera"), around, wrist)
        cell = cell.replace(cameras=drawn)
    elif recipe["image_size"] is not None:
        resized = (replace(c, width=size[0], height=size[1]) for c in cell.cameras)
        cell = cell.replace(cameras=tuple(resized))
    if recipe["look"] is not None:
        cell = look.redraw(cell, recipe["look"], streams.rng("look"))
    return cell


@lru_cache(maxsize=1)
def open_renderer(name: str) -> Renderer:
    """The renderer of this process: its context and caches serve every episode."""
    from sim import render

    return render.open_renderer(name)


def resolved(renderer: Mapping[str, Any]) -> dict[str, Any]:
    """A renderer's config with a name in place of `auto`: what the pixels depend on."""
    name = str(renderer["name"])
    if name == AUTO:
        from sim.render import gl

        there, why = gl.available()
        name = "raster" if there else "tiny"
        if not there:
            print(f"renderer=tiny, the slow one: {why}", file=sys.stderr)
    return {**renderer, "name": name}


def renderer_version(name: str) -> str:
    """ "name version" as episodes carry it, without making a graphics context."""
    if name == NO_PIXELS:
        return NO_PIXELS
    from sim import render

    if name not in render.RENDERERS:
        raise UserError(unknown("renderer", name, [NO_PIXELS, *render.RENDERERS]))
    module, _, kind = render.RENDERERS[name].partition(":")
    with quiet():
        found = getattr(import_module(module), kind)
    return f"{name} {found.version}"


def try_first(config: Mapping[str, Any], seed: int) -> None:
    """Samples the first episode's cell: UserError for a scene that cannot be."""
    with quiet():
        from generators import run, tasks
    run.sample_cell(tasks.make(config), config, Streams(seed, 0))


def assets(config: Mapping[str, Any]) -> dict[str, str]:
    """name -> sha256 of the files from outside our code that the episodes depend on."""
    card = config["robot"]["card"]
    return {f"robot/{card}": robot.load(card).sha256}
