"""What a source draws from: its items, and the episode and step behind each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from episodes.array_types import Ints
from episodes.mix.permutation import key, permute
from episodes.storage.records import Row


class Items:
    """The items of one source, shard by shard in the order of its episodes; O(episodes) memory.

    frame, hour: every step. window: every `stride`-th step, so that windows tile an episode.
    episode: every episode, from which step follows from the epoch, none twice before all came.
    """

    def __init__(self, rows: Sequence[Row], by: str, strides: Sequence[int], name: str, seed: int):
        """rows: of the chosen episodes, each with steps. strides: steps of a window in each."""
        order = sorted(range(len(rows)), key=lambda n: (rows[n].shard, rows[n].index))
        rows, strides = [rows[n] for n in order], [strides[n] for n in order]
        self._by = by
        self._index = np.array([row.index for row in rows], np.int64)
        self._steps = np.array([row.steps for row in rows], np.int64)
        self._stride = np.array(strides if by == "window" else [1] * len(rows), np.int64)
        starts = -(-self._steps // self._stride)
        self.starts = int(starts.sum())  # different (episode, step) pairs
        items = np.ones_like(starts) if by == "episode" else starts
        self._ends = np.cumsum(items)
        _, shard = np.unique([row.shard for row in rows], return_inverse=True)
        self.of_shards = [int(n) for n in np.bincount(shard, items)]
        self._key = np.uint64(key(seed, "steps", name))

    def __len__(self) -> int:
        return int(self._ends[-1])

    def locate(self, items: Ints, epochs: Ints) -> tuple[Ints, Ints]:
        """(N,) items, epochs -> (N,) indices of episodes, steps."""
        place = np.searchsorted(self._ends, items, side="right")
        if self._by == "episode":
            rounds, turn = np.divmod(epochs, self._steps[place])
            keys = self._key + self._index[place].astype(np.uint64) * np.uint64(1 << 32)
            step = permute(turn, self._steps[place], keys + rounds.astype(np.uint64))
        else:
            before = np.where(place > 0, self._ends[place - 1], 0)
            step = (items - before) * self._stride[place]
        return self._index[place], step
