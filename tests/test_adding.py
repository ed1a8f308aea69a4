"""The pages on adding a format, a renderer, a part and a scene: done as they say, typed, and seen.

A format, a renderer and a part are files and lines of our tree, so those are added to a copy of it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from episodes.storage.library import Library
from tests.helpers import ROOT, synthetic_episode
from tests.libraries import make_library

TREE = ("assets", "cellwright", "conf", "episodes", "generators", "scenes", "sim")
SHORT = "task.max_seconds=0.1 renderer=none shard_size=2"
BLOCK = r"```(?:python|yaml)\n(.*?)```"


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def commands(text: str) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", text, re.S)
    return [line for block in blocks for line in block.splitlines() if line.startswith("cellwr")]


def files_of(text: str) -> dict[str, str]:
    """path -> text of every whole file that a page shows: its name stands above it."""
    found = re.findall(rf"`([\w/]+\.(?:py|yaml))`[^\n]*\n\n{BLOCK}", text, re.S)
    return {path: block for path, block in found if not block.startswith((" ", "READABLE"))}


def write(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def put_in(root: Path, path: str, old: str, new: str) -> None:
    """What a page says of a line of ours."""
    text = (root / path).read_text(encoding="utf-8")
    assert text.count(old) == 1, (path, old)
    (root / path).write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in TREE:
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, tmp_path / "tree" / name, ignore=ignore)
    return tmp_path / "tree"


@pytest.fixture
def typed(tmp_path: Path) -> Callable[..., str]:
    """Runs lines as `cellwright` does, by the code of `tree`, in one process: what they say."""

    def run(*lines: str, tree: Path = ROOT, path: str = "", code: int = 0) -> str:
        script = (
            "import json, shlex, sys, pytest; from generators.command.cli import dispatch\n"
            f"sys.path.append({str(ROOT)!r}); from tests.inline_pool import work_inline\n"
            "work_inline(pytest.MonkeyPatch())\n"
            "lines, code = json.loads(sys.argv[1])\n"
            "for line in lines:\n"
            "    assert dispatch(shlex.split(line)[1:]) == code, line"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, json.dumps([lines, code])],
            env={**os.environ, "PYTHONPATH": str(tree), "CELLWRIGHT_PATH": path},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    return run


def test_a_format_exports_and_comes_back(
    tree: Path, tmp_path: Path, typed: Callable[..., str]
) -> None:
    text = page("adding-a-format.md")
    write(tree, files_of(text))
    for line in re.search(r"```python\n(READABLE.*?)```", text, re.S)[1].splitlines():  # type: ignore[index]
        old = rf"^{line.partition(' ')[0]} = .*$"
        names = (tree / "episodes/format_names.py").read_text(encoding="utf-8")
        names, count = re.subn(old, line, names, flags=re.M)
        assert count == 1
        (tree / "episodes/format_names.py").write_text(names, encoding="utf-8")
    some = [synthetic_episode(i, np.random.default_rng(i)) for i in range(3)]
    source = make_library(tmp_path / "runs" / "a", some)
    out, back = commands(text)
    said = typed(out, back, tree=tree)
    assert "the same, bit for bit" in said
    assert "nothing was read back" not in said
    assert len(list((tmp_path / "export/npz").glob("*.npz"))) == 3
    there, here = Library(source), Library(tmp_path / "runs" / "back")
    assert [row.content_hash for row in here] == [row.content_hash for row in there]
    wrong = typed("cellwright import format=nzp src=export/npz out=runs/c", tree=tree, code=2)
    assert "did you mean 'npz'?" in wrong

    put_in(tree, "episodes/format_names.py", '"webdataset", "npz")\nWRIT', '"webdataset")\nWRIT')
    said = typed(out.replace("out=export/npz", "out=export/only"), tree=tree)
    assert "npz: there is no reader of this format, so nothing was read back" in said
    assert "Not read back" in (tmp_path / "export/only/README.md").read_text(encoding="utf-8")


def test_a_renderer_draws_and_its_version_enters_the_spec(
    tree: Path, tmp_path: Path, typed: Callable[..., str]
) -> None:
    text = page("adding-a-renderer.md")
    write(tree, files_of(text))
    [name] = re.findall(r"```python\n( +\"flat\".*?\n)```", text, re.S)
    put_in(tree, "sim/render/__init__.py", "RENDERERS = {\n", f"RENDERERS = {{\n{name}")
    smoke, render = commands(text)
    small = '"image_size=[24,16]"'
    said = typed(
        f"{smoke} {small} seconds=0.2",
        f"cellwright generate task=peg_round out=runs/states episodes=1 {SHORT}",
        f"{render} {small}",
        tree=tree,
    )
    assert re.search(r"^peg_round +works ", said, re.M)
    library = Library(tmp_path / "runs" / "flat")
    track = library.read(0).cameras["front"]
    assert track.rgb is not None
    assert track.segmentation is not None
    assert track.rgb.shape == (2, 16, 24, 3)
    for thing in np.unique(track.segmentation):
        assert len(np.unique(track.rgb[track.segmentation == thing], axis=0)) == 1
    assert library.info["versions"]["renderer"] == "flat 1"
    put_in(tree, "sim/render/flat.py", 'version = "1"', 'version = "2"')
    typed(f"{render.replace('out=runs/flat', 'out=runs/newer')} {small}", tree=tree)
    newer = Library(tmp_path / "runs" / "newer").info
    assert newer["versions"]["renderer"] == "flat 2"
    assert newer["spec_id"] != library.info["spec_id"]


def test_a_part_is_placed_and_named(tree: Path, tmp_path: Path, typed: Callable[..., str]) -> None:
    text = page("adding-a-part.md")
    write(tree, files_of(text))
    kind, noun, korean = re.findall(r"```python\n( +\"spool\".*?\n)```", text, re.S)
    catalogue, lexicon = "assets/catalogue.py", "generators/language/lexicon.py"
    put_in(tree, catalogue, "    standards,\n", "    spools,\n    standards,\n")
    put_in(tree, catalogue, "[str, Kind] = {\n", f"[str, Kind] = {{\n{kind}")
    for name, line in (("NOUNS", noun), ("KOREAN", korean)):
        head = f"{name}: Mapping[str, tuple[str, ...]] = {{\n"
        put_in(tree, lexicon, head, head + line)
    [make] = commands(text)
    others = ("block", "bushing", "hex_bolt", "hex_nut", "l_bracket", "shaft")
    alone = " ".join(f"~scene.parts.{kind}" for kind in others)
    only = make.replace("out=runs/spools", f"out=runs/alone {alone} scene.count=2")
    lines = (f"{make} {SHORT} episodes=3", f"{only} {SHORT} episodes=1")
    typed(*lines, tree=tree, path=str(tree / "my_cell"))
    episodes = list(Library(tmp_path / "runs" / "spools").episodes(images=False))
    bodies = [body for one in episodes for body in json.loads(one.cell)["bodies"]]
    spools = [body for body in bodies if body["kind"] == "spool"]
    assert spools
    assert all(30 <= body["params"]["flange_mm"] <= 40 for body in spools)
    said = Library(tmp_path / "runs" / "alone").read(0, images=False).language
    assert all("spool" in words for words in said["en"])
    assert all("스풀" in words for words in said["ko"])


def test_a_scene_is_swept(tmp_path: Path, typed: Callable[..., str]) -> None:
    task, text = page("adding-a-task.md"), page("adding-a-scene.md")
    [code] = re.findall(r"```python\n(.*?)```", task, re.S)
    numbers, sentences = re.findall(r"```yaml\n(.*?)```", task, re.S)
    write(tmp_path, {
        "my_cell/tasks/bench_lift.py": code, "my_cell/conf/task/bench_lift.yaml": numbers,
        "my_cell/sentences/bench_lift.yaml": sentences, **files_of(text),
    })  # fmt: skip
    sweep, look = commands(text)
    sweep = sweep.replace("episodes=10", "episodes=1")
    said = typed(f"{sweep} {SHORT} probe=false", look, path="my_cell")
    assert said.count("riser_lift") >= 2
    heights = set()
    for folder in (tmp_path / "runs" / "risers").iterdir():
        cell = json.loads(Library(folder).read(0, images=False).cell)
        bodies = {body["name"]: body for body in cell["bodies"]}
        heights.add(bodies["riser"]["params"]["height_mm"])
        part = bodies[cell["goal"]["part"]]
        over = part["pose"]["position"][2] - bodies["riser"]["pose"]["position"][2]
        assert over == pytest.approx(bodies["riser"]["params"]["height_mm"] / 1000)
    assert heights == {20, 60}
