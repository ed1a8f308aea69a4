"""Many sources of many shards in a process that may open few files."""

from __future__ import annotations

import errno
import gc
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from episodes import Library, Mix
from episodes.mix import open_files, row_reader
from episodes.mix.build import build
from episodes.mix.open_files import OpenFiles
from episodes.mix.row_reader import Reader
from episodes.storage.descriptors import OutOfDescriptors, opening
from tests.helpers import ROOT
from tests.mixing import episodes, make_library

resource = pytest.importorskip("resource", reason="descriptors are bounded otherwise there")

LIMIT = 64
SOURCES, SHARDS = 9, 12
RUN = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, ({limit}, {limit}))
from pathlib import Path
from episodes import Mix
from episodes.mix.build import build
from episodes.mix.loader import Loader

root = Path(sys.argv[1])
taken = [os.open("/dev/null", os.O_RDONLY) for _ in range({taken})]
sources = [{{"name": f"s{{n}}", "path": str(root / "many")}} for n in range({sources})]
build(root / "{name}.json", {{"sources": sources, "keys": ["actions", "obs/front_image"]}})
mix = Mix(root / "{name}.json")
seen, most = set(), 0
for batch in Loader(mix, 64, threads=2, stop=64 * 60):
    seen.update(zip(batch["source"], batch["episode"].tolist()))
    most = max(most, len(os.listdir("/proc/self/fd")) - {taken})
print(len(seen), most)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("many")
    small = episodes(SHARDS, lambda n: 4, size=(8, 8), cameras=("front",))
    make_library(root / "many", small, shard_size=1)
    return root


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="Linux's way to count descriptors")
@pytest.mark.parametrize("taken", [0, 40])
def test_all_sources_together_stay_within_the_bound(home: Path, taken: int) -> None:
    """108 shards of 9 sources and 64 descriptors, of which others may have taken 40."""
    code = RUN.format(limit=LIMIT, taken=taken, sources=SOURCES, name=f"m{taken}")
    run = [sys.executable, "-c", code, str(home)]
    done = subprocess.run(run, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-2000:]
    seen, most = map(int, done.stdout.split())
    assert seen == SOURCES * SHARDS
    assert most < LIMIT


def test_what_was_used_longest_ago_is_closed_first(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_files, "bound", lambda: 2)
    files = OpenFiles()
    paths = [str(home / "many" / "shards" / f"{n:05d}.h5") for n in range(3)]
    one = files.descriptor(0, paths[0], False)
    two = files.descriptor(1, paths[1], False)
    assert files.descriptor(0, paths[0], False) is one
    files.descriptor(0, paths[2], False)
    assert files.descriptor(0, paths[0], False) is one
    assert files.descriptor(1, paths[1], False) is not two
    os.pread(two.number, 8, 0)  # closed only when nobody holds it


def test_the_files_of_a_mix_close_with_it(home: Path, tmp_path: Path) -> None:
    (tmp_path / "many").symlink_to(home / "many")
    build(tmp_path / "m.json", {"sources": [{"path": str(tmp_path / "many")}], "keys": ["actions"]})
    gc.collect()
    before = len(open_files.FILES.raw)
    mix = Mix(tmp_path / "m.json")
    for i in range(40):
        mix[i]
    assert len(open_files.FILES.raw) > before
    del mix
    gc.collect()
    assert len(open_files.FILES.raw) <= before


# --- and where there is none left, that is what is told


def exhausted(number: int) -> Callable[..., int]:
    def refuse(*_: object, **__: object) -> int:
        raise OSError(number, os.strerror(number))

    return refuse


@pytest.mark.parametrize(
    ("number", "way"), [(errno.EMFILE, "`ulimit -n "), (errno.ENFILE, "fs.file-max")]
)
def test_no_descriptor_is_no_damage(
    home: Path, monkeypatch: pytest.MonkeyPatch, number: int, way: str
) -> None:
    monkeypatch.setattr(row_reader, "FILES", OpenFiles())
    reader = Reader(Library(home / "many"), ["actions"])
    reader.demo(0)
    monkeypatch.setattr(os, "open", exhausted(number))
    for call in (
        lambda: Library(home / "many"),
        lambda: reader.demo(0).rows("actions", [0]),
    ):
        with pytest.raises(OutOfDescriptors, match=way) as caught:
            call()
        assert "damaged" not in str(caught.value)
        assert "\n" not in str(caught.value)


def test_words_alone_are_known_too() -> None:
    with pytest.raises(OutOfDescriptors), opening("x"):
        raise RuntimeError("cannot open x: Too many open files")
    with pytest.raises(ValueError, match="other"), opening("x"):
        raise ValueError("other")


HUNGRY = """
import os, resource, sys
from pathlib import Path
from episodes.storage.descriptors import OutOfDescriptors
{before}
path = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
held = []
try:
    while True:
        held.append(os.open("/dev/null", os.O_RDONLY))
except OSError:
    pass
try:
    {call}
except OutOfDescriptors as error:
    print(error)
"""
READERS = {  # what is read -> what is imported, what is called
    "a shard": ("from episodes.storage.safe import open_hdf5", "open_hdf5(path)"),
    "parquet": (
        "from episodes.formats.lerobot import tables; import pyarrow.parquet",
        "tables.rows(path)",
    ),
    "tfrecord": ("from episodes.formats.rlds import records", "list(records.read_records(path))"),
    "tar": ("from episodes.formats.webdataset.read import _members", "list(_members(path))"),
    "video": ("from episodes.formats import frames; import av", "frames.look(path)"),
    "a table": ("from episodes.formats.video import _text", "_text(path, 100)"),
    "a hash": ("from episodes.formats.guard import hash_files", "hash_files(path.parent, [path])"),
    "json": ("from episodes.formats.guard import read_json", "read_json(path)"),
    "lines": ("from episodes.formats.guard import read_json_lines", "read_json_lines(path)"),
    "a map": ("from episodes.formats.mcap import topics; import yaml", "topics.read(path, 1)"),
    "a commit": (
        "from episodes.storage.store import _standing",
        "(path.parent / 'shards').mkdir(); (path.parent / 'shards/00000.json').symlink_to(path); "
        "_standing(path.parent, 0)",
    ),
}


@pytest.mark.parametrize("what", READERS)
def test_every_reader_tells_it(tmp_path: Path, what: str) -> None:
    """In a process that has none left, as it is, with the libraries that readers use."""
    for module in {"parquet": ("pyarrow",), "video": ("av",)}.get(what, ()):
        pytest.importorskip(module, reason="the extra 'formats' is not installed")
    path = tmp_path / "file"
    path.write_bytes(b"something")
    before, call = READERS[what]
    run = [sys.executable, "-c", HUNGRY.format(before=before, call=call), str(path)]
    done = subprocess.run(run, capture_output=True, text=True, cwd=ROOT)
    assert "as many files open as it may, 256; `ulimit -n 1024`" in done.stdout, done.stderr[-1500:]
