"""Where the rows of an array lie in a shard, as h5py names them, or in a video beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import h5py
import numpy as np
from h5py import h5z
from numpy.typing import NDArray

from episodes.array_types import Ints
from episodes.footage import Footage
from episodes.storage import video_group
from episodes.storage.unpack import Unpack, known

UNPACK, BROKEN = known()


@dataclass(frozen=True)
class Chunks:
    """Rows that are packed one by one. places, sizes [bytes]: (T,) of each in its file.

    shuffled: all first bytes of the items of a row come first, then all second bytes ...
    """

    places: Ints
    sizes: NDArray[np.int32]
    unpack: Unpack
    shuffled: bool


@dataclass(frozen=True)
class RowLayout:
    """Of an array (T, ...) of one episode: rows in chunks, all of them from `offset` on, or in a
    video; what is none of these has to be read by h5py."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    chunks: Chunks | None = None
    offset: int | None = None
    video: Footage | None = None

    @property
    def row_bytes(self) -> int:
        return self.dtype.itemsize * math.prod(self.shape[1:])


def layout_of(demo: h5py.Group, array: str) -> RowLayout | None:
    """None: the episode does not have it. Raises KeyError, ValueError or TypeError for a video that
    breaks the format."""
    name = array.removeprefix("obs/")
    if array in demo:
        return _dataset(demo[array])
    if array == name or name not in video_group.names(demo):
        return None
    video = video_group.get(demo, name)
    # When a picture is shown is of no interest any more: 8 bytes a frame.
    video = replace(video, times=video.times[:0])
    return RowLayout(np.dtype(np.uint8), video.shape, video=video)


def _dataset(item: h5py.Dataset) -> RowLayout:
    dtype, shape = item.dtype, tuple(item.shape)
    if dtype.hasobject or 0 in shape or not shape:
        return RowLayout(dtype, shape)
    if item.chunks is not None:
        return RowLayout(dtype, shape, chunks=_chunks(item))
    return RowLayout(dtype, shape, offset=item.id.get_offset())


def _chunks(item: h5py.Dataset) -> Chunks | None:
    """None if they hold more than a row, or were made by filters that are not undone here."""
    plan = item.id.get_create_plist()
    filters = [plan.get_filter(n)[0] for n in range(plan.get_nfilters())]
    packed = [number for number in filters if number in UNPACK]
    ours = [h5z.FILTER_SHUFFLE, *packed, h5z.FILTER_FLETCHER32]
    if (
        item.chunks != (1, *item.shape[1:])
        or len(packed) != 1
        or filters != [f for f in ours if f in filters]
    ):
        return None
    places, sizes = np.zeros(len(item), np.int64), np.zeros(len(item), np.int32)
    for n in range(item.id.get_num_chunks()):
        chunk = item.id.get_chunk_info(n)
        if chunk.filter_mask:  # a chunk that was stored without some of the filters
            return None
        places[chunk.chunk_offset[0]], sizes[chunk.chunk_offset[0]] = chunk.byte_offset, chunk.size
    if not sizes.all():
        return None
    if h5z.FILTER_FLETCHER32 in filters:
        sizes -= 4  # what unpacks has a checksum of its own
    return Chunks(places, sizes, UNPACK[packed[0]], h5z.FILTER_SHUFFLE in filters)
