"""From the command line to a library and back, with real physics."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from episodes.storage import store
from episodes.storage.library import Library
from generators.command.cli import dispatch
from generators.command.hydra_app import composed
from generators.config import groups
from generators.production import makers
from generators.production.recipes import generation
from tests.sharing import made_once

TASKS = groups.options("task")
FAMILIES = ("bench_place", "conveyor_pick", "palletise")  # jaws, a belt, cups
SHORT = ["task.max_seconds=1", "renderer=none", "shard_size=1", "episodes=2"]


def hashes(out: Path) -> dict[int, str]:
    return {row.index: row.content_hash for row in Library(out)}


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One library of each task, cut short, made by one sweep with two workers. Not to be changed:
    all processes of a run share it."""
    words = ["generate", "-m", f"task={','.join(TASKS)}", *SHORT, "workers=2", "probe=false"]

    def make(out: Path) -> None:
        assert dispatch([*words, f"out={out}"]) == 0

    out = made_once(tmp_path_factory, "sweep", make)
    found = {Library(path).rows[0].task: path for path in sorted(out.iterdir())}
    assert sorted(found) == TASKS
    return found


@pytest.mark.parametrize("task", TASKS)
def test_the_same_alone_and_in_another_order(task: str, libraries: dict[str, Path]) -> None:
    expected = hashes(libraries[task])
    plan = generation(composed("generate", [f"task={task}", *SHORT, "out=x"]))
    for index in (1, 0):  # the other way round, in this process
        assert makers.generate(plan, index).content_hash() == expected[index]
    assert len(set(expected.values())) == len(expected)


def made_by_a_fresh_process(tasks: list[str], index: int) -> dict[str, str]:
    """The content hash of one episode of each task."""
    code = (
        "import sys; from generators.command.hydra_app import composed; "
        "from generators.production import makers; "
        "from generators.production.recipes import generation\n"
        "for task in sys.argv[2].split(','):\n"
        "    plan = generation(composed('generate', [f'task={task}', *sys.argv[3:]]))\n"
        "    print('made', task, makers.generate(plan, int(sys.argv[1])).content_hash())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(index), ",".join(tasks), *SHORT, "out=x"],
        capture_output=True,
        text=True,
        check=True,
    )
    said = [line.split() for line in done.stdout.splitlines()]
    return {words[1]: words[2] for words in said if words[:1] == ["made"]}


def test_a_fresh_process_makes_the_same(libraries: dict[str, Path]) -> None:
    """One for all tasks, in the opposite order: what one of them leaves behind changes no other."""
    made = made_by_a_fresh_process(TASKS[::-1], 1)
    assert made == {task: hashes(libraries[task])[1] for task in TASKS}


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_a_fresh_process_of_its_own_makes_the_same(task: str, libraries: dict[str, Path]) -> None:
    assert made_by_a_fresh_process([task], 1) == {task: hashes(libraries[task])[1]}


@pytest.mark.parametrize(
    "task", [t if t in FAMILIES else pytest.param(t, marks=pytest.mark.slow) for t in TASKS]
)
def test_one_worker_makes_what_two_made(
    task: str, libraries: dict[str, Path], tmp_path: Path
) -> None:
    out = tmp_path / "lib"
    assert dispatch(["generate", f"task={task}", *SHORT, "shard_size=2", f"out={out}"]) == 0
    assert hashes(out) == hashes(libraries[task])


