"""A library as training code sees it, and files that must not be read."""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from episodes import Library
from episodes.errors import UserError
from episodes.storage import library, safe, store
from tests.helpers import synthetic_episode

SPEC = "1b" * 32


def make_library(root: Path, episodes: int = 5, shard_size: int = 2, shards: Any = None) -> Path:
    about: dict[str, Any] = {"spec_id": SPEC, "versions": {}, "created": "2024-05-01"}
    store.create(
        root, {"spec_id": SPEC, "episodes": episodes, "shard_size": shard_size, "versions": {}}
    )
    for number in store.missing(root) if shards is None else shards:
        first = number * shard_size
        made = [
            synthetic_episode(i, np.random.default_rng(i), steps=4 + i)
            for i in range(first, min(first + shard_size, episodes))
        ]
        store.write_shard(root, number, made, **about)
    return root


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_library(tmp_path_factory.mktemp("libraries") / "finished")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return make_library(tmp_path / "own")


def test_rows_are_in_order_and_tell_what_is_in_the_shards(finished: Path) -> None:
    lib = Library(finished)
    assert [row.index for row in lib] == [0, 1, 2, 3, 4]
    assert len(lib) == 5
    assert [row.shard for row in lib.rows] == [0, 0, 1, 1, 2]
    for row in lib:
        episode = lib.read(row.index)
        assert row.content_hash == episode.content_hash()
        assert (row.steps, row.seconds) == (episode.steps, episode.steps / 20.0)
        assert (row.success, row.failure) == (episode.success, episode.failure)
    assert [e.index for e in lib.episodes(images=False)] == [0, 1, 2, 3, 4]


def test_reading_without_images_leaves_pictures_alone(finished: Path) -> None:
    bare, whole = Library(finished).read(1, images=False), Library(finished).read(1)
    assert bare.cameras["wrist"].rgb is None
    assert bare.cameras["wrist"].names == whole.cameras["wrist"].names
    np.testing.assert_array_equal(
        bare.cameras["wrist"].camera_to_world, whole.cameras["wrist"].camera_to_world
    )
    assert bare.content_hash() == whole.content_hash()


def test_summary_counts_every_episode(finished: Path) -> None:
    summary = Library(finished).summary()
    assert (summary.episodes, summary.asked, summary.quarantined) == (5, 5, 0)
    assert summary.success_rate == pytest.approx(4 / 5)
    assert summary.failures == {"dropped": 1}
    assert summary.steps == 4 + 5 + 6 + 7 + 8
    assert summary.hours == pytest.approx(30 / 20 / 3600)
    assert summary.bytes == sum(p.stat().st_size for p in finished.glob("shards/*.h5"))
    assert (summary.tasks, summary.robots, summary.domains) == (
        ("bench_place",),
        ("panda",),
        ("sim",),
    )


def test_a_library_that_does_not_say_how_episodes_ended_has_no_rate(tmp_path: Path) -> None:
    store.create(tmp_path, {"spec_id": SPEC, "episodes": 1, "shard_size": 1, "versions": {}})
    episode = replace(synthetic_episode(0, np.random.default_rng(0)), success=None, domain="real")
    store.write_shard(tmp_path, 0, [episode], spec_id=SPEC, versions={}, created="")
    lib = Library(tmp_path)
    assert lib.rows[0].success is None
    assert lib.read(0).success is None
    assert lib.summary().success_rate is None


def test_an_unfinished_library_can_be_read(tmp_path: Path) -> None:
    lib = Library(make_library(tmp_path / "half", shards=[1]))
    assert [row.index for row in lib] == [2, 3]
    assert lib.summary().asked == 5
    with pytest.raises(KeyError, match="no episode 0"):
        lib.read(0)


def test_quarantined_episodes_are_not_rows(own: Path) -> None:
    store.quarantine(own, 9, {"seed": 0, "attempts": 3, "reason": "SIGSEGV", "log": ""})
    lib = Library(own)
    assert [row.index for row in lib] == [0, 1, 2, 3, 4]
    assert [entry["index"] for entry in lib.quarantined] == [9]
    assert lib.summary().quarantined == 1


def test_the_fingerprint_changes_with_any_shard(own: Path, finished: Path) -> None:
    assert Library(own).fingerprint() == Library(finished).fingerprint()
    before = Library(own).fingerprint()
    path = own / "shards/00001.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "sha256": "0" * 64}))
    changed = Library(own).fingerprint()
    path.unlink()
    assert len({before, changed, Library(own).fingerprint()}) == 3


# files and processes


def test_few_files_stay_open(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "MAX_OPEN_FILES", 2)
    lib = Library(finished)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        for row in lib:
            assert lib.group(row.index).attrs["index"] == row.index
    assert len(os.listdir("/proc/self/fd")) <= before + 2
    lib.close()
    assert len(os.listdir("/proc/self/fd")) == before
    assert lib.read(0).index == 0


