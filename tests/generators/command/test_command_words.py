"""Words in any order and in the manner of other commands; completion; tables in wide letters."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from episodes.errors import UserError
from episodes.text_width import padded, width
from generators.command import usage
from generators.command.cli import dispatch
from generators.command.completion import answer, offers
from generators.command.hydra_app import composed
from generators.command.verb_keys import KEYS
from generators.command.verbs import VERBS
from generators.command.words import overrides, sort
from generators.config import groups
from generators.text_table import table

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    "line",
    [
        "task=bench_place --cfg job out=x",
        "--cfg job task=bench_place out=x",
        "task=bench_place out=x --cfg=job",
        "task=bench_place -c job out=x",
    ],
)
def test_a_flag_may_stand_anywhere(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatch(["generate", *line.split()]) == 0
    assert capsys.readouterr().out.startswith("out: x\nepisodes: 10\n")


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        ("generate --task bench_place", "generate task=bench_place"),
        ("generate --task=bench_place --episodes=10", "generate task=bench_place episodes=10"),
        ("generate task bench_place", "generate task=bench_place"),
        ("generate bench_place", "generate task=bench_place"),
        ("generate task=bench_place -o runs/a", "generate task=bench_place out=runs/a"),
        ("generate task = bench_place out = x", "generate task=bench_place out=x"),
        ("generate task= bench_place out= x", "generate task=bench_place out=x"),
        ("generate --task bench_place --num-episodes 5", "generate task=bench_place episodes=5"),
        ("generate -t bench_place -n 5 -j 2", "generate task=bench_place episodes=5 workers=2"),
        ("generate --shard-size 4 task=bin_pick", "generate shard_size=4 task=bin_pick"),
        ("generate task=bin_pick --dry-run out=x", "generate task=bin_pick dry_run=true out=x"),
        ("generate task=bin_pick --out 'my runs'", "generate task=bin_pick 'out=my runs'"),
        ("generate -m --task bin_pick,peg_round", "generate -m task=bin_pick,peg_round"),
        ("generate --scene.gap_m=0.1 task=bin_pick", "generate scene.gap_m=0.1 task=bin_pick"),
        ("generate --epsodes 3 task=bin_pick", "generate episodes=3 task=bin_pick"),
        ("generate --config-dir . --task bin_pick", "generate --config-dir . task=bin_pick"),
        ("check .", "check src=."),
        ("list .", "list root=."),
        ("export lerobot . out/b", "export format=lerobot src=. out=out/b"),
        ("import --format rlds --src . --output b", "import format=rlds src=. out=b"),
        ("smoke --tasks peg_round", "smoke tasks=peg_round"),
        ("mix audit mix.json", "mix audit=mix.json"),
    ],
)
def test_other_manners_are_answered_with_the_right_form(
    typed: str,
    right: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert dispatch(shlex.split(typed)) == 2
    said = capsys.readouterr().err
    assert said == f"cellwright: keys are written key=value: cellwright {right}\n"
    verb, *words = shlex.split(right)
    overrides(verb, sort(verb, words).keys, many=True)


@pytest.mark.parametrize(
    "typed",
    ["generate --what bench_place", "generate seed", "generate --info", "check -x", "mix ?"],
)
def test_what_is_not_understood_is_said(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatch(typed.split()) == 2
    verb, word = typed.split()[:2]
    said = f"cannot read {word!r} as key=value; `cellwright {verb} --help` has every key"
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("words", ["--cfg", "--cfg jb", "-cd", "--package"])
def test_a_flag_without_its_value_is_said(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatch(["generate", *words.split()]) == 2
    assert capsys.readouterr().err.startswith(f"cellwright: {words.split()[0]}")


def test_all_options_of_a_group_in_a_sweep() -> None:
    tasks = groups.options("task")
    assert overrides("generate", ["task=all", "seed=0"], many=True) == [
        f"task={','.join(tasks)}", "seed=0"
    ]  # fmt: skip
    with pytest.raises(UserError, match="write -m task=all"):
        overrides("generate", ["task=all"])
    for group in ("robot", "look", "renderer"):
        [word] = overrides("generate", [f"{group}=all"], many=True)
        assert word.partition("=")[2].split(",") == groups.options(group)


def test_every_task_is_planned_by_task_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    tasks = ["bin_pick", "peg_round"]
    options = groups.options
    monkeypatch.setattr(groups, "options", lambda g: tasks if g == "task" else options(g))
    words = "-m task=all renderer=none episodes=2 out=x dry_run=true probe=false"
    assert dispatch(["generate", *words.split()]) == 0
    out = capsys.readouterr().out
    assert all(f"task={task} " in out for task in tasks)
    assert "4 episodes to make" in out


def test_a_task_file_bears_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine" / "task").mkdir(parents=True)
    file = tmp_path / "mine" / "task" / "narrow.yaml"
    words = ["generate", "task=narrow", "out=x", "--config-dir", "mine", "--cfg", "job"]
    file.write_text("# @package _global_\ntask:\n  name: bench_place\n")
    assert dispatch(words) == 2
    assert "task.name is 'bench_place', and must be the file's: narrow" in capsys.readouterr().err
    file.write_text(
        "# @package _global_\ndefaults: [bench_place, _self_]\nscene: {count: [4, 4]}\n"
    )
    assert dispatch(words) == 0
    assert "name: bench_place" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "has", "lacks"),
    [
        ("", {f"{verb} " for verb in VERBS}, set()),
        ("rep", {"replay ", "repair "}, {"render "}),
        ("generate ", {"task=", "out=", "look=", "scene.", "physics."}, {"src="}),
        ("generate shard_", {"shard_size="}, {"seed="}),
        ("generate task=bin_pick ", {"out="}, {"task="}),
        ("generate task=b", {"task=bench_place ", "task=bin_pick "}, {"task=peg_round "}),
        ("generate look=", {"look=plain ", "look=wild "}, {"look=all"}),
        ("generate -m look=pl", {"look=plain"}, set()),
        ("generate -m task=bin_pick,peg", {"task=bin_pick,peg_round"}, set()),
        ("generate -m task=a", {"task=all"}, set()),
        ("generate compression=", {"compression=gzip ", "compression=zstd "}, set()),
        ("generate dry_run=", {"dry_run=true "}, set()),
        ("generate out=sr", {"out=src/"}, set()),
        ("check src=", {"src=src/"}, {"src=mesh.stl "}),
        ("part src=", {"src=src/", "src=mesh.stl "}, set()),
        ("smoke tasks=peg", {"tasks=peg_round "}, set()),
        ("export format=", {"format=lerobot "}, {"format=mcap "}),
        ("generate --c", {"--cfg ", "--config-dir "}, {"--help "}),
        ("nothing ", set(), {"out="}),
        ("generate seed=", set(), {"seed=0 "}),
    ],
)
def test_completion(
    line: str, has: set[str], lacks: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "src").mkdir()
    (tmp_path / "mesh.stl").touch()
    found = offers(f"cellwright {line}")
    assert has <= set(found)
    assert not lacks & set(found)
    assert len(found) == len(set(found))


def test_completion_knows_what_is_inside_the_chosen_groups() -> None:
    assert "scene.clearance_mm=" in offers("cellwright generate task=peg_round scene.cl")
    assert "scene.bench.height_mm=" in offers("cellwright generate task=bin_pick scene.bench.")
    assert offers("cellwright generate task=peg_round scene.nothing.") == []


@pytest.mark.parametrize("verb", VERBS)
def test_what_completion_offers_is_taken(verb: str) -> None:
    for key in (*KEYS[verb], *usage.groups(verb)):
        if "." not in key:
            assert f"{key}=" in offers(f"cellwright {verb} {key[:2]}")
            for word in offers(f"cellwright {verb} {key}="):
                if key in KEYS[verb] and KEYS[verb][key].offers() and not word.endswith("null "):
                    KEYS[verb][key].read(key, _value(word))


def _value(word: str) -> object:
    text = word.strip().partition("=")[2]
    return {"true": True, "false": False}.get(text, text)


@pytest.mark.parametrize("line", ["generate task=b", "generate task=peg_round scene."])
def test_completion_takes_less_than_a_second(line: str) -> None:
    """Of processor time: a busy machine may make anything wait."""
    command = [sys.executable, "-c", "from generators.command.cli import main; main()"]
    env = {**os.environ, "COMP_LINE": f"cellwright {line}"}
    before = os.times()
    done = subprocess.run([*command, "-sc", "query=bash"], env=env, cwd=ROOT, capture_output=True)
    after = os.times()
    assert done.stdout
    spent = after.children_user + after.children_system
    assert spent - before.children_user - before.children_system < 1.0


def test_bash_completes_with_the_script_that_is_installed(tmp_path: Path) -> None:
    fake = tmp_path / "cellwright"
    fake.write_text(
        f"#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -c "
        '"from generators.command.cli import main; main()" "$@"\n'
    )
    fake.chmod(0o755)
    script = (
        f"{answer('install=bash')}\n"
        "for COMP_LINE in 'cellwright gen' 'cellwright generate task=pe' 'cellwright check src='\n"
        "do COMP_POINT=${#COMP_LINE}; _cellwright; printf '<%s>' \"${COMPREPLY[@]}\"; echo\n"
        "done"
    )
    (tmp_path / "a b").mkdir()
    (tmp_path / "runs").mkdir()
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    command = ["bash", "-c", script]
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["<generate >", "<peg_round >", "<runs/>"], done.stderr


def test_help_and_completion_are_told_for_other_shells() -> None:
    assert "bashcompinit" in answer("install=zsh")
    assert answer("install=fish").startswith("complete -c cellwright")
    with pytest.raises(UserError, match="install=bash"):
        answer("install=tcsh")


def test_tables_are_aligned_in_wide_letters() -> None:
    text = table(("library", "episodes"), [("데이터", 1), ("rüns", 20), ("日本e\u0301", 300)])
    assert text.splitlines() == [
        "library  episodes",
        "데이터          1",
        "rüns           20",
        "日本e\u0301         300",
    ]
    assert {width(line) for line in text.splitlines()} == {17}
    letters = ("한", "é", "e\u0301", "\u200b", "\uff21")
    assert [width(letter) for letter in letters] == [2, 1, 1, 0, 2]
    assert padded("한", 4, right=True) == "  한"


CALLED_AS_A_GROUP = [
    (verb, key)
    for verb, kinds in KEYS.items()
    for key in kinds
    if groups.options(key) and key not in usage.groups(verb)
]


@pytest.mark.parametrize(("verb", "key"), CALLED_AS_A_GROUP)
def test_a_key_that_is_called_as_a_group_is_read_as_what_it_is(verb: str, key: str) -> None:
    """`robot=ur5` of import is text: nothing is looked for in conf/robot/."""
    needed = {"import": ["src=x", "out=y"]}.get(verb, [])
    option = groups.options(key)[0]
    assert composed(verb, [*needed, f"{key}={option}"])[key] == option
    assert ("import", "robot") in CALLED_AS_A_GROUP
    assert ("smoke", "renderer") in CALLED_AS_A_GROUP
    if verb == "import":
        assert composed(verb, [*needed, f"{key}=my 1e3"])[key] == "my 1e3"
        assert composed(verb, [*needed, f"{key}=null"])[key] is None
