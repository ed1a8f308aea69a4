"""A look at files of others before they are read: nothing in them may reach out or explode."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NoReturn

import h5py
import numpy as np
from h5py import h5d, h5o, h5t, h5z

from episodes.errors import UserError

MAX_JSON_BYTES = 64 << 20
MAX_DATASET_BYTES = 64 << 30  # decoded
MAX_CHUNK_BYTES = 256 << 20  # decoded, and allocated whole by a reader
MAX_ATTRIBUTE_BYTES = 16 << 20
MAX_DEPTH = 32
_FREE_BYTES = 64 << 20  # declared sizes below this are harmless in a file of any size
_MAX_RATIO = 1100  # deflate cannot pack better than 1032:1

_LZF, _ZSTD = 32000, 32015
KNOWN_FILTERS = frozenset(
    {
        h5z.FILTER_DEFLATE,
        h5z.FILTER_SHUFFLE,
        h5z.FILTER_FLETCHER32,
        h5z.FILTER_SCALEOFFSET,
        _LZF,
        _ZSTD,
    }
)


def parse_json(text: str | bytes, place: str) -> Any:
    """JSON as the standard has it: no NaN, no nesting without end. Raises UserError."""

    def refuse(token: str) -> NoReturn:
        raise ValueError(f"{token} is not JSON")

    try:
        return json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else str(error)[:120]
        raise UserError(f"{place} is not valid JSON: {reason}") from error


def read_json(path: Path) -> Any:
    """The JSON of a small file. Raises UserError if it is too large or malformed."""
    with open(path, "rb") as file:
        text = file.read(MAX_JSON_BYTES + 1)
    if len(text) > MAX_JSON_BYTES:
        raise UserError(f"{path} is over {MAX_JSON_BYTES >> 20} MB; that is no file of a library")
    return parse_json(text, str(path))


def open_hdf5(path: Path) -> h5py.File:
    """Open a foreign HDF5 file for reading, after a look at everything in it.

    Refused with a UserError: anything but hard links, loops, external storage, virtual datasets,
    unknown filters and types, sizes beyond what the file can hold.
    """
    try:
        # Shards never change, and locks fail on read-only and some network file systems.
        file = h5py.File(path, "r", driver="sec2", locking=False)
    except FileNotFoundError:
        raise UserError(f"no such file: {path}") from None
    except OSError as error:
        raise UserError(f"{path} is no readable HDF5 file: truncated or damaged") from error
    try:
        _inspect(file, path)
    except BaseException:
        file.close()
        raise
    return file


def _inspect(file: h5py.File, path: Path) -> None:
    size = path.stat().st_size
    seen: set[int] = set()
    todo = [(file["/"], 0)]
    try:
        while todo:
            group, depth = todo.pop()
            address = h5o.get_info(group.id).addr
            if address in seen or depth > MAX_DEPTH:
                raise _Refused(f"{group.name}: groups linked in a loop or nested too deep")
            seen.add(address)
            _inspect_attributes(group)
            for name in group:
                place = f"{group.name.rstrip('/')}/{name}"
                if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                    raise _Refused(f"{place}: a soft or external link")
                item = group[name]
                if isinstance(item, h5py.Group):
                    todo.append((item, depth + 1))
                elif isinstance(item, h5py.Dataset):
                    _inspect_dataset(item, place, size)
                    _inspect_attributes(item)
                else:
                    raise _Refused(f"{place}: neither a group nor a dataset")
    except _Refused as error:
        raise UserError(f"{path} is refused, it is not safe to read: {error}") from None
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise UserError(f"{path} is damaged: {reason}") from error


class _Refused(Exception):
    pass


def _inspect_dataset(item: h5py.Dataset, place: str, file_size: int) -> None:
    plan = item.id.get_create_plist()
    if plan.get_layout() == h5d.VIRTUAL:
        raise _Refused(f"{place}: a virtual dataset")
    if plan.get_external_count():
        raise _Refused(f"{place}: external storage")
    filters = [plan.get_filter(i)[0] for i in range(plan.get_nfilters())]
    unknown = sorted(set(filters) - KNOWN_FILTERS)
    if unknown or len(set(filters)) != len(filters):
        raise _Refused(f"{place}: unknown or repeated filters {unknown or filters}")
    item_size = _plain_size(item.id.get_type(), place)
    size = _count(item.shape) * item_size
    if size > MAX_DATASET_BYTES or size > _FREE_BYTES + _MAX_RATIO * file_size:
        raise _Refused(f"{place}: declares {size} bytes, in a file of {file_size}")
    if item.chunks and math.prod(item.chunks) * item_size > MAX_CHUNK_BYTES:
        raise _Refused(f"{place}: a chunk of {math.prod(item.chunks) * item_size} bytes")


def _inspect_attributes(item: h5py.Group | h5py.Dataset) -> None:
    for name in item.attrs:
        attribute = item.attrs.get_id(name)
        place = f"{item.name} attribute {name}"
        size = _count(attribute.shape) * _plain_size(attribute.get_type(), place)
        if size > MAX_ATTRIBUTE_BYTES:
            raise _Refused(f"{place}: declares {size} bytes")


def _count(shape: tuple[int, ...] | None) -> int:
    return 0 if shape is None else math.prod(shape)


def _plain_size(kind: h5t.TypeID, place: str) -> int:
    """Bytes of one number, bool or text; references and the rest are refused."""
    if isinstance(kind, h5t.TypeEnumID):
        kind = kind.get_super()
    if isinstance(kind, h5t.TypeIntegerID | h5t.TypeFloatID | h5t.TypeStringID):
        return int(kind.get_size())
    raise _Refused(f"{place}: a value of class {type(kind).__name__}")


def plain(value: Any) -> Any:
    """An HDF5 attribute as plain Python: text as str, scalars as numbers, arrays as arrays."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, np.generic):
        return value.item()
    return value
