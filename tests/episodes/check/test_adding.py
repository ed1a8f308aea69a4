"""docs/adding-a-check.md, done as it stands, in a copy of the tree."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.helpers import ROOT, synthetic_episode
from tests.libraries import make_library

PAGE = (ROOT / "docs" / "adding-a-check.md").read_text(encoding="utf-8")
CHANGED = ("episodes", "conf", "docs", "scripts", "tests")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in CHANGED:
        ignored = shutil.ignore_patterns("__pycache__", "images", "golden")
        shutil.copytree(ROOT / name, tree / name, ignore=ignored)
    for name in ("assets", "sim", "scenes", "generators", "cellwright", "pyproject.toml"):
        (tree / name).symlink_to(ROOT / name)
    return tree


def typed(tree: Path, *lines: str) -> str:
    """What lines of the page print, by python or all by cellwright; they end with 0."""
    words = lines[0].split(" ")[1:]
    if lines[0].startswith("cellwright"):
        code = (
            "import json, sys; from generators.command.cli import dispatch\n"
            "sys.exit(max(dispatch(line.split(' ')[1:]) for line in json.loads(sys.argv[1])))"
        )
        words = ["-c", code, json.dumps(lines)]
    done = subprocess.run(
        [sys.executable, *words, *(["-p", "no:xdist"] if "pytest" in words else [])],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "PYTEST_ADDOPTS": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_the_worked_example_works_as_typed(tree: Path) -> None:
    [code] = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    assert code.count("\n") < 60
    [place] = re.findall(r"^`(episodes/check/numbers/\w+\.py)`", PAGE, re.M)
    (tree / place).write_text(code, encoding="utf-8")
    registry = tree / "episodes" / "check" / "registry.py"
    text = registry.read_text(encoding="utf-8")
    text = text.replace("    outcome,\n", "    outcome,\n    overload,\n", 1)
    text = text.replace("    outcome.CHECK,\n", "    outcome.CHECK,\n    overload.CHECK,\n", 1)
    registry.write_text(text, encoding="utf-8")

    [write, test, *_] = re.findall(r"^python .*$", PAGE, re.M)
    typed(tree, write)
    assert "\n  overload_n: 400  # [N]" in (tree / "conf" / "check.yaml").read_text()
    assert "\n| `overload` | forces" in (tree / "docs" / "checks.md").read_text()
    assert re.search(r"\b1 passed", typed(tree, test))

    make_library(tree / "runs" / "a", [synthetic_episode(0, np.random.default_rng(0), steps=40)])
    [look] = re.findall(r"^cellwright check .*$", PAGE, re.M)
    told = typed(tree, look.partition(" thresholds.")[0], look)
    assert told.startswith(f"{tree}/runs/a: sound\n")
    assert re.search(r"warning: episode 0, .*obs/wrench: force of up to \d+ N .*\[overload\]", told)
