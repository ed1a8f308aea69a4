"""Files and words as an attacker or a slip of the hand makes them, given to the command: one line,
an exit code from the list, nothing run, nothing written but `out`, nothing waited for."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from generators.command.cli import dispatch
from tests.libraries import make_library_and_mix

Change = Callable[[Path], object]
PATIENCE_S = 100  # for what takes under 2 s: more is a hang
INFINITE = "__1e400__"  # becomes the number 1e400, which JSON allows and no float holds


def edited(file: str, *keys: str | int, to: Any = None, drop: bool = False) -> Change:
    """A field of a JSON file set to another value, or taken out."""

    def change(root: Path) -> None:
        path = root / file
        whole = json.loads(path.read_text()) if path.exists() else {}
        place = whole
        for key in keys[:-1]:
            place = place[key]
        if drop:
            del place[keys[-1]]
        else:
            place[keys[-1]] = to
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(whole).replace(f'"{INFINITE}"', "1e400"))

    return change


def text(file: str, content: str) -> Change:
    def change(root: Path) -> None:
        (root / file).parent.mkdir(exist_ok=True)
        (root / file).write_text(content)

    return change


def pipe(file: str) -> Change:
    def change(root: Path) -> None:
        (root / file).unlink(missing_ok=True)
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(root / file)

    return change


def link(file: str, to: str) -> Change:
    def change(root: Path) -> None:
        (root / file).unlink(missing_ok=True)
        (root / file).symlink_to(to)

    return change


def nothing(_: Path) -> None:
    pass


LIB, RECORD, MIX = "lib/library.json", "lib/shards/00000.json", "mix.json"
NOTE, GROWN = "lib/quarantine/000003.json", "lib/grown-00001.json"
CHECK, LIST, SHOW = "check src=lib", "list root=lib", "show src=lib out=out video_px=0"
AUDIT = "mix audit=mix.json draws=1000"
EXPORT = "export src=lib format=webdataset out="

# (what is done, the command, what the line names)
TRIED: list[tuple[Change, str, str]] = [
    (edited(LIB, "config", to=5), CHECK, "library.json: config is 5, not an object"),
    (edited(LIB, "versions", to=[1]), CHECK, "versions is a list of 1, not an object"),
    (edited(LIB, "versions", to={"numpy": 2}), CHECK, "versions.numpy is 2, not text"),
    (edited(LIB, "seed", to="abc"), CHECK, "seed is the text 'abc', not a whole number"),
    (edited(LIB, "seed", to=INFINITE), CHECK, "library.json: seed is no finite number"),
    (edited(LIB, "seed", to=-1), CHECK, "seed is -1; it must be at least 0"),
    (edited(LIB, "source", to=5), CHECK, "source is 5, not text"),
    (edited(LIB, "config", to={"a": [INFINITE]}), CHECK, "config.a[0] is no finite number"),
    (edited(LIB, "episodes", to=10**12), CHECK, "files are absurd"),
    (edited(LIB, "episodes", to=10**30), LIST, "episodes is a number of 31 digits"),
    (edited(LIB, "episodes", to=-1), LIST, "episodes is -1; it must be at least 1"),
    (edited(LIB, "episodes", to=1.5), LIST, "episodes is 1.5, not a whole number"),
    (edited(LIB, "episodes", to=True), LIST, "episodes is true, not a whole number"),
    (edited(LIB, "episodes", drop=True), LIST, "library.json: episodes is missing"),
    (edited(LIB, "shard_size", to=0), SHOW, "shard_size is 0; it must be at least 1"),
    (edited(LIB, "spec_id", to=None), f"{EXPORT}out", "spec_id is null, not text"),
    (edited(LIB, "spec_id", to="\ud800"), LIST, "spec_id has half a letter, \\ud800"),
    (edited(LIB, "\udfff", to=1), LIST, "a key of "),
    (edited(LIB, "findings", to=[{}]), CHECK, "findings[0].severity is missing"),
    (edited(LIB, "findings", to=[{"severity": "error", "message": 5}]), CHECK,
     "findings[0].message is 5, not text"),
    (edited(LIB, "compression", to="exe"), LIST, "it must be 'gzip' or 'lzf' or 'zstd'"),
    (edited(LIB, "format", to=["cellwright-1"]), LIST, "is of format"),
    (text(LIB, "[]"), LIST, "is a list of 0, not an object"),
    (text(LIB, ""), LIST, "library.json is not valid JSON"),
    (text(LIB, '{"a": NaN}'), LIST, "NaN is not JSON"),
    (text(LIB, "[" * 100_000), LIST, "nested too deep"),
    (text(LIB, "1" * 100_000), LIST, "library.json is not valid JSON"),
    (pipe(LIB), CHECK, "no library there"),
    (link(LIB, "/dev/zero"), CHECK, "no library there"),
    (edited(RECORD, "episodes", 0, "steps", to="9"), CHECK, "episodes[0].steps is the text '9'"),
    (edited(RECORD, "episodes", 1, "steps", to=-1), CHECK, "episodes[1].steps is -1"),
    (edited(RECORD, "episodes", 0, "seconds", to=INFINITE), CHECK, "seconds is no finite number"),
    (edited(RECORD, "episodes", 0, "index", to=2**70), LIST, "index is a number of 22 digits"),
    (edited(RECORD, "episodes", 0, "success", to="yes"), LIST, "success is the text 'yes'"),
    (edited(RECORD, "episodes", 0, "content_hash", to="zz"), CHECK, "content_hash is the text"),
    (edited(RECORD, "episodes", 0, "task", to="\ud800"), LIST, "task has half a letter"),
    (edited(RECORD, "episodes", 0, to=None), LIST, "episodes[0] is null, not an object"),
    (edited(RECORD, "episodes", to={"a": 1}), LIST, "episodes are no list"),
    (edited(RECORD, "bytes", to=-5), CHECK, "bytes is -5; it must be at least 0"),
    (edited(RECORD, "sha256", to=""), CHECK, "sha256 is an empty text"),
    (edited(RECORD, "videos", to=[{"file": "../../x", "bytes": 1, "sha256": "0" * 64}]), CHECK,
     "videos[0].file is the text '../../x', not the name of a video file"),
    (edited(RECORD, "file", to="../../../etc/passwd"), CHECK, "it names '../../../etc/passwd'"),
    (text("lib/shards/².json", "{}"), CHECK, "no commit record has such"),
    (text("lib/shards/1.json", "{}"), LIST, "no commit record has such a name"),
    (text(f"lib/shards/{'9' * 200}.json", "{}"), CHECK, "no commit record has such a name"),
    (pipe("lib/shards/00001.json"), LIST, "00001.json is a pipe (FIFO), not a file"),
    (link("lib/shards/00001.json", "/dev/zero"), CHECK, "00001.json is a device, not a file"),
    (link("lib/shards/00001.json", "00001.json"), CHECK, "00001.json"),
    (pipe("lib/shards/00000.h5"), CHECK, "00000.h5"),
    (pipe("lib/shards/00000.h5"), SHOW, "00000.h5 is missing"),
    (edited(NOTE, "index", to="x"), CHECK, "000003.json: index is the text 'x'"),
    (edited(NOTE, "index", to=10**9), LIST, "index is 1000000000, not that of its name"),
    (pipe(NOTE), LIST, "000003.json is a pipe (FIFO), not a file"),
    (edited(GROWN, "episodes", to=1), CHECK, "grown-00001.json does not say how many"),
    (edited(GROWN, "episodes", to=10**12), CHECK, "files are absurd"),
    (edited(GROWN, "versions", to=[]), LIST, "grown-00001.json: episodes is missing"),
    (edited(MIX, "sources", 0, "share", to="1/0"), AUDIT, "sources[0].share is the text '1/0'"),
    (edited(MIX, "sources", 0, "share", to="-1/1"), AUDIT, "sources[0].share is the text '-1/1'"),
    (edited(MIX, "sources", 0, "share", to="1/2"), AUDIT, "do not sum to 1"),
    (edited(MIX, "draws", to=INFINITE), AUDIT, "mix.json: draws is no finite number"),
    (edited(MIX, "sources", 0, "path", to=5), AUDIT, "sources[0].path is 5, not text"),
    (edited(MIX, "sources", 0, "chosen", to=""), AUDIT, "sources[0].chosen is an empty text"),
    (edited(MIX, "sources", 0, "chosen", to="0-99999999999"), AUDIT, "over 10000000 episodes"),
    (edited(MIX, "sources", 0, "chosen", to="3-1"), AUDIT, "'3-1' is no range"),
    (edited(MIX, "sources", 0, "name", to="\ud800"), AUDIT, "sources[0].name has half a letter"),
    (edited(MIX, "view", "horizon", to=10**12), AUDIT, "view.horizon is 1000000000000; it must"),
    (edited(MIX, "view", "image_size", to=[0, 1]), AUDIT, "view.image_size[0] is 0"),
    (edited(MIX, "statistics", to="x"), AUDIT, "statistics is the text 'x', not an object"),
    (edited(MIX, "keys", 0, "shape", to=[-1]), AUDIT, "keys[0].shape[0] is -1"),
    (pipe(MIX), AUDIT, "mix.json is a pipe (FIFO)"),
    (link(MIX, "/dev/zero"), AUDIT, "mix.json is a device"),
    (nothing, EXPORT + "b" * 250, "has 250 bytes; at most 180"),
    (nothing, EXPORT + "b" * 5000, "File name too long"),
    (nothing, f"{EXPORT}lib/library.json/x", "library.json/x: Not a directory; give another path"),
    (nothing, f"{EXPORT}~nobody-at-all/x", "write the path in full"),
    (pipe("out"), f"{EXPORT}out", "is a pipe (FIFO), not a file or a folder"),
    (link("out", "nowhere/x"), f"{EXPORT}out", "is a link to what is not there"),
    (link("out", "out"), f"{EXPORT}out", "out="),
    (pipe("s"), "check src=s", "is a pipe (FIFO), not a file or a folder"),
    (nothing, "list root=/dev/zero", "is a device, not a file or a folder"),
    (pipe("p.stl"), "part src=p.stl", "not a file, but a folder, a pipe or a device"),
    (link("z.stl", "/dev/zero"), "part src=z.stl", "not a file, but a folder, a pipe or a device"),
    (nothing, "generate sweep=/dev/zero", "/dev/zero is a device, not a file"),
    (pipe("s.yaml"), "generate sweep=s.yaml", "s.yaml is a pipe (FIFO), not a file"),
    (pipe("c/task/x.yaml"), "generate task=x out=out --config-dir=c", "x.yaml is a pipe (FIFO)"),
    (nothing, "generate task=x out=out --config-dir=/dev/null", "no such folder"),
    (pipe("lib/data.hdf5"), "import src=lib out=out", "data.hdf5 is a pipe (FIFO)"),
    (nothing, "import src=/dev/zero out=out", "is a device, not a file or a folder"),
]  # fmt: skip


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a library of two shards, `lib`, and a mix of it, `mix.json`."""
    root = tmp_path_factory.mktemp("sound")
    make_library_and_mix(root, 6, (16, 12))
    return root


