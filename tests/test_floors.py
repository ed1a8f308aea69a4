"""Who may import whom: each floor rests on those below it, and PyBullet stays in its room."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GROUND = {"episodes.errors", "episodes.array_types"}  # what every floor may import
BELOW = {
    "assets": set(),
    "episodes": set(),
    "sim": {"assets", "episodes"},
    "scenes": {"assets", "episodes", "sim"},
    "generators": {"assets", "episodes", "sim", "scenes"},
    "cellwright": {"episodes", "generators"},
}
SCENES_MAY = {"sim.spec", "sim.pose", "sim.user_folders"}  # scenes are sampled, never simulated
HEAVY = {"pybullet", "pybullet_data", "hydra", "omegaconf", "gymnasium", "imageio", "torch"}
FILES = sorted(file for floor in BELOW for file in (ROOT / floor).rglob("*.py"))


def imports(file: Path) -> list[tuple[str, bool]]:
    """(module, whether it is imported as the file is) for every import statement."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    late = {
        id(node)
        for scope in ast.walk(tree)
        if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.If)
        for node in ast.walk(scope)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, id(node) not in late) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:  # relative: on the same floor
            module = node.module or ""
            names = [f"{module}.{alias.name}" for alias in node.names]
            found += [(name, id(node) not in late) for name in [module, *names]]
    return found


def relative(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def on_ground(module: str) -> bool:
    """Whether it is one of GROUND, or a name in it."""
    return module in GROUND or module.rpartition(".")[0] in GROUND


@pytest.mark.parametrize("file", FILES, ids=relative)
def test_a_file_imports_only_from_floors_below(file: Path) -> None:
    floor = file.relative_to(ROOT).parts[0]
    for module, _ in imports(file):
        other = module.partition(".")[0]
        if other in BELOW and other != floor and not on_ground(module):
            assert other in BELOW[floor], f"{floor} may not import {module}"


OPENER = "sim/engine.py"  # the one door to `sim.bullet`


@pytest.mark.parametrize("file", [f for f in FILES if f.parts[-2] != "bullet"], ids=relative)
def test_pybullet_is_behind_one_door(file: Path) -> None:
    named = {module for module, _ in imports(file)}
    assert "pybullet" not in {module.partition(".")[0] for module in named}
    if relative(file) != OPENER:
        assert not {module for module in named if f"{module}.".startswith("sim.bullet.")}


def test_the_door_to_pybullet_is_opened_when_a_cell_is() -> None:
    early = {module for module, early in imports(ROOT / OPENER) if early}
    late = {module for module, early in imports(ROOT / OPENER) if not early}
    assert "sim.bullet.world" in late - early


@pytest.mark.parametrize("file", [f for f in FILES if f.parts[-2] == "scenes"], ids=relative)
def test_scenes_know_cells_and_poses_only(file: Path) -> None:
    taken = {m for m, _ in imports(file) if m.startswith("sim.") and m.count(".") == 1}
    assert taken <= SCENES_MAY


@pytest.mark.parametrize("file", [f for f in FILES if "episodes" in f.parts], ids=relative)
def test_training_code_needs_numpy_and_h5py_only(file: Path) -> None:
    if "formats" in file.parts:
        return  # a format's library is imported when that format is used
    outside = {m.partition(".")[0] for m, early in imports(file) if early}
    assert not outside & (HEAVY | {"trimesh", "scipy", "pandas", "PIL", "yaml", "pebble"})


def test_every_floor_has_files() -> None:
    assert {file.relative_to(ROOT).parts[0] for file in FILES} == set(BELOW)
