"""What an episode's record says of its cell."""

from __future__ import annotations

from pathlib import Path

from episodes.episode import Episode
from episodes.errors import UserError
from sim.plain import BadRecord
from sim.spec import Cell


def cell_of(episode: Episode, library: str | Path) -> Cell:
    """The cell of an episode. UserError where it has none, BadRecord for one that cannot be; both
    name library and episode."""
    place = f"{library}: episode {episode.index}"
    if not episode.cell:
        raise UserError(f"{place} has no cell, as real data: nothing to simulate")
    try:
        return Cell.from_json(episode.cell)
    except BadRecord as error:
        raise BadRecord(f"{place}: {error}") from error
