"""Finding libraries in folders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from episodes.storage.store import LIBRARY

DEEPEST = 4  # folders below the one that is searched


def below(root: Path, deepest: int = DEEPEST) -> Iterator[Path]:
    """Every library at or under a folder, in the order of their names."""
    if (root / LIBRARY).is_file():
        yield root
    elif deepest:
        try:
            entries = sorted(e.path for e in os.scandir(root) if e.is_dir(follow_symlinks=False))
        except PermissionError:
            return
        for entry in entries:
            if not os.path.basename(entry).startswith("."):
                yield from below(Path(entry), deepest - 1)
