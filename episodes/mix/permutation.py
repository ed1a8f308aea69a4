"""Keyed permutations of range(size) that hold nothing in memory, whatever the size.

A generalised Feistel network over Z_a x Z_b with a * b >= size, walking the cycle out of the few
values beyond `size` (Black and Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002). It
shuffles; it is no cipher.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from episodes.array_types import Ints

MAX_SIZE = 1 << 48  # a and b stay far below 2^64 in the sums of a round
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_ROUNDS = np.arange(1, 13, dtype=np.uint64) * _GOLDEN  # 12: tiny sets too come in every order


def key(*parts: object) -> int:
    """A 64-bit key from names and numbers, the same on every machine."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "little")


def permute(position: Any, size: Any, keys: Any) -> Ints:
    """Where a keyed permutation of range(size) sends `position`.

    position in [0, size), size in [1, 2^48] and keys (any 64-bit integers) broadcast together.
    """
    position, size, keys = np.broadcast_arrays(*(_unsigned(x) for x in (position, size, keys)))
    shape = position.shape
    value, size, keys = position.flatten(), size.ravel(), keys.ravel()
    # Any a >= 1 will do, since b covers size; near the root few values lie beyond size.
    rows = np.ceil(np.sqrt(size.astype(np.float64))).astype(np.uint64)
    columns = (size + rows - np.uint64(1)) // rows
    walking = np.arange(len(value))
    while len(walking):
        at = walking
        value[at] = _feistel(value[at], rows[at], columns[at], keys[at])
        walking = at[value[at] >= size[at]]
    out: Ints = value.astype(np.int64).reshape(shape)
    return out


def _feistel(
    value: NDArray[np.uint64],
    rows: NDArray[np.uint64],
    columns: NDArray[np.uint64],
    keys: NDArray[np.uint64],
) -> NDArray[np.uint64]:
    """One pass over Z_rows x Z_columns. All (N,)."""
    left, right = value // columns, value % columns
    for number, offset in enumerate(_ROUNDS):
        round_keys = keys + offset
        if number % 2:
            left = (left + _scramble(right ^ round_keys) % rows) % rows
        else:
            right = (right + _scramble(left ^ round_keys) % columns) % columns
    return left * columns + right


def _scramble(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The SplitMix64 finaliser (Steele, Lea and Flood, OOPSLA 2014), after one golden step."""
    x = x + _GOLDEN
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _unsigned(x: Any) -> NDArray[np.uint64]:
    return np.atleast_1d(np.asarray(x).astype(np.uint64))


def nth_key(base: Any, number: Any) -> NDArray[np.uint64]:
    """Keys (N,) of the numbered parts of what has the key `base`: its epochs, its blocks."""
    return _scramble(_unsigned(number) ^ base)
