"""An import that is killed, or refused by the disk, at any of its operations: nothing is lost, no
file is left over, and the same command goes on."""

from __future__ import annotations

import errno
import multiprocessing
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from episodes import formats
from episodes.check.check import check
from episodes.storage.folder import WriteFailed
from tests.films import kind, takes

pytest.importorskip("av", reason="the extra 'formats' is not installed")

OPERATIONS = ("open", "write", "fsync", "link", "replace", "unlink")
FORK = multiprocessing.get_context("fork")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three episodes of two files."""
    folder = tmp_path_factory.mktemp("source")
    names = ("b_pictures.mp4", "vp9.webm", "b_pictures.mp4")
    for name in names[:2]:
        kind(folder, name)
    return takes(folder, [{"video": name} for name in names])


@pytest.fixture(scope="module")
def reference(source: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("reference") / "lib"
    run(source, out)
    return content(out)


def run(source: Path, out: Path) -> None:
    formats.import_library("video", source, out, shard_size=1)


def content(out: Path) -> dict[str, bytes]:
    """Every file but the records, which tell when they were made."""
    return {
        str(path.relative_to(out)): path.read_bytes() if path.suffix != ".json" else b""
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def trouble_at(turn: int, trouble: Callable[[], Any]) -> list[int]:
    """From now on, in this process, the turn-th operation on files that are written is trouble."""
    count = [0]
    for name in OPERATIONS:
        real = getattr(os, name)

        def counted(*args: Any, _real: Any = real, _name: str = name, **options: Any) -> Any:
            if _name != "open" or args[1] & os.O_CREAT:
                count[0] += 1
                if count[0] == turn:
                    trouble()
            return _real(*args, **options)

        setattr(os, name, counted)
    return count


def killed(source: Path, out: Path, turn: int) -> None:
    trouble_at(turn, lambda: os.kill(os.getpid(), signal.SIGKILL))
    run(source, out)


def refused(source: Path, out: Path, turn: int) -> None:
    def full() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    trouble_at(turn, full)
    try:
        run(source, out)
    except WriteFailed as error:
        os._exit(WriteFailed.code if "free some space" in str(error) else 1)


def ended(target: Callable[[Path, Path, int], None], *args: Any) -> int:
    """The exit code of a process that does it."""
    process = FORK.Process(target=target, args=args)
    process.start()
    process.join(120)
    hangs = process.is_alive()
    process.kill()  # or this process would wait for it when it ends
    process.join()
    assert not hangs
    assert process.exitcode is not None
    return process.exitcode


def operations(source: Path, out: Path) -> int:
    """How many there are in an import."""
    receiver, sender = FORK.Pipe()

    def counting(source: Path, out: Path, _: int) -> None:
        count = trouble_at(0, lambda: None)
        run(source, out)
        sender.send(count[0])

    assert ended(counting, source, out, 0) == 0
    return int(receiver.recv())


@pytest.mark.parametrize("stride", [5, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("trouble", "code"), [(killed, -signal.SIGKILL), (refused, WriteFailed.code)]
)
def test_trouble_at_any_operation_loses_nothing(
    trouble: Callable[[Path, Path, int], None],
    code: int,
    stride: int,
    source: Path,
    reference: dict[str, bytes],
    tmp_path: Path,
) -> None:
    total = operations(source, tmp_path / "counted")
    assert total > 40
    for turn in range(1 + stride % 4, total + 1, stride):
        out = tmp_path / f"lib{turn}"
        found = ended(trouble, source, out, turn)
        assert found in (code, 0), turn  # 0: what was refused was the removal of a temporary
        if not out.exists():
            run(source, out)
        assert content(out) == reference, turn
        assert [f for f in check(out) if f.severity == "error" or "killed" in f.message] == []
        assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == [], turn


def test_a_file_size_limit_is_named_and_the_import_goes_on(
    source: Path, reference: dict[str, bytes], tmp_path: Path
) -> None:
    small = min(len(data) for name, data in reference.items() if name.startswith("videos")) - 1

    def limited(source: Path, out: Path, _: int) -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (small, small))
        try:
            run(source, out)
        except WriteFailed as error:
            os._exit(WriteFailed.code if "/videos/" in str(error) else 1)

    assert ended(limited, source, tmp_path / "lib", 0) == WriteFailed.code
    assert not (tmp_path / "lib").exists()
    run(source, tmp_path / "lib")
    assert content(tmp_path / "lib") == reference
