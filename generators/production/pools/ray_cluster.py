"""Workers of a Ray cluster, or of one that is started here (extra: ray)."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

from episodes import children
from episodes.errors import UserError
from generators.production.pools.calls import WorkerLost, call, fill
from sim import user_folders

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would report home


class RayPool:
    """`address` names a running cluster; null starts one on this machine. The library's folder
    must be the same path on every node."""

    def __init__(self, config: Mapping[str, Any], workers: int, shard_size: int) -> None:
        try:
            import ray
        except ImportError as error:
            raise UserError("pool=ray needs Ray: pip install 'cellwright[ray]'") from error
        self._ray = ray
        address = config["address"]
        # workers import from the folder that Ray is started in before anything else
        with contextlib.chdir(children.ROOT):
            ray.init(
                address=address,
                num_cpus=workers if address is None else None,
                include_dashboard=False if address is None else None,
                log_to_driver=False,
                logging_level=logging.ERROR,
                runtime_env={"env_vars": {**user_folders.environment(), children.VARIABLE: "1"}},
            )
        calls = max(1, config["recycle"] // shard_size)
        # we ask again ourselves: a retry of Ray's would not know which episode is to blame
        self._called = ray.remote(num_cpus=1, max_retries=0, max_calls=calls)(call)
        self._asked: dict[Future[Any], Any] = {}

    def submit(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        future: Future[Any] = Future()
        reference = self._called.remote(function, args)
        self._asked[future] = reference
        reference.future().add_done_callback(lambda done: self._answer(future, done))
        return future

    def _answer(self, future: Future[Any], done: Future[Any]) -> None:
        self._asked.pop(future, None)
        error = done.exception()
        if error is None:
            fill(future, done.result())
        else:  # `call` lets no exception out: Ray itself speaks
            fill(future, (None, WorkerLost(" ".join(str(error).split())[:200])))

    def death(self, error: BaseException) -> str | None:
        return str(error) if isinstance(error, WorkerLost) else None

    def close(self) -> None:
        self._ray.shutdown()

    def kill(self) -> None:
        for reference in list(self._asked.values()):
            self._ray.cancel(reference, force=True)
        self._ray.shutdown()
