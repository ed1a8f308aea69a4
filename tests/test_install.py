"""The data side in the Pythons of training environments, where the engine cannot be installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from episodes.api import export_library
from tests.golden import LIBRARY
from tests.helpers import ROOT

PROGRAM = """
import sys, cellwright
library = cellwright.import_library(sys.argv[1], sys.argv[2])
assert cellwright.check(library.path) == []
print(len(library.rows), library.read(0).cameras["front"].rgb.shape)
try:
    cellwright.generate
except ModuleNotFoundError as error:
    print(error)
"""


@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.10", "3.12", "3.13"])
def test_the_data_side_installs_and_works(version: str, tmp_path: Path) -> None:
    python = shutil.which(f"python{version}")
    if python is None or subprocess.run([python, "-V"], capture_output=True).returncode:
        pytest.skip(f"there is no python{version} here")
    subprocess.run([python, "-m", "venv", tmp_path / "env"], check=True)
    source = tmp_path / "source"  # a build leaves folders beside what it builds
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".*", "runs", "build"))
    pip = [tmp_path / "env" / "bin" / "python", "-m", "pip", "install", "--quiet", source]
    subprocess.run(pip, check=True)
    data = export_library(LIBRARY, tmp_path / "robomimic", "robomimic")
    done = subprocess.run(
        [tmp_path / "env" / "bin" / "python", "-c", PROGRAM, data, tmp_path / "back"],
        capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == "2 (4, 12, 16, 3)"
    assert "install cellwright[sim] on Python 3.11" in second
