"""What is kept is held against its content when it is used, and made again where it differs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from episodes.errors import UserError
from generators.command.cli import dispatch
from sim import cache


def replaced(path: Path, make: Callable[[Path], object]) -> None:
    path.unlink()
    make(path)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "another mass": lambda p: p.write_bytes(p.read_bytes().replace(b"1", b"7")),
    "cut short": lambda p: os.truncate(p, p.stat().st_size // 2),
    "empty": lambda p: os.truncate(p, 0),
    "longer": lambda p: p.write_bytes(p.read_bytes() + b"\0"),
    "a pipe": lambda p: replaced(p, os.mkfifo),
    "a link to a device": lambda p: replaced(p, lambda p: p.symlink_to("/dev/zero")),
    "a link to another file": lambda p: replaced(p, lambda p: p.symlink_to("/etc/hostname")),
    "unreadable": lambda p: p.chmod(0),
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "cellwright"


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_holds_exactly_what_it_is_for(damage: str, place: Path) -> None:
    data = b'<mass value="1.5"/>' * 50
    path = cache.stored("urdf", "panda", ".urdf", data)
    assert path.parent == place / "urdf"
    DAMAGES[damage](path)
    assert cache.stored("urdf", "panda", ".urdf", data) == path
    assert path.read_bytes() == data
    assert not path.is_symlink()
    assert [p.name for p in path.parent.iterdir()] == [path.name], "a temporary was left"


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_was_made_is_made_again(damage: str, place: Path) -> None:
    made = []

    def make() -> bytes:
        made.append(1)
        return b"[1, 2, 3]"

    def kept() -> list[int]:
        return cache.kept("parts", "k.json", make, json.loads)

    assert (kept(), kept(), len(made)) == ([1, 2, 3], [1, 2, 3], 1)
    DAMAGES[damage](place / "parts" / "k.json")
    assert (kept(), kept()) == ([1, 2, 3], [1, 2, 3])
    assert len(made) == (1 if damage == "unreadable" and os.geteuid() == 0 else 2)


def test_what_cannot_be_written_is_one_line_or_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file" / "below"))
    assert cache.kept("parts", "k", lambda: b"1", json.loads) == 1
    with pytest.raises(UserError, match=r"cannot be written \(.*\); name a folder for it with XDG"):
        cache.stored("urdf", "panda", ".urdf", b"<robot/>")


def test_a_changed_cache_changes_no_episode(tmp_path: Path, place: Path) -> None:
    """Masses in the robot's URDF edited, then every file cut: the same episodes all the same."""

    def content(out: str) -> list[str]:
        words = ["task=bench_place", f"out={tmp_path / out}", "episodes=1", "renderer=none"]
        assert dispatch(["generate", *words]) == 0
        record = json.loads((tmp_path / out / "shards" / "00000.json").read_text())
        return [episode["content_hash"] for episode in record["episodes"]]

    first = content("a")
    urdfs = sorted(place.glob("urdf/*.urdf"))
    assert urdfs
    for path in urdfs:
        path.write_bytes(path.read_bytes().replace(b'mass value="', b'mass value="1'))
    assert content("b") == first
    for path in (p for p in place.rglob("*") if p.is_file()):
        os.truncate(path, path.stat().st_size // 2)
    assert content("c") == first
