"""Exports of some episodes, of several libraries as one, and of what a mix draws from."""

from __future__ import annotations

import importlib.util
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from episodes import Library, formats
from episodes.api import export_library, import_library
from episodes.check.check import check
from episodes.errors import UserError
from episodes.storage import hdf5
from generators.command.cli import dispatch
from tests.helpers import synthetic_episode
from tests.mixing import make_library

STEPS = 4
VALID_A, VALID_B = [2, 5], [1, 3]
needs_lerobot = pytest.mark.skipif(importlib.util.find_spec("av") is None, reason="needs av")


def some(count: int, valid: list[int], seed: int, **changes: Any) -> list[Any]:
    """Episodes of one camera, of which number 4 failed."""
    rng = np.random.default_rng(seed)
    return [
        replace(
            synthetic_episode(i, rng, STEPS, size=(16, 12), cameras=("front",)),
            extra={"split": "valid" if i in valid else "train"} if seed else {},
            seed=seed,
            **changes,
        )
        for i in range(count)
    ]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("set") / "runs"
    make_library(root / "a", some(6, VALID_A, seed=1))
    make_library(root / "b", some(4, VALID_B, seed=2, task="bin_pick"))
    return root


def typed(*words: str) -> int:
    return dispatch(["export", *words])


def home(lineage: dict[str, Any]) -> tuple[str, int]:
    told = lineage["exported_from"]
    return told["library"], int(told["episode_id"][-6:])


def masks(path: Path) -> tuple[list[str], list[str]]:
    with h5py.File(path) as file:
        train, valid = (hdf5.text(file[f"mask/{side}"]) for side in ("train", "valid"))
        return train, valid


@pytest.mark.parametrize(
    ("words", "left"),
    [
        (["filter={success:true}"], [0, 1, 2, 3, 5]),
        (["filter.success=false"], [4]),
        (["filter={index:{min:2}}", "episodes=0-3"], [2, 3]),
        (["episodes=[5,0,2-3,3]"], [0, 2, 3, 5]),
        (["episodes=3"], [3]),
    ],
)
def test_chosen_episodes_go_out_and_say_where_from(
    runs: Path, tmp_path: Path, words: list[str], left: list[int]
) -> None:
    assert typed("format=webdataset", f"src={runs / 'a'}", f"out={tmp_path / 'out'}", *words) == 0
    found = import_library(tmp_path / "out", tmp_path / "back")
    assert [row.index for row in found] == list(range(len(left)))
    assert [home(dict(e.lineage)) for e in found.episodes()] == [("a", index) for index in left]
    ours = Library(runs / "a")
    for index, episode in zip(left, found.episodes(), strict=True):
        assert np.array_equal(episode.actions, ours.read(index).actions)
        assert hdf5.is_train(episode) == (index not in VALID_A)
    assert not [finding for finding in check(tmp_path / "back") if finding.severity == "error"]


def test_the_first_episodes_keep_their_numbers_in_a_file_of_their_own(
    runs: Path, tmp_path: Path
) -> None:
    out = export_library(runs / "a", tmp_path / "out", "robomimic", episodes=range(4))
    assert sorted(file.name for file in out.glob("*.hdf5")) == ["00000.hdf5", "00001.hdf5"]
    assert masks(out / "00001.hdf5") == (["demo_3"], [])
    assert (out / "00000.hdf5").read_bytes() == (runs / "a/shards/00000.h5").read_bytes()


