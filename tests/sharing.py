"""What the processes of one run of the tests share: made by whoever comes first."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """The path `name`, at which `make` put something; the others wait until it is whole.

    Nobody may change what is shared: a test works on a copy.
    """
    base = factory.getbasetemp()  # under pytest-xdist, of one worker, beside those of the others
    path = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared" / name
    path.parent.mkdir(exist_ok=True)
    whole = path.with_name(f"{name}.whole")
    with open(path.with_name(f"{name}.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists():
            make(path)
            whole.touch()
    return path
