"""Processes on this machine."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from multiprocessing import get_context, resource_tracker
from typing import Any

from pebble import ProcessExpired, ProcessPool

from episodes import children


@contextmanager
def workers(count: int, recycle: int) -> Iterator[LocalPool]:
    """A pool for the block: at its end all is done, or where it fails nothing is in hand any more.

    A worker is replaced after `recycle` calls.
    """
    pool = LocalPool({"recycle": recycle}, count, 1)
    try:
        yield pool
    except BaseException:
        pool.kill()
        raise
    pool.close()


class LocalPool:
    """`workers` processes by spawn: a forked child would inherit graphics and physics contexts.

    A worker is replaced after `recycle` episodes, since PyBullet's textures leak.
    """

    def __init__(self, config: Mapping[str, Any], workers: int, shard_size: int) -> None:
        tasks = max(1, config["recycle"] // shard_size)
        # Ctrl-C reaches every process of the terminal; workers are to finish what they do, so
        # they are born with it blocked: a mask, unlike a handler, holds from the first instant
        self._safe_path = children.safe_path()  # as long as workers may be started
        self._safe_path.__enter__()
        resource_tracker.ensure_running()  # its start would lift the mask
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._pool = ProcessPool(workers, max_tasks=tasks, context=get_context("spawn"))
            assert self._pool.active  # asking starts it
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def submit(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        future: Future[Any] = self._pool.schedule(function, args=args)
        return future

    def death(self, error: BaseException) -> str | None:
        if not isinstance(error, ProcessExpired):
            return None
        code = error.exitcode
        if code is not None and code < 0:
            return f"killed by {signal.Signals(-code).name}"
        return f"exited with {code}"

    def close(self) -> None:
        self._pool.close()
        self._end()

    def kill(self) -> None:
        self._pool.stop()
        self._end()

    def _end(self) -> None:
        try:
            self._pool.join()
        finally:
            self._safe_path.__exit__(None, None, None)
