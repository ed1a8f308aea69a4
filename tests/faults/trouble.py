"""Trouble at the k-th operation on storage that this process does."""

from __future__ import annotations

import _pyio
import builtins
import errno
import io
import os
import resource
import signal
from collections.abc import Callable, Mapping
from typing import Any

# name -> whether a call with these arguments changes something
CHANGING: Mapping[str, Callable[..., bool]] = {
    "open": lambda path, flags, *_, **__: bool(flags & os.O_CREAT) and str(path) != os.devnull,
    "write": lambda descriptor, *_: descriptor > 2,
    "fsync": lambda *_: True,
    "ftruncate": lambda *_: True,
    "link": lambda *_, **__: True,
    "replace": lambda *_, **__: True,
    "rename": lambda *_, **__: True,
    "mkdir": lambda *_, **__: True,
    "unlink": lambda *_, **__: True,
    "rmdir": lambda *_, **__: True,
}
GROWING = ("open", "write", "link", "mkdir", "ftruncate")  # what a full disk refuses


def count(turn: int, trouble: Callable[[str, bool], None]) -> list[int]:
    """From now on `trouble(name, late)` is called at the turn-th operation, and, `late`, at those
    after it. The list holds how many there were."""
    done = [0]

    def counted(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            if CHANGING[name](*args, **options):
                done[0] += 1
                if done[0] >= turn > 0:
                    trouble(name, done[0] > turn)
            return real(*args, **options)

        return call

    for name in CHANGING:
        setattr(os, name, counted(name, getattr(os, name)))
    os.remove = os.unlink
    real_open = io.open

    def opened(file: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
        """Files that are written to go through the functions above."""
        opener = _pyio.open if set(mode) & set("wxa+") else real_open
        return opener(file, mode, *args, **options)

    builtins.open = io.open = opened  # type: ignore[assignment]
    return done


def kill(name: str, late: bool) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def refuse(name: str, late: bool) -> None:
    """Once, as a disk does that is going to die."""
    if not late:
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def fill(name: str, late: bool) -> None:
    """From then on nothing new can be written."""
    if name in GROWING:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def stop(name: str, late: bool) -> None:
    """Until somebody wakes it."""
    if not late:
        os.kill(os.getpid(), signal.SIGSTOP)


def interrupt(name: str, late: bool) -> None:
    """As whoever shuts a machine down does."""
    if not late:
        os.kill(os.getpid(), signal.SIGTERM)


TROUBLES: Mapping[str, Callable[[str, bool], None]] = {
    "none": lambda name, late: None,
    "kill": kill,
    "refuse": refuse,
    "fill": fill,
    "stop": stop,
    "interrupt": interrupt,
}


def limit(file_bytes: int | None, handles: int | None) -> None:
    """The largest file, and the most files, that this process and its children may have open."""
    if file_bytes is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    if handles is not None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (handles, handles))
