"""Nothing foreign enters a name of the format but what is known to mean just that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from episodes import Library
from episodes.check.check import check
from episodes.episode import Episode
from episodes.errors import UserError
from episodes.finding import Report
from episodes.formats.gate import Gate
from episodes.formats.promises import Promises
from episodes.reserved import MEANING, RESERVED
from generators.command.cli import dispatch
from tests import foreign, mixing
from tests.helpers import synthetic_episode


def admitted(
    episode: Episode, *, strict: bool = False, exact: tuple[str, ...] = ()
) -> tuple[Episode, Report]:
    report = Report()
    gate = Gate(Promises(Path("set"), strict, report), exact)
    (found,) = gate.admit([episode])
    return found, report


def theirs(**changes: Any) -> Episode:
    """As a reader makes it; T = 12."""
    one = synthetic_episode(0, np.random.default_rng(1))
    lineage = {"format": "lerobot v2.1", **changes.pop("lineage", {})}
    return replace(one, domain="real", lineage=lineage, **changes)


DEGREES = np.linspace(-90, 90, 12, dtype=np.float32)[:, None] * np.ones(7, np.float32)


@pytest.mark.parametrize("path", RESERVED)
def test_a_name_alone_says_nothing(path: str) -> None:
    one = theirs()
    group, _, name = path.partition("/")
    before = getattr(one, group)[name]
    found, report = admitted(one)
    assert name not in getattr(found, group)
    assert np.array_equal(getattr(found, group)[f"{name}.source"], before)
    (told,) = [f for f in report if f.field == path]
    assert told.episode == 0
    assert f"it becomes {path}.source" in told.message
    assert f"exact={path}" in told.message


def test_what_its_reader_knows_keeps_its_name() -> None:
    how = "geometry_msgs/WrenchStamped"
    found, report = admitted(theirs(lineage={MEANING: {"obs/wrench": how}}))
    assert np.array_equal(found.obs["wrench"], theirs().obs["wrench"])
    assert found.lineage[MEANING] == {"obs/wrench": how}
    assert "obs/wrench" not in {f.field for f in report}


def test_what_is_known_has_to_have_the_shape_of_it() -> None:
    six = np.zeros((12, 6), np.float32)
    known = {MEANING: {"obs/ee_pose": "a pose", "obs/gripper_position": "an opening"}}
    found, _ = admitted(theirs(obs={"ee_pose": six, "gripper_position": six}, lineage=known))
    assert sorted(found.obs) == ["ee_pose.source", "gripper_position.source"]
    assert MEANING not in found.lineage


def test_pictures_come_from_cameras_alone() -> None:
    depth = np.ones((12, 4, 4), np.uint16)
    found, report = admitted(theirs(action={}, obs={"cam_depth": depth, "cut_depth": depth[:, 0]}))
    assert sorted(found.obs) == ["cam_depth.source", "cut_depth.source"]
    assert found.cameras.keys() == theirs().cameras.keys()
    assert all("exact" not in f.message for f in report), "no list makes a camera of it"


def test_the_names_of_its_columns_move_along_and_nothing_is_lost() -> None:
    taken = {"joint_position": DEGREES, "joint_position.source": DEGREES + 1}
    columns = {"action/joint_position": list("abcdefg"), "actions": ["x"]}
    found, _ = admitted(theirs(action=taken, obs={}, lineage={"columns": columns}))
    assert np.array_equal(found.action["joint_position.source"], DEGREES + 1)
    assert np.array_equal(found.action["joint_position.source.source"], DEGREES)
    moved = {"action/joint_position.source.source": list("abcdefg"), "actions": ["x"]}
    assert found.lineage["columns"] == moved


def test_our_own_are_let_through() -> None:
    ours = synthetic_episode(0, np.random.default_rng(1))
    found, report = admitted(ours)
    assert found is ours
    assert not list(report)


def test_the_gate_done_twice_is_done_once() -> None:
    once, _ = admitted(theirs(), exact=("obs/wrench",))
    twice, report = admitted(once)
    assert not list(report)
    assert (twice.obs.keys(), twice.action.keys()) == (once.obs.keys(), once.action.keys())
    assert twice.lineage == once.lineage


def test_its_owner_may_know_better_and_is_taken_at_their_word() -> None:
    found, report = admitted(theirs(), exact=("action/joint_position", "obs/gripper_position"))
    assert np.array_equal(found.action["joint_position"], theirs().action["joint_position"])
    assert found.lineage[MEANING]["obs/gripper_position"] == "given with exact="
    assert not {"action/joint_position", "obs/gripper_position"} & {f.field for f in report}


@pytest.mark.parametrize(
    ("path", "values", "why"),
    [
        ("action/gripper", np.linspace(0, 100, 12)[:, None], "goes from 0 to 100"),
        ("obs/gripper_position", np.full((12, 2), 0.5), r"is of shape \(12, 2\)"),
        ("obs/ee_pose", np.full((12, 7), 0.1), "has quaternions of norm 0.2"),
        ("obs/wrench", np.zeros((12, 3)), r"is of shape \(12, 3\)"),
        ("action/joint_position", np.zeros((12, 2, 7)), r"is of shape \(12, 2, 7\)"),
    ],
)
def test_but_not_against_the_numbers(path: str, values: np.ndarray, why: str) -> None:
    group, _, name = path.partition("/")
    with pytest.raises(UserError, match=rf"exact={path}: episode 0: it {why}") as caught:
        admitted(theirs(**{group: {name: values}}), exact=(path,))
    assert "\n" not in str(caught.value)


def test_a_wrong_list_is_refused() -> None:
    with pytest.raises(UserError, match="did you mean 'action/joint_position'"):
        admitted(theirs(), exact=("action/joint_positions",))
    with pytest.raises(UserError, match=r"exact=obs/wrench: no episode has"):
        admitted(theirs(obs={}, action={}), exact=("obs/wrench",))


def test_strict_refuses_what_would_be_renamed() -> None:
    with pytest.raises(UserError, match=r"set: action/.* exact=.*; strict=false imports"):
        admitted(theirs(), strict=True)
    admitted(theirs(), strict=True, exact=tuple(RESERVED))


def test_check_finds_libraries_that_were_imported_without_a_gate(tmp_path: Path) -> None:
    mixing.make_library(tmp_path / "old", [theirs()])
    fields = {f.field for f in check(tmp_path / "old") if "nothing says" in f.message}
    assert fields == set(RESERVED)
    one, _ = admitted(theirs(), exact=("obs/wrench",))
    mixing.make_library(tmp_path / "new", [one])
    assert not [f for f in check(tmp_path / "new") if "nothing says" in f.message]


# --- as it is typed


def hobby_arm(root: Path) -> Path:
    """As rigs of hobby servos record: degrees, and a gripper of 0 to 100."""
    pytest.importorskip("pyarrow", reason="the extra 'formats' is not installed")
    return foreign.lerobot(
        root,
        {
            "action": lambda n: np.full((12, 8), n, np.float32),
            "action.joint_position": lambda n: DEGREES + n,
            "action.gripper": lambda n: np.linspace(0, 100, 12, dtype=np.float32)[:, None],
            "observation.state": lambda n: DEGREES,
        },
    )


def test_degrees_are_not_mixed_with_radians(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = hobby_arm(tmp_path / "set"), tmp_path / "real"
    assert dispatch(["import", f"src={source}", f"out={out}"]) == 0
    said = capsys.readouterr().out
    assert "action/joint_position: nothing says" in said
    assert "it becomes action/joint_position.source" in said
    episode = Library(out).read(1)
    assert sorted(episode.action) == ["gripper.source", "joint_position.source", "native"]
    assert np.array_equal(episode.action["joint_position.source"], DEGREES + 1)
    mixing.make_library(tmp_path / "sim", mixing.episodes(2))
    sources = f"sources=[{{name:sim,path:{tmp_path}/sim}},{{name:real,path:{out}}}]"
    mix = ["mix", f"out={tmp_path}/m.json", sources, "keys=[actions]"]
    assert dispatch([*mix, "action_space=joint_position"]) == 2
    assert "'real' has no action/joint_position" in capsys.readouterr().err
    assert dispatch([*mix, "action_space=ee_delta"]) == 2
    assert "action_space=joint_position" not in capsys.readouterr().err


def test_the_remedy_of_the_message_works_when_typed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = hobby_arm(tmp_path / "set")
    words = ["import", f"src={source}", f"out={tmp_path}/a"]
    assert dispatch([*words, "strict=true"]) == 2
    assert "exact=action/" in capsys.readouterr().err
    assert not (tmp_path / "a").exists()
    assert dispatch([*words, "exact=[action/joint_position]"]) == 0
    capsys.readouterr()
    assert sorted(Library(tmp_path / "a").read(0).action) == [
        "gripper.source", "joint_position", "native",
    ]  # fmt: skip
    assert dispatch([*words, "exact=[action/gripper]"]) == 2, "another recipe, another library"
    assert "choose another out=" in capsys.readouterr().err
    words[-1] = f"out={tmp_path}/b"
    assert dispatch([*words, "exact=[action/gripper]"]) == 2
    assert "it goes from 0 to 100" in capsys.readouterr().err
    assert not (tmp_path / "b").exists()
