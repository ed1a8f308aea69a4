"""Shards at rest: whole or absent, the same twice, never another under one name."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from episodes import Library
from episodes.check.check import check
from episodes.episode import Episode
from episodes.errors import UserError
from episodes.storage import hdf5, pack, store
from episodes.storage.folder import WriteFailed
from tests.helpers import ROOT, synthetic_episode

SPEC = "5e" * 32
ABOUT: dict[str, Any] = {"spec_id": SPEC, "versions": {"code": "1"}, "created": "2024-05-01"}


def make(index: int, steps: int = 12) -> Episode:
    return synthetic_episode(index, np.random.default_rng(index), steps)


def described(root: Path, episodes: int = 6, shard_size: int = 2, spec: str = SPEC) -> Path:
    store.create(
        root,
        {"spec_id": spec, "episodes": episodes, "shard_size": shard_size, "versions": {}},
    )
    return root


def write(root: Path, number: int, **changes: Any) -> dict[str, Any]:
    episodes = [make(i) for i in (2 * number, 2 * number + 1)]
    return store.write_shard(root, number, episodes, **{**ABOUT, **changes})


def temporaries(root: Path) -> list[Path]:
    return list(root.rglob(".tmp-*"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return described(tmp_path / "lib")


# creating


def test_create_again_is_a_resume(root: Path) -> None:
    before = (root / "library.json").read_bytes()
    described(root)
    assert (root / "library.json").read_bytes() == before
    assert store.missing(root) == [0, 1, 2]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"spec": "77" * 32}, "holds another library"),
        ({"episodes": 9}, "give episodes=6 to go on"),
        ({"shard_size": 3}, "give shard_size=2 to go on"),
    ],
)
def test_create_refuses_another_library(root: Path, changes: dict[str, Any], words: str) -> None:
    before = (root / "library.json").read_bytes()
    with pytest.raises(UserError, match=words):
        described(root, **changes)
    assert (root / "library.json").read_bytes() == before


def test_create_refuses_a_folder_of_other_things(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(UserError, match="holds other files"):
        described(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


# committing


def test_a_shard_is_there_when_its_record_is(root: Path) -> None:
    record = write(root, 1)
    assert store.committed(root) == {1}
    assert store.missing(root) == [0, 2]
    assert json.loads((root / "shards/00001.json").read_text()) == record
    assert [row["index"] for row in record["episodes"]] == [2, 3]
    assert record["episodes"][0]["content_hash"] == make(2).content_hash()
    (root / "shards/00001.json").unlink()
    assert store.committed(root) == set()


def test_bytes_depend_on_content_alone(tmp_path: Path) -> None:
    one, two = described(tmp_path / "a"), described(tmp_path / "b")
    write(one, 0)
    code = (
        "from pathlib import Path; from tests.episodes.storage.test_store import write; "
        f"write(Path({str(two)!r}), 0, created='2031-01-01')"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
    name = "shards/00000.h5"
    assert (one / name).read_bytes() == (two / name).read_bytes()


def test_an_identical_shard_twice_is_fine(root: Path) -> None:
    first = write(root, 0)
    files = {path: path.stat().st_mtime_ns for path in (root / "shards").iterdir()}
    assert write(root, 0, created="later") == first
    assert {path: path.stat().st_mtime_ns for path in (root / "shards").iterdir()} == files


def test_other_pixels_of_the_same_states_are_no_divergence(root: Path) -> None:
    first = write(root, 0)
    assert write(root, 0, compression="lzf") == first


@pytest.mark.parametrize("recorded", [True, False])
def test_another_episode_under_the_same_name_diverges(root: Path, recorded: bool) -> None:
    write(root, 0)
    if not recorded:  # its writer died between the data and the record
        (root / "shards/00000.json").unlink()
    before = (root / "shards/00000.h5").read_bytes()
    other = make(1)
    other = replace(other, action={**other.action, "gripper": other.action["gripper"] * 0.5})
    with pytest.raises(store.Diverged) as caught:
        store.write_shard(root, 0, [make(0), other], **ABOUT)
    assert make(1).content_hash() in str(caught.value)
    assert other.content_hash() in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.code not in (0, 1, UserError.code)
    assert (root / "shards/00000.h5").read_bytes() == before
    assert not temporaries(root)


def test_fewer_episodes_under_the_same_name_diverge(root: Path) -> None:
    write(root, 0)
    with pytest.raises(store.Diverged, match=r"\[0, 1\], and now \[0\]"):
        store.write_shard(root, 0, [make(0)], **ABOUT)


@pytest.mark.parametrize(
    "harm",
    [
        lambda data, record: data.unlink(),
        lambda data, record: data.write_bytes(data.read_bytes()[:-100]),
        lambda data, record: flip(data, 5000),
        lambda data, record: record.unlink(),
        lambda data, record: record.write_text('{"file": '),
        lambda data, record: (record.unlink(), data.write_bytes(b"rubbish")),
        lambda data, record: (record.unlink(), data.unlink()),
    ],
    ids=["no data", "truncated", "flipped", "no record", "half a record", "rubbish", "neither"],
)
def test_writing_again_restores_what_is_broken(root: Path, harm: Any) -> None:
    write(root, 0)
    data, record = root / "shards/00000.h5", root / "shards/00000.json"
    good = data.read_bytes()
    harm(data, record)
    write(root, 0)
    assert data.read_bytes() == good
    assert store.committed(root) == {0}
    assert not temporaries(root)


def flip(path: Path, position: int, bit: int = 0) -> None:
    data = bytearray(path.read_bytes())
    data[position] ^= 1 << bit
    path.write_bytes(data)


def test_a_shard_of_another_library_stays(root: Path) -> None:
    write(root, 0)
    with pytest.raises(UserError, match="is of spec"):
        write(root, 0, spec_id="99" * 32)


def test_an_unknown_compression_writes_nothing(root: Path) -> None:
    with pytest.raises(UserError, match="there are: gzip, lzf, zstd"):
        write(root, 0, compression="zip")
    assert not (root / "shards").exists()


def test_an_episode_that_raises_leaves_nothing(root: Path) -> None:
    def failing() -> Any:
        yield make(0)
        raise RuntimeError("the simulator broke")

    with pytest.raises(RuntimeError):
        store.write_shard(root, 0, failing(), **ABOUT)
    assert not (root / "shards").exists()


# faults of the file system

CALLS = ("open", "write", "fsync", "link", "close")


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("reason", [errno.EIO, errno.ENOSPC])
def test_every_failing_call_is_clean_and_resumable(
    root: Path, monkeypatch: pytest.MonkeyPatch, call: str, reason: int
) -> None:
    write(root, 0)
    kept = (root / "shards/00000.h5").read_bytes()
    real = getattr(os, call)
    episodes = [make(2), make(3)]
    for k in range(20):
        count = 0

        def faulty(*args: Any, _k: int = k, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            if count == _k + 1:
                if call == "close":
                    real(*args, **kwargs)
                raise OSError(reason, os.strerror(reason))
            return real(*args, **kwargs)

        with monkeypatch.context() as patch:
            patch.setattr(os, call, faulty)
            failed = None
            try:
                store.write_shard(root, 1, episodes, **ABOUT)
            except WriteFailed as error:
                failed = error
        if failed is None:
            break
        assert "\n" not in str(failed)
        assert failed.code not in (0, 1, UserError.code)
        assert ("free some space" in str(failed)) == (reason == errno.ENOSPC)
        assert not temporaries(root)
        assert (root / "shards/00000.h5").read_bytes() == kept
        for number in store.committed(root):  # at worst the last sync failed: then it is whole
            assert [f for f in check(root) if f.field == f"shards/{number:05d}.h5"] == []
        store.write_shard(root, 1, episodes, **ABOUT)
        assert store.committed(root) == {0, 1}
        assert Library(root).read(2).content_hash() == make(2).content_hash()
        for name in ("00001.json", "00001.h5"):
            (root / "shards" / name).unlink()
    assert 0 < k < 19, f"os.{call} was never called"


def test_short_writes_are_continued(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, data[:1000]))
    record = write(root, 0)
    assert (root / "shards/00000.h5").stat().st_size == record["bytes"] > 1000
    assert check(root / ".") == check(root)
    assert Library(root).read(1).content_hash() == make(1).content_hash()


def test_a_file_size_limit_is_a_clean_error(root: Path) -> None:
    write(root, 0)
    code = f"""
