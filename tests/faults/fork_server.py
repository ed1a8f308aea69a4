"""A process that has everything imported, and forks a run of the command when it is asked for one.

A fresh interpreter takes seconds; thousands of runs of every verb are wanted. What a pool would do
is done in the run itself, whose operations are counted.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import traceback
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Self

import pytest

from sim.quiet import quiet
from tests.faults import trouble

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Asked:
    """A run: the words after `cellwright`, the folder that it is called in, and its trouble.

    turn: of the operation at which it comes; 0: never. file_bytes, handles: its limits.
    """

    words: list[str]
    folder: str
    trouble: str = "none"
    turn: int = 0
    file_bytes: int | None = None
    handles: int | None = None


@dataclass(frozen=True)
class Ended:
    """code: negative for a signal. operations: how many it did, -1 where it was killed."""

    code: int
    printed: str
    operations: int


class ForkServer:
    """A context manager; `run` is `start` and `end`."""

    def __init__(self, cache: Path) -> None:
        environment = {**os.environ, "XDG_CACHE_HOME": str(cache), "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.fork_server"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, asked: Asked) -> int:
        """Its process id."""
        return int(self._ask("start", asdict(asked)))

    def end(self, pid: int) -> Ended:
        """Waits for it."""
        return Ended(**self._ask("end", pid))

    def run(self, asked: Asked) -> Ended:
        return self.end(self.start(asked))

    def _ask(self, what: str, value: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([what, value]) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the server is gone"
        return json.loads(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)


def _serve() -> None:
    """Answers until its input ends."""
    runs: dict[int, str] = {}
    for line in sys.stdin:
        what, value = json.loads(line)
        if what == "start":
            asked = Asked(**value)
            place = f"{asked.folder}/.printed-{len(runs)}"
            Path(place).touch()
            answer: Any = os.fork()
            if not answer:
                _run(asked, place)
            runs[answer] = place
        else:
            _, status = os.waitpid(value, 0)
            place = runs[value]
            counted = Path(f"{place}-operations")
            answer = {
                "code": os.waitstatus_to_exitcode(status),
                "printed": Path(place).read_text(errors="replace"),
                "operations": int((counted.exists() and counted.read_text()) or -1),
            }
            Path(place).unlink()
            counted.unlink(missing_ok=True)
        print(json.dumps(answer), flush=True)


def _run(asked: Asked, place: str) -> None:
    """In the forked process, which it ends."""
    from generators.command import cli

    code = 1
    done = [-1]
    told = os.open(f"{place}-operations", os.O_WRONLY | os.O_CREAT)
    try:
        os.setsid()
        os.chdir(asked.folder)
        printed = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, descriptor in enumerate((nothing, printed, printed)):
            os.dup2(descriptor, number)
        sys.argv = ["cellwright", *asked.words]
        trouble.limit(asked.file_bytes, asked.handles)
        real_write = os.write
        done = trouble.count(asked.turn, trouble.TROUBLES[asked.trouble])
        try:
            cli.main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        real_write(told, str(done[0]).encode())
    finally:
        os._exit(code)


def _import_everything() -> None:
    import av  # noqa: F401
    import hydra  # noqa: F401
    import pyarrow.parquet  # noqa: F401
    from PIL import Image

    from generators import api, task_env  # noqa: F401
    from generators.command import hydra_app, sheet  # noqa: F401
    from generators.command.verbs import VERBS
    from tests.faults import light
    from tests.inline_pool import work_inline

    Image.init()
    for verb in VERBS.values():
        import_module(f"generators.command.verbs.{verb}")
    patch = pytest.MonkeyPatch()
    work_inline(patch)
    light.make_light(patch)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with quiet():
        _import_everything()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _serve()
