"""zarr stores of any layout that is known (formats/arrays/layouts), or that is told with `map`."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from episodes.episode import Episode
from episodes.errors import UserError
from episodes.finding import Report
from episodes.formats.arrays import nodes
from episodes.formats.arrays.read import Wanted
from episodes.formats.arrays.read import read as read_file
from episodes.formats.promises import Promises
from episodes.formats.zarr.arrays import Group
from episodes.formats.zarr.store import META, Store

ROOT = (".zgroup", "zarr.json")
ZIP = (".zip",)
MAX_FILES = 10_000_000


def read(
    path: Path,
    *,
    strict: bool = False,
    report: Report,
    hz: float | None = None,
    layout: str | None = None,
    map: Any = None,
    colours: str | None = None,
) -> Iterator[Episode]:
    """Every episode of every store at `path`, numbered in order; memory holds one.

    The options are those of hdf5.py.
    """
    wanted = Wanted("zarr", hz, layout, map, colours)
    index = 0
    for place in stores(path):
        store = Store(place)
        try:
            promises = Promises(place, strict, report)
            for episode in read_file(promises, place.name, Group(store), wanted, index):
                yield episode
                index += 1
        finally:
            store.close()


def is_source(path: Path) -> bool:
    return bool(_stores(path))


def sources(path: Path) -> tuple[Path, list[Path]]:
    """The folder, and every file of its stores."""
    files = [file for store in stores(path) for file in _files(store)]
    if len(files) > MAX_FILES:
        raise UserError(f"{path}: over {MAX_FILES} files; zip the store (zarr.ZipStore)")
    return (path if path.is_dir() else path.parent), files


def stores(path: Path) -> list[Path]:
    """UserError: none."""
    found = _stores(path)
    if not found:
        raise UserError(f"{path}: no zarr store here (a folder with .zgroup, or a .zarr.zip)")
    return found


def _stores(path: Path) -> list[Path]:
    if _is_store(path):
        return [path]
    if not path.is_dir():
        return []
    below = sorted(path.iterdir(), key=lambda entry: nodes.natural(entry.name))
    return [entry for entry in below if _is_store(entry)]


def _is_store(path: Path) -> bool:
    if path.is_dir():
        return any((path / name).is_file() for name in ROOT)
    if path.suffix not in ZIP or not path.is_file() or not zipfile.is_zipfile(path):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.rpartition("/")[2] in META for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False


def _files(store: Path) -> list[Path]:
    return sorted(f for f in store.rglob("*") if f.is_file()) if store.is_dir() else [store]
