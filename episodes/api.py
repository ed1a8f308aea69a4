"""What a notebook calls in place of `cellwright import` and `export`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from episodes import formats
from episodes.choose import choose
from episodes.storage.library import Library


def import_library(src: str | Path, out: str | Path, **keys: Any) -> Library:
    """Reads a data set into a new library at `out`, and opens it.

    keys: format (detected where it is not given), strict, shard_size, compression, options (of the
    format, such as {"hz": 10}), overrides (domain, licence, robot, task), exact (such as
    ["action/gripper"]: the source means by it what the format means). What the source lacks is in
    the library's findings, which `check` tells. UserError: a bad source, `out` in use.
    """
    format = keys.pop("format", None)
    return Library(formats.import_library(format, Path(src), Path(out), **keys).out)


def export_library(
    src: str | Path,
    out: str | Path,
    format: str = "lerobot",
    *,
    filter: Mapping[str, Any] | None = None,
    episodes: Sequence[int] | None = None,
    **options: Any,
) -> Path:
    """Writes episodes in a format of others to the new folder `out`, and returns that.

    src: a library, a folder of them, or the file of a mix: the episodes that it draws from, each
    once. format: lerobot, rlds, robomimic or webdataset; options: of the format. filter: as of a
    source of a mix, such as {"success": True}. episodes: indices in the one library at `src`.
    UserError: an unfinished library, `out` in use, episodes that are not there, or that the format
    cannot hold together.
    """
    chosen = choose(Path(src), filter, episodes)
    return formats.export(format, chosen, Path(out), **options).out
