"""robomimic: a shard is robomimic HDF5 already; what others write is read as any HDF5."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from episodes.formats.hdf5 import expected, is_source, read, sources
from episodes.storage.library import Library
from episodes.storage.safe import parse_json, plain
from episodes.storage.shard_bytes import build
from episodes.storage.store import SHARDS

__all__ = ["expected", "is_source", "read", "sources", "write"]


def write(library: Library, out: Path, *, progress: Callable[[object], None]) -> None:
    """Copy the shards: robomimic reads them as they are, but for pictures that are in a video."""
    for shard in library.shards:
        file = out / f"{Path(shard.file).stem}.hdf5"
        if shard.videos:
            episodes = (library.read(row.index) for row in shard.rows)
            told = plain(library.group(shard.rows[0].index).parent.attrs["env_args"])
            env_args = parse_json(told, f"{shard.file}: env_args")
            data, _ = build(shard.number, episodes, shard.spec_id, "gzip", env_args)
            file.write_bytes(data)
        else:
            shutil.copyfile(library.path / SHARDS / shard.file, file)
        for row in shard.rows:
            progress(row)
