"""A look at files of others before they are read: nothing in them may reach out or explode."""

from __future__ import annotations

import json
import math
import os
import re
from pathlib import Path
from typing import Any, NoReturn

import h5py
import numpy as np
from h5py import h5a, h5d, h5g, h5l, h5o, h5t, h5z

from episodes import fields
from episodes.errors import UserError
from episodes.storage import regular
from episodes.storage.descriptors import opening
from episodes.storage.unpack import ZSTD

MAX_JSON_BYTES = 64 << 20
MAX_DATASET_BYTES = 64 << 30  # decoded
MAX_CHUNK_BYTES = 256 << 20  # decoded, and allocated whole by a reader
MAX_ATTRIBUTE_BYTES = 16 << 20
MAX_DEPTH = 32
_FREE_BYTES = 64 << 20  # declared sizes below this are harmless in a file of any size
_MAX_RATIO = 1100  # deflate cannot pack better than 1032:1

_LZF = 32000
KNOWN_FILTERS = frozenset(
    {
        h5z.FILTER_DEFLATE,
        h5z.FILTER_SHUFFLE,
        h5z.FILTER_FLETCHER32,
        h5z.FILTER_SCALEOFFSET,
        _LZF,
        ZSTD,
    }
)

# Those that are met most, by their registered numbers (HDF5 documentation, "Registered Filters").
FILTER_NAMES = {
    h5z.FILTER_SZIP: "szip", 32001: "blosc", 32004: "lz4", 32008: "bitshuffle", 32013: "zfp",
    32026: "blosc2",
}  # fmt: skip


def _refuse(token: str) -> NoReturn:
    raise ValueError(f"{token} is not JSON")


_SUSPECT = re.compile(r"\\u[dD][89a-fA-F]|[eE]\+?\d{3}|\d{300}|[\ud800-\udfff]")
_DECODER = json.JSONDecoder(parse_constant=_refuse)


