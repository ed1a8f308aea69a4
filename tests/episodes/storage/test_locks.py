"""The lock on a place: one at a time, and nothing left of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from episodes.storage.locks import InUse, Lock, alone


@pytest.fixture
def told_to_end() -> Iterator[None]:
    """SIGTERM raises KeyboardInterrupt, as it does in the command."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    yield
    signal.signal(signal.SIGTERM, before)


def test_a_place_is_one_run_s_alone_or_shared(tmp_path: Path) -> None:
    place = tmp_path / "lib"
    with alone(place):
        for shared in (False, True):
            with pytest.raises(InUse, match="another run is at work on"):
                Lock(place, shared=shared)
    first, second = Lock(place, shared=True), Lock(place, shared=True)
    with pytest.raises(InUse):
        Lock(place)
    first.release()
    second.release()
    assert list(tmp_path.iterdir()) == []


def test_a_signal_while_it_is_released_is_heard_afterwards(
    tmp_path: Path, told_to_end: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlink, left = Path.unlink, [signal.SIGTERM]

    def interrupted(path: Path, missing_ok: bool = False) -> None:
        if left:
            os.kill(os.getpid(), left.pop())
        unlink(path, missing_ok)

    lock = Lock(tmp_path / "lib")
    monkeypatch.setattr(Path, "unlink", interrupted)
    with pytest.raises(KeyboardInterrupt):
        lock.release()
    assert list(tmp_path.iterdir()) == []
