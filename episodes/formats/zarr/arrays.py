"""Groups and arrays of a zarr store, to be used as h5py's are (see formats/arrays/nodes.py)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from episodes.array_types import AnyArray
from episodes.errors import UserError
from episodes.formats import guard
from episodes.formats.zarr import codecs
from episodes.formats.zarr.store import META, Store
from episodes.storage.safe import MAX_CHUNK_BYTES, MAX_DEPTH

MAX_ARRAY_BYTES = 1 << 42  # declared; what is read of it at once is an episode
MAX_CHUNKS = 200_000  # of one episode
FREE_BYTES = 64 << 20  # as in storage/safe.py: so much may come of nothing,
MAX_RATIO = 1100  # and so much of each stored byte
_V3_TYPES = {"bool": "|b1", **{f"{k}{n}": f"<{k[0]}{n // 8}" for k, n in itertools.chain(
    itertools.product(("int", "uint"), (8, 16, 32, 64)), itertools.product(("float",), (16, 32, 64))
)}}  # fmt: skip


class Group(Mapping[str, Any]):
    def __init__(self, store: Store, path: str = "") -> None:
        self._store = store
        self._path = path

    @cached_property
    def attrs(self) -> Mapping[str, Any]:
        told = self._store.json(_key(self._path, "zarr.json")).get("attributes")
        return told if isinstance(told, dict) else self._store.json(_key(self._path, ".zattrs"))

    @cached_property
    def _names(self) -> tuple[str, ...]:
        if self._path.count("/") > MAX_DEPTH:
            raise UserError(f"{self._store.path}: {self._path}: groups nested too deep")
        found = sorted(set(self._store.names(self._path)) - set(META))
        return tuple(name for name in found if self._kind(name))

    def _kind(self, name: str) -> str:
        path = _key(self._path, name)
        if self._store.size(_key(path, ".zarray")):
            return "array"
        if self._store.size(_key(path, ".zgroup")):
            return "group"
        told = self._store.json(_key(path, "zarr.json")).get("node_type")
        return str(told) if told in ("array", "group") else ""

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        path = _key(self._path, name)
        return array(self._store, path) if self._kind(name) == "array" else Group(self._store, path)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@dataclass(frozen=True)
class Array:
    """shape and chunks: (N, ...). dtype: object, if values are of a type that is not read."""

    store: Store
    path: str
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtype: np.dtype[Any]
    stored: np.dtype[Any]  # with its byte order
    codecs: tuple[Mapping[str, Any], ...]  # in the order in which they pack
    fill: Any
    prefix: str  # of the keys of chunks, "c/" in version 3
    separator: str
    order: str

    @property
    def attrs(self) -> Mapping[str, Any]:
        return self.store.json(_key(self.path, ".zattrs"))

    def __getitem__(self, rows: Any) -> AnyArray:
        """Of a slice of rows, of one row, or of () the value. UserError: it cannot be read."""
        if rows == ():
            return self._window(0, self.shape[0] if self.shape else 0).reshape(self.shape)
        if isinstance(rows, slice):
            start, stop, step = rows.indices(self.shape[0])
            if step != 1:
                raise ValueError("rows are read one after another")
            return self._window(start, max(start, stop))
        out: AnyArray = self._window(int(rows), int(rows) + 1)[0]
        return out

    def _window(self, start: int, stop: int) -> AnyArray:
        if self.dtype.hasobject:
            raise UserError(f"{self._place}: values of a type that is not read")
        shape = (stop - start, *self.shape[1:]) if self.shape else ()
        chunks = self.chunks or (1,)
        grid = [range(start // chunks[0], -(-stop // chunks[0]))] if self.shape else []
        grid += [range(-(-n // c)) for n, c in zip(self.shape[1:], chunks[1:], strict=True)]
        size = math.prod(shape) * self.dtype.itemsize
        if math.prod(map(len, grid)) > MAX_CHUNKS or size > guard.MAX_EPISODE_BYTES:
            raise UserError(f"{self._place}: {size} bytes in chunks of {self.chunks} at once")
        keys = {at: self._chunk_key(at) for at in itertools.product(*grid)}
        held = sum(self.store.size(key) for key in keys.values())
        if size > FREE_BYTES + MAX_RATIO * held:
            raise UserError(f"{self._place}: {size} bytes are declared, {held} are stored")
        out = np.full(shape, self.fill, self.dtype)
        for at, key in keys.items():
            data = self.store.get(key, MAX_CHUNK_BYTES)
            if data is None:
                continue  # left out by the writer: all of it is the fill value
            chunk = self._decode(data, key)
            if not self.shape:
                return chunk.reshape(()).astype(self.dtype)
            low = [i * c for i, c in zip(at, self.chunks, strict=True)]
            low[0] -= start
            inner = tuple(slice(max(0, -a), n - a) for a, n in zip(low, shape, strict=True))
            part = chunk[inner]
            outer = tuple(
                slice(max(0, a), max(0, a) + n) for a, n in zip(low, part.shape, strict=True)
            )
            out[outer] = part
        return out

    def _chunk_key(self, at: tuple[int, ...]) -> str:
        numbers = self.separator.join(map(str, at))
        if not at:
            numbers = "" if self.prefix else "0"
        return _key(self.path, f"{self.prefix}{numbers}".rstrip("/"))

    def _decode(self, data: bytes, key: str) -> AnyArray:
        try:
            for codec in reversed(self.codecs):
                data = codecs.unpack(codec, data, self.chunks, self.stored)
            size = math.prod(self.chunks) * self.stored.itemsize
            if len(data) != size:
                raise ValueError(f"{len(data)} bytes, not {size}")
        except ValueError as error:
            raise UserError(f"{self.store.path}: {key}: {error}") from None
        flat = np.frombuffer(data, self.stored)
        order: Any = self.order
        return flat.reshape(self.chunks, order=order).astype(self.dtype, copy=False)

    @property
    def _place(self) -> str:
        return f"{self.store.path}: {self.path}"


def array(store: Store, path: str) -> Array:
    """UserError: metadata that cannot be right."""
    place = f"{store.path}: {path}"
    told = store.json(_key(path, ".zarray"))
    try:
        found = _version2(store, path, told) if told else _version3(store, path)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{place}: its metadata cannot be read ({error!r})") from None
    if len(found.shape) != len(found.chunks) or min((0, *found.shape)) < 0:
        raise UserError(f"{place}: shape {found.shape} and chunks {found.chunks} do not fit")
    if min((1, *found.chunks)) < 1:
        raise UserError(f"{place}: chunks of {found.chunks}")
    size = math.prod(found.chunks) * found.stored.itemsize
    if size > MAX_CHUNK_BYTES or math.prod(found.shape) * found.stored.itemsize > MAX_ARRAY_BYTES:
        raise UserError(f"{place}: declares chunks of {size} bytes, rows of {found.shape}")
    return found


def _version2(store: Store, path: str, told: Mapping[str, Any]) -> Array:
    dtype = _type(told["dtype"])
    packed = [*(told.get("filters") or ()), *([told["compressor"]] if told["compressor"] else ())]
    return Array(
        store=store,
        path=path,
        shape=_sizes(told["shape"]),
        chunks=_sizes(told["chunks"]),
        dtype=dtype.newbyteorder("="),
        stored=dtype,
        codecs=tuple(dict(codec) for codec in packed),
        fill=_fill(told.get("fill_value"), dtype),
        prefix="",
        separator=_one_of(told.get("dimension_separator", "."), ("/", ".")),
        order=_one_of(told.get("order", "C"), ("C", "F")),
    )


def _version3(store: Store, path: str) -> Array:
    told = store.json(_key(path, "zarr.json"))
    keys = told.get("chunk_key_encoding") or {}
    separator = (keys.get("configuration") or {}).get("separator")
    old = keys.get("name") == "v2"
    packed = [dict(codec) for codec in told["codecs"]]
    first = [codec for codec in packed if codecs.name_of(codec) == "bytes"]
    big = any((c.get("configuration") or {}).get("endian") == "big" for c in first)
    dtype = _type(_V3_TYPES.get(str(told["data_type"]), "|O"))
    return Array(
        store=store,
        path=path,
        shape=_sizes(told["shape"]),
        chunks=_sizes(told["chunk_grid"]["configuration"]["chunk_shape"]),
        dtype=dtype,
        stored=dtype.newbyteorder(">") if big else dtype,
        codecs=tuple(codec for codec in packed if codecs.name_of(codec) != "bytes"),
        fill=_fill(told.get("fill_value"), dtype),
        prefix="" if old else "c/",
        separator=_one_of(separator or ("." if old else "/"), ("/", ".")),
        order="C",
    )


def _type(told: Any) -> np.dtype[Any]:
    """`object` for records and objects."""
    dtype = np.dtype(told) if isinstance(told, str) else np.dtype(object)
    return dtype if dtype.kind in "fiubSU" and dtype.itemsize else np.dtype(object)


def _fill(told: Any, dtype: np.dtype[Any]) -> Any:
    if dtype.kind in "OSU" or told is None:
        return b"" if dtype.kind == "S" else "" if dtype.kind == "U" else 0
    return np.asarray(told).astype(dtype)


def _sizes(told: Any) -> tuple[int, ...]:
    return tuple(int(size) for size in told)


def _one_of(value: Any, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ValueError(f"{value!r} is none of {', '.join(known)}")
    return str(value)


def _key(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name
