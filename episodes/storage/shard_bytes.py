"""The bytes of a shard: an HDF5 file made in memory."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import h5py

from episodes.episode import Episode
from episodes.storage import hdf5, pack
from episodes.storage.records import FORMAT, Row, row_of

_serial = itertools.count()


def build(
    number: int,
    episodes: Iterable[Episode],
    spec_id: str,
    compression: str,
    env_args: Mapping[str, Any] | None = None,
) -> tuple[bytes, tuple[Row, ...]]:
    """A shard's bytes, which depend on its content alone, and the rows of its record.

    Episodes are taken one at a time; rows are in their order. env_args: of robomimic's convention;
    None: nothing is known but the task's name.
    """
    rows: list[Row] = []
    names: list[str] = []
    train: list[bool] = []
    with _new_file() as file:
        for raw in episodes:
            episode = hdf5.canonical(raw)
            names.append(hdf5.put(file["data"], episode, spec_id, compression))
            rows.append(row_of(episode, spec_id, number))
            train.append(hdf5.is_train(episode))
        file["data"].attrs["total"] = sum(row.steps for row in rows)
        file["data"].attrs["env_args"] = json.dumps(env_args or _unknown_env(rows), sort_keys=True)
        for side, wanted in (("train", True), ("valid", False)):
            chosen = [
                name for name, is_train in zip(names, train, strict=True) if is_train is wanted
            ]
            pack.put_text(file, f"mask/{side}", chosen)
        file.flush()
        return file.id.get_file_image(), tuple(rows)


def _new_file() -> h5py.File:
    # v110 is read by every HDF5 since 2016 and takes half the space of the oldest layout.
    # HDF5 knows open files by name, those in memory too.
    file = h5py.File(
        f"shard-{next(_serial)}.h5",
        "w",
        driver="core",
        backing_store=False,
        libver=("v110", "v110"),
        track_order=False,
    )
    file.attrs["format"] = FORMAT
    file.create_group("data")
    return file


def _unknown_env(rows: Sequence[Row]) -> dict[str, Any]:
    """What robomimic wants to be there; 2 is its `EnvType.GYM_TYPE`."""
    return {"env_name": rows[0].task if rows else "", "type": 2, "env_kwargs": {}}
