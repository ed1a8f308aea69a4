"""Parquet files: rows as Python values, or the columns of one episode after the other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from episodes.array_types import AnyArray
from episodes.errors import UserError
from episodes.formats import guard
from episodes.formats.extra import need
from episodes.storage.descriptors import out_of_descriptors

BATCH = 1024  # rows that are read at a time
MAX_ROWS = 1 << 24  # of a table of episodes or tasks


def rows(path: Path, without: str = "\0") -> list[dict[str, Any]]:
    """A small table, leaving out columns that start with `without`."""
    pq = need("pyarrow.parquet", "reading LeRobot data")
    with _reading(path):
        file = pq.ParquetFile(path)
        if file.metadata.num_rows > MAX_ROWS:
            raise UserError(f"{path}: {file.metadata.num_rows} rows; at most {MAX_ROWS} are read")
        names = [name for name in file.schema_arrow.names if not name.startswith(without)]
        found: list[dict[str, Any]] = file.read(columns=names).to_pylist()
        return found


def by_episode(path: Path) -> Iterator[tuple[int, Any]]:
    """(episode_index, pyarrow table) of each run of equal episode_index, in file order."""
    pa = need("pyarrow", "reading LeRobot data")
    pq = need("pyarrow.parquet", "reading LeRobot data")
    held: list[Any] = []
    index = -1
    with _reading(path):
        file = pq.ParquetFile(path)
        if "episode_index" not in file.schema_arrow.names:
            raise UserError(f"{path}: it has no column episode_index")
        for batch in file.iter_batches(batch_size=BATCH):
            numbers = batch.column("episode_index").to_numpy(zero_copy_only=False)
            cuts = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(numbers)]
            for start, end in pairwise(cuts):
                if start == end:
                    continue
                if held and int(numbers[start]) != index:
                    yield index, pa.Table.from_batches(held)
                    held = []
                index = int(numbers[start])
                held.append(batch.slice(start, end - start))
                if sum(len(part) for part in held) > guard.MAX_STEPS:
                    raise UserError(f"{path}: an episode of over {guard.MAX_STEPS} rows")
        if held:
            yield index, pa.Table.from_batches(held)


def kind(table: Any, name: str) -> str:
    """What a column holds: "numbers", "text", "texts" (lists of it), "pictures" or "other"."""
    pa = need("pyarrow", "reading LeRobot data")
    found = table.schema.field(name).type
    if pa.types.is_struct(found) and {"bytes", "path"} & {part.name for part in found}:
        return "pictures"
    depth = 0
    while hasattr(found, "value_type") and not pa.types.is_dictionary(found):
        found, depth = found.value_type, depth + 1
    if pa.types.is_dictionary(found):
        found = found.value_type
    if pa.types.is_integer(found) or pa.types.is_floating(found) or pa.types.is_boolean(found):
        return "numbers"
    if pa.types.is_string(found) or pa.types.is_large_string(found):
        return {0: "text", 1: "texts"}.get(depth, "other")
    return "other"


class UnevenColumn(UserError):
    """A column whose rows are not all of one shape; `why`, without the place."""

    def __init__(self, place: object, name: str, why: str) -> None:
        super().__init__(f"{place}: {name}: {why}")
        self.why = why


def column(table: Any, name: str, place: object) -> AnyArray:
    """(T, ...) a numeric column. UnevenColumn: lists of different lengths, or empty rows."""
    chunks = table.column(name).combine_chunks()
    if chunks.null_count:
        raise UnevenColumn(place, name, f"{chunks.null_count} of its values are empty")
    shape = [len(chunks)]
    while hasattr(chunks.type, "value_type"):
        flat = chunks.flatten()
        if not shape[-1] and not len(flat):
            return np.zeros((len(table), 0), np.float32)
        total = int(np.prod(shape))
        if total == 0 or len(flat) % total:
            raise UnevenColumn(place, name, "its lists are of different lengths")
        if not _even(chunks, len(flat) // total):
            raise UnevenColumn(place, name, "its lists are of different lengths")
        shape.append(len(flat) // total)
        chunks = flat
    values = chunks.to_numpy(zero_copy_only=False)
    if values.dtype.kind not in "fiub":
        raise UserError(f"{place}: {name} is no column of numbers")
    return np.asarray(values).reshape(shape)


def _even(lists: Any, size: int) -> bool:
    if hasattr(lists.type, "list_size"):
        return int(lists.type.list_size) == size
    offsets = lists.offsets.to_numpy()
    return bool((np.diff(offsets) == size).all())


class _reading:
    """Arrow's errors become one line that names the file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        if not self._path.is_file():
            raise UserError(f"no such file: {self._path}")

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, UserError) or error is None:
            return
        if gone := out_of_descriptors(error, self._path):
            raise gone from None
        pa = need("pyarrow", "reading LeRobot data")
        if isinstance(error, pa.ArrowException | OSError | UnicodeDecodeError):
            reason = str(error).splitlines()[0][:120]
            raise UserError(
                f"{self._path}: not a parquet file that can be read ({reason})"
            ) from None
