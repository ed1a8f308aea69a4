"""Files that are not there yet: Git keeps large files elsewhere, and a clone without git-lfs has a
text of some 130 bytes in the place of each (https://github.com/git-lfs/git-lfs, docs/spec.md).

What such a text breaks, and how, differs from format to format; so it is looked for where a source
cannot be read, whatever the reason, and once more after it was.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from episodes.episode import Episode
from episodes.errors import UserError
from episodes.formats.promises import Promises

MARK = b"version https://git-lfs.github.com/spec/v1\n"
MOST = 1024  # bytes of a pointer, by its specification
NO_DATA = (".md", ".gif", ".jpg", ".jpeg", ".png", ".svg", ".pdf", ".txt")  # beside the data
FETCH = "`git lfs pull` in its folder (or `hf download`) fetches the data"


def find(path: Path, named_in: str = "") -> list[Path]:
    """The pointers at `path` or below it, in the order of their names; of what is no data (the
    pictures of a README), only those that the message `named_in` is about."""
    files = [path] if path.is_file() else []
    for folder, _, names in os.walk(path):
        files += [Path(folder, name) for name in names]
    return sorted(
        file
        for file in files
        if (file.suffix not in NO_DATA or file.name in named_in) and _is_pointer(file)
    )


def _is_pointer(file: Path) -> bool:
    try:
        if not file.is_file() or not len(MARK) < file.stat().st_size <= MOST:
            return False
        with open(file, "rb") as stream:
            return stream.read(len(MARK)) == MARK
    except OSError:
        return False


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Where the block fails and there are pointers at `path`, they are the reason that is told."""
    try:
        yield
    except UserError as error:
        if files := find(path, str(error)):
            raise UserError(f"{path}: {_words(path, files)}") from None
        raise


def reported(episodes: Iterable[Episode], promises: Promises) -> Iterator[Episode]:
    """The same episodes; pointers that did no harm, since the source was read without them."""
    with explained(promises.source):
        yield from episodes
    if files := find(promises.source):
        promises.lacks(f"left out: {_words(promises.source, files)}")


def _words(path: Path, files: list[Path]) -> str:
    first = files[0].relative_to(path) if path.is_dir() else files[0].name
    more = (
        f" and {len(files) - 1} more are Git LFS pointers"
        if len(files) > 1
        else " is a Git LFS pointer"
    )
    return f"{first}{more}, not the data; {FETCH}"
