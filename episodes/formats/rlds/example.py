"""tf.train.Example by its wire format: a map from a key to a list of bytes, floats or integers.

Messages (tensorflow/core/example/{example,feature}.proto), field numbers in brackets:
Example{features[1]}, Features{feature[1]: map entries {key[1], value[2]}}, Feature{bytes_list[1] |
float_list[2] | int64_list[3]}, each list {value[1], repeated, numbers packed or not}. The wire
types are those of the Protocol Buffers encoding guide.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from episodes.array_types import Ints, Singles
from episodes.errors import UserError

Value = list[bytes] | Singles | Ints

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5


def read(record: bytes, where: object) -> dict[str, Value]:
    """The features of one record. A key without a value is an empty list of bytes."""
    out: dict[str, Value] = {}
    try:
        for _, features in _lengths(record, 1):
            for _, entry in _lengths(features, 1):
                key, feature = "", b""
                for number, part in _lengths(entry):
                    if number == 1:
                        key = part.decode()
                    elif number == 2:
                        feature = part
                out[key] = _value(feature)
    except (IndexError, ValueError, struct.error) as error:
        raise UserError(f"{where}: not a tf.train.Example ({error}); is it an RLDS file?") from None
    return out


def _value(feature: bytes) -> Value:
    out: Value = []
    for number, body in _lengths(feature):
        if number == 1:
            out = [part for _, part in _lengths(body, 1)]
        elif number == 2:
            out = np.frombuffer(b"".join(_numbers(body)), "<f4")
        elif number == 3:
            out = _varints(b"".join(_numbers(body)))
    return out


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a varint of more than ten bytes")


def _fields(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(field number, wire type, raw value) of a message, in order."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        wire = key & 7
        if wire == LENGTH:
            size, at = _varint(data, at)
            end = at + size
        elif wire == VARINT:
            _, end = _varint(data, at)
        elif wire in (FIXED32, FIXED64):
            end = at + (4 if wire == FIXED32 else 8)
        else:
            raise ValueError(f"wire type {wire}")
        if end > len(data):
            raise ValueError("a field runs past the end of its message")
        yield key >> 3, wire, data[at:end]
        at = end


def _lengths(data: bytes, only: int = 0) -> Iterator[tuple[int, bytes]]:
    """The length-delimited fields of a message; of one number when `only` is given."""
    for number, wire, value in _fields(data):
        if wire == LENGTH and only in (0, number):
            yield number, value


def _numbers(body: bytes) -> Iterator[bytes]:
    """The raw numbers of a FloatList or Int64List, packed or one by one."""
    for number, _, value in _fields(body):
        if number == 1:
            yield value


def _varints(data: bytes) -> Ints:
    """Every varint of `data` (N,), two's complement in 64 bits."""
    raw = np.frombuffer(data, np.uint8)
    if not len(raw):
        return np.zeros(0, np.int64)
    ends = np.flatnonzero(raw < 0x80)
    if not len(ends) or ends[-1] != len(raw) - 1:
        raise ValueError("a packed list ends in the middle of a number")
    starts = np.concatenate([[0], ends[:-1] + 1])
    place = np.arange(len(raw)) - np.repeat(starts, ends - starts + 1)
    if place.max() > 9:
        raise ValueError("a varint of more than ten bytes")
    parts = (raw & 0x7F).astype(np.uint64) << (7 * place).astype(np.uint64)
    return np.add.reduceat(parts, starts).astype(np.int64)


def write(features: Mapping[str, Sequence[bytes] | NDArray[np.generic]]) -> bytes:
    """The record of these features; integer and bool arrays become int64 lists, others float."""
    entries = []
    for key, value in features.items():
        if isinstance(value, np.ndarray):
            flat = value.reshape(-1)
            if np.issubdtype(flat.dtype, np.floating):
                feature = _tag(2, _tag(1, flat.astype("<f4").tobytes()))
            else:
                feature = _tag(3, _tag(1, _pack_varints(flat.astype(np.int64))))
        else:
            feature = _tag(1, b"".join(_tag(1, item) for item in value))
        entries.append(_tag(1, _tag(1, key.encode()) + _tag(2, feature)))
    return _tag(1, b"".join(entries))


def _tag(number: int, body: bytes) -> bytes:
    """A length-delimited field."""
    return _pack(number << 3 | LENGTH) + _pack(len(body)) + body


def _pack(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _pack_varints(values: Ints) -> bytes:
    if values.size and values.min() >= 0 and values.max() < 0x80:
        return values.astype(np.uint8).tobytes()
    return b"".join(_pack(int(value)) for value in values.astype(np.uint64))
