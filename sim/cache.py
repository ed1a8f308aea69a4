"""Files that are worth keeping, and are never believed: each is held against its content's hash, or
against the content itself, whenever it is used, and made again where it differs."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from episodes.errors import UserError
from episodes.storage import regular
from episodes.storage.folder import Folder, WriteFailed

Read = TypeVar("Read")

MOST_BYTES = 1 << 30
DIGEST = 32  # bytes of a sha256, before what it is of
_DAMAGED = (OSError, UserError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile)


def folder(name: str) -> Path:
    """`$XDG_CACHE_HOME/cellwright/name` (default ~/.cache), which may not be there yet."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return root / "cellwright" / name


def stored(name: str, stem: str, suffix: str, data: bytes) -> Path:
    """A file that holds exactly `data`, for a library that reads files alone: `stem` and the
    content's hash make its name, since PyBullet caches by name. UserError: it cannot be written."""
    digest = hashlib.sha256(data).hexdigest()[:24]
    path = folder(name) / f"{stem}{'-' if stem else ''}{digest}{suffix}"
    with suppress(OSError, UserError):
        if regular.read(path, len(data)) == data:
            return path
    try:
        Folder(path.parent).replace(path.name, data)
    except WriteFailed as error:
        reason = getattr(error.__cause__, "strerror", None) or error
        raise UserError(
            f"{path} cannot be written ({reason}); name a folder for it with XDG_CACHE_HOME"
        ) from error
    return path


def kept(name: str, key: str, make: Callable[[], bytes], read: Callable[[bytes], Read]) -> Read:
    """What `read` makes of the bytes that were made once for `key`, a hash of all they come from.

    Made again where the file is not there, is damaged, or cannot be read. A cache that cannot be
    written costs time, nothing else.
    """
    place = folder(name)
    with suppress(*_DAMAGED):
        found = regular.read(place / key, MOST_BYTES)
        digest, data = found[:DIGEST], found[DIGEST:]
        if hashlib.sha256(data).digest() == digest:
            return read(data)
    made = make()
    with suppress(OSError, UserError):
        Folder(place).replace(key, hashlib.sha256(made).digest() + made)
    return read(made)