def test_robomimic_gets_one_file_with_both_masks(runs: Path, tmp_path: Path) -> None:
    out = export_library(runs, tmp_path / "out", "robomimic", merged=True)
    [file] = out.glob("*.hdf5")
    train, valid = masks(file)
    assert train == ["demo_0", "demo_1", "demo_3", "demo_4", "demo_6", "demo_8"]
    assert valid == ["demo_2", "demo_5", "demo_7", "demo_9"]
    with h5py.File(file) as opened:
        assert opened["data"].attrs["total"] == 10 * STEPS
        assert json.loads(opened["data"].attrs["env_args"])["env_name"] == "bench_place"
    found = import_library(out, tmp_path / "back")
    origins = [home(dict(e.lineage)) for e in found.episodes()]
    assert origins == [("a", i) for i in range(6)] + [("b", i) for i in range(4)]
    for place, (name, index) in enumerate(origins):
        ours, theirs = Library(runs / name).read(index), found.read(place)
        assert ours.cameras["front"].rgb is not None
        assert np.array_equal(ours.cameras["front"].rgb, theirs.cameras["front"].rgb)
        assert ours.content_hash() == theirs.content_hash()


def test_a_split_that_was_drawn_stays_when_episodes_are_counted_anew(tmp_path: Path) -> None:
    """The draw hashes the number of the episode, so a new number would turn it."""
    source = [replace(e, seed=0) for e in some(12, [], seed=0)]
    valid = [e.index for e in source if not hdf5.is_train(e)]
    assert valid == [4, 9]
    make_library(tmp_path / "lib", source)
    out = export_library(
        tmp_path / "lib", tmp_path / "out", "robomimic", episodes=[3, 4, 8, 9], merged=True
    )
    assert masks(out / "episodes.hdf5") == (["demo_0", "demo_2"], ["demo_1", "demo_3"])
    back = import_library(out, tmp_path / "back")
    assert [hdf5.is_train(e) for e in back.episodes()] == [True, False, True, False]


def test_next_obs_is_the_observation_of_the_step_after(runs: Path, tmp_path: Path) -> None:
    out = export_library(runs / "a", tmp_path / "out", "robomimic", next_obs=True)
    with h5py.File(out / "00000.hdf5") as file:
        for name in ("demo_0", "demo_2"):
            now, after = file[f"data/{name}/obs"], file[f"data/{name}/next_obs"]
            assert sorted(now) == sorted(after)
            assert "front_image" in after
            for key in now:
                assert np.array_equal(after[key][:-1], now[key][1:])
                assert np.array_equal(after[key][-1], now[key][-1])
    assert masks(out / "00000.hdf5") == (["demo_0", "demo_1"], ["demo_2"])


