"""Episodes that were chosen from one library or several, as one set: what an export writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import h5py

from episodes.episode import Episode
from episodes.errors import UserError
from episodes.storage import hdf5
from episodes.storage.library import Library
from episodes.storage.records import Row, Shard
from episodes.storage.safe import follow, open_unseen
from episodes.storage.summary import Summary, summarized

LINEAGE = "exported_from"  # the entry that tells library and episode_id of a renumbered episode


@dataclass(frozen=True)
class LibraryPart:
    """Episodes of one library, by index. name: of the library among the others."""

    name: str
    library: Library
    rows: tuple[Row, ...]

    @property
    def shards(self) -> tuple[Shard, ...]:
        """The shards that hold them, each with the rows that were chosen."""
        chosen = {row.index for row in self.rows}
        left = (
            replace(shard, rows=tuple(row for row in shard.rows if row.index in chosen))
            for shard in self.library.shards
        )
        return tuple(shard for shard in left if shard.rows)

    @cached_property
    def valid(self) -> frozenset[int]:
        """Those that their shards list under mask/valid."""
        found: set[int] = set()
        for shard in self.shards:
            with open_unseen(self.library.shard_path(shard.number)) as file:
                names = set(hdf5.text(follow(file, "mask")["valid"]))
            found |= {row.index for row in shard.rows if f"demo_{row.index}" in names}
        return frozenset(found)


class Selection:
    """Reads like a library: rows, `group`, `read`, `episodes`, by an index in the set.

    A whole library keeps its numbers. Otherwise episodes are counted anew from 0, part by part; the
    lineage of each then tells where it is from, and its side of the split is noted as it was.
    """

    def __init__(self, path: Path, parts: Sequence[LibraryPart], notes: Sequence[str] = ()) -> None:
        """path: what was asked for. notes: what the user should know, one line each."""
        self.path = path
        self.parts = tuple(part for part in parts if part.rows)
        self.notes = tuple(notes)
        if not self.parts:
            raise UserError(f"{path}: no episodes to export")
        homes = [(part, row) for part in self.parts for row in part.rows]
        self.renumbered = len(self.parts) > 1 or any(
            row.index != number for number, (_, row) in enumerate(homes)
        )
        self._homes: Mapping[int, tuple[LibraryPart, Row]] = dict(enumerate(homes))
        self.rows = tuple(row._replace(index=n) for n, (_, row) in self._homes.items())
        self._open: LibraryPart | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    @cached_property
    def valid(self) -> frozenset[int]:
        """The indices in the set of those that are for validation."""
        return frozenset(n for n, (part, row) in self._homes.items() if row.index in part.valid)

    def home(self, index: int) -> tuple[LibraryPart, Row]:
        """The part that an episode is from, and its row there."""
        return self._homes[index]

    def group(self, index: int) -> h5py.Group:
        """As of `Library`; the attributes are those of the episode in its own library."""
        part, row = self._turned(index)
        return part.library.group(row.index)

    def read(self, index: int, images: bool = True) -> Episode:
        """As of `Library`, with its number in the set."""
        part, row = self._turned(index)
        episode = part.library.read(row.index, images)
        if not self.renumbered:
            return episode
        home = {"library": part.name, "episode_id": row.episode_id}
        side = "valid" if row.index in part.valid else "train"
        return replace(
            episode,
            index=index,
            lineage={**episode.lineage, LINEAGE: home},
            extra={"split": side, **episode.extra},
        )

    def episodes(self, order: Sequence[int] | None = None) -> Iterator[Episode]:
        """Every episode, one in memory at a time; order: of the indices, if another one."""
        return (self.read(n) for n in (range(len(self)) if order is None else order))

    def summary(self) -> Summary:
        shards = (shard for part in self.parts for shard in part.shards)
        return summarized({"episodes": len(self)}, shards, 0)

    def _turned(self, index: int) -> tuple[LibraryPart, Row]:
        """The home of an episode; files of other parts are closed, there may be many."""
        part, row = self._homes[index]
        if self._open is not None and self._open is not part:
            self._open.library.close()
        self._open = part
        return part, row


def whole(library: Library) -> LibraryPart:
    """All episodes of a library. UserError: it is not finished."""
    absent = library.info["episodes"] - len(library) - len(library.quarantined)
    if absent > 0:
        raise UserError(
            f"{library.path} is not finished: {len(library)} of {library.info['episodes']} "
            "episodes; finish it first"
        )
    return LibraryPart(library.path.resolve().name, library, library.rows)
