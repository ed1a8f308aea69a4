"""Jobs of a Slurm cluster, or of submitit's stand-in for one on this machine (extra: slurm)."""

from __future__ import annotations

import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any

from episodes import children
from episodes.errors import UserError, unknown
from generators.production.pools.calls import WorkerLost, call, fill

GATHER_S = 0.2  # what is asked for within this time becomes one job array
# lines of the script that sbatch runs, which may not become commands
PARAMETERS = ("slurm_partition", "slurm_account", "slurm_qos", "slurm_constraint", "mem_gb")
PLAIN = re.compile(r"[\w.:,+&|@/-]*", re.A)


class SlurmPool:
    """One job for each shard, in arrays. `folder` holds submitit's files: like the library's, it
    must be the same path on every node."""

    def __init__(self, config: Mapping[str, Any], workers: int, shard_size: int) -> None:
        try:
            import submitit
        except ImportError as error:
            raise UserError("pool=slurm needs submitit: pip install 'cellwright[slurm]'") from error
        self._lost = submitit.core.utils.UncompletedJobError
        told = _told(config["parameters"])
        Path(config["folder"]).mkdir(parents=True, exist_ok=True)
        # answers are unpickled: nothing may lie there before
        self._folder = Path(tempfile.mkdtemp(prefix="jobs-", dir=config["folder"]))
        self._executor = submitit.AutoExecutor(self._folder, cluster=config["cluster"])
        self._executor.update_parameters(
            name="cellwright",
            timeout_min=config["job_minutes"],
            cpus_per_task=1,
            slurm_setup=[
                f"export {children.VARIABLE}=1"
            ],  # where sbatch takes no environment along
            **told,
        )
        self._safe_path = children.safe_path()
        self._safe_path.__enter__()
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
        self._end()

    def kill(self) -> None:
        self._over.set()
        self._keeper.join()
        for job in self._jobs.values():
            job.cancel()
        while any(not job.done() for job in self._jobs.values()):
            time.sleep(self._poll_s)
        self._end()

    def _end(self) -> None:
        self._safe_path.__exit__(None, None, None)
        shutil.rmtree(self._folder, ignore_errors=True)
        with suppress(OSError):  # others may be at work there
            self._folder.parent.rmdir()

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


def _told(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What sbatch is to be told. UserError for what could be more than a value there."""
    told = {key: value for key, value in parameters.items() if value is not None}
    for key, value in told.items():
        if key not in PARAMETERS:
            raise unknown("pool.parameters key", key, PARAMETERS)
        if not isinstance(value, str | int | float) or not PLAIN.fullmatch(str(value)):
            raise UserError(f"pool.parameters.{key}={value!r}: give one name or number")
    return told