@needs_lerobot
def test_splits_of_lerobot_are_those_of_the_masks(runs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert typed("format=lerobot", f"src={runs}", f"out={out}", "options.codec=png") == 0
    info = json.loads((out / "meta/info.json").read_text())
    assert info["splits"] == {"train": "0:6", "val": "6:10"}
    import pyarrow.parquet as pq

    rows = pq.read_table(out / "meta/episodes/chunk-000/file-000.parquet").to_pylist()
    heads = [json.loads(next(v for v in r.values() if str(v).startswith("{"))) for r in rows]
    last = [home(head["lineage"]) for head in heads[6:]]
    assert last == [("a", 2), ("a", 5), ("b", 1), ("b", 3)]
    back = import_library(out, tmp_path / "back")
    assert [home(dict(e.lineage))[0] for e in back.episodes()] == ["a"] * 6 + ["b"] * 4
    assert not [finding for finding in check(tmp_path / "back") if finding.severity == "error"]


@needs_lerobot
def test_a_whole_library_comes_back_in_its_own_order(runs: Path, tmp_path: Path) -> None:
    out = export_library(runs / "a", tmp_path / "out", codec="png")
    assert json.loads((out / "meta/info.json").read_text())["splits"] == {
        "train": "0:4",
        "val": "4:6",
    }
    back = list(formats.read("lerobot", out))
    assert [e.index for e in back] == list(range(6))
    for ours, theirs in zip(Library(runs / "a").episodes(), back, strict=True):
        assert ours.content_hash() == theirs.content_hash()
        assert ours.lineage == theirs.lineage
        assert np.array_equal(ours.cameras["front"].rgb, theirs.cameras["front"].rgb)  # type: ignore[arg-type]


@pytest.mark.parametrize("format", ["lerobot", "rlds", "robomimic"])
def test_libraries_that_differ_are_told_or_refused(
    runs: Path, tmp_path: Path, format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if format == "lerobot" and importlib.util.find_spec("av") is None:
        pytest.skip("needs av")
    shutil.copytree(runs, tmp_path / "runs")
    slow = [replace(e, control_hz=10.0, obs={}, cameras={}) for e in some(2, [], seed=3)]
    make_library(tmp_path / "runs" / "slow", slow)
    code = typed(f"format={format}", f"src={tmp_path / 'runs'}", f"out={tmp_path / 'out'}")
    said = capsys.readouterr()
    assert code == (0 if format == "robomimic" else 2)
    for part in ("20 Hz in a, b; 10 Hz in slow", "obs/front_image: 16x12 px in a, b; none in slow"):
        assert part in said.out + said.err
    assert (tmp_path / "out").exists() == (format == "robomimic")


def test_a_mix_goes_out_each_episode_once(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mix, out = tmp_path / "mix.json", tmp_path / "out"
    sources = (
        f"{{name:good,path:{runs}/a,weight:60,filter:{{success:true}}}},"
        f"{{name:all,path:{runs}/a,weight:30}},{{name:picks,path:{runs}/b,weight:10}}"
    )
    assert dispatch(["mix", f"out={mix}", f"sources=[{sources}]"]) == 0
    assert typed("format=webdataset", f"src={mix}", f"out={out}") == 0
    said = capsys.readouterr().out
    assert "it holds 5 of good, 1 of all, 4 of picks, where the mix draws 60.0% of good" in said
    assert "all: 5 of its episodes came before, and stand once" in said
    back = import_library(out, tmp_path / "back")
    assert [home(dict(e.lineage)) for e in back.episodes()] == [
        *(("good", i) for i in (0, 1, 2, 3, 5)),
        ("all", 4),
        *(("picks", i) for i in range(4)),
    ]
    told = json.loads((out / "made_from.json").read_text())["libraries"]
    assert [one["library"] for one in told] == ["good", "all", "picks"]
    assert told[0]["episodes"] == "0-3, 5"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["src=runs", "episodes=3"], "'filter={index:[3]}' for all of them"),
        (["src=runs/a", "episodes=[4,99]"], "has no episode 99; it has 6, from 0 to 5"),
        (["src=runs/a", "filter={succes:true}"], "did you mean 'success'"),
        (["src=runs/a", "filter={task:nope}"], "lets none of the 6 episodes"),
        (["src=runs/a", "episodes=[3-1]"], "try episodes=1-3"),
        (["src=runs/a", "episodes=[x]"], 'try "episodes=[0,3,10-19]"'),
        (["src=nowhere"], "no such folder"),
        (["src=runs/a/library.json"], "is no mix"),
        (
            ["src=runs/a", "options.merged=true"],
            "unknown option of the format webdataset: 'merged'",
        ),
    ],
)
def test_what_cannot_be_chosen_is_one_line(
    runs: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(runs.parent)
    assert typed("format=webdataset", "out=out", *words) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.strip().count("\n") == 0
    assert not (runs.parent / "out").exists()


def test_a_library_with_quarantined_episodes_is_finished(runs: Path, tmp_path: Path) -> None:
    shutil.copytree(runs / "b", tmp_path / "b")
    for suffix in ("h5", "json"):
        (tmp_path / "b" / "shards" / f"00001.{suffix}").unlink()
    with pytest.raises(UserError, match="not finished: 3 of 4"):
        export_library(tmp_path / "b", tmp_path / "out", "webdataset")
    (tmp_path / "b" / "quarantine").mkdir()
    (tmp_path / "b" / "quarantine" / "000003.json").write_text('{"index": 3, "error": "x"}')
    out = export_library(tmp_path / "b", tmp_path / "out", "webdataset")
    assert "3 robot episodes" in (out / "README.md").read_text()
