"""A clone without git-lfs: texts in the place of the data are the reason that is told."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from episodes.errors import UserError
from episodes.finding import Report
from episodes.formats import registry
from generators.command.cli import dispatch
from tests.episodes.formats.lerobot_set import write

pytest.importorskip("pyarrow.parquet", reason="the extra 'formats' is not installed")

POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 123456\n"
ACTIONS = np.zeros((12, 2), np.float32)


@pytest.mark.parametrize(
    "name",
    [
        "data/chunk-000/episode_000001.parquet", "meta/episodes.jsonl", "meta/info.json",
        "meta/tasks.jsonl",
    ],
)  # fmt: skip
def test_a_pointer_in_a_lerobot_set(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write(tmp_path / "set", {"action": ACTIONS})
    (folder / name).write_text(POINTER)
    assert dispatch(["import", f"src={folder}", f"out={tmp_path / 'lib'}"]) == 2
    told = capsys.readouterr().err
    assert f"{name} is a Git LFS pointer, not the data; `git lfs pull`" in told
    assert told.count("\n") == 1
    assert not (tmp_path / "lib").exists()


@pytest.mark.parametrize("name", ["demos.hdf5", "bag_0.mcap", "bag.db3", "clips.mp4"])
def test_a_pointer_where_nothing_else_is(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / name).write_text(POINTER)
    (tmp_path / "set" / "topics.yaml").write_text("hz: 10\njoints: /joint_states\n")
    assert dispatch(["import", f"src={tmp_path / 'set'}", f"out={tmp_path / 'lib'}"]) == 2
    assert f"{name} is a Git LFS pointer" in capsys.readouterr().err


def test_a_pointer_beside_what_was_read_is_told_or_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "set", {"action": ACTIONS})
    (folder / "README.gif").write_text(POINTER)
    report = Report()
    assert len(list(registry.read("lerobot", folder, report=report))) == 2
    assert not list(report), "pictures of a README are no data"
    shutil.copy(folder / "README.gif", folder / "data" / "chunk-000" / "episode_000002.parquet")
    list(registry.read("lerobot", folder, report=report))
    assert [f.message.partition(";")[0] for f in report] == [
        "left out: data/chunk-000/episode_000002.parquet is a Git LFS pointer, not the data"
    ]
    with pytest.raises(UserError, match="is a Git LFS pointer, not the data; `git lfs pull`"):
        list(registry.read("lerobot", folder, strict=True))


def test_other_faults_keep_their_own_reason(tmp_path: Path) -> None:
    folder = write(tmp_path / "set", {"action": ACTIONS}, info={"fps": 0})
    (folder / "README.png").write_text(POINTER)
    with pytest.raises(UserError, match="fps is 0"):
        list(registry.read("lerobot", folder))
