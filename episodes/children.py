"""Python processes that we start take no module from the folder that they are started in.

With `-c` and `-m` Python looks in the current folder first, so that a sim.py or a
multiprocessing.py that lies there, beside somebody's data, would be run. The variable is Python's
own, and is inherited; before 3.11 it has no effect.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VARIABLE = "PYTHONSAFEPATH"
ROOT = Path(__file__).resolve().parents[1]  # where our packages are


def environment() -> dict[str, str]:
    """The environment of a process that is started with a command of ours."""
    return {**os.environ, VARIABLE: "1"}


def command(code: str) -> list[str]:
    """What runs a line of Python that imports our packages, by this interpreter."""
    return [sys.executable, "-c", f"import sys; sys.path.append({str(ROOT)!r}); {code}"]


@contextmanager
def safe_path() -> Iterator[None]:
    """While it lasts, processes that a library starts for us find our modules and no others."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = "1"
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(VARIABLE, None)
        else:
            os.environ[VARIABLE] = before