def _read_all(lib: Library, answers: Any) -> None:
    try:
        for _ in range(5):
            hashes = [lib.read(row.index).content_hash() for row in lib]
        answers.put(hashes)
    except BaseException as error:
        answers.put(repr(error))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_library_with_open_files_goes_to_other_processes(finished: Path, method: str) -> None:
    lib = Library(finished)
    wanted = [lib.read(row.index).content_hash() for row in lib]  # all shards are open here now
    context = multiprocessing.get_context(method)
    answers = context.Queue()
    workers = [
        context.Process(target=_read_all, args=(lib, answers), daemon=True) for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    for _ in range(3):
        assert [lib.read(row.index).content_hash() for row in lib] == wanted
    assert [answers.get(timeout=60) for _ in workers] == [wanted, wanted]
    for worker in workers:
        worker.join(100)
        assert worker.exitcode == 0
    assert [lib.read(row.index).content_hash() for row in lib] == wanted


def test_a_pickled_library_reads(finished: Path) -> None:
    lib = Library(finished)
    lib.read(0)
    assert pickle.loads(pickle.dumps(lib)).read(3).content_hash() == lib.rows[3].content_hash


# what is no library


def no_library(path: Path, change: Callable[[Path], object], words: str) -> None:
    change(path)
    with pytest.raises(UserError, match=words) as caught:
        list(Library(path).episodes())
    assert "\n" not in str(caught.value)


def test_a_missing_folder(tmp_path: Path) -> None:
    no_library(tmp_path / "nowhere", lambda path: None, "no such folder")


def test_a_folder_without_a_library(tmp_path: Path) -> None:
    no_library(tmp_path, lambda path: None, "is no library")


def _edited(**changes: Any) -> Callable[[Path], object]:
    def edit(root: Path) -> None:
        path = root / "library.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    return edit


RECORD, SHARD = "shards/00001.json", "shards/00001.h5"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_edited(format="cellwright-9"), "is of format 'cellwright-9'"),
        (_edited(spec_id="f0" * 32), "belongs to another library"),
        (_edited(spec_id=7), "library.json: spec_id is 7, not text"),
        (_edited(shard_size=0), "library.json: shard_size is 0; it must be at least 1"),
        (
            lambda r: (r / "library.json").write_text("[1]"),
            "library.json: is a list of 1, not an object",
        ),
        (lambda r: (r / "library.json").write_text("{"), "not valid JSON"),
        (lambda r: (r / "library.json").write_text("[" * 100_000), "not valid JSON"),
        (lambda r: (r / "library.json").write_text('{"a": NaN}'), "NaN is not JSON"),
        (lambda r: (r / RECORD).write_text('{"bytes": 1' + "0" * 5000 + "}"), "not valid JSON"),
        (lambda r: (r / RECORD).write_text("{}"), "not a commit record: file is missing"),
        (lambda r: (r / RECORD).rename(r / "shards/00007.json"), "not a commit record of 00007"),
        (lambda r: (r / RECORD).rename(r / "shards/old.json"), "no commit record has such a name"),
        (lambda r: (r / SHARD).unlink(), "00001.h5 is missing"),
        (lambda r: os.truncate(r / SHARD, 20_000), "20000 bytes long, not"),
        (lambda r: os.truncate(r / SHARD, 0), "0 bytes long"),
    ],
)
def test_a_damaged_library_says_where(
    own: Path, change: Callable[[Path], object], words: str
) -> None:
    no_library(own, change, words)


def test_one_episode_in_two_shards_is_refused(own: Path) -> None:
    record = json.loads((own / RECORD).read_text())
    record["episodes"][0]["index"] = 0
    (own / RECORD).write_text(json.dumps(record))
    with pytest.raises(UserError, match="episode 0 is in shards 0 and 1"):
        Library(own)


def test_a_damaged_chunk_is_named_when_it_is_read(own: Path) -> None:
    path = own / SHARD
    with h5py.File(path) as file:
        item = file["data/demo_3/obs/front_image"].id
        place = item.get_chunk_info(2).byte_offset
    data = bytearray(path.read_bytes())
    data[place + 20] ^= 4
    path.write_bytes(data)
    lib = Library(own)
    lib.read(2)
    with pytest.raises(UserError, match=r"episode 3 in .*00001.h5 is damaged"):
        lib.read(3)


# hostile HDF5


def _external_link(file: h5py.File) -> None:
    file["data/x"] = h5py.ExternalLink("canary.h5", "/secret")


def _soft_link(file: h5py.File) -> None:
    file["data/x"] = h5py.SoftLink("/data/a")


def _external_storage(file: h5py.File) -> None:
    canary = str(Path(file.filename).parent / "canary.h5")
    file.create_dataset("data/x", (8,), "u1", external=[(canary, 0, 8)])


def _virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((4,), "f8")
    layout[:] = h5py.VirtualSource("canary.h5", "secret", (4,))
    file.create_virtual_dataset("data/x", layout)


def _huge(file: h5py.File) -> None:
    file.create_dataset("data/x", (1 << 40,), "u1", chunks=(1 << 16,), compression="gzip")


