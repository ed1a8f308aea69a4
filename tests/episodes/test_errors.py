"""What is told of an error, and how the command ends."""

from __future__ import annotations

import errno

import pytest

from assets import catalogue
from assets.part import PartError
from episodes.errors import Exit, UserError, choices, describe, nearest, unknown
from episodes.storage.folder import WriteFailed
from episodes.storage.store import Diverged
from generators.command.cli import dispatch


@pytest.mark.parametrize(
    ("error", "line", "code"),
    [
        (UserError("a\n  b"), "a b", 2),
        (PartError("too thin"), "too thin", 2),
        (Diverged("other"), "other", 3),
        (WriteFailed("full"), "full", 4),
        (OSError(errno.ENOSPC, "No space left", "/data/x"), "/data/x: No space left", 4),
        (PermissionError(errno.EACCES, "Permission denied"), "the disk: Permission denied", 4),
    ],
)
def test_an_error_for_users_is_one_line_and_a_code(error: Exception, line: str, code: int) -> None:
    before = dict(vars(error))
    assert describe(error) == (line, Exit(code))
    assert vars(error) == before, "nothing is written onto it"


@pytest.mark.parametrize("bug", [ValueError("x"), KeyError("x"), OSError(errno.ENOENT, "gone")])
def test_a_bug_keeps_its_traceback(bug: Exception) -> None:
    assert describe(bug) is None


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("peground", "; did you mean 'peg_round'? there are: bin_pick, peg_round"),
        ("weld", "; there are: bin_pick, peg_round"),
        (7, "; there are: bin_pick, peg_round"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest_and_all(name: object, line: str) -> None:
    error = unknown("task", name, {"peg_round", "bin_pick"})
    assert str(error) == f"unknown task {name!r}{line}"
    assert isinstance(error, UserError)
    assert isinstance(error, ValueError), "as callers of Python expect"


def test_what_to_choose_from_may_be_fewer_than_what_is_known() -> None:
    known = ["pool.workers", "out"]
    assert choices("pool.worker", known, ["pool"]) == (
        "; did you mean 'pool.workers'? there are: pool"
    )
    assert choices("x", []) == "; there are: none"
    assert nearest("eposides", ["seed", "episodes"]) == "episodes"
    assert nearest("eposides", ["seed"]) is None


@pytest.mark.parametrize(
    ("kind", "params", "line"),
    [
        ("hex_nutt", {}, "unknown part 'hex_nutt'; did you mean 'hex_nut'?"),
        ("hex_nut", {"size": "M12x"}, "unknown size of hex_nut 'M12x'; did you mean 'M12'?"),
        (
            "block",
            {"material": "cast_irn"},
            "unknown material 'cast_irn'; did you mean 'cast_iron'?",
        ),
    ],
)
def test_parts_know_no_other_way(kind: str, params: dict[str, str], line: str) -> None:
    with pytest.raises(UserError) as caught:
        catalogue.build(kind, params)
    assert str(caught.value).startswith(line)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("robot=pandaa", "unknown robot 'pandaa'; did you mean 'panda'? there are: iiwa"),
        ("robot.card=ur6", "unknown robot 'ur6'; did you mean 'ur5'? there are: iiwa"),
        ("robot.tool=vacum", "unknown tool 'vacum'; did you mean 'vacuum'? there are: franka_hand"),
        ("camera=fixed", "unknown camera 'fixed'; did you mean 'fixed_wrist'? there are: behind"),
        ("renderer=rastr", "unknown renderer 'rastr'; did you mean 'raster'? there are: "),
        ("task=peground", "unknown task 'peground'; did you mean 'peg_round'? there are: bench"),
        ("compression=gz", "unknown compression 'gz'; did you mean 'gzip'? there are: gzip, lzf"),
    ],
)
def test_the_command_answers_so(words: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatch(["generate", "task=peg_round", "out=nowhere", *words.split()]) is Exit.BAD_INPUT
    told = capsys.readouterr().err
    assert told.startswith(f"cellwright: {line}")
    assert told.count("\n") == 1
