"""An order for cold storage: a few shards of a source at a time, their items shuffled together.

In each epoch the shards come in a new order, in groups of `together`; the items of a group are
permuted among each other, and then comes the next group. Like the shuffle buffer of a streaming
reader, but an exact permutation, and still a pure function of the position in the epoch.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from episodes.array_types import Ints
from episodes.mix.permutation import nth_key, permute

_EPOCHS = 4  # whose plans are remembered


@dataclass(frozen=True)
class _PassPlan:
    """One epoch. order: of the shards; ends, groups: items up to the end of each shard, group."""

    key: np.uint64
    order: Ints
    ends: Ints
    groups: Ints


class ShardOrder:
    """Where position p of epoch e leads, for items that are numbered shard by shard."""

    def __init__(self, sizes: Sequence[int], together: int, key: np.uint64) -> None:
        """sizes: items of each shard, all above 0. together: shards in a group."""
        self._sizes = np.array(sizes, np.int64)
        self._starts = np.cumsum(self._sizes) - self._sizes
        self._together, self._key = together, key
        self._plans: OrderedDict[int, _PassPlan] = OrderedDict()

    def items(self, position: Ints, epoch: Ints) -> Ints:
        """(N,) positions in [0, items), epochs -> (N,) items."""
        if len(self._sizes) <= self._together:  # all at once
            return permute(position, int(self._sizes.sum()), nth_key(self._key, epoch))
        out = np.empty(len(position), np.int64)
        for e in np.unique(epoch):
            here = np.flatnonzero(epoch == e)
            out[here] = self._of_epoch(self._plan(int(e)), position[here])
        return out

    def _of_epoch(self, plan: _PassPlan, position: Ints) -> Ints:
        group = np.searchsorted(plan.groups, position, side="right")
        begin = np.where(group > 0, plan.groups[group - 1], 0)
        inside = permute(position - begin, plan.groups[group] - begin, nth_key(plan.key, group + 1))
        at = begin + inside
        slot = np.searchsorted(plan.ends, at, side="right")
        shard = plan.order[slot]
        return self._starts[shard] + at - (plan.ends[slot] - self._sizes[shard])

    def _plan(self, epoch: int) -> _PassPlan:
        if epoch not in self._plans:
            key = nth_key(self._key, epoch)[0]
            count = len(self._sizes)
            order = permute(np.arange(count), count, key)
            ends = np.cumsum(self._sizes[order])
            last = np.minimum(
                np.arange(self._together, count + self._together, self._together), count
            )
            self._plans[epoch] = _PassPlan(key, order, ends, ends[np.unique(last) - 1])
            while len(self._plans) > _EPOCHS:
                self._plans.popitem(last=False)
        return self._plans[epoch]
