"""HDF5 files of any layout that is known (arrays/layouts), or that is told with `map`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py

from episodes.episode import Episode
from episodes.errors import UserError
from episodes.finding import Report
from episodes.formats.arrays import facts, nodes
from episodes.formats.arrays.layouts import KNOWN
from episodes.formats.arrays.read import Wanted
from episodes.formats.arrays.read import read as read_file
from episodes.formats.promises import Promises
from episodes.storage import hdf5
from episodes.storage.descriptors import opening
from episodes.storage.records import FORMAT
from episodes.storage.safe import attribute, open_hdf5

SUFFIXES = (".hdf5", ".h5", ".hdf")
MAGIC = b"\x89HDF\r\n\x1a\n"
NUMBERED = re.compile(r"[A-Za-z]+_?\d+")
MAX_LEVELS = 4  # folders below the one that is given
MAX_FILES = 100_000


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
    """Every episode of every file, in the order of their numbers; memory holds one.

    hz: control rate, where the file does not tell it. layout: one of arrays/layouts, where it may
    be several. map: what is what in files of no known layout: see arrays/layout.py. colours: "bgr"
    if pictures were stored blue first. strict: refused is what would be left out. A file that
    cellwright wrote is read as what it is.
    """
    wanted = Wanted("hdf5", hz, layout, map, colours)
    index = 0
    kinds: dict[str, str] = {}
    for file in files(path):
        with open_hdf5(file, any_type=True) as opened:
            ours = attribute(opened, "format") == FORMAT
            if not ours:
                kinds.setdefault(wanted.chosen(file, opened).name, file.name)
            if len(kinds) > 1:
                told = ", ".join(f"{name} is {kind}" for kind, name in kinds.items())
                raise UserError(f"{path}: files of several layouts ({told}); import each by itself")
            name = file.name if path.is_file() else file.relative_to(path).as_posix()
            promises = Promises(file, strict, report)
            found = (
                _own_episodes(opened) if ours else read_file(promises, name, opened, wanted, index)
            )
            for episode in _whole(found, file):
                yield episode
                index += 1


def _whole(episodes: Iterator[Episode], file: Path) -> Iterator[Episode]:
    """The same episodes. UserError: HDF5 cannot read what it promised, say a damaged chunk."""
    try:
        yield from episodes
    except (OSError, RuntimeError) as error:
        reason = str(error).replace("\n", " ")[:120]
        raise UserError(f"{file} is damaged ({reason}); fetch it again") from None


def _own_episodes(file: h5py.File) -> Iterator[Episode]:
    for name in sorted(file["data"], key=nodes.natural):
        yield hdf5.get(file["data"][name])


def is_source(path: Path) -> bool:
    return _is_hdf5(path) if path.is_file() else next(_below(path), None) is not None


def sources(path: Path) -> tuple[Path, list[Path]]:
    """The folder that holds all of it, the HDF5 files and the JSON that is read beside them."""
    found = files(path)
    also = {side for file in found for layout in KNOWN for side in facts.beside(file, layout)}
    every = [file.absolute() for file in (*found, *sorted(also))]
    parents = [file.parent for file in every]
    root = next(
        p for p in (parents[0], *parents[0].parents) if all(q.is_relative_to(p) for q in parents)
    )
    return root, every


def files(path: Path) -> list[Path]:
    """The HDF5 files at or below a path, in the order of the numbers in their names."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise UserError(f"no such file or folder: {path}")
    found = sorted(_below(path), key=lambda file: nodes.natural(file.relative_to(path).as_posix()))
    if not found:
        raise UserError(f"{path}: no HDF5 files here (names end in {', '.join(SUFFIXES)})")
    if len(found) > MAX_FILES:
        raise UserError(f"{path}: over {MAX_FILES} files")
    return found


def expected(path: Path) -> int:
    """How many episodes there will probably be: a file's numbered groups, or else the file."""
    count = 0
    for file in files(path):
        with open_hdf5(file, any_type=True) as opened:
            home = opened["data"] if isinstance(opened.get("data"), h5py.Group) else opened
            count += sum(1 for name in home if NUMBERED.fullmatch(name)) or 1
    return count


def _below(folder: Path, above: tuple[Path, ...] = ()) -> Iterator[Path]:
    above = (*above, folder.resolve())
    for entry in sorted(folder.iterdir()):
        if entry.is_dir():
            hidden = entry.name.startswith(".")
            if len(above) <= MAX_LEVELS and not hidden and entry.resolve() not in above:
                yield from _below(entry, above)
        elif _is_hdf5(entry):
            yield entry


def _is_hdf5(path: Path) -> bool:
    if path.suffix not in SUFFIXES or not path.is_file():
        return False
    with opening(path), open(path, "rb") as stream:
        return stream.read(len(MAGIC)) == MAGIC