def parse_json(text: str | bytes, place: str) -> Any:
    """JSON as the standard has it: no NaN, no nesting without end. Raises UserError."""

    try:
        told = text if isinstance(text, str) else text.decode()
        value = _DECODER.decode(told)
    except (ValueError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else str(error)[:120]
        raise UserError(f"{place} is not valid JSON: {reason}") from error
    # what the standard's grammar lets through, and no other program reads: 1e400, half a letter
    return fields.sound(value, f"{place}:") if _SUSPECT.search(told) else value


def read_json(path: str | Path) -> Any:
    """The JSON of a small file. Raises UserError if it is too large or malformed."""
    descriptor, size = regular.descriptor(path)
    try:
        if size > MAX_JSON_BYTES:
            limit = f"{MAX_JSON_BYTES >> 20} MB"
            raise UserError(f"{path} is over {limit}; that is no file of a library")
        text = os.read(descriptor, size)  # a third of the time of `open`, for many files
    finally:
        os.close(descriptor)
    return parse_json(text, str(path))


def open_hdf5(path: Path, any_type: bool = False) -> h5py.File:
    """Open a foreign HDF5 file for reading, after a look at everything in it.

    Refused with a UserError: anything but hard links, loops, external storage, virtual datasets,
    unknown filters and types, sizes beyond what the file can hold. any_type: values of other types
    may be there, and the caller reads none of them: `attribute`, and `is_readable` of datasets.
    """
    file = open_unseen(path)
    try:
        inspect(file["/"], any_type)
    except BaseException:
        file.close()
        raise
    return file


def open_unseen(path: Path) -> h5py.File:
    """Open an HDF5 file; what is in it must go through `inspect` before it is read."""
    try:
        regular.check(path)
        with opening(path):
            # Shards never change, and locks fail on read-only and some network file systems.
            return h5py.File(path, "r", driver="sec2", locking=False)
    except FileNotFoundError:
        raise UserError(f"no such file: {path}") from None
    except OSError as error:
        raise UserError(f"{path} is no readable HDF5 file: truncated or damaged") from error


def follow(file: h5py.File, path: str) -> h5py.Group:
    """The group at a path of hard links, inspected. Raises KeyError, or UserError as above."""
    group = file["/"]
    for name in path.split("/"):
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise UserError(f"{file.filename} is refused: {path} passes a soft or external link")
        group = group[name]
    inspect(group)
    return group


def inspect(group: h5py.Group, any_type: bool = False) -> None:
    """Look at everything from a group on. Raises UserError as `open_hdf5` does."""
    try:
        # The low-level calls cost a fraction of the high-level ones; a shard has hundreds of items.
        _inspect(group.id, group.name.rstrip("/"), group.file.id.get_filesize(), any_type)
    except _UnsafeFile as error:
        path = group.file.filename
        raise UserError(f"{path} is refused, it is not safe to read: {error}") from None
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise UserError(f"{group.file.filename} is damaged: {reason}") from error


def dtype_of(item: Any) -> np.dtype[Any]:
    """numpy's type of a dataset or attribute; `object` where it has none, as of 16-byte floats."""
    try:
        dtype: np.dtype[Any] = item.dtype
        return dtype
    except (TypeError, ValueError):
        return np.dtype(object)


def is_readable(dtype: np.dtype[Any]) -> bool:
    """Whether values of this type are numbers, bools, text, or bytes of any number."""
    if h5py.check_string_dtype(dtype) is not None or dtype.kind in "fiubU":
        return True
    inner = h5py.check_vlen_dtype(dtype)
    return inner is not None and np.dtype(inner) == np.uint8


def attribute(item: h5py.Group | h5py.Dataset, name: str) -> Any:
    """An attribute as `plain` gives it; None if it is absent or of a type that is not read."""
    if name not in item.attrs or not is_readable(dtype_of(item.attrs.get_id(name))):
        return None
    return plain(item.attrs[name])


def _inspect(root: h5g.GroupID, name: str, file_size: int, any_type: bool) -> None:
    seen: set[int] = set()
    todo = [(root, name, 0)]
    while todo:
        group, place, depth = todo.pop()
        address = h5o.get_info(group).addr
        if address in seen or depth > MAX_DEPTH:
            raise _UnsafeFile(f"{place}: groups linked in a loop or nested too deep")
        seen.add(address)
        _inspect_attributes(group, place, any_type)
        for link in list(group):
            where = f"{place}/{link.decode(errors='replace')}"
            if "\ufffd" in where:
                raise _UnsafeFile(f"{where}: a name that is not UTF-8")
            if group.links.get_info(link).type != h5l.TYPE_HARD:
                raise _UnsafeFile(f"{where}: a soft or external link")
            item = h5o.open(group, link)
            if isinstance(item, h5g.GroupID):
                todo.append((item, where, depth + 1))
            elif isinstance(item, h5d.DatasetID):
                _inspect_dataset(item, where, file_size, any_type)
                _inspect_attributes(item, where, any_type)
            elif not any_type:  # a type with a name
                raise _UnsafeFile(f"{where}: neither a group nor a dataset")


class _UnsafeFile(Exception):
    pass


def _inspect_dataset(item: h5d.DatasetID, place: str, file_size: int, any_type: bool) -> None:
    plan = item.get_create_plist()
    layout = plan.get_layout()
    if layout == h5d.VIRTUAL:
        raise _UnsafeFile(f"{place}: a virtual dataset")
    if plan.get_external_count():
        raise _UnsafeFile(f"{place}: external storage")
    filters = [plan.get_filter(i)[0] for i in range(plan.get_nfilters())]
    unknown = sorted(set(filters) - KNOWN_FILTERS)
    if unknown or len(set(filters)) != len(filters):
        names = ", ".join(FILTER_NAMES.get(number, str(number)) for number in unknown or filters)
        raise _UnsafeFile(
            f"{place}: unknown or repeated filters ({names}); repack the file with HDF5's own "
            "tool: h5repack -f GZIP=4 IN OUT"
        )
    if ZSTD in filters:
        _bring_zstd(place)
    item_size = _plain_size(item.get_type(), place, any_type)
    size = _count(item.shape) * item_size
    if size > MAX_DATASET_BYTES or size > _FREE_BYTES + _MAX_RATIO * file_size:
        raise _UnsafeFile(f"{place}: declares {size} bytes, in a file of {file_size}")
    if layout == h5d.CHUNKED and math.prod(plan.get_chunk()) * item_size > MAX_CHUNK_BYTES:
        raise _UnsafeFile(f"{place}: chunks of {math.prod(plan.get_chunk()) * item_size} bytes")


def _bring_zstd(place: str) -> None:
    """HDF5 learns zstd from a plug-in, in each process that reads it."""
    if h5z.filter_avail(ZSTD):
        return
    try:
        import hdf5plugin  # noqa: F401  registers its filters
    except ImportError:
        raise UserError(f"{place} is packed with zstd: pip install hdf5plugin") from None


def _inspect_attributes(item: h5g.GroupID | h5d.DatasetID, place: str, any_type: bool) -> None:
    for i in range(h5a.get_num_attrs(item)):
        attribute = h5a.open(item, index=i)
        where = f"{place} attribute {attribute.name.decode(errors='replace')}"
        size = _count(attribute.shape) * _plain_size(attribute.get_type(), where, any_type)
        if size > MAX_ATTRIBUTE_BYTES:
            raise _UnsafeFile(f"{where}: declares {size} bytes")


def _count(shape: tuple[int, ...] | None) -> int:
    return 0 if shape is None else math.prod(shape)


def _plain_size(kind: h5t.TypeID, place: str, any_type: bool) -> int:
    """Bytes of one number, bool or text; references and the rest are refused."""
    if isinstance(kind, h5t.TypeEnumID):
        kind = kind.get_super()
    if any_type or isinstance(kind, h5t.TypeIntegerID | h5t.TypeFloatID | h5t.TypeStringID):
        return int(kind.get_size())
    raise _UnsafeFile(f"{place}: a value of class {type(kind).__name__}")


def plain(value: Any) -> Any:
    """An HDF5 attribute as plain Python: text as str, scalars as numbers, arrays as arrays."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, str) and not value.isascii():  # h5py lets bytes through as half letters
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if isinstance(value, np.generic):
        return value.item()
    return value
