"""Rows read straight from a shard's bytes are the rows that h5py reads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from episodes import Library
from episodes.errors import UserError
from episodes.mix import open_files, row_layout, row_reader
from episodes.mix.row_reader import Reader
from episodes.storage import store
from episodes.storage import unpack as unpacking
from tests.mixing import episodes

ARRAYS = (
    "actions",
    "states",
    "action/ee_delta",
    "obs/wrench",
    "obs/front_image",
    "obs/front_depth",
    "obs/wrist_segmentation",
)


def library(root: Path, compression: str) -> Library:
    spec_id = "5" * 64
    store.create(
        root, {"spec_id": spec_id, "episodes": 4, "shard_size": 2, "versions": {}, "config": {}}
    )
    for number in range(2):
        store.write_shard(
            root, number, episodes(4)[2 * number : 2 * number + 2], spec_id=spec_id, versions={},
            created="2026-01-01", compression=compression,
        )  # fmt: skip
    return Library(root)


def without(monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    """As if these were not installed."""
    for name in modules:
        monkeypatch.setitem(sys.modules, name, None)
    unpack, broken = unpacking.known()
    monkeypatch.setattr(row_layout, "UNPACK", unpack)
    monkeypatch.setattr(row_reader, "_DAMAGED", (OSError, ValueError, *broken))


@pytest.mark.parametrize("modules", ["all", "neither deflate nor zstandard"])
@pytest.mark.parametrize("compression", ["gzip", "lzf", "zstd"])
def test_rows_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compression: str, modules: str
) -> None:
    if compression == "zstd":
        pytest.importorskip("hdf5plugin", reason="zstd is an extra")
    if modules != "all":
        without(monkeypatch, "deflate", "zstandard")
    found = library(tmp_path / "a", compression)
    reader = Reader(found, ARRAYS)
    for row in found.rows:
        for array in ARRAYS:
            expected = found.group(row.index)[array]
            for start, stop in ((0, 1), (3, 9), (row.steps - 1, row.steps), (0, row.steps)):
                rows = reader.demo(row.index).rows(array, range(start, stop))
                assert rows.dtype == expected.dtype
                assert np.array_equal(rows, expected[start:stop])
                assert rows.flags.writeable


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_a_damaged_picture_is_named(tmp_path: Path, compression: str) -> None:
    if compression == "zstd":
        pytest.importorskip("hdf5plugin", reason="zstd is an extra")
    found = library(tmp_path / "a", compression)
    path = tmp_path / "a" / "shards" / "00000.h5"
    with h5py.File(path) as file:
        chunk = file["data/demo_0/obs/front_image"].id.get_chunk_info(2)
    with path.open("r+b") as raw:
        raw.seek(chunk.byte_offset)
        raw.write(bytes(chunk.size // 2))
    with pytest.raises(UserError, match=r"episode 0 of .*front_image rows 2..2 are damaged"):
        Reader(found, ARRAYS).demo(0).rows("obs/front_image", [2])


def test_zstd_is_read_in_a_process_that_wrote_none(tmp_path: Path) -> None:
    """HDF5 forgets its plug-ins from process to process; the reader has to bring them."""
    pytest.importorskip("hdf5plugin", reason="zstd is an extra")
    pytest.importorskip("zstandard", reason="zstd is an extra")
    found = library(tmp_path / "a", "zstd")
    expected = int(found.group(1)["obs/front_image"][()].sum())
    code = (
        "import sys; from episodes import Library; "
        "print(sum(int(e.cameras['front'].rgb.sum()) for e in Library(sys.argv[1]).episodes() "
        "if e.index == 1))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a")], capture_output=True, text=True
    )
    assert done.stdout.strip() == str(expected), done.stderr


def test_a_picture_stored_in_another_way_is_left_to_h5py(tmp_path: Path) -> None:
    found = library(tmp_path / "a", "gzip")
    path = tmp_path / "a" / "shards" / "00000.h5"
    with h5py.File(path, "r+") as file:
        frames = file["data/demo_0/obs/front_image"][()]
        for name, options in {
            "many_image": {"chunks": (4, *frames.shape[1:]), "compression": "gzip"},
            "raw_image": {"chunks": (1, *frames.shape[1:])},
            "plain_image": {},
        }.items():
            file["data/demo_0/obs"].create_dataset(name, data=frames, **options)
    record = tmp_path / "a" / "shards" / "00000.json"
    size = next(s.bytes for s in found.shards if s.number == 0)
    record.write_text(record.read_text().replace(str(size), str(path.stat().st_size)))
    arrays = ["obs/many_image", "obs/raw_image", "obs/plain_image"]
    reader = Reader(Library(tmp_path / "a"), arrays)
    for array in arrays:
        assert np.array_equal(reader.demo(0).rows(array, range(2, 7)), frames[2:7])


def test_rows_that_are_not_there_are_named(tmp_path: Path) -> None:
    reader = Reader(library(tmp_path / "a", "gzip"), [*ARRAYS, "obs/nothing"])
    with pytest.raises(UserError, match=r"episode 0 of .* has no obs/nothing"):
        reader.demo(0).rows("obs/nothing", [0])
    with pytest.raises(UserError, match="actions has 12 rows, not 13"):
        reader.demo(0).rows("actions", range(13))


def test_open_files_stay_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_files, "bound", lambda: 1)
    monkeypatch.setattr(row_reader, "FILES", files := open_files.OpenFiles())
    found = library(tmp_path / "a", "gzip")
    reader = Reader(found, ARRAYS)
    for index in (0, 3, 1, 2, 0):
        expected = found.group(index)["actions"][2:5]
        assert np.array_equal(reader.demo(index).rows("actions", range(2, 5)), expected)
        assert len(files.raw) == len(files.hdf5) == 1
