"""robomimic: a shard is robomimic HDF5 already; what others write is read as any HDF5."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from episodes.formats.hdf5 import expected, is_source, read, sources
from episodes.storage.library import Library
from episodes.storage.store import SHARDS

__all__ = ["expected", "is_source", "read", "sources", "write"]


def write(library: Library, out: Path, *, progress: Callable[[object], None]) -> None:
    """Copy the shards: robomimic reads them as they are."""
    for shard in library.shards:
        shutil.copyfile(library.path / SHARDS / shard.file, out / f"{Path(shard.file).stem}.hdf5")
        for row in shard.rows:
            progress(row)
