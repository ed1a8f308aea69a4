"""robomimic: a shard is robomimic HDF5 already; what others write is read as any HDF5."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from episodes.formats.hdf5 import expected, is_source, read, sources
from episodes.storage import hdf5, hdf5_file, pack
from episodes.storage.records import FORMAT, Row, Shard
from episodes.storage.safe import attribute
from episodes.storage.selection import Selection

__all__ = ["expected", "is_source", "read", "sources", "write"]

MERGED = "episodes.hdf5"


@dataclass(frozen=True)
class _RobomimicFile:
    """A file to be written, and its episodes. shard: the file that is just that, if any is."""

    name: str
    rows: tuple[Row, ...]
    shard: Path | None = None


def write(
    chosen: Selection,
    out: Path,
    *,
    progress: Callable[[object], None],
    merged: bool = False,
    next_obs: bool = False,
) -> Sequence[str]:
    """Copy the shards, which robomimic reads as they are.

    merged: one file, `episodes.hdf5`, with the masks of all. next_obs: the observations of the step
    after, as robomimic's offline RL wants them; arrays are copied as they are packed. Files that
    are put together so are laid out as shards too.
    """
    files = _files(chosen)
    if merged:
        files = [_RobomimicFile(MERGED, chosen.rows)]
    told: list[str] = []
    for file in files:
        if file.shard is not None and not next_obs:
            shutil.copyfile(file.shard, out / file.name)
            for row in file.rows:
                progress(row)
        else:
            told += _compose(chosen, file, out, next_obs, progress)
    if next_obs:
        told += ["next_obs: after its last step an episode was not seen: its last obs stand again"]
    return list(dict.fromkeys(told))


def _files(chosen: Selection) -> list[_RobomimicFile]:
    """A file for each shard that holds one of the episodes."""
    rows: dict[tuple[int, int], list[Row]] = {}
    for row in chosen:
        part, own = chosen.home(row.index)
        rows.setdefault((chosen.parts.index(part), own.shard), []).append(row)
    found: list[_RobomimicFile] = []
    for (number, shard), some in rows.items():
        library = chosen.parts[number].library
        name = f"{len(found) if chosen.renumbered else shard:05d}.hdf5"
        stored = library.shard(shard)
        same = not (chosen.renumbered or stored.videos) and len(some) == len(stored.rows)
        found.append(_RobomimicFile(name, tuple(some), library.shard_path(shard) if same else None))
    return found


def _compose(
    chosen: Selection,
    made: _RobomimicFile,
    out: Path,
    next_obs: bool,
    progress: Callable[[object], None],
) -> list[str]:
    """Write a file of episodes of any shards; what there is to be told."""
    environments: list[str] = []
    with hdf5_file.writing(out / made.name, libver=("v110", "v110")) as file:
        file.attrs["format"] = FORMAT
        data = file.create_group("data")
        for row in made.rows:
            source = chosen.group(row.index)
            name = f"demo_{row.index}"
            shard = _shard(chosen, row)
            if shard.videos:  # robomimic reads pictures, not video
                episode = hdf5.canonical(chosen.read(row.index))
                hdf5.put(data, episode, shard.spec_id, "gzip")
            else:
                source.file.copy(source, data, name=name)
                if chosen.renumbered:
                    hdf5.relabel(data[name], chosen.read(row.index, images=False))
            if next_obs:
                _shift(data[name])
            environments.append(str(attribute(source.file["data"], "env_args")))
            progress(row)
        data.attrs["total"] = sum(row.steps for row in made.rows)
        data.attrs["env_args"] = environments[0]
        for side, valid in (("train", False), ("valid", True)):
            some = [row.index for row in made.rows if (row.index in chosen.valid) is valid]
            pack.put_text(file, f"mask/{side}", [f"demo_{index}" for index in some])
    if len(set(environments)) > 1:
        return [f"{made.name}: its env_args is that of its first episode; others are of others"]
    return []


def _shard(chosen: Selection, row: Row) -> Shard:
    part, own = chosen.home(row.index)
    return part.library.shard(own.shard)


def _shift(demo: h5py.Group) -> None:
    """Add next_obs/: rows 1 to the end of each array of obs/, and the last one again."""
    home = demo.create_group("next_obs")
    for name, item in demo["obs"].items():
        kind, space, packing = (
            item.id.get_type(), item.id.get_space(), item.id.get_create_plist()
        )  # fmt: skip
        shifted = h5py.Dataset(h5py.h5d.create(home.id, name.encode(), kind, space, packing))
        steps = len(item)
        if item.chunks == (1, *item.shape[1:]):  # pictures: moved without unpacking
            rest = [0] * (item.ndim - 1)
            for step in range(steps):
                skipped, packed = item.id.read_direct_chunk((min(step + 1, steps - 1), *rest))
                shifted.id.write_direct_chunk((step, *rest), packed, skipped)
        elif steps:
            rows = item[()]
            shifted[...] = np.concatenate([rows[1:], rows[-1:]])
        for key, value in item.attrs.items():
            shifted.attrs[key] = value
