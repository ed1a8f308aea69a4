"""Episodes in cells that are on record: `cells=LIBRARY`, typed."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from episodes.episode import Episode
from episodes.storage.library import Library
from generators.command.cli import dispatch
from sim.pose import Pose
from sim.spec import Cell
from tests.inline_pool import work_inline
from tests.libraries import make_library

SHORT = ("renderer=none", "shard_size=1")
MADE = ("task=bench_place", "seed=3", "task.max_seconds=0.5", "image_size=[20,10]", "look=plain")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two short episodes, made with words that are no defaults."""
    root = tmp_path_factory.mktemp("cells") / "a"
    with pytest.MonkeyPatch.context() as patch:
        work_inline(patch)
        assert dispatch(["generate", *MADE, *SHORT, "episodes=2", f"out={root}"]) == 0
    return root


@pytest.fixture(autouse=True)
def _inline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    work_inline(monkeypatch)
    monkeypatch.chdir(tmp_path)


def made(source: Path, *words: str, out: str = "b", code: int = 0) -> Library:
    given = [f"cells={source}", f"out={out}", "task=bench_place", *SHORT, *words]
    assert dispatch(["generate", *given]) == code
    return Library(out)


def cells(library: Library) -> list[Cell]:
    return [Cell.from_json(one.cell) for one in library.episodes(images=False)]


def hashes(library: Library) -> list[str]:
    return [row.content_hash for row in library]


def altered(source: Path, root: Path, **changes: Any) -> Path:
    """The library with other fields in its second episode."""
    first, second = Library(source).episodes(images=False)
    return make_library(root, [first, replace(second, **changes)])


def test_what_no_word_names_is_as_it_was(source: Path) -> None:
    """Cells, robot, looks, sizes, numbers of the task: the seed alone is given again, so that the
    expert draws the same."""
    then, now = Library(source), made(source, "seed=3")
    assert hashes(now) == hashes(then)
    assert [c.to_json() for c in cells(now)] == [c.to_json() for c in cells(then)]
    assert {one.steps for one in now} == {10}  # 0.5 s, not the 40 s of the task's file
    assert now.info["spec_id"] != then.info["spec_id"]
    assert now.info["source"] == str(source)


def test_the_record_says_which_cell_it_was(source: Path) -> None:
    then, now = Library(source), made(source, "seed=8")
    for row, one in zip(then, now.episodes(images=False), strict=True):
        assert one.lineage == {
            "source": "records", "library": then.info["spec_id"], "episode": row.index,
            "content_hash": row.content_hash, "seed": 8, "index": row.index,
        }  # fmt: skip
        assert one.domain == "sim"


