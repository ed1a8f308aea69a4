"""A rendition and its source: one that is not finished, grows, or loses a shard for a while."""

from __future__ import annotations

from pathlib import Path

import pytest

from episodes.storage.library import Library
from generators.command import hydra_app
from generators.command.cli import dispatch
from generators.production.produce import produce
from generators.production.recipes import rendition
from tests.faults.light import make_light
from tests.inline_pool import work_inline

MADE = ["task=bench_place", "renderer=none", "shard_size=1"]
SEEN = ["renderer=tiny", "image_size=[16,16]", "shard_size=1"]


@pytest.fixture(autouse=True)
def in_a_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    work_inline(monkeypatch)
    make_light(monkeypatch)
    monkeypatch.chdir(tmp_path)
    assert dispatch(["generate", *MADE, "episodes=2", "out=lib"]) == 0


def moved(source: Path, target: Path) -> None:
    target.mkdir(exist_ok=True)
    for file in source.glob("00001.*"):
        file.rename(target / file.name)


def test_an_unfinished_source_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["render", "src=lib", "out=r", *SEEN]
    moved(Path("lib/shards"), Path("later"))
    assert dispatch(words) == 2
    assert "is not finished: 1 of 2 episodes; finish it first" in capsys.readouterr().err
    assert not Path("r").exists()
    moved(Path("later"), Path("lib/shards"))
    assert dispatch(words) == 0
    assert len(Library("r")) == 2


def test_a_rendition_grows_with_its_source(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["render", "src=lib", "out=r", *SEEN]
    assert dispatch(words) == 0
    before = {f.name: f.read_bytes() for f in Path("r/shards").iterdir()}
    assert dispatch(["generate", *MADE, "episodes=3", "out=lib"]) == 0
    assert dispatch(words) == 0
    assert [row.index for row in Library("r")] == [0, 1, 2]
    assert {name: Path("r/shards", name).read_bytes() for name in before} == before
    capsys.readouterr()
    assert dispatch(words) == 0
    assert "r is finished: 3 episodes; nothing to do" in capsys.readouterr().out


def test_what_the_source_has_not_at_the_moment_is_not_quarantined(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["src=lib", "out=r", *SEEN]
    config = hydra_app.composed("render", words)
    plan = rendition(config)
    moved(Path("lib/shards"), Path("later"))
    assert produce([plan], config) == 2
    said = capsys.readouterr().out
    assert "lib has no episode 1 at the moment; finish or repair it" in said
    assert not Path("r/quarantine").exists()
    moved(Path("later"), Path("lib/shards"))
    assert dispatch(["render", *words]) == 0
    assert len(Library("r")) == 2
