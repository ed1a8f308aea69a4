"""The page of success rates: what is kept of a run, and how it is told."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest

from tests.helpers import ROOT

SCRIPT = ROOT / "scripts" / "success.py"
FAR = "no cell: ur5+vacuum (reach 0.85 m) does not reach box_0 in each of 50 layouts: move it"


@pytest.fixture(scope="module")
def success() -> ModuleType:
    spec = importlib.util.spec_from_file_location("success", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("made", [[], ["", "timeout", "", "no_path"], [FAR] * 3])
def test_a_run_that_was_cut_short_goes_on_with_what_is_kept(
    success: ModuleType, made: list[str]
) -> None:
    assert success.causes(success.measured(made)) == made


def test_an_arm_that_finds_no_layout_at_all_cannot_do_the_task(success: ModuleType) -> None:
    assert success.refusal([FAR] * 3).startswith("ur5+vacuum (reach 0.85 m) does not reach box_0")
    assert not success.refusal([FAR] * 2), "too few to tell"
    assert not success.refusal([FAR, "", FAR]), "one layout was found"
    assert not success.refusal(["no_path"] * 3), "these had layouts"


def test_the_page_has_a_grid_of_arms_and_says_why_one_cannot(success: ModuleType) -> None:
    found = {
        "palletise ur10+vacuum": success.measured([""] * 20) | {"default": True},
        "palletise ur5+vacuum": success.measured([FAR] * 3) | {"default": False},
        "palletise iiwa+vacuum": success.measured(["", "timeout", ""]) | {"default": False},
    }
    page = success.page(found)
    grid = next(line for line in page.splitlines() if line.startswith("| `palletise`"))
    assert grid == "| `palletise` | 2 of 3 |  | **20 of 20** | cannot |  |"
    assert "- `palletise` on ur5+vacuum: ur5+vacuum (reach 0.85 m) does not reach" in page
    assert "timeout: 1 |" in page
    assert page.count("no cell") == 0, "a refusal is not told as failures too"
