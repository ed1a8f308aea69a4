"""Who may import whom: each floor rests on those below it, and PyBullet stays in its room."""

from __future__ import annotations

import ast
from functools import cache
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
AFTERWARDS = {"trimesh", "scipy", "pandas", "PIL", "yaml", "pebble"}
FILES = sorted(file for floor in BELOW for file in (ROOT / floor).rglob("*.py"))


@cache
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


def of(floor: str) -> list[Path]:
    return [file for file in FILES if file.relative_to(ROOT).parts[0] == floor]


@pytest.mark.parametrize("floor", BELOW)
def test_files_import_only_from_floors_below(floor: str) -> None:
    assert of(floor)
    wrong = [
        f"{relative(file)} imports {module}"
        for file in of(floor)
        for module, _ in imports(file)
        if module.partition(".")[0] in BELOW.keys() - BELOW[floor] - {floor}
        if not on_ground(module)
    ]
    assert not wrong


OPENER = "sim/engine.py"  # the one door to `sim.bullet`


@pytest.mark.parametrize("floor", BELOW)
def test_pybullet_is_behind_one_door(floor: str) -> None:
    wrong = [
        f"{relative(file)} imports {module}"
        for file in of(floor)
        if file.parts[-2] != "bullet"
        for module, _ in imports(file)
        if module.partition(".")[0] == "pybullet"
        or (relative(file) != OPENER and f"{module}.".startswith("sim.bullet."))
    ]
    assert not wrong


def test_the_door_to_pybullet_is_opened_when_a_cell_is() -> None:
    early = {module for module, early in imports(ROOT / OPENER) if early}
    late = {module for module, early in imports(ROOT / OPENER) if not early}
    assert "sim.bullet.world" in late - early


def test_scenes_know_cells_and_poses_only() -> None:
    taken = {m for file in of("scenes") for m, _ in imports(file)}
    assert {m for m in taken if m.startswith("sim.") and m.count(".") == 1} <= SCENES_MAY


def test_training_code_needs_numpy_and_h5py_only() -> None:
    """A format's library is imported when that format is used."""
    wrong = [
        f"{relative(file)} imports {module}"
        for file in of("episodes")
        if "formats" not in file.parts
        for module, early in imports(file)
        if early and module.partition(".")[0] in HEAVY | AFTERWARDS
    ]
    assert not wrong
