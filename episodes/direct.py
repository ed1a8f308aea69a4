"""Rows of a shard's arrays straight from its bytes, at the places that h5py names once.

A training run reads a few rows of ten arrays from a random episode thousands of times a second, and
from more shards than may be open as HDF5 files. So each array is looked up once, through h5py and
after its safety checks; later reads are one `pread` and one unpacking. Nothing but places is kept:
about 12 bytes a frame. Arrays that are laid out in another way are read through h5py.
"""

from __future__ import annotations

import math
import os
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from h5py import h5z
from numpy.typing import NDArray

from episodes.errors import UserError
from episodes.library import Library
from episodes.unpack import known

Array = NDArray[Any]

MAX_OPEN_FILES = 128
MAX_EPISODES = 20_000  # whose places are remembered


_UNPACK, _BROKEN = known()
_DAMAGED: tuple[type[Exception], ...] = (OSError, ValueError, *_BROKEN)


@dataclass(frozen=True)
class Rows:
    """Where the rows of one array lie. places, sizes: of each chunk of one row; None if the array
    is contiguous from `offset`. `direct` is False where h5py has to read it."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    row_bytes: int
    direct: bool
    offset: int = 0
    places: NDArray[np.int64] | None = None
    sizes: NDArray[np.int32] | None = None
    packed: int = 0  # the filter that packed a chunk, of episodes.unpack
    shuffled: bool = False
    checksum: int = 0  # bytes of fletcher32 at the end of a chunk; what unpacks has its own


class _File:
    """A descriptor that stays open while anyone reads: it may leave the cache in the meantime."""

    def __init__(self, path: str, ahead: bool) -> None:
        self.number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        if ahead and hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self.number, 0, 0, os.POSIX_FADV_WILLNEED)

    def __del__(self) -> None:
        if "number" in self.__dict__:
            os.close(self.number)


class Reader:
    """Rows of any array of any episode of one library.

    May be pickled, used after a fork, and by several threads: the costly part, unpacking, runs in
    parallel.
    """

    def __init__(self, library: Library, arrays: Sequence[str], ahead: bool = False) -> None:
        """arrays: paths inside a demo that will be asked for; others do not exist to `rows`.

        ahead: a shard that is touched will be read in full; the system may fetch it in one go.
        """
        self.library, self.ahead = library, ahead
        self.arrays = tuple(arrays)
        self._shards: dict[int, list[int]] = {}
        for row in library.rows:
            self._shards.setdefault(row.shard, []).append(row.index)
        self._places: OrderedDict[int, tuple[str, Mapping[str, Rows]]] = OrderedDict()
        self._files: OrderedDict[str, _File] = OrderedDict()
        self._lock = threading.Lock()  # of both caches, and of HDF5

    def __getstate__(self) -> dict[str, Any]:
        kept = {name: value for name, value in self.__dict__.items() if name != "_lock"}
        return {**kept, "_files": OrderedDict(), "_places": OrderedDict()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=threading.Lock())

    def rows(
        self, episode: int, array: str, start: int, stop: int, out: Array | None = None
    ) -> Array:
        """Rows [start, stop) of an array, in `out` if it is given. Raises UserError for what is
        damaged or not there."""
        file, rows = self._found(episode, array)
        if not 0 <= start < stop <= rows.shape[0]:
            raise UserError(
                f"episode {episode} of {self.library.path}: {array} has {rows.shape[0]} rows, not "
                f"{stop}; `cellwright check src={self.library.path}` tells more"
            )
        try:
            if out is None:
                out = np.empty((stop - start, *rows.shape[1:]), rows.dtype)
            if not rows.direct:
                with self._lock:
                    out[...] = self.library.group(episode)[array][start:stop]
            elif rows.places is None:
                out[...] = self._contiguous(file, rows, start, stop)
            else:
                for n in range(stop - start):
                    out[n] = self._chunk(file, rows, start + n)
            return out
        except _DAMAGED as error:
            raise UserError(
                f"episode {episode} of {self.library.path}: {array} rows {start}..{stop - 1} are "
                f"damaged ({error}); `cellwright check src={self.library.path}` tells more"
            ) from error

    def shape(self, episode: int, array: str) -> tuple[int, ...]:
        """Of one row. Raises UserError for what is not there."""
        return self._found(episode, array)[1].shape[1:]

    def _found(self, episode: int, array: str) -> tuple[str, Rows]:
        file, arrays = self._episode(episode)
        if array not in arrays:
            raise UserError(
                f"episode {episode} of {self.library.path} has no {array}, which others of its "
                "source have; leave it out with a filter"
            )
        return file, arrays[array]

    def _contiguous(self, file: str, rows: Rows, start: int, stop: int) -> Array:
        count = (stop - start) * rows.row_bytes
        data = self._bytes(file, rows.offset + start * rows.row_bytes, count)
        return np.frombuffer(data, rows.dtype).reshape(stop - start, *rows.shape[1:])

    def _chunk(self, file: str, rows: Rows, t: int) -> Array:
        assert rows.places is not None
        assert rows.sizes is not None
        packed = self._bytes(file, int(rows.places[t]), int(rows.sizes[t]) - rows.checksum)
        shape = rows.shape[1:]
        data = _UNPACK[rows.packed](packed, rows.row_bytes)
        if rows.shuffled:  # HDF5's filter: all first bytes, then all second bytes ...
            columns = np.frombuffer(data, np.uint8).reshape(rows.dtype.itemsize, -1)
            return np.ascontiguousarray(columns.T).view(rows.dtype).reshape(shape)
        return np.frombuffer(data, rows.dtype).reshape(shape)

    def _bytes(self, file: str, offset: int, count: int) -> bytes:
        opened = self._file(file)
        data = os.pread(opened.number, count, offset)
        if len(data) != count:
            raise ValueError("the file ends before them")
        return data

    def _file(self, path: str) -> _File:
        with self._lock:
            if path not in self._files:
                self._files[path] = _File(path, self.ahead)
                while len(self._files) > MAX_OPEN_FILES:
                    self._files.popitem(last=False)
            self._files.move_to_end(path)
            return self._files[path]

    def _episode(self, index: int) -> tuple[str, Mapping[str, Rows]]:
        found = self._places.get(index)
        if found is not None:
            return found
        with self._lock:
            # Opening a shard costs far more than looking up its episodes: take all of them.
            for other in self._shards[self.library.row(index).shard]:
                group = self.library.group(other)
                rows = {name: _locate(group[name]) for name in self.arrays if name in group}
                self._places[other] = (group.file.filename, rows)
            found = self._places[index]
            while len(self._places) > MAX_EPISODES:
                self._places.popitem(last=False)
            return found


def _locate(item: h5py.Dataset) -> Rows:
    """Where the rows of a dataset lie in its file."""
    dtype, shape = item.dtype, tuple(item.shape)
    row_bytes = dtype.itemsize * math.prod(shape[1:])
    by_h5py = Rows(dtype, shape, row_bytes, direct=False)
    if dtype.hasobject or 0 in shape or not shape:
        return by_h5py
    if item.chunks is None:
        offset = item.id.get_offset()
        return by_h5py if offset is None else Rows(dtype, shape, row_bytes, True, offset)
    plan = item.id.get_create_plist()
    filters = [plan.get_filter(n)[0] for n in range(plan.get_nfilters())]
    packed = [number for number in filters if number in _UNPACK]
    ours = [h5z.FILTER_SHUFFLE, *packed, h5z.FILTER_FLETCHER32]
    if (
        item.chunks != (1, *shape[1:])
        or len(packed) != 1
        or filters != [f for f in ours if f in filters]
    ):
        return by_h5py
    places, sizes = np.zeros(shape[0], np.int64), np.zeros(shape[0], np.int32)
    for n in range(item.id.get_num_chunks()):
        chunk = item.id.get_chunk_info(n)
        if chunk.filter_mask:  # a chunk that was stored without some of the filters
            return by_h5py
        places[chunk.chunk_offset[0]], sizes[chunk.chunk_offset[0]] = chunk.byte_offset, chunk.size
    if not sizes.all():
        return by_h5py
    return Rows(
        dtype,
        shape,
        row_bytes,
        direct=True,
        places=places,
        sizes=sizes,
        packed=packed[0],
        shuffled=h5z.FILTER_SHUFFLE in filters,
        checksum=4 if h5z.FILTER_FLETCHER32 in filters else 0,
    )
