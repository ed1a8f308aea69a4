"""Data of others, in and out: one format = one module here, imported when it is asked for.

A format that can be read has `read(path, *, strict, report, hz=None, ...) -> Iterator[Episode]`
(one episode in memory), `is_source(path) -> bool` and `sources(path) -> (root, files)`, the files
that an import depends on; `expected(path) -> int`, if its files tell how many episodes there are.
A format that can be written has `write(chosen, out, *, progress, ...) -> Sequence[str]`, of lines
that the user should read; `ONE_SHAPE`, why, if what differs between libraries cannot stand in one
data set (`ONE_RATE`: nor can other rates). What is written is read back and compared, unless there
is no reader, which is then told. `episodes/format_names.py` says which there are.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from episodes.format_names import READABLE, WRITABLE
from episodes.formats.registry import (
    check_options,
    detect,
    expected,
    read,
    reader,
    writer,
)

if TYPE_CHECKING:
    from episodes.formats.exporting import Exported
    from episodes.formats.importing import Imported
    from episodes.storage.selection import Selection

__all__ = [
    "READABLE",
    "WRITABLE",
    "check_options",
    "detect",
    "expected",
    "export",
    "export_library",
    "import_library",
    "read",
    "reader",
    "writer",
]


def import_library(format: str | None, src: Path, out: Path, **options: Any) -> Imported:
    """A foreign data set as a library at `out`; see importing.py."""
    from episodes.formats import importing

    return importing.import_library(format, src, out, **options)


def export(format: str, chosen: Selection, out: Path, **options: Any) -> Exported:
    """Chosen episodes in a format of others, at `out`; see exporting.py."""
    from episodes.formats import exporting

    return exporting.export(format, chosen, out, **options)


def export_library(format: str, src: Path, out: Path, **options: Any) -> Exported:
    """A library in a format of others, at `out`; see exporting.py."""
    from episodes.formats import exporting

    return exporting.export_library(format, src, out, **options)