def test_another_robot_and_controller_in_the_same_arrangement(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("robot=xarm7", "physics.control_hz=30", "camera=devices", "image_size=[32,24]")
    now = made(source, *words, "task.max_seconds=0.2")
    for old, new in zip(cells(Library(source)), cells(now), strict=True):
        assert (new.bodies, new.rules, new.goal, new.lights) == (
            old.bodies, old.rules, old.goal, old.lights,
        )  # fmt: skip
        assert new.robots[0].card == "xarm7+robotiq_2f85"
        assert new.robots[0].base == old.robots[0].base
        assert new.physics == replace(old.physics, control_hz=30)
        assert [c.name for c in new.cameras] == ["front", "top", "wrist"]
    assert [(row.robot, row.steps) for row in now] == [("xarm7+robotiq_2f85", 6)] * 2
    assert dispatch(["replay", "src=b"]) == 0
    assert dispatch(["check", "src=b"]) == 0
    assert "2 of 2 episodes replay bit for bit" in capsys.readouterr().out


def test_cameras_that_ride_ride_on_the_new_arm(source: Path) -> None:
    tool = made(source, "robot.tool=robotiq_2f85", "episodes=1")
    [old], [new] = cells(Library(source))[:1], cells(tool)
    assert new.robots[0].joints == old.robots[0].joints  # another tool on the arm that was there
    assert new.robots[0].card == "panda+robotiq_2f85"
    assert old.camera("wrist").parent == "panda/panda_hand"
    assert new.camera("wrist").parent == "panda/wrist_camera_mount"
    assert new.camera("wrist").pose == old.camera("wrist").pose


def test_it_grows_is_repaired_and_audited_as_any_other(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = hashes(made(source, out="whole"))
    made(source, "episodes=1")
    assert hashes(made(source)) == whole  # goes on
    (tmp_path / "b" / "shards" / "00001.h5").unlink()
    assert dispatch(["repair", "src=b"]) == 0
    assert dispatch(["audit", "src=b", "fraction=1"]) == 0
    assert hashes(Library("b")) == whole
    assert "2 of 2 episodes came out the same" in capsys.readouterr().out


def test_where_the_records_lie_does_not_matter_and_what_they_hold_does(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moved = shutil.copytree(source, tmp_path / "moved")
    first = made(source)
    made(moved)
    assert "nothing to do" in capsys.readouterr().out
    words = ("task=bench_place", "seed=4", "task.max_seconds=0.1", "episodes=2", *SHORT)
    assert dispatch(["generate", *words, "out=other"]) == 0
    assert made(tmp_path / "other", out="c").info["spec_id"] != first.info["spec_id"]


@pytest.mark.parametrize("verb", ["repair", "audit"])
@pytest.mark.parametrize("how", ["gone", "another"])
def test_nothing_is_touched_where_the_records_are_gone_or_others(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str, how: str
) -> None:
    there = shutil.copytree(source, tmp_path / "there")
    made(there)
    lost = tmp_path / "b" / "shards" / "00001.h5"
    lost.unlink()
    shutil.rmtree(there)
    if how == "another":
        altered(source, there, success=True)
    before = sorted(tmp_path.joinpath("b").rglob("*"))
    assert dispatch([verb, "src=b"]) == 2
    said = capsys.readouterr().err
    what = "no such folder" if how == "gone" else "is another library by now: put back"
    assert re.fullmatch(rf"cellwright: the cells of .*/b come from {there}.*{what}.*\n", said)
    assert sorted(tmp_path.joinpath("b").rglob("*")) == before


def test_what_was_upcycled_stays_so_and_real_data_that_is_simulated_does_not(
    source: Path, tmp_path: Path
) -> None:
    for domain, becomes in (("upcycled", "upcycled"), ("real", "sim")):
        first, _ = Library(source).episodes(images=False)
        from_there = make_library(tmp_path / domain, [replace(first, domain=domain)])
        assert [row.domain for row in made(from_there, out=f"b-{domain}")] == [becomes]


def off_the_bench(episode: Episode) -> str:
    """The cell with what is to be handled out of everybody's reach."""
    cell = Cell.from_json(episode.cell)
    part = json.loads(episode.cell)["goal"]["part"]
    bodies = (
        replace(b, pose=Pose((3.0, 0.0, b.pose.position[2]))) if b.name == part else b
        for b in cell.bodies
    )
    return cell.replace(bodies=tuple(bodies)).to_json()


def test_an_arrangement_that_cannot_be_worked_is_kept_as_a_failure_with_its_cause(
    source: Path, tmp_path: Path
) -> None:
    second = Library(source).read(1, images=False)
    from_there = altered(source, tmp_path / "far", cell=off_the_bench(second))
    rows = list(made(from_there, "task.max_seconds=30", "episodes=2"))
    assert [row.success for row in rows][1] is False
    assert rows[1].failure == "no_grasp"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"cell": ""}, ".*/there: episode 1 has no cell, as real data: nothing to simulate"),
        ({"cell": '{"parts": 3}'}, ".*/there: episode 1: .*parts"),
        ({"cell": "{"}, ".*/there: episode 1: "),
        ({"cell": "{}"}, "a recorded cell without a robot: nothing can be done in it"),
        ({"task": "peg_round"}, "episode 1 of .* is of task=peg_round: its goal is none of task="),
    ],
)
def test_a_record_that_is_no_cell_of_the_task_is_quarantined_with_the_reason(
    source: Path, tmp_path: Path, changes: dict[str, Any], why: str
) -> None:
    there = altered(source, tmp_path / "there", **changes)
    library = made(there, code=5)
    assert [row.index for row in library] == [0]
    [note] = library.quarantined
    assert note["index"] == 1
    assert re.match(why, note["reason"])


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("episodes=3",), "episodes=3, and cells=.*/a has 2; give episodes=2 or fewer"),
        (("scene.count=3",), "scene.count changes nothing with cells=.*; leave it out"),
        (("scene=kit_bench",), "scene changes nothing with cells=.*; leave it out"),
        (("~scene.parts.block",), "scene.parts.block changes nothing with cells=.*; leave it out"),
        (("part=nut.stl",), "part changes nothing with cells=.*; leave it out"),
        (("task=peg_round",), "cells=.*/a has cells of task=bench_place, .*; task=peg_round has"),
        (("robot.tool=vacuum",), "robot.tool=vacuum: bench_place needs jaws; tools: "),
        (("physics.hz=90",), r"physics.hz=90 must be a multiple of .*=20; try physics.hz=80"),
        (("cells=nowhere",), "cells=nowhere: .*/nowhere does not exist; "),
        (("cells=.",), ".* is no library: it has no library.json; "),
    ],
)
def test_a_word_that_cannot_be_is_refused_and_nothing_is_left(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...], line: str,
) -> None:  # fmt: skip
    typed = {f"cells={source}", "task=bench_place"}
    typed -= {word for word in typed for new in words if word.split("=")[0] == new.split("=")[0]}
    assert dispatch(["generate", *sorted(typed), "out=b", *SHORT, *words]) == 2
    said = capsys.readouterr().err
    assert re.fullmatch(rf"cellwright: {line}.*\n", said), said
    assert not (tmp_path / "b").exists()


