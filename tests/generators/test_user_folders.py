"""Tasks, scenes, robots and parts of a user's own, in a folder outside our tree."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import trimesh

from episodes.errors import UserError
from episodes.storage.library import Library
from generators.command.hydra_app import composed
from generators.config import groups
from generators.language import words
from generators.production.versions import hash_of_code
from sim import user_folders
from sim.robots import card, robot
from tests.helpers import ROOT

PAGE = (ROOT / "docs" / "adding-a-task.md").read_text(encoding="utf-8")
SHORT = ["renderer=none", "shard_size=2"]


def typed(folder: Path, where: Path, *lines: str) -> subprocess.CompletedProcess[str]:
    """What `cellwright` does with each line, in one process that sees the folder. The output has
    "-> CODE" after each."""
    code = (
        "import json, sys; from generators.command.cli import dispatch\n"
        "for line in json.loads(sys.argv[1]): print('->', dispatch(line.split(' ')), flush=True)"
    )
    return subprocess.run(
        [sys.executable, "-c", code, json.dumps(lines)],
        env={**os.environ, "CELLWRIGHT_PATH": str(folder)},
        cwd=where,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def codes(done: subprocess.CompletedProcess[str]) -> list[int]:
    return [int(code) for code in re.findall(r"^-> (\d+)$", done.stdout, re.M)]


def write(folder: Path, inside: str, text: str) -> Path:
    file = folder / inside
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def cell(tmp_path: Path) -> Path:
    """The folder that docs/adding-a-task.md has one make."""
    [code] = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    assert code.count("\n") < 60
    numbers, sentences = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
    folder = tmp_path / "my_cell"
    write(folder, "tasks/bench_lift.py", code)
    write(folder, "conf/task/bench_lift.yaml", numbers)
    write(folder, "sentences/bench_lift.yaml", sentences)
    return folder


def test_the_worked_example_works_as_typed(cell: Path, tmp_path: Path) -> None:
    """In worker processes too; and what is found, and told, of a library after edits."""
    shell = "\n".join(re.findall(r"```sh\n(.*?)```", PAGE, re.S))
    assert "export CELLWRIGHT_PATH=my_cell\n" in shell
    made, more = re.findall(r"^cellwright (generate task=bench_lift .*)$", shell, re.M)
    made, more = (
        made.replace("episodes=50", "episodes=2"),
        more.replace("episodes=60", "episodes=3"),
    )
    made, more = (line.replace("workers=2", "workers=1") for line in (made, more))  # fewer to start
    done = typed(Path("my_cell"), tmp_path, "smoke tasks=[bench_lift] image_size=[16,16]", made,
                 "generate --help", "generate task=bench_lfit out=x", "list root=runs",
                 "generate task=bench_lift reward=dense out=dense",
                 "generate task=bench_lift task.height_mm=high out=high")  # fmt: skip
    assert codes(done) == [0, 0, 0, 2, 0, 2, 2], done.stdout
    assert "reward=dense: task=bench_lift does not tell how far it is; give its" in done.stdout
    assert "task.height_mm must be a number, not 'high'; try task.height_mm=1" in done.stdout
    assert not (tmp_path / "dense").exists()
    assert re.search(r"^bench_lift +works +ran .* 2 cameras", done.stdout, re.M)
    assert "task      bench_lift | bench_place" in done.stdout
    assert "unknown task 'bench_lfit'; did you mean 'bench_lift'?" in done.stdout
    assert re.search(r"^lift +bench_lift +panda", done.stdout, re.M)
    library = Library(tmp_path / "runs" / "lift")
    assert [row.failure for row in library.rows] == ["", ""]
    assert len(library.read(0).language["ko"]) == 3

    write(cell, "scenes/of_another_task.py", "WIDE = 1\n")
    moved = Path(shutil.move(cell, tmp_path / "elsewhere"))
    done = typed(moved, tmp_path, made)
    assert codes(done) == [0]
    assert done.stdout.splitlines()[-2].endswith("is finished: 2 episodes; nothing to do")

    (moved / "tasks/bench_lift.py").write_text(
        (moved / "tasks/bench_lift.py")
        .read_text()
        .replace("uniform(0.4, 0.6)", "uniform(0.3, 0.5)")
    )
    done = typed(moved, tmp_path, made, more.replace("on_other_code=grow ", ""), more)
    assert codes(done) == [0, 2, 0], done.stdout
    assert "nothing to do (made by other code: code " in done.stdout
    assert "give on_other_code=grow to make what is left with this" in done.stdout
    assert len(Library(tmp_path / "runs" / "lift")) == 3
    assert "versions" in json.loads((tmp_path / "runs/lift/grown-00001.json").read_text())


def test_a_task_in_one_language_says_its_episodes_in_it(cell: Path, tmp_path: Path) -> None:
    write(cell, "sentences/bench_lift.yaml", 'ko: ["{part:을/를} 드세요"]\n')
    write(cell, "scenes/_mine.py", "from scenes.bench import tray_bench as bench\n")
    code = cell / "tasks/bench_lift.py"
    code.write_text(code.read_text().replace(
        "from scenes.bench import tray_bench", "from scenes._mine import bench as tray_bench"
    ))  # fmt: skip
    done = typed(cell, tmp_path, "generate task=bench_lift out=lift episodes=1 renderer=none "
                 "task.max_seconds=0.5")  # fmt: skip
    assert codes(done) == [0], done.stdout
    [row] = Library(tmp_path / "lift").rows
    assert row.instruction.endswith("드세요.")
    assert set(Library(tmp_path / "lift").read(0).language) == {"ko"}


def test_what_a_task_imports_is_in_its_hash_and_its_folder_is_not(
    cell: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hashed(folder: Path) -> str:
        monkeypatch.setenv("CELLWRIGHT_PATH", str(folder))
        return hash_of_code(ROOT, "none", "bench_lift")

    code = cell / "tasks/bench_lift.py"
    write(cell, "tasks/_helper.py", "A = 1\n")
    write(cell, "scenes/mine.py", "A = 1\n")
    before = hashed(cell)
    other = Path(shutil.copytree(cell, tmp_path / "copy"))
    assert hashed(other) == before
    code.write_text(code.read_text() + "\nfrom . import _helper\nfrom scenes.mine import A\n")
    known = hashed(Path(shutil.copytree(cell, tmp_path / "importing")))
    assert known != before
    for number, file in enumerate(
        ["tasks/_helper.py", "scenes/mine.py", "sentences/bench_lift.yaml"]
    ):
        edited = Path(shutil.copytree(tmp_path / "importing", tmp_path / f"edited{number}"))
        write(edited, file, "A: [b]\n" if file.endswith("yaml") else "A = 2\n")
        assert hashed(edited) != known, file


@pytest.mark.parametrize(
    ("inside", "text", "says"),
    [
        ("tasks/bin_pick.py", "", "the name is taken by .*generators/tasks/bin_pick.py; rename"),
        ("scenes/bench.py", "", "the name is taken by .*scenes/bench.py"),
        ("conf/look/wild.yaml", "a: 1", "the name is taken by .*conf/look/wild.yaml"),
        ("conf/generate.yaml", "a: 1", "the name is taken by .*conf/generate.yaml"),
        ("robots/panda.yaml", "a: 1", "the name is taken by .*assets/robots/panda.yaml"),
        ("sentences/peg_round.yaml", "a: 1", "the name is taken by"),
        ("tasks/my-task.py", "", "Python cannot import that name; use letters and _ alone"),
        ("tasks/my task.py", "", "Python cannot import that name"),
    ],
)
def test_a_name_that_cannot_be_is_refused(
    inside: str, text: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "mine", inside, text)
    monkeypatch.setenv("CELLWRIGHT_PATH", str(tmp_path / "mine"))
    with pytest.raises(UserError, match=says):
        groups.options("task")


def test_a_folder_that_is_none_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELLWRIGHT_PATH", str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match=r"CELLWRIGHT_PATH: no such folder: .*nowhere"):
        user_folders.roots()
    done = typed(tmp_path / "nowhere", tmp_path, "generate --help", "list", "generate task=x out=x")
    assert codes(done) == [2, 2, 2]
    assert done.stdout.count("cellwright: CELLWRIGHT_PATH: no such folder: ") == 3
    monkeypatch.setenv("CELLWRIGHT_PATH", str(tmp_path))
    with pytest.raises(UserError, match="has none of the folders tasks, scenes"):
        user_folders.roots()


@pytest.mark.parametrize("name", ["my cell, üs", "it's", "back\\slash", "end\\", "셀"])
def test_a_folder_may_have_any_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / name, "conf/physics/stiff.yaml", "hz: 440\ncontrol_hz: 20\n")
    monkeypatch.setenv("CELLWRIGHT_PATH", str(tmp_path / name))
    config = composed("generate", ["task=bin_pick", "physics=stiff", "out=x"])
    assert config["physics"]["hz"] == 440


def test_two_folders_are_searched_and_may_not_clash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "a", "conf/look/dark.yaml", "x: 1\n")
    write(tmp_path / "b", "conf/look/bright.yaml", "x: 1\n")
    monkeypatch.setenv("CELLWRIGHT_PATH", f"{tmp_path}/a{os.pathsep}{tmp_path}/b")
    assert {"dark", "bright", "wild"} <= set(groups.options("look"))
    write(tmp_path / "c", "conf/look/dark.yaml", "x: 1\n")
    monkeypatch.setenv("CELLWRIGHT_PATH", f"{tmp_path}/a{os.pathsep}{tmp_path}/c")
    with pytest.raises(UserError, match=r"c/conf/look/dark\.yaml: the name is taken by .*a/conf"):
        groups.options("look")


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("task/t.yaml", "a:\n  _target_: os.system\n", "`_target_` is refused"),
        ("task/t.yaml", "a: ${oc.env:HOME}\n", "oc.env"),
        ("hydra/callbacks/c.yaml", "a: 1\n", "may not set up Hydra itself"),
        ("task/t.yaml", "hydra:\n  searchpath: [file:///tmp]\n", "may not set up Hydra itself"),
    ],
)
def test_its_configs_are_vetted_as_any(
    name: str, text: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, f"conf/{name}", text)
    monkeypatch.setenv("CELLWRIGHT_PATH", str(tmp_path))
    with pytest.raises(UserError, match=says):
        composed("generate", ["task=bin_pick", "out=x"])


def test_no_config_can_name_the_folder(cell: Path, tmp_path: Path) -> None:
    canary = tmp_path / "ran"
    write(cell, "tasks/bench_lift.py", f"open({str(canary)!r}, 'w')\n")
    write(tmp_path, "sweep.yaml", f"task: bench_lift\nout: x\nhydra.searchpath: [file://{cell}]\n")
    write(tmp_path, "conf/task/mine.yaml", f"CELLWRIGHT_PATH: {cell}\ntask: {{name: bench_lift}}\n")
    (tmp_path / "empty" / "conf").mkdir(parents=True)
    done = typed(tmp_path / "empty", tmp_path, "generate task=bench_lift out=x",
                 "generate task=bin_pick out=x CELLWRIGHT_PATH=my_cell",
                 f"generate task=bin_pick out=x hydra.searchpath=[file://{cell}]",
                 "generate sweep=sweep.yaml",
                 "generate --config-dir conf task=mine out=x")  # fmt: skip
    assert codes(done) == [2, 2, 2, 2, 2], done.stdout
    assert not canary.exists()
    assert not (tmp_path / "x").exists()


BROKEN = {
    "plain": ("class Plain:\n    pass\n", "plain.py: Plain is no task: make it a dataclass on "),
    "wrong": ("class Other:\n    pass\n", "wrong.py has no class Wrong; a task's class has the"),
    "syntax": ("def f(:\n", "syntax.py:1: invalid syntax"),
    "lacking": ("import not_installed_here\n", "task 'lacking' cannot be imported: No module na"),
    "nowhere": ("from scenes import nowhere\n", "cannot be imported: cannot import name 'nowhere'"),
    "bare": ("", "give task.name and task.max_seconds in the task's file"),
    "floating": ("", "task=floating has no physics: its file in conf/task/ needs `- /physics:"),
    "untold": (None, "unknown task 'untold'; there are: bald, bare, bench_lift"),
    "bald": ("", "task 'bald' has a file in tasks/, but no conf/task/bald.yaml"),
}


def test_a_broken_task_is_one_line(cell: Path, tmp_path: Path) -> None:
    numbers = (cell / "conf/task/bench_lift.yaml").read_text()
    for name, (text, _) in BROKEN.items():
        if text is not None:
            write(cell, f"tasks/{name}.py", text)
        if name != "bald":
            write(cell, f"conf/task/{name}.yaml", numbers.replace("bench_lift", name))
    write(cell, "conf/task/bare.yaml", "# @package _global_\ntask: {name: bare}\n")
    floating = numbers.replace("bench_lift", "floating").replace("  - /physics: contact\n", "")
    write(cell, "conf/task/floating.yaml", floating)
    done = typed(cell, tmp_path, *(f"generate task={name} out=x" for name in BROKEN))
    assert codes(done) == [2] * len(BROKEN), done.stdout
    lines = [line for line in done.stdout.splitlines() if not line.startswith("->")]
    assert len(lines) == len(BROKEN), done.stdout
    for line, (_, says) in zip(lines, BROKEN.values(), strict=True):
        assert says in line
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("de: [heb es]", "no words for 'de'; languages: en, ko"),
        ("en: lift it", "en: give a list of sentences"),
        ("en: []", "give sentences in one of: en, ko"),
        ("- lift it", "give sentences in one of: en, ko"),
        ("en: [", "not plain YAML"),
    ],
)
def test_sentences_that_cannot_be_are_one_line(
    text: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "sentences/my_task.yaml", text)
    monkeypatch.setenv("CELLWRIGHT_PATH", str(tmp_path))
    words.sentences_of.cache_clear()
    with pytest.raises(UserError, match=says):
        words.sentences_of("my_task")


def test_a_robot_of_ones_own_has_its_urdf_beside_its_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = ROOT / "assets" / "robots"
    text = (ours / "xarm7.yaml").read_text()
    shutil.copytree(ours / "xarm7", tmp_path / "robots" / "xarm7")
    shutil.copy(ours / "xarm7.urdf", tmp_path / "robots" / "my_arm.urdf")
    urdf = re.search(r"^urdf: (.*)$", text, re.M)
    assert urdf is not None
    mine = text.replace(urdf[0], "urdf: my_arm.urdf").replace("name: xarm7", "name: my_arm")
    write(tmp_path, "robots/my_arm.yaml", mine)
    write(tmp_path, "conf/robot/my_arm.yaml", "card: my_arm\ntool: null\nhome_jitter_deg: 3.0\n")
    monkeypatch.setenv("CELLWRIGHT_PATH", str(tmp_path))
    assert "my_arm" in card.arms()
    config = composed("generate", ["task=bench_place", "robot=my_arm", "out=x"])
    assert config["robot"]["card"] == "my_arm+robotiq_2f85"
    model, same = robot.load("my_arm+robotiq_2f85"), robot.load("xarm7+robotiq_2f85")
    assert len(model.links) == len(same.links)
    assert model.sha256 != same.sha256
    half = mine.replace("reach:", "range:").replace("name: my_arm", "name: half_arm")
    write(tmp_path, "robots/half_arm.yaml", half)
    with pytest.raises(UserError, match=r"half_arm.yaml: has no 'reach'"):
        card.arm("half_arm")


def test_a_mesh_of_ones_own_is_named_by_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine" / "parts").mkdir(parents=True)
    (tmp_path / "work").mkdir()
    trimesh.creation.box((30, 40, 50)).export(tmp_path / "mine" / "parts" / "lump.stl")
    monkeypatch.setenv("CELLWRIGHT_PATH", str(tmp_path / "mine"))
    monkeypatch.chdir(tmp_path / "work")
    config = composed("generate", ["task=bench_place", "part=lump.stl", "out=x"])
    assert "data" in config["part"]
    trimesh.creation.box((20, 40, 50)).export("lump.stl")
    with pytest.raises(UserError, match=r"lump.stl could be .* or .*; give its path, as ./lump"):
        composed("generate", ["task=bench_place", "part=lump.stl", "out=x"])
    other = composed("generate", ["task=bench_place", "part=./lump.stl", "out=x"])
    assert other["part"] != config["part"]
