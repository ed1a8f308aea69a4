"""How the episodes of a plan are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from episodes.episode import Episode
from episodes.errors import UserError
from episodes.storage.library import Library
from generators import rendering
from generators.recorded import cell_of

if TYPE_CHECKING:
    from generators.production.plan import Plan


def generate(plan: Plan, index: int) -> Episode:
    """Episode `index`: simulated, then looked at unless the renderer is `none`."""
    from generators import run

    episode = run.make_episode(plan.recipe, plan.seed, index)
    name = plan.recipe["renderer"]["name"]
    return (
        episode
        if name == rendering.NO_PIXELS
        else run.add_frames(episode, rendering.open_renderer(name))
    )


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

    cell = rendering.view(cell_of(episode, plan.source), plan.recipe, index)
    name = plan.recipe["renderer"]["name"]
    if name == rendering.NO_PIXELS:
        raise UserError("renderer=none renders nothing; choose another")
    return run.add_frames(episode, rendering.open_renderer(name), cell)
