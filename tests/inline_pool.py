"""A pool that works in this process: what a test looks at is what was made, not who made it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

import pytest

LOCAL = "generators.production.pools.local.LocalPool"


class InlinePool:
    """As LocalPool, without processes: each call is done when it is submitted."""

    def __init__(self, config: Mapping[str, Any], workers: int, shard_size: int) -> None:
        self.workers = workers

    def submit(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(function(*args))
        except Exception as error:
            future.set_exception(error)
        return future

    def death(self, error: BaseException) -> str | None:
        return None

    def close(self) -> None:
        return None

    def kill(self) -> None:
        return None


def work_inline(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would start processes works in this one, which keeps its memory, its watchdog and its
    crash reports."""
    monkeypatch.setattr("generators.production.shard._limit_memory", _nothing)
    for name in ("dump_traceback_later", "cancel_dump_traceback_later", "enable", "disable"):
        monkeypatch.setattr(f"faulthandler.{name}", _nothing)
    monkeypatch.setattr(LOCAL, InlinePool)


def _nothing(*_: object, **__: object) -> None:
    return None
