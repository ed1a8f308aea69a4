"""Files that end: a pipe, a device or a folder in a file's place is refused, not waited for."""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from episodes.errors import UserError
from episodes.storage.descriptors import opening

_OPEN = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)  # not on Windows
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe (FIFO)"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def descriptor(path: str | os.PathLike[str]) -> tuple[int, int]:
    """(descriptor, bytes) of a file opened to be read; the caller closes it.

    Links are followed. Raises OSError, UserError for what is no regular file.
    """
    with opening(path):
        found = os.open(path, _OPEN)
    about = os.fstat(found)
    if not stat.S_ISREG(about.st_mode):
        os.close(found)
        raise UserError(f"{path} is {_kind(about.st_mode)}, not a file")
    return found, about.st_size


def read(path: str | os.PathLike[str], most: int) -> bytes:
    """A file's bytes. Raises OSError, UserError for what is no regular file or has over `most`."""
    found, size = descriptor(path)
    with open(found, "rb") as file:
        if size > most:
            raise UserError(f"{path} is over {bytes_told(most)}")
        data = file.read(most + 1)  # it may grow
    if len(data) > most:
        raise UserError(f"{path} is over {bytes_told(most)}")
    return data


def check(path: str | os.PathLike[str], folder: bool = False) -> None:
    """UserError where something is there that is no regular file. folder: or a folder.

    Raises OSError where it cannot be known, as of a name that is too long.
    """
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode) and not (folder and stat.S_ISDIR(mode)):
        raise UserError(f"{path} is {_kind(mode)}, not a file{' or a folder' if folder else ''}")


def check_below(root: str | os.PathLike[str]) -> None:
    """As `check` of everything at or below a path; folders behind links are left to their owner."""
    check(root, folder=True)
    for place, _, files in os.walk(root):
        for name in files:
            with suppress(OSError):  # a link in a loop is no file to anybody
                check(os.path.join(place, name), folder=True)


def bytes_told(count: int) -> str:
    return f"{count >> 20} MB" if count >= 1 << 20 else f"{count} bytes"


def _kind(mode: int) -> str:
    return next((name for is_one, name in _KINDS if is_one(mode)), "of no known kind")
