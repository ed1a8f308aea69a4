"""Where shards are made. One pool is one file, found by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from importlib import import_module
from typing import Any, Protocol

from episodes.errors import unknown

POOLS: Mapping[str, str] = {
    "local": "generators.production.pools.local:LocalPool",
    "ray": "generators.production.pools.ray_cluster:RayPool",
    "slurm": "generators.production.pools.slurm:SlurmPool",
}


class Pool(Protocol):
    """Runs functions elsewhere, each at least once. It need not be right, only to report: what
    is made twice is the same, and the supervisor asks again for what was lost."""

    def submit(self, function: Callable[..., Any], *args: Any) -> Future[Any]: ...

    def death(self, error: BaseException) -> str | None:
        """How the worker ended, if `error` of a future says that it did; else None."""
        ...

    def close(self) -> None:
        """When nothing is in hand any more."""
        ...

    def kill(self) -> None:
        """At once, whatever is in hand."""
        ...


def open_pool(config: Mapping[str, Any], workers: int, shard_size: int) -> Pool:
    """The pool of `pool=NAME`. UserError for a name that is none."""
    name = config["name"]
    if name not in POOLS:
        raise unknown("pool", name, POOLS)
    module, _, kind = POOLS[name].partition(":")
    pool: Pool = getattr(import_module(module), kind)(config, workers, shard_size)
    return pool
