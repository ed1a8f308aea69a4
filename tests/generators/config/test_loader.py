"""No road to a config runs code or leaves its folder: words, groups, defaults, linked folders."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest

from episodes.errors import UserError
from generators.command.cli import dispatch
from generators.config import loader

BASE = ["generate", "out=out", "dry_run=true", "renderer=none", "episodes=1"]


def callback(folder: Path) -> str:
    """Settings of Hydra that would make the folder `ran`."""
    return f"{{callbacks: {{evil: {{_target_: os.mkdir, path: {folder / 'ran'}}}}}}}"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a config in `hid/` that would run code."""
    (tmp_path / "hid").mkdir()
    (tmp_path / "hid" / "x.yaml").write_text(
        f"# @package _global_\ndefaults:\n- /task/bench_place@task\nhydra: {callback(tmp_path)}\n"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(here: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What the one line says that refuses the words; nothing ran and nothing was written."""
    before = sorted(here.rglob("*"))
    code = dispatch(words)
    said = capsys.readouterr().err
    assert code == 2
    assert said.startswith("cellwright: ")
    assert said.count("\n") == 1
    assert sorted(here.rglob("*")) == before
    return said


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("task={up}/hid/x", "unknown task '../.."),
        ("task={hid}/x", "unknown task '"),
        ("task=sub/../../../{hid}/x", "unknown task '"),
        ("task=./bin_pick", "unknown task './bin_pick'"),
        ("scene={up}/hid/x", "unknown scene '"),
        ("look={up}/hid/x", "unknown look '"),
        ("robot={up}/hid/x", "unknown robot '"),
        ("pool={up}/hid/x", "unknown pool '"),
        ("hydra/callbacks={up}/hid/x", "not for the command line"),
        ("hydra/sweeper={up}/hid/x", "not for the command line"),
        ("hydra.sweeper.custom_search_space=os.system", "not for the command line"),
        ("hydra.sweeper.params={{a: b}}", "not for the command line"),
        ("hydra.callbacks.a=b", "not for the command line"),
        ("hydra.job_logging.handlers.x=1", "not for the command line"),
        ("hydra={{callbacks:{{}}}}", "not for the command line"),
        ("hydra.searchpath=[{hid}]", "not for the command line"),
    ],
)
def test_a_group_takes_names_of_options_alone(
    word: str, says: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    up = "/".join([".."] * 30) + str(here)
    words = [] if word.startswith("task=") else ["task=bin_pick"]
    said = refused(here, capsys, *BASE, *words, word.format(up=up, hid=here / "hid"))
    assert says in said


@pytest.mark.parametrize(
    "flag",
    [
        "--config-di=hid", "--config-path=hid", "--config-pat=hid", "--config-name=x", "-cn=x",
        "--config-n=x", "--e=c.pickle", "--experimental-reru=c.pickle", "--experimental-rerun",
        "--hydra-help", "--info", "--run", "-r", "--shell-completion", "--mult", "--cf=job",
        "--version", "--", "-cd",
    ],
)  # fmt: skip
def test_only_documented_flags_pass_spelled_out(
    flag: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Runs:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, ("ran",)

    (here / "c.pickle").write_bytes(pickle.dumps(Runs()))
    refused(here, capsys, *BASE, "task=bin_pick", flag)


def test_linked_folders_are_looked_through(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "linked").mkdir()
    (here / "linked" / "task").symlink_to("../hid")
    said = refused(here, capsys, *BASE, "task=x", "--config-dir=linked")
    assert "linked/task/x.yaml: `_target_` is refused" in said


def test_a_link_that_leads_back_is_walked_once(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "round" / "task").mkdir(parents=True)
    (here / "round" / "task" / "again").symlink_to(here / "round")
    (here / "round" / "task" / "mine.yaml").write_text("defaults: [bin_pick]\n")
    words = [*BASE, "task=mine", "--config-dir=round", "--cfg", "job", "--package", "task"]
    assert dispatch(words) == 0
    assert "name: bin_pick" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("task/mine.yaml", "defaults: [{up}/hid/x]\n"),
        ("task/mine.yaml", "defaults: [/{up}/hid/x]\n"),
        ("task/mine.yaml", "defaults: [{{/scene: {up}/hid/x}}]\n"),
        ("task/mine.yaml", "defaults: [bin_pick, {{override /look: {up}/hid/x}}]\n"),
        ("task/mine.yaml", "defaults: [bin_pick, ../../hid/x@hydra]\n"),
        # a package for the settings, spelled so that no line of the file says `hydra/`
        ("task/mine.yaml", 'defaults: [bin_pick, "/look/c@_global_.\\u0068ydra.callbacks"]\n'),
        ("task/mine.yaml", "defaults:\n- bin_pick\n- /look/c@_global_.hydra.job_logging\n"),
        ("task/mine.yaml", '# @package _global_\n"\\x68ydra": {{verbose: true}}\n'),
    ],
)
def test_what_is_composed_may_not_set_up_hydra(
    name: str, text: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    up = "/".join([".."] * 30) + str(here)
    for file, content in ((name, text.format(up=up)), ("look/c.yaml", "a: {b: 1}\n")):
        (here / "mine" / file).parent.mkdir(parents=True, exist_ok=True)
        (here / "mine" / file).write_text(content)
    refused(here, capsys, *BASE, "task=mine", "--config-dir", "mine")
    refused(here, capsys, *BASE, "task=mine", "-m", "seed=0,1", "--config-dir", "mine")


@pytest.mark.parametrize("word", ["sweep=s.yaml", "task=mine"])
def test_no_file_names_a_cluster(word: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "mine" / "task").mkdir(parents=True)
    (here / "mine" / "task" / "mine.yaml").write_text(
        "# @package _global_\ndefaults: [bin_pick, override /pool: ray]\n"
        "pool: {address: 'ray://198.51.100.1:10001'}\n"
    )
    (here / "s.yaml").write_text("task: bin_pick\npool: ray\npool.address: ray://198.51.100.1\n")
    said = refused(here, capsys, *BASE, word, "--config-dir", "mine")
    assert "pool.address is for the command line" in said


def test_settings_are_compared_after_composition(here: Path) -> None:
    """The last wall, without those before it: a folder that nobody vetted."""
    (here / "mine" / "task").mkdir(parents=True)
    (here / "mine" / "task" / "mine.yaml").write_text(
        f"# @package _global_\nhydra: {callback(here)}\n"
    )
    own = [f"hydra.searchpath=['file://{here}/mine']", "hydra.mode=RUN"]
    app = loader.app(own)
    with pytest.raises(UserError, match=r"hydra\.callbacks\.evil.* may not set up Hydra itself"):
        app.run("generate", lambda config: None, ["task=mine", "out=x", *own])
    assert not (here / "ran").exists()


def test_words_that_a_sweeper_makes_are_vetted() -> None:
    app = loader.app()
    with pytest.raises(UserError, match="not for the command line"):
        app.config_loader.load_sweep_config(
            app.compose_config("list", [], loader.RunMode.MULTIRUN), ["hydra.callbacks.x=1"]
        )
