"""A test that hangs or crashes is one failed test: the run goes on and ends."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

HARM = """
import ctypes, os, threading
import pytest

@pytest.mark.parametrize("i", range(8))
def test_before(i): pass

def test_it_waits_for_ever():
    threading.Event().wait()

def test_its_native_code_never_comes_back():
    native, lock = ctypes.PyDLL(None), ctypes.create_string_buffer(64)  # which keeps the GIL
    native.pthread_mutex_init(lock, None)
    for _ in range(2):
        native.pthread_mutex_lock(lock)

def test_it_crashes():
    os.abort()

@pytest.mark.parametrize("i", range(8))
def test_after(i): pass
"""


@pytest.mark.slow
def test_a_run_outlives_what_hangs_and_what_crashes(tmp_path: Path) -> None:
    """With the settings that are ours, but for the seconds, spread as `make test` does it."""
    (tmp_path / "test_harm.py").write_text(HARM)
    [spread] = re.findall(r"^SPREAD := (.*)$", (ROOT / "Makefile").read_text(), re.M)
    words = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), *spread.split()]
    short = ["--timeout", "2", "-o", "faulthandler_timeout=4", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, *short, str(tmp_path)],
        capture_output=True, text=True, timeout=300, cwd=tmp_path,
        env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip
    said = done.stdout
    assert "3 failed, 16 passed" in said, said
    assert re.search(r"FAILED \S*test_it_waits_for_ever - Failed: Timeout \(>2\.0s\)", said)
    for crashed in ("test_its_native_code_never_comes_back", "test_it_crashes"):
        assert re.search(rf"FAILED \S*{crashed} - worker 'gw\d' crashed", said), crashed
