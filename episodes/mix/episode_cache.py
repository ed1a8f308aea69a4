"""Small arrays of whole episodes that stay in memory, as in robomimic's "low_dim" cache."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from episodes.array_types import AnyArray

Table = Mapping[str, AnyArray]


class EpisodeCache:
    """By episode, until there is no more room: with random access any of them is as good to keep as
    another. For several threads; neither pickled nor shared with other processes."""

    def __init__(self, room: int) -> None:
        """room: bytes."""
        self._size = self._room = room
        self._found: dict[int, Table] = {}
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        return EpisodeCache, (self._size,)

    def get(self, episode: int) -> Table | None:
        return self._found.get(episode)

    def fits(self, size: int) -> bool:
        """size: bytes."""
        return size <= self._room

    def keep(self, episode: int, table: Table) -> None:
        with self._lock:
            if episode not in self._found:
                self._found[episode] = table
                self._room -= sum(array.nbytes for array in table.values())