def _huge_chunk(file: h5py.File) -> None:
    file.create_dataset("data/x", (1 << 29,), "u1", chunks=(1 << 29,), compression="gzip")


def _huge_contiguous(file: h5py.File) -> None:
    file.create_dataset("data/x", (1 << 20, 1 << 15), "u1")


def _loop(file: h5py.File) -> None:
    file["data/inner/up"] = file["data"]


def _deep(file: h5py.File) -> None:
    file.create_group("data/" + "/".join("d" * 1 for _ in range(200)))


def _reference(file: h5py.File) -> None:
    file.create_dataset("data/x", data=file.ref, dtype=h5py.ref_dtype)


def _vlen(file: h5py.File) -> None:
    file.create_dataset("data/x", (2,), h5py.vlen_dtype(np.float64))


def _compound(file: h5py.File) -> None:
    file.create_dataset("data/x", (2,), np.dtype([("a", "f4"), ("b", "u1")]))


def _named_type(file: h5py.File) -> None:
    file["data/x"] = np.dtype("f8")


def _reference_attribute(file: h5py.File) -> None:
    file["data/a"].attrs["ref"] = file["data"].ref


def _unknown_filter(file: h5py.File) -> None:
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_chunk((8,))
    plan.set_filter(305, h5py.h5z.FLAG_OPTIONAL, (1,))
    space = h5py.h5s.create_simple((8,))
    h5py.h5d.create(file["data"].id, b"x", h5py.h5t.NATIVE_UINT8, space, plan)


def _no_utf8(file: h5py.File) -> None:
    h5py.h5g.create(file["data"].id, "측정".encode("cp949"))


HOSTILE = [
    _no_utf8,
    _external_link,
    _soft_link,
    _external_storage,
    _virtual,
    _huge,
    _huge_chunk,
    _huge_contiguous,
    _loop,
    _deep,
    _reference,
    _vlen,
    _compound,
    _named_type,
    _reference_attribute,
    _unknown_filter,
]


@pytest.mark.parametrize("trick", HOSTILE, ids=lambda f: f.__name__.strip("_"))
def test_hostile_hdf5_is_refused(tmp_path: Path, trick: Callable[[h5py.File], None]) -> None:
    canary = tmp_path / "canary.h5"
    with h5py.File(canary, "w") as file:
        file["secret"] = np.arange(4.0)
    path = tmp_path / "hostile.h5"
    with h5py.File(path, "w") as file:
        file["data/a"] = np.arange(10.0)
        file.create_group("data/inner")
        trick(file)
    before = canary.stat()
    with pytest.raises(UserError, match=r"hostile\.h5 is (refused|damaged)") as caught:
        safe.open_hdf5(path)
    assert "\n" not in str(caught.value)
    after = canary.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    with h5py.File(path, "r+") as file:  # nothing of ours holds it open
        del file["data"]


def test_plain_hdf5_is_accepted(tmp_path: Path) -> None:
    """Everything that robomimic, LIBERO or ManiSkill files are made of."""
    path = tmp_path / "plain.h5"
    with h5py.File(path, "w") as file:
        file.attrs["env_args"] = json.dumps({"a": 1})
        file.attrs["names"] = ["x", "y"]
        file.create_dataset("data/demo_0/obs/image", data=np.zeros((9, 4, 4, 3), "u1"), chunks=True)
        file.create_dataset("data/demo_0/actions", data=np.zeros((9, 7)), compression="lzf")
        file.create_dataset("data/demo_0/ok", data=np.zeros(9, bool))
        file.create_dataset("data/demo_0/half", data=np.zeros(9, "f2"))
        file.create_dataset("mask/train", data=np.array([b"demo_0"]))
        file.create_dataset("words", data=["a", "b"], dtype=h5py.string_dtype())
        file.create_dataset("empty", data=h5py.Empty("f4"))
    with safe.open_hdf5(path) as file:
        assert file["data/demo_0/actions"].shape == (9, 7)


@pytest.mark.parametrize("data", [b"", b"not HDF5 at all", b"\x89HDF\r\n\x1a\n" + b"\0" * 40])
def test_what_is_not_hdf5_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.h5"
    path.write_bytes(data)
    with pytest.raises(UserError, match="no readable HDF5"):
        safe.open_hdf5(path)


def test_a_hostile_link_in_a_library_is_not_followed(own: Path, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "canary.h5", "w") as file:
        file["secret"] = np.arange(4.0)
    with h5py.File(own / SHARD, "r+") as file:
        del file["data/demo_2/actions"]
        file["data/demo_2/actions"] = h5py.ExternalLink(str(tmp_path / "canary.h5"), "/secret")
        del file["data/demo_3"]
        file["data/demo_3"] = h5py.SoftLink("/data/demo_2")
    record = json.loads((own / RECORD).read_text())
    record["bytes"] = (own / SHARD).stat().st_size
    (own / RECORD).write_text(json.dumps(record))
    lib = Library(own)
    for index in (2, 3):
        with pytest.raises(UserError, match="refused"):
            lib.group(index)