def test_a_finished_library_is_left_alone(
    libraries: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    out = libraries[TASKS[0]]
    before = {p: p.stat().st_mtime_ns for p in sorted(out.rglob("*"))}
    assert dispatch(["generate", f"task={TASKS[0]}", *SHORT, f"out={out}"]) == 0
    assert "is finished: 2 episodes; nothing to do" in capsys.readouterr().out
    assert {p: p.stat().st_mtime_ns for p in sorted(out.rglob("*"))} == before


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("seed=1", "holds another library (seed=0 there, 1 here)"),
        ("episodes=1", "has episodes=2, and never shrinks"),
        ("shard_size=2", "was begun with shard_size=1, not 2"),
    ],
)
def test_another_library_is_never_overwritten(
    word: str, says: str, libraries: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    out = libraries[TASKS[0]]
    before = hashes(out)
    assert dispatch(["generate", f"task={TASKS[0]}", *SHORT, word, f"out={out}"]) == 2
    assert says in capsys.readouterr().err
    assert hashes(out) == before


def test_stored_actions_replay_and_episodes_come_out_again(libraries: dict[str, Path]) -> None:
    """One of each task is replayed; one of the first task's comes out again."""
    root = libraries[TASKS[0]].parent
    assert dispatch(["replay", f"src={root}", "episodes=1", "workers=2"]) == 0
    assert dispatch(["audit", f"src={libraries[TASKS[0]]}", "fraction=0.5"]) == 0
    assert dispatch(["repair", f"src={root}"]) == 0


def test_imported_data_is_passed_over(
    libraries: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    library = Library(libraries[TASKS[0]])
    imported = tmp_path / "runs" / "real"
    (tmp_path / "runs").mkdir()
    shutil.copytree(library.path, tmp_path / "runs" / "sim")
    info = {k: v for k, v in library.info.items() if k != "made_by"}
    store.create(imported, {**info, "episodes": 1, "shard_size": 1})
    episode = replace(library.read(0), domain="real", states=None, cell="")
    store.write_shard(
        imported, 0, [episode], spec_id=info["spec_id"], versions={}, created="2026-01-01"
    )
    assert dispatch(["replay", f"src={tmp_path / 'runs'}", "episodes=1"]) == 0
    assert "passed over" in capsys.readouterr().out
    assert dispatch(["replay", f"src={imported}"]) == 2
    assert "imported data has no states" in capsys.readouterr().err


def test_a_tampered_episode_does_not_pass(
    libraries: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The actions of one episode under the cell of another: it never happened."""
    library = Library(libraries["bench_place"])
    one, other = library.read(0), library.read(1)
    assert one.steps == other.steps
    forged = replace(one, actions=other.actions, action=other.action)
    out = tmp_path / "forged"
    store.create(out, {**library.info, "episodes": 1, "shard_size": 1})
    store.write_shard(
        out, 0, [forged], spec_id=library.info["spec_id"], versions={}, created="2026-01-01"
    )
    assert dispatch(["replay", f"src={out}"]) == 1
    assert "differs at step" in capsys.readouterr().out


def test_a_sweep_again_goes_on_and_a_wider_one_adds(
    libraries: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    task = TASKS[0]
    there = shutil.copytree(libraries[task], tmp_path / libraries[task].name)
    before = {p: p.stat().st_mtime_ns for p in sorted(there.rglob("*"))}
    words = ["generate", "-m", f"task={task}", *SHORT, "probe=false", f"out={tmp_path}"]
    assert dispatch([*words, "seed=0,1"]) == 0
    assert "seed=1" in capsys.readouterr().out
    (other,) = set(tmp_path.iterdir()) - {there}
    assert {p: p.stat().st_mtime_ns for p in sorted(there.rglob("*"))} == before
    assert not set(hashes(other).values()) & set(hashes(there).values())


def test_a_dry_run_makes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["generate", "-m", f"task={TASKS[0]}", *SHORT, "seed=0,1", "dry_run=true"]
    assert dispatch([*words, f"out={tmp_path}"]) == 0
    assert "4 episodes to make, about" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_a_combination_that_cannot_be_does_not_stop_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [
        "generate",
        "-m",
        f"task={TASKS[0]}",
        *SHORT,
        "probe=false",
        "camera.front.mount=fixed,x",
    ]
    assert dispatch([*words, f"out={tmp_path}"]) == 2
    out = capsys.readouterr().out
    assert "cannot be made" in out
    assert "camera.front.mount='x'" in out
    assert [len(Library(path)) for path in tmp_path.iterdir()] == [2]


def test_pixels_come_later_without_physics(libraries: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "seen"
    src = libraries[TASKS[0]]
    words = ["render", f"src={src}", f"out={out}", "renderer=tiny", "image_size=[32,24]"]
    assert dispatch([*words, "workers=2"]) == 0
    assert hashes(out) == hashes(src)
    episode = Library(out).read(0)
    for track in episode.cameras.values():
        assert track.rgb is not None
        assert track.rgb.shape == (episode.steps, 24, 32, 3)
    assert dispatch(["check", f"src={out}"]) == 0
    assert dispatch(["show", f"src={out}", f"out={tmp_path / 'show'}", "video_px=32"]) == 0
    assert {p.suffix for p in (tmp_path / "show").iterdir()} == {".png", ".mp4"}
