"""Folders that appear whole, by one rename, or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from episodes.errors import UserError
from episodes.storage.folder import explained


def beside(out: Path, purpose: str) -> Path:
    """The hidden folder, on the same file system, in which `out` grows."""
    return out.parent / f".{out.name}.{purpose}"


def check_free(out: Path) -> None:
    """UserError unless `out` can appear: it is not there, or an empty folder."""
    if out.is_dir() and not any(out.iterdir()):
        return
    if out.exists() or out.is_symlink():
        raise UserError(f"{out} exists already; choose another out=")


@contextmanager
def growing(out: Path) -> Iterator[Path]:
    """A hidden folder that becomes `out` when the block ends well, and is removed when not."""
    check_free(out)
    work = beside(out, "exporting")
    shutil.rmtree(work, ignore_errors=True)  # of one that was killed
    work.mkdir(parents=True)
    try:
        yield work
        appear(work, out)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def appear(work: Path, out: Path) -> None:
    """Move the finished folder into place; older attempts at it are removed."""
    try:
        os.replace(work, out)
        descriptor = os.open(out.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise explained(error, "move the finished folder to", out) from None
    for old in out.parent.glob(f".{out.name}.importing-*"):
        shutil.rmtree(old, ignore_errors=True)
