"""What an episode's record says of its cell."""

from __future__ import annotations

from pathlib import Path

from episodes.episode import Episode
from sim.plain import BadRecord
from sim.spec import Cell


def cell_of(episode: Episode, library: str | Path) -> Cell:
    """The cell of an episode. BadRecord, with library and episode named, for one that cannot be."""
    try:
        return Cell.from_json(episode.cell)
    except BadRecord as error:
        raise BadRecord(f"{library}: episode {episode.index}: {error}") from error
