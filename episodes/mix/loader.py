"""Batches of a mix for a training loop in numpy; windows are decoded in worker processes.

    loader = Loader(mix, batch_size=16, workers=2)
    for batch in loader:
        train(batch["obs/main_image"], batch["actions"])
        save(position=loader.position)      # go on there with Loader(..., start=position)

There is no shuffle buffer, since the order of a mix is shuffled already. Batch size, workers, ranks
and the place to start only regroup one sequence of draws.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from episodes.errors import UserError
from episodes.mix.mix import Mix

Batch = dict[str, Any]

_ALONE = 2  # references to an array that only _Buffers knows: its dict's, and the question's
MAX_THREADS = 4  # more of them mostly wait for one another

_mix: Mix  # of a worker process


def batch_of(mix: Mix, indices: Sequence[int]) -> Batch:
    """Some draws as one: arrays (B, ...), numbers (B,), and a list of what is text."""
    out = mix.blank(len(indices))
    return _joined(out, mix.fill(out, range(len(indices)), indices))


def _joined(arrays: Mapping[str, NDArray[Any]], facts: Sequence[Mapping[str, Any]]) -> Batch:
    out: Batch = dict(arrays)
    for name, first in facts[0].items():
        values = [fact[name] for fact in facts]
        out[name] = values if isinstance(first, str) else np.array(values)
    return out


class _Buffers:
    """Arrays of batches that nobody holds any more, to be filled again.

    New memory for every batch costs a fifth of the time: the system clears every page of it.
    """

    def __init__(self, mix: Mix) -> None:
        self._mix = mix
        self._given: deque[dict[str, NDArray[Any]]] = deque(maxlen=4)

    def take(self, count: int) -> dict[str, NDArray[Any]]:
        for place, arrays in enumerate(self._given):
            sizes = {len(value) for value in arrays.values()}
            # Views and tensors hold the array that they look into, so they count here too.
            if sizes == {count} and all(sys.getrefcount(arrays[name]) == _ALONE for name in arrays):
                del self._given[place]
                return arrays
        return self._mix.blank(count)

    def give(self, arrays: dict[str, NDArray[Any]]) -> None:
        """They are in a batch that goes out now."""
        self._given.append(arrays)


class Turn:
    """The draws of rank r of n: i = r mod n, from `start` on, in batches, to the end of the mix.

    Every rank has the same number of batches and every batch is full: the last one goes on beyond
    `stop`, for the sequence of draws has no end.
    """

    def __init__(
        self, batch_size: int, start: int, stop: int, rank: int = 0, world: int = 1
    ) -> None:
        if batch_size < 1 or start < 0 or not 0 <= rank < world:
            raise UserError(
                f"batch_size={batch_size} start={start} rank={rank} world={world}: they must be "
                "at least 1, 0, 0 and rank + 1"
            )
        self.batch_size, self.start, self.rank, self.world = batch_size, start, rank, world
        self.batches = max(0, -(-(stop - start) // (batch_size * world)))

    def __len__(self) -> int:
        return self.batches

    def __iter__(self) -> Iterator[list[int]]:
        first = self.start + (self.rank - self.start) % self.world
        step = self.batch_size * self.world
        for n in range(self.batches):
            begin = first + n * step
            yield list(range(begin, begin + step, self.world))

    def position(self, batches: int) -> int:
        """Where all ranks are when each has done so many batches; any world may go on there."""
        return self.start + batches * self.batch_size * self.world


class Loader:
    """Batches of a mix from `start` to its end, or to `stop`. Iterating begins at `position`."""

    def __init__(
        self,
        mix: Mix,
        batch_size: int,
        *,
        workers: int = 0,
        threads: int | None = None,
        prefetch: int = 2,
        start: int = 0,
        stop: int | None = None,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        """workers: processes that decode, 0 for none. prefetch: batches ahead for each of them.

        threads: without workers, that many decode a batch together, and a batch ahead; None: as
        many as this process may use cores, at most MAX_THREADS.
        Workers are spawned: a script that asks for them needs `if __name__ == "__main__":`.
        """
        if threads is None:
            mine = getattr(os, "sched_getaffinity", None)  # Linux's; elsewhere all cores are ours
            threads = min(MAX_THREADS, len(mine(0)) if mine else os.cpu_count() or 1)
        if workers < 0 or threads < 1 or prefetch < 1:
            told = f"workers={workers} threads={threads} prefetch={prefetch}"
            raise UserError(f"{told}: they must be at least 0, 1 and 1")
        self._mix, self._workers, self._threads = mix, workers, threads
        self._ahead = workers * prefetch
        self._stop = len(mix) if stop is None else stop
        self._turn = Turn(batch_size, start, self._stop, rank, world)

    @property
    def position(self) -> int:
        """The draw that comes next, over all ranks: what a checkpoint has to keep."""
        return self._turn.start

    def __len__(self) -> int:
        return len(self._turn)

    def __iter__(self) -> Iterator[Batch]:
        turn = self._turn
        batches = self._inline(turn) if self._workers == 0 else self._spawned(turn)
        for done, batch in enumerate(batches, 1):
            self._turn = Turn(
                turn.batch_size, turn.position(done), self._stop, turn.rank, turn.world
            )
            yield batch

    def _inline(self, turn: Turn) -> Iterator[Batch]:
        buffers = _Buffers(self._mix)
        if self._threads == 1:
            for indices in turn:
                out = buffers.take(len(indices))
                facts = self._mix.fill(out, range(len(indices)), indices)
                buffers.give(out)
                yield _joined(out, facts)
            return
        with ThreadPoolExecutor(self._threads) as pool:
            coming: Callable[[], Batch] | None = None
            for indices in turn:
                now, coming = coming, self._begun(pool, buffers, indices)
                if now is not None:
                    yield now()
            if coming is not None:
                yield coming()

    def _begun(
        self, pool: ThreadPoolExecutor, buffers: _Buffers, indices: Sequence[int]
    ) -> Callable[[], Batch]:
        """A batch that is being filled, some rows by each thread; the call waits for it."""
        out = buffers.take(len(indices))

        def some(first: int) -> list[dict[str, Any]]:
            mine = slice(first, None, self._threads)
            return self._mix.fill(out, range(len(indices))[mine], indices[mine])

        parts = pool.map(some, range(min(self._threads, len(indices))))

        def wait() -> Batch:
            facts: list[dict[str, Any]] = [{}] * len(indices)
            for first, found in enumerate(parts):
                facts[first :: self._threads] = found
            buffers.give(out)
            return _joined(out, facts)

        return wait

    def _spawned(self, turn: Turn) -> Iterator[Batch]:
        context = multiprocessing.get_context("spawn")  # forked, locks and threads may hang
        pool = ProcessPoolExecutor(self._workers, context, _begin, (self._mix,))
        try:
            waiting = iter(turn)
            queue: deque[Future[Batch]] = deque(
                pool.submit(_batch, indices) for indices in islice(waiting, self._ahead)
            )
            while queue:
                batch = queue.popleft().result()
                queue.extend(pool.submit(_batch, indices) for indices in islice(waiting, 1))
                yield batch
        except BrokenProcessPool as error:
            raise UserError(
                "a worker of the loader died (out of memory?); use fewer workers, or a smaller "
                f"batch_size, and go on with start={self.position}"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _begin(mix: Mix) -> None:
    global _mix
    _mix = mix


def _batch(indices: Sequence[int]) -> Batch:
    return batch_of(_mix, indices)
