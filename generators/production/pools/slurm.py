"""Jobs of a Slurm cluster, or of submitit's stand-in for one on this machine (extra: slurm)."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

from episodes.errors import UserError
from generators.production.pools.calls import WorkerLost, call, fill

GATHER_S = 0.2  # what is asked for within this time becomes one job array


class SlurmPool:
    """One job for each shard, in arrays. `folder` holds submitit's files: like the library's, it
    must be the same path on every node."""

    def __init__(self, config: Mapping[str, Any], workers: int, shard_size: int) -> None:
        try:
            import submitit
        except ImportError as error:
            raise UserError("pool=slurm needs submitit: pip install 'cellwright[slurm]'") from error
        self._lost = submitit.core.utils.UncompletedJobError
        self._folder = config["folder"]
        self._executor = submitit.AutoExecutor(self._folder, cluster=config["cluster"])
        self._executor.update_parameters(
            name="cellwright",
            timeout_min=config["job_minutes"],
            cpus_per_task=1,
            **{k: v for k, v in config["parameters"].items() if v is not None},
        )
        self._poll_s = config["poll_s"]
        self._new: list[tuple[Future[Any], Callable[..., Any], tuple[Any, ...]]] = []
        self._jobs: dict[Future[Any], Any] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def submit(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        future: Future[Any] = Future()
        with self._lock:
            self._new.append((future, function, args))
        return future

    def death(self, error: BaseException) -> str | None:
        return str(error) if isinstance(error, WorkerLost) else None

    def close(self) -> None:
        self._over.set()
        self._keeper.join()
        shutil.rmtree(self._folder, ignore_errors=True)

    def kill(self) -> None:
        self._over.set()
        self._keeper.join()
        for job in self._jobs.values():
            job.cancel()
        while any(not job.done() for job in self._jobs.values()):
            time.sleep(self._poll_s)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _keep(self) -> None:
        """Submits what was asked for and answers what is done, until it is over."""
        while not self._over.wait(GATHER_S if self._new else self._poll_s):
            with self._lock:
                new, self._new = self._new, []
            if new:
                with self._executor.batch():
                    jobs = [self._executor.submit(call, f, args) for _, f, args in new]
                self._jobs |= {ask[0]: job for ask, job in zip(new, jobs, strict=True)}
            for future, job in list(self._jobs.items()):
                if job.done():
                    del self._jobs[future]
                    fill(future, self._answer(job))

    def _answer(self, job: Any) -> tuple[Any, Exception | None]:
        try:
            answer: tuple[Any, Exception | None] = job.result()
        except self._lost as error:
            return None, WorkerLost(" ".join(str(error).split())[:200])
        return answer
