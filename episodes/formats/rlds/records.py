"""TFRecord files: length-prefixed records, each length and each body under a masked CRC-32C.

Framing: u8 length, u4 crc(length), body, u4 crc(body), little endian (the comment at the head of
TensorFlow's record_writer.h). CRC-32C is that of RFC 3720, appendix B.4, reflected polynomial
0x82F63B78; the mask is ((crc >> 15) | (crc << 17)) + 0xA282EAD8.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from episodes.errors import UserError
from episodes.formats.extra import need
from episodes.formats.guard import MAX_RECORD_BYTES
from episodes.storage.descriptors import opening

LANES = 4096  # bytes that the vectorised CRC advances at a time


@cache
def _table() -> NDArray[np.uint32]:
    """(256,) the CRC of each byte."""
    crc = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        crc = np.where(crc & 1, (crc >> 1) ^ np.uint32(0x82F63B78), crc >> 1)
    return crc


@cache
def _zeros_operator(count: int) -> NDArray[np.uint32]:
    """(32,) what each bit of a CRC register becomes after `count` zero bytes: a GF(2) matrix."""
    if count == 1:
        bits = np.uint32(1) << np.arange(32, dtype=np.uint32)
        one: NDArray[np.uint32] = _table()[bits & 0xFF] ^ (bits >> 8)
        return one
    half = _zeros_operator(count // 2)
    out = _apply(half, half)
    return _apply(_zeros_operator(1), out) if count % 2 else out


def _apply(operator: NDArray[np.uint32], crc: NDArray[np.uint32]) -> NDArray[np.uint32]:
    out = np.zeros_like(crc)
    for bit in range(32):
        out ^= np.where((crc >> np.uint32(bit)) & 1, operator[bit], np.uint32(0))
    return out


def crc32c(data: bytes) -> int:
    """Castagnoli CRC. Long data run in LANES lanes side by side, joined like zlib's crc_combine."""
    table = _table()
    if len(data) < 2 * LANES:
        crc = 0xFFFFFFFF
        entries = _entries()
        for byte in data:
            crc = entries[(crc ^ byte) & 0xFF] ^ (crc >> 8)
        return crc ^ 0xFFFFFFFF
    # An initial register of ones is the message with its first four bytes inverted; zeros in
    # front of a message do not change a register that starts at zero.
    width = -(-len(data) // LANES)
    padded = np.zeros(LANES * width, np.uint8)
    padded[-len(data) :] = np.frombuffer(data, np.uint8)
    padded[-len(data) : len(padded) - len(data) + 4] ^= 0xFF
    columns = np.ascontiguousarray(padded.reshape(LANES, width).T)
    lanes = np.zeros(LANES, np.uint32)
    for column in columns:
        lanes = table[(lanes ^ column) & 0xFF] ^ (lanes >> 8)
    while len(lanes) > 1:
        lanes = _apply(_zeros_operator(width), lanes[::2]) ^ lanes[1::2]
        width *= 2
    return int(lanes[0]) ^ 0xFFFFFFFF


@cache
def _entries() -> list[int]:
    return [int(value) for value in _table()]


def masked(data: bytes) -> int:
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def read_records(path: Path) -> Iterator[bytes]:
    """The records of one file, one in memory at a time. UserError: cut short or damaged."""
    return _array_records(path) if ".array_record-" in path.name else _tf_records(path)


def _array_records(path: Path) -> Iterator[bytes]:
    """ArrayRecord files, by the library of that name, which checks their checksums."""
    module = need("array_record.python.array_record_module", "reading ArrayRecord")
    try:
        with opening(path):
            reader = module.ArrayRecordReader(str(path))
        for number in range(reader.num_records()):
            (record,) = reader.read([number])
            if len(record) > MAX_RECORD_BYTES:
                raise UserError(f"{path.name}: record {number} has {len(record)} bytes")
            yield record
        if not reader.ok():
            raise RuntimeError("its end cannot be read")
    except RuntimeError as error:
        reason = str(error).splitlines()[0][:120]
        raise UserError(f"{path}: damaged ({reason}); fetch the file again") from None


def _tf_records(path: Path) -> Iterator[bytes]:
    with opening(path), open(path, "rb") as stream:
        left = path.stat().st_size
        number = 0
        while left:
            where = f"{path.name}: record {number}"
            if left < 12:
                raise UserError(f"{where} is cut short in its header; fetch the file again")
            head = stream.read(12)
            length, crc = struct.unpack("<QI", head)
            if masked(head[:8]) != crc:
                raise UserError(
                    f"{where}: the checksum of its length is wrong; the file is damaged or not a "
                    "TFRecord file; fetch it again"
                )
            if length > MAX_RECORD_BYTES:
                raise UserError(f"{where}: {length} bytes; at most {MAX_RECORD_BYTES} are read")
            left -= 12
            if left < length + 4:
                raise UserError(
                    f"{where} is cut short: {length + 4} bytes promised, {left} left; "
                    "fetch the file again"
                )
            body = stream.read(length)
            if masked(body) != struct.unpack("<I", stream.read(4))[0]:
                raise UserError(f"{where}: its checksum is wrong; fetch the file again")
            left -= length + 4
            number += 1
            yield body


def framed(body: bytes) -> bytes:
    """A record as it stands in a file."""
    head = struct.pack("<Q", len(body))
    return head + struct.pack("<I", masked(head)) + body + struct.pack("<I", masked(body))
