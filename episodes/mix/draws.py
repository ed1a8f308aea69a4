"""Which item comes at draw i: index arithmetic alone, without state, files or memory of the past.

Draws come in blocks of 1,000. A block holds the exact quota of each source (`quotas.py`), its order
shuffled by a keyed permutation. The n-th draw of a source is item n of an endless sequence of
epochs, each a permutation of all its items: nothing repeats before everything was seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from episodes.array_types import Ints
from episodes.mix.permutation import MAX_SIZE, key, nth_key, permute
from episodes.mix.quotas import BLOCK, Quotas
from episodes.mix.shard_order import ShardOrder


@dataclass(frozen=True)
class Block:
    """1,000 draws. All (1000,): source number, item of that source, epoch of that source."""

    source: Ints
    item: Ints
    epoch: Ints


class Draws:
    """The endless sequence of draws of one mix."""

    def __init__(
        self,
        names: Sequence[str],
        parts: Sequence[Fraction],
        sizes: Sequence[Sequence[int]],
        seed: int,
        together: int | None = None,
    ) -> None:
        """names, parts (see `quotas.shares`) and sizes (items of each shard) of the sources.

        together: shards of a source that are read at a time; None for all. A source's order depends
        on the seed and its own name, so that another source beside it changes when an item comes,
        never which item comes next.
        """
        self._sizes = tuple(sum(of_shards) for of_shards in sizes)
        if not all(1 <= size <= MAX_SIZE for size in self._sizes):
            raise ValueError(f"sizes must be in [1, {MAX_SIZE}]")
        self._quotas = Quotas(parts)
        self._orders = tuple(
            ShardOrder(of_shards, together or len(of_shards), np.uint64(key(seed, "items", name)))
            for name, of_shards in zip(names, sizes, strict=True)
        )
        self._block_key = np.uint64(key(seed, "blocks"))

    def block(self, number: int) -> Block:
        """Draws [1000 number, 1000 number + 1000)."""
        before = self._quotas.before(number)
        ends = np.cumsum(self._quotas.within(number))
        turn = permute(np.arange(BLOCK), BLOCK, nth_key(self._block_key, number))
        source = np.searchsorted(ends, turn, side="right")
        item, epoch = np.empty(BLOCK, np.int64), np.empty(BLOCK, np.int64)
        for s, size in enumerate(self._sizes):
            here = np.flatnonzero(source == s)
            nth = before[s] + turn[here] - (ends[s - 1] if s else 0)
            epoch[here], position = np.divmod(nth, size)
            item[here] = self._orders[s].items(position, epoch[here])
        return Block(source, item, epoch)
