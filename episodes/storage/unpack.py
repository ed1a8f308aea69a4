"""What a chunk of HDF5 was packed with, undone without HDF5: deflate, and zstd where it is there.

Both let go of Python's lock, so that threads unpack in parallel.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from h5py import h5z

Unpack = Callable[[bytes, int], Any]  # packed, size of what comes out [bytes]

ZSTD = 32015  # as the HDF Group registered it


def by_zlib(packed: bytes, size: int) -> bytes:
    return zlib.decompress(packed, bufsize=size)


def _deflated() -> tuple[Unpack, type[Exception]]:
    try:
        import deflate  # libdeflate: the same bytes out in less than half of zlib's time
    except ImportError:
        return by_zlib, zlib.error
    return deflate.zlib_decompress, deflate.DeflateError


def _zstd() -> tuple[Unpack, type[Exception]] | None:
    try:
        import zstandard
    except ImportError:
        return None
    own = threading.local()  # a decompressor serves one thread

    def unpack(packed: bytes, size: int) -> bytes:
        if zstandard.frame_content_size(packed) != size:
            raise ValueError("a chunk declares another size")
        if not hasattr(own, "decompressor"):
            own.decompressor = zstandard.ZstdDecompressor()
        return bytes(own.decompressor.decompress(packed))

    return unpack, zstandard.ZstdError


def known() -> tuple[Mapping[int, Unpack], tuple[type[Exception], ...]]:
    """Filter of HDF5 -> its undoing, and what these raise where a chunk is damaged."""
    both = {h5z.FILTER_DEFLATE: _deflated(), ZSTD: _zstd()}
    there = {number: one for number, one in both.items() if one is not None}
    return {n: one[0] for n, one in there.items()}, tuple(one[1] for one in there.values())
