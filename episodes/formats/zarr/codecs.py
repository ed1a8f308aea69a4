"""How the chunks of zarr arrays are packed. What a chunk unpacks to is known before, and none is
given more room than that."""

from __future__ import annotations

import bz2
import lzma
import math
import struct
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from episodes.formats.extra import need

WHY = "reading this zarr store"


def unpack(codec: Mapping[str, Any], data: bytes, chunk: tuple[int, ...], kind: Any) -> bytes:
    """The bytes of a chunk of this shape and dtype; at most one more than it has. ValueError: an
    unknown codec, or data that it did not pack."""
    name = name_of(codec)
    size = math.prod(chunk) * np.dtype(kind).itemsize
    if name in _PICTURES:
        return _picture(_PICTURES[name], data, chunk, kind)
    if name not in _UNPACK:
        known = ", ".join(KNOWN)
        raise ValueError(f"it is packed with {name!r}; save it with one that is read: {known}")
    return _UNPACK[name](data, size)


def name_of(codec: Mapping[str, Any]) -> str:
    return str(codec.get("id", codec.get("name", "?")))


def _deflate(bits: int) -> Callable[[bytes, int], bytes]:
    def unpacked(data: bytes, size: int) -> bytes:
        try:
            return zlib.decompressobj(bits).decompress(data, size + 1)
        except zlib.error as error:
            raise ValueError(str(error)) from None

    return unpacked


def _bz2(data: bytes, size: int) -> bytes:
    try:
        return bz2.BZ2Decompressor().decompress(data, size + 1)
    except OSError as error:
        raise ValueError(str(error)) from None


def _lzma(data: bytes, size: int) -> bytes:
    try:
        return lzma.LZMADecompressor(memlimit=1 << 30).decompress(data, size + 1)
    except lzma.LZMAError as error:
        raise ValueError(str(error)) from None


def _blosc(data: bytes, size: int) -> bytes:
    """Its header (16 bytes) tells the unpacked size at byte 4."""
    if len(data) < 16 or struct.unpack_from("<I", data, 4)[0] != size:
        raise ValueError("a chunk whose header tells of another size")
    return _numcodec("blosc", data)


def _zstd(data: bytes, size: int) -> bytes:
    told = _zstd_size(data)
    if told is not None and told != size:
        raise ValueError(f"a chunk of {told} bytes, not {size}")
    if told is None:
        raise ValueError("a chunk that does not tell its size")
    return _numcodec("zstd", data)


def _zstd_size(data: bytes) -> int | None:
    """The frame's content size (RFC 8878, 3.1.1.1); None if it has none."""
    if len(data) < 6 or data[:4] != b"\x28\xb5\x2f\xfd":
        raise ValueError("no zstd")
    descriptor = data[4]
    single = bool(descriptor & 0x20)
    at = 5 + (not single) + (0, 1, 2, 4)[descriptor & 3]
    width = (1 if single else 0, 2, 4, 8)[descriptor >> 6]
    if not width or len(data) < at + width:
        return None
    value = int.from_bytes(data[at : at + width], "little")
    return value + 256 if width == 2 else value


def _lz4(data: bytes, size: int) -> bytes:
    """numcodecs puts the unpacked size first."""
    if len(data) < 4 or struct.unpack_from("<I", data)[0] != size:
        raise ValueError("a chunk whose header tells of another size")
    return _numcodec("lz4", data)


def _numcodec(name: str, data: bytes) -> bytes:
    module = getattr(need("numcodecs", WHY), name)
    try:
        return bytes(module.decompress(data))
    except RuntimeError as error:
        raise ValueError(str(error)) from None


def _picture(name: str, data: bytes, chunk: tuple[int, ...], kind: Any) -> bytes:
    """One picture (H, W, C), decoded into the room that it has to fit."""
    if len(chunk) < 3 or math.prod(chunk[:-3]) != 1:
        raise ValueError(f"a chunk of {chunk} is no single picture")
    decode = getattr(need("imagecodecs", WHY), f"{name}_decode")
    try:
        return bytes(decode(data, out=np.empty(chunk[-3:], kind)))
    except (RuntimeError, ValueError) as error:
        raise ValueError(str(error)[:120]) from None


_UNPACK: Mapping[str, Callable[[bytes, int], bytes]] = {
    "blosc": _blosc,
    "zstd": _zstd,
    "lz4": _lz4,
    "zlib": _deflate(15),
    "gzip": _deflate(31),
    "bz2": _bz2,
    "lzma": _lzma,
}
# Pictures packed one by one: UMI's, diffusion_policy/codecs/imagecodecs_numcodecs.py.
_PICTURES = {"imagecodecs_jpegxl": "jpegxl", "imagecodecs_jpeg2k": "jpeg2k"}
KNOWN = (*_UNPACK, *_PICTURES)
