"""What is wrong with a shard around its demos: format, totals, the split."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from numpy.random import Generator

from episodes.check.files.damage import edited
from episodes.check.kind import Check, Limits
from episodes.errors import UserError
from episodes.finding import Finding
from episodes.storage import hdf5
from episodes.storage.records import FORMAT, Shard
from episodes.storage.safe import parse_json, plain


@dataclass(frozen=True)
class OpenShard:
    file: h5py.File
    shard: Shard


def find(seen: OpenShard, limits: Limits) -> Iterator[Finding]:
    for message in _messages(seen.file, seen.shard):
        yield Finding("error", message, field=f"shards/{seen.shard.file}")


def _messages(file: h5py.File, shard: Shard) -> Iterator[str]:
    if plain(file.attrs.get("format")) != FORMAT:
        yield f"attribute format is {file.attrs.get('format')!r}, not {FORMAT!r}"
    names = {f"demo_{row.index}" for row in shard.rows}
    data = file.get("data")
    if not isinstance(data, h5py.Group):
        yield "it has no group data"
        return
    if set(data) != names:
        differ = sorted(set(data) ^ names)[:4]
        yield f"its demos are not those of its record: {', '.join(differ)}"
    steps = sum(row.steps for row in shard.rows)
    if data.attrs.get("total") != steps:
        yield f"data/total is {data.attrs.get('total')}, its episodes have {steps} steps"
    try:
        parse_json(plain(data.attrs.get("env_args", "")), "data/env_args")
    except UserError as error:
        yield str(error)
    split = [set(side_names(file, side)) for side in ("train", "valid")]
    if split[0] & split[1]:
        yield f"in both mask/train and mask/valid: {', '.join(sorted(split[0] & split[1])[:4])}"
    if split[0] | split[1] != names:
        yield "mask/train and mask/valid together are not its demos"


def side_names(file: h5py.File, side: str) -> list[str]:
    """The demos on a side of the split."""
    item = file.get(f"mask/{side}")
    return hdf5.text(item) if isinstance(item, h5py.Dataset) else []


def _both_sides(root: Path, rng: Generator) -> Path:
    def edit(file: h5py.File) -> None:
        names = np.array([f"demo_{key}".encode() for key in _indices(file)])
        for side in ("train", "valid"):
            del file[f"mask/{side}"]
            file[f"mask/{side}"] = names

    return edited(root, edit)


def _lost_demo(root: Path, rng: Generator) -> Path:
    def edit(file: h5py.File) -> None:
        del file[f"data/demo_{_indices(file)[0]}"]

    return edited(root, edit)


def _indices(file: h5py.File) -> list[int]:
    return sorted(int(name.removeprefix("demo_")) for name in file["data"])


CHECK = Check(
    name="shard",
    reads="files",
    finds="shards without their format, their demos, their totals, or their split",
    reason="readers that trust the masks would train on what they validate with, or miss episodes",
    source="docs/library-format.md; robomimic's filter keys",
    find=find,
    faults={"both sides of the split": _both_sides, "a demo is lost": _lost_demo},
)