def test_the_library_of_the_cells_is_no_place_for_others(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["task=bench_place", f"cells={source}", f"out={source}"]
    assert dispatch(["generate", *words, *SHORT]) == 2
    assert "is the library of the cells itself" in capsys.readouterr().err


def test_records_without_any_cell_are_refused(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, _ = Library(source).episodes(images=False)
    real = make_library(tmp_path / "real", [replace(first, cell="", domain="real")])
    assert dispatch(["generate", "task=bench_place", f"cells={real}", "out=b", *SHORT]) == 2
    said = capsys.readouterr().err
    assert "real: episode 0 has no cell, as real data: nothing to simulate" in said
    assert not (tmp_path / "b").exists()


def test_a_sweep_over_robots_in_the_same_cells(source: Path) -> None:
    words = ["task=bench_place", f"cells={source}", "robot=panda,xarm7", "episodes=1", "out=many"]
    assert dispatch(["generate", "-m", *words, *SHORT, "probe=false"]) == 0
    found = [Library(path) for path in Path("many").iterdir()]
    assert sorted(row.robot for one in found for row in one) == ["panda", "xarm7+robotiq_2f85"]
    first, second = (cells(one)[0] for one in found)
    assert first.bodies == second.bodies


def test_the_environment_of_such_a_library_has_its_cells(source: Path) -> None:
    pytest.importorskip("gymnasium")
    from generators.envs import make_env

    now = made(source, "image_size=[12,8]")
    env: Any = make_env("b", renderer="none").unwrapped
    for row in now:
        env.reset(seed=0, options={"index": row.index})
        cell = env.station.world.cell.to_json()
        assert json.loads(cell) == json.loads(now.read(row.index, images=False).cell)
    _, about = env.reset(seed=0, options={"index": 2})  # after the last they begin anew
    assert about["index"] == 0