@pytest.fixture
def impatient() -> Iterator[None]:
    def hangs(*_: object) -> None:
        raise TimeoutError("it hangs")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(PATIENCE_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def everything(root: Path) -> dict[str, bytes | str]:
    """Every file outside `out`, and what is no file by its kind."""
    return {
        str(p.relative_to(root)): p.read_bytes() if p.is_file() else oct(p.lstat().st_mode)
        for p in sorted(root.rglob("*"))
        if p.relative_to(root).parts[0] != "out"
        and not (p.is_symlink() and os.readlink(p).startswith("/dev"))
        and not p.is_dir()
    }


def test_there_are_enough() -> None:
    assert len(TRIED) >= 60


@pytest.mark.parametrize(("change", "words", "says"), TRIED, ids=range(len(TRIED)))
def test_one_line_and_nothing_else(
    change: Change,
    words: str,
    says: str,
    sound: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    impatient: None,
) -> None:
    root = tmp_path / "here"
    shutil.copytree(sound, root)
    monkeypatch.chdir(root)
    change(root)
    before = everything(root)
    code = dispatch(words.split(" "))
    printed = capsys.readouterr()
    lines = (printed.out + printed.err).splitlines()
    found = [line for line in lines if says in line]
    assert found, "\n".join(lines)
    assert "Traceback" not in printed.out + printed.err
    assert code == (1 if printed.out else 2), "what was found is code 1, what is refused 2"
    assert everything(root) == before