import resource, sys
from pathlib import Path
from tests.episodes.storage.test_store import store, write
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    write(Path({str(root)!r}), 1)
except store.UserError as error:
    print(error)
    sys.exit(error.code)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == WriteFailed.code, done.stderr
    assert "free some space" in done.stdout
    assert store.committed(root) == {0}
    assert not temporaries(root)


# several writers


def _race(root: str, number: int, ready: Any) -> None:
    ready.wait(100)
    write(Path(root), number)


def test_two_writers_of_one_shard_commit_it_once(root: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(2)
    for number in range(3):
        writers = [
            context.Process(target=_race, args=(str(root), number, ready), daemon=True)
            for _ in range(2)
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join(100)
        assert [writer.exitcode for writer in writers] == [0, 0]
    assert store.missing(root) == []
    assert [f for f in check(root) if f.severity == "error"] == []
    assert not temporaries(root)


def test_only_temporaries_of_dead_writers_are_removed(root: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    host = socket.gethostname()
    shards = root / "shards"
    shards.mkdir()
    dead = shards / f".tmp-{host}-{child.pid}-00003"
    reused = shards / f".tmp-{host}-{os.getppid()}-00004"  # as if its id had gone to our parent
    stay = [
        shards / f".tmp-{host}-{os.getpid()}-00005",
        shards / f".tmp-elsewhere-{child.pid}-00006",
        shards / ".tmp-strange",
    ]
    for path in (dead, reused, *stay):
        path.write_bytes(b"half")
    os.utime(reused, (1.0, 1.0))
    assert store.clean_temporaries(root) == sorted([dead.name, reused.name])
    assert sorted(temporaries(root)) == sorted(stay)


# what is in a shard


def test_an_episode_comes_back_as_it_was(root: Path) -> None:
    write(root, 1)
    assert_same(Library(root).read(3), make(3))


def assert_same(one: Any, two: Any, path: str = "episode") -> None:
    """Equal values, shapes and dtypes through dataclasses, mappings and arrays."""
    if isinstance(two, np.ndarray):
        assert one.dtype == two.dtype, path
        np.testing.assert_array_equal(one, two, err_msg=path)
    elif hasattr(two, "__dataclass_fields__"):
        for name in two.__dataclass_fields__:
            assert_same(getattr(one, name), getattr(two, name), f"{path}.{name}")
    elif isinstance(two, dict):
        assert sorted(one) == sorted(two), path
        for key in two:
            assert_same(one[key], two[key], f"{path}.{key}")
    elif isinstance(two, list | tuple):
        assert len(one) == len(two), path
        for i, value in enumerate(two):
            assert_same(one[i], value, f"{path}[{i}]")
    else:
        assert one == two, path


def test_what_a_source_lacks_is_absent_not_zero(root: Path) -> None:
    whole = make(0)
    camera = replace(whole.cameras["front"], depth=None, segmentation=None, intrinsics=None)
    camera = replace(camera, names={})
    bare = replace(
        whole,
        domain="real",
        success=None,
        states=None,
        layout={},
        rewards=None,
        dones=None,
        objects=None,
        object_names=(),
        subtasks=(),
        language={},
        action={},
        cameras={"front": camera},
        extra={"split": "valid", "notes": {"operator": 3, "비고": ["x", None]}},
    )
    store.write_shard(root, 0, [bare, make(1)], **ABOUT)
    assert_same(Library(root).read(0), bare)
    with h5py.File(root / "shards/00000.h5") as file:
        demo = file["data/demo_0"]
        names: list[str] = []
        demo.visit(names.append)
        assert not any("depth" in name or "states" in name for name in names)
        assert "success" not in demo.attrs


def test_a_shard_is_laid_out_for_robomimic(root: Path) -> None:
    """What `robomimic.utils.dataset.SequenceDataset` asks of a file."""
    write(root, 0)
    with h5py.File(root / "shards/00000.h5") as file:
        demos = sorted(file["data"])
        assert demos == ["demo_0", "demo_1"]
        assert file["data"].attrs["total"] == 24
        args = json.loads(file["data"].attrs["env_args"])
        assert args == {"env_name": "bench_place", "type": 2, "env_kwargs": {}}
        masks = [[name.decode() for name in file[f"mask/{k}"][()]] for k in ("train", "valid")]
        assert sorted(masks[0] + masks[1]) == demos
        demo = file["data/demo_0"]
        assert demo.attrs["num_samples"] == 12
        for name in ("actions", "rewards", "dones", "obs/front_image", "obs/ee_pose"):
            assert demo[name].shape[0] == 12


def test_frames_are_one_a_chunk_and_checksummed(root: Path) -> None:
    write(root, 0)
    with h5py.File(root / "shards/00000.h5") as file:
        for channel in ("image", "depth", "segmentation"):
            item = file[f"data/demo_0/obs/wrist_{channel}"]
            assert item.chunks == (1, *item.shape[1:])
            assert item.fletcher32
            assert item.compression == "gzip"


@pytest.mark.parametrize("compression", ["gzip", "lzf", "zstd"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_frames_are_lossless(compression: str, dtype: type) -> None:
    if compression == "zstd":
        pytest.importorskip("hdf5plugin", reason="zstd is an extra")
    rng = np.random.default_rng(3)
    for shape in ((4, 7, 9), (3, 64, 48, 3), (2, 1, 1, 3), (0, 4, 4)):
        frames = rng.integers(0, np.iinfo(dtype).max, shape).astype(dtype)
        with h5py.File("x", "w", driver="core", backing_store=False) as file:
            pack.put_frames(file, "frames", frames, compression)
            np.testing.assert_array_equal(file["frames"][()], frames)


def test_the_checksum_is_hdf5s(tmp_path: Path) -> None:
    """Frames that we deflate must carry the checksum that HDF5's own filter would have written."""
    rng = np.random.default_rng(0)
    for size in (1, 2, 3, 4096, 100_001):
        for values in (rng.integers(0, 256, size), np.zeros(size), np.full(size, 255)):
            data = values.astype(np.uint8)
            with h5py.File("x", "w", driver="core", backing_store=False) as file:
                item = file.create_dataset("a", data=data, chunks=(size,), fletcher32=True)
                stored = item.id.read_direct_chunk((0,))[1]
            assert stored[-4:] == pack.fletcher32(data.tobytes()).to_bytes(4, "little")


def test_the_split_is_fixed_and_about_one_in_ten() -> None:
    one = make(0)
    sides = [hdf5.is_train(replace(one, index=i)) for i in range(2000)]
    assert 150 < sides.count(False) < 250
    looks = [replace(one, index=i, renderer="raster-2", cameras={}) for i in range(2000)]
    assert [hdf5.is_train(look) for look in looks] == sides
    assert not hdf5.is_train(replace(one, extra={"split": "val"}))
    assert all(hdf5.is_train(replace(one, index=i, extra={"split": "train"})) for i in range(50))


def test_quarantine_is_noted_once(root: Path) -> None:
    store.quarantine(root, 4, {"seed": 1, "attempts": 3, "reason": "SIGSEGV", "log": "..."})
    store.quarantine(root, 4, {"seed": 1, "attempts": 3, "reason": "other", "log": "..."})
    assert [entry["reason"] for entry in store.quarantined(root)] == ["SIGSEGV"]
