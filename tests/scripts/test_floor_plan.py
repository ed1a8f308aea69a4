"""The floor plan in the docs is the one that the imports have, and has no circle."""

import runpy

import pytest

from tests.helpers import ROOT

SCRIPT = runpy.run_path(str(ROOT / "scripts" / "floor_plan.py"))


def test_the_page_shows_the_imports_of_today() -> None:
    assert SCRIPT["PAGE"].read_text(encoding="utf-8") == SCRIPT["page"](), (
        "python scripts/floor_plan.py"
    )


def test_a_circle_is_told() -> None:
    assert SCRIPT["floors"]({("a", "b"), ("b", "c")}) == [["c"], ["b"], ["a"]]
    with pytest.raises(ValueError, match="circle of imports among a, b"):
        SCRIPT["floors"]({("a", "b"), ("b", "a"), ("b", "c")})
