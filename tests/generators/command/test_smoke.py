"""What smoke says of a task, whatever becomes of it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from episodes.errors import NotInstalled
from generators.command import cli
from generators.command.cli import dispatch
from generators.config import groups
from sim.robots import urdf
from tests.inline_pool import LOCAL


class Pool:
    """Tries nothing: palletise lacks its robot, peg_round is broken, the others work."""

    def __init__(self, *_: object) -> None:
        pass

    def submit(self, function: Callable[..., Any], config: dict[str, Any], *_: Any) -> Future[Any]:
        future: Future[Any] = Future()
        match config["task"]["name"]:
            case "palletise":
                future.set_exception(NotInstalled("it needs pip install 'cellwright[robots]'"))
            case "peg_round":
                future.set_exception(RuntimeError("a camera sees nothing"))
            case _:
                future.set_result("fine")
        return future

    def death(self, error: BaseException) -> None:
        return None

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ("smoke tasks=[bin_pick]", 0, "bin_pick  works  fine"),
        ("smoke tasks=[peg_round]", 1, "peg_round  BROKEN  RuntimeError: a camera sees nothing"),
        ("smoke tasks=[bin_pick,palletise]", 1, "palletise  not installed  it needs pip install"),
    ],
)
def test_each_task_has_a_line(
    words: str,
    code: int,
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(LOCAL, Pool)
    assert dispatch(words.split()) == code
    assert says in capsys.readouterr().out


def test_a_robot_that_is_not_installed_fails_nothing_that_was_not_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(LOCAL, Pool)
    options = groups.options
    two = lambda group: ["bin_pick", "palletise"] if group == "task" else options(group)  # noqa: E731
    monkeypatch.setattr(groups, "options", two)
    assert dispatch(["smoke"]) == 0
    assert "palletise  not installed" in capsys.readouterr().out


def test_the_command_without_its_engine_says_what_brings_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "find_spec", lambda name: None)
    assert dispatch(["check", "src=x"]) == 2
    assert "the command needs pip install 'cellwright[sim]'" in capsys.readouterr().err
    assert dispatch(["check", "--help"]) == 0


def test_a_model_that_is_not_there_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(NotInstalled, match=r"pip install 'cellwright\[robots\]'"):
        urdf.resolve("example-robot-data:robots/x.urdf")
