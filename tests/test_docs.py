"""What the docs promise is there, and what is there is in the docs."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest
import tomllib

from episodes.errors import Exit
from generators.command.hydra_app import composed
from generators.command.verbs import VERBS
from generators.config import groups
from sim.robots.card import arm
from sim.robots.urdf import EXTRA

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TASKS = groups.options("task")


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["README.md", "docs/commands.md"])
def test_every_verb_is_in_the_tables_and_no_other(name: str) -> None:
    rows = re.findall(r"^\| `cellwright (\S+)`", text(ROOT / name), re.M)
    assert sorted(rows) == sorted(VERBS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_verb_that_is_named_exists(page: Path) -> None:
    named = set(re.findall(r"\bcellwright ([a-z]+)\b(?! import)", _code(text(page))))
    assert named <= set(VERBS)


def test_every_task_is_in_the_readme_and_no_other() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \|", text(ROOT / "README.md").partition("## The tasks")[2], re.M
    )
    assert sorted(rows) == TASKS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_task_that_a_command_asks_for_exists(page: Path) -> None:
    asked = {
        t for value in re.findall(r"\btask=([\w,]+)", _code(text(page))) for t in value.split(",")
    }
    assert asked - {"NAME", "TASK", "T", "all"} <= {
        *TASKS,
        *re.findall(r"^\s*name: (\w+)", text(page), re.M),
    }


def test_every_make_target_that_is_named_exists() -> None:
    makefile = text(ROOT / "Makefile")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.M))
    for page in PAGES:
        assert set(re.findall(r"\bmake ([a-z]+)\b", _code(text(page)))) <= targets, page.name


def test_the_page_of_parts_is_what_its_script_writes() -> None:
    found = runpy.run_path(str(ROOT / "scripts" / "parts_page.py"))
    assert text(ROOT / "docs" / "parts.md") == found["page"](), "make parts"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text(page)):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_extra_is_in_the_quick_start_and_the_tasks_that_need_one_in_the_readme() -> None:
    extras = tomllib.loads(text(ROOT / "pyproject.toml"))["project"]["optional-dependencies"]
    rows = re.findall(r"^\| (`.*`) \|", text(ROOT / "docs" / "quickstart.md"), re.M)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(extras)
    assert "robots" in extras["dev"][0], "make setup leaves out what three tasks need"
    lacking = set()
    for task in TASKS:
        card = composed("generate", [f"task={task}", "out=x"])["robot"]["card"]
        package = arm(card.partition("+")[0]).urdf.partition(":")[0]
        lacking |= {task} if package in EXTRA else set()
    for page in ("README.md", "docs/quickstart.md"):
        [told] = [line for line in text(ROOT / page).splitlines() if "131 MB" in line]
        assert set(re.findall(r"`(\w+)`", told)) & set(TASKS) == lacking
    assert (len(TASKS), len(lacking)) == (15, 3)
    assert "`sim` alone there are twelve of the fifteen tasks" in text(
        ROOT / "docs" / "quickstart.md"
    )


def test_every_exit_code_is_explained_and_no_other() -> None:
    page = text(ROOT / "docs" / "commands.md").partition("## Exit codes")[2].partition("\n## ")[0]
    assert [int(code) for code in re.findall(r"^\| (\d+) \| ", page, re.M)] == list(Exit)


def _code(page: str) -> str:
    """The blocks and the words in code type."""
    return "\n".join(
        [*re.findall(r"```\w*\n(.*?)```", page, re.S), *re.findall(r"`([^`\n]+)`", page)]
    )
