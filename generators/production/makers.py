"""How the episodes of a plan are made."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from episodes.episode import Episode
from episodes.errors import NotNow, UserError
from episodes.storage import growth, store
from episodes.storage.library import Library
from generators import rendering
from generators.recorded import cell_of
from sim.render import NO_PIXELS

if TYPE_CHECKING:
    from generators.production.plan import Plan


def generate(plan: Plan, index: int) -> Episode:
    """Episode `index`: simulated, then looked at unless the renderer is `none`."""
    from generators import run

    episode = run.make_episode(placed(plan), plan.seed, index)
    name = plan.recipe["renderer"]["name"]
    return episode if name == NO_PIXELS else run.add_frames(episode, rendering.open_renderer(name))


def placed(plan: Plan) -> dict[str, Any]:
    """The recipe of a generation, with the place of the library that its cells come from."""
    if plan.source is None:
        return dict(plan.recipe)
    return {**plan.recipe, "cells": {**plan.recipe["cells"], "library": str(plan.source)}}


def render(plan: Plan, index: int) -> Episode:
    """Episode `index` of `plan.source`, its states seen anew. UserError if the source is without
    it, NotNow if the source has it not yet, or not at the moment."""
    assert plan.source is not None
    try:
        with closing(Library(plan.source)) as library:
            episode = library.read(index, images=False)
    except (KeyError, UserError) as error:
        if _to_come(plan.source, index):
            raise NotNow(
                f"{plan.source} has no episode {index} at the moment; finish or repair it "
                f"(`cellwright repair src={plan.source}`), then run the same command to go on"
            ) from error
        if isinstance(error, UserError):
            raise
        raise UserError(f"{plan.source} has no episode {index}") from error
    from generators import run

    cell = rendering.view(cell_of(episode, plan.source), plan.recipe, index)
    name = plan.recipe["renderer"]["name"]
    if name == NO_PIXELS:
        raise UserError("renderer=none renders nothing; choose another")
    return run.add_frames(episode, rendering.open_renderer(name), cell)


def _to_come(source: Path, index: int) -> bool:
    """Whether the shard of an episode is not there as it was committed."""
    if not (source / store.LIBRARY).is_file():
        return True
    shard = growth.shard_of(store.ends(source), store.describe(source)["shard_size"], index)
    return shard in store.missing(source)
