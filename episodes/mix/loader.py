"""Batches of a mix for a training loop in numpy; windows are decoded in worker processes.

    loader = Loader(mix, batch_size=16, workers=2)
    for batch in loader:
        train(batch["obs/main_image"], batch["actions"])
        save(position=loader.position)      # go on there with Loader(..., start=position)

A second loop over the loader is the next pass. There is no shuffle buffer, since the order of a mix
is shuffled already. Batch size, workers, ranks
and the place to start only regroup one sequence of draws.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Any

import numpy as np

from episodes import children
from episodes.array_types import AnyArray
from episodes.errors import UserError
from episodes.mix.mix import Mix
from episodes.mix.passes import Passes, Turn

Batch = dict[str, Any]

_KEPT = 4  # arrays of one size that wait to be filled again
MAX_THREADS = 4  # more of them mostly wait for one another

_mix: Mix  # of a worker process


def batch_of(mix: Mix, indices: Sequence[int]) -> Batch:
    """Some draws as one: arrays (B, ...), numbers (B,), and a list of what is text."""
    out = mix.blank(len(indices))
    return _joined(out, mix.fill(out, range(len(indices)), indices))


def _joined(arrays: Mapping[str, AnyArray], facts: Sequence[Mapping[str, Any]]) -> Batch:
    out: Batch = dict(arrays)
    for name, first in facts[0].items():
        values = [fact[name] for fact in facts]
        out[name] = values if isinstance(first, str) else np.array(values)
    return out


class _Buffers:
    """Arrays for batches, in memory that comes back when nobody looks into them any more.

    New memory for every batch costs a fifth of the time: the system clears every page of it.
    """

    def __init__(self, mix: Mix) -> None:
        self._mix = mix
        self._free: dict[int, dict[str, deque[AnyArray]]] = {}  # by draws and name

    def take(self, count: int) -> dict[str, AnyArray]:
        """Room for `count` draws, as `Mix.blank` gives it."""
        free = self._free.setdefault(count, {})
        if free and all(free.values()):
            memory = {name: waiting.pop() for name, waiting in free.items()}
        else:
            memory = self._mix.blank(count)
            for name in memory:
                free.setdefault(name, deque(maxlen=_KEPT))
        return {name: _lent(array, free[name]) for name, array in memory.items()}


def _lent(memory: AnyArray, free: deque[AnyArray]) -> AnyArray:
    """The array under an owner that every view and tensor of it keeps alive; it is free again when
    that owner is no more."""
    if not memory.nbytes:
        free.append(memory)
        return memory
    owner = (ctypes.c_char * memory.nbytes).from_buffer(memory.data)
    weakref.finalize(owner, free.append, memory).atexit = False
    return np.ndarray(memory.shape, memory.dtype, memoryview(owner))


class Loader:
    """Batches of a mix, a pass at a time: `len(mix)` draws, or `stop`.

    Iterating goes on at `position`, to the end of the pass that it is in. So a second `for` loop is
    the second pass, with draws of its own, and one after a `break` is the rest of the first.
    """

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
        """start: the draw to begin with, as `position` told it. rank, world: of the processes that
        train together; each takes the draws i = rank mod world.

        workers: processes that decode, 0 for none. prefetch: batches ahead for each of them.

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
        self._passes = Passes(batch_size, start, len(mix) if stop is None else stop, rank, world)

    @property
    def position(self) -> int:
        """The draw that comes next, over all ranks: what a checkpoint has to keep."""
        return self._passes.position

    @property
    def epoch(self) -> int:
        """The number of the pass that `position` is in, from 0 on."""
        return self._passes.epoch

    def set_epoch(self, epoch: int) -> None:
        """Go to the beginning of a pass; iterating gets there by itself, one after the other."""
        self._passes.set_epoch(epoch)

    def __len__(self) -> int:
        """Batches of a whole pass."""
        return len(self._passes)

    def __iter__(self) -> Iterator[Batch]:
        turn = self._passes.turn()
        batches = self._inline(turn) if self._workers == 0 else self._spawned(turn)
        for done, batch in enumerate(batches, 1):
            self._passes.position = turn.position(done)
            yield batch

    def _inline(self, turn: Turn) -> Iterator[Batch]:
        buffers = _Buffers(self._mix)
        if self._threads == 1:
            for indices in turn:
                out = buffers.take(len(indices))
                facts = self._mix.fill(out, range(len(indices)), indices)
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
            return _joined(out, facts)

        return wait

    def _spawned(self, turn: Turn) -> Iterator[Batch]:
        context = multiprocessing.get_context("spawn")  # forked, locks and threads may hang
        waiting = iter(turn)
        with children.safe_path():  # the first call starts the workers
            pool = ProcessPoolExecutor(self._workers, context, _begin, (self._mix,))
            queue: deque[Future[Batch]] = deque(
                pool.submit(_batch, indices) for indices in islice(waiting, self._ahead)
            )
        try:
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
