"""Folders that appear whole, by one rename, or not at all."""

from __future__ import annotations

import errno
import glob
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from episodes.errors import UserError
from episodes.storage.folder import explained, no_space, sync, sync_below
from episodes.storage.locks import alone


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
    """A hidden folder that becomes `out` when the block ends well, and is removed when not. Raises
    WriteFailed for what there is no space for in the block, InUse where `out` grows already."""
    check_free(out)
    with alone(out):
        work = beside(out, "exporting")
        shutil.rmtree(work, ignore_errors=True)  # of one that was killed
        try:
            work.mkdir()
        except OSError as error:
            raise explained(error, "write", out) from error
        try:
            yield work
            appear(work, out)
        except Exception as error:
            if found := no_space(error, out):
                raise found from error
            raise
        finally:
            shutil.rmtree(work, ignore_errors=True)


def appear(work: Path, out: Path) -> None:
    """Move the finished folder into place, all of it on disk; older attempts at it are removed."""
    try:
        sync_below(work)
        os.replace(work, out)
        sync(out.parent)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            check_free(out)
        raise explained(error, "move the finished folder to", out) from None
    for old in out.parent.glob(f".{glob.escape(out.name)}.importing-*"):
        shutil.rmtree(old, ignore_errors=True)
