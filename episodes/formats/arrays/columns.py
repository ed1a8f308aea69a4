"""What an array of others is: numbers, text or pictures; and its rows."""

from __future__ import annotations

from typing import Any, Literal

import h5py
import numpy as np

from episodes.array_types import AnyArray
from episodes.formats.arrays import pictures
from episodes.formats.arrays.nodes import Leaf
from episodes.storage.safe import is_readable

Kind = Literal["numbers", "text", "pictures", "unread"]
MAX_TEXT_BYTES = 4 << 20  # of one value


def kind(leaf: Leaf) -> Kind:
    """ "unread": of a type that is neither, such as records and references."""
    dtype = leaf.dtype
    if not is_readable(dtype) or leaf.item.shape is None:  # HDF5's empty dataset
        return "unread"
    if pictures.are_encoded(leaf):
        return "pictures"
    if dtype.kind in "fiub":
        return "numbers"
    return "text" if dtype.kind in "SU" or h5py.check_string_dtype(dtype) else "unread"


def texts(leaf: Leaf) -> list[str]:
    """The text of each row, or the one text that there is."""
    if not leaf.item.shape:
        return [_text(leaf.single())]
    if len(leaf.shape) > 1 and leaf.shape[1:] != (1,):
        return []
    return [
        _text(np.asarray(leaf.item[leaf.start + step]).reshape(-1)[0]) for step in range(leaf.rows)
    ]


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value[:MAX_TEXT_BYTES].decode("utf-8", "replace").rstrip("\0")
    return str(value)[:MAX_TEXT_BYTES]


def numbers(leaf: Leaf, count: int, skip: int = 0) -> AnyArray:
    """(count, ...) rows; a row of one number is (1,)."""
    rows = leaf.read(count, skip)
    if rows.dtype == bool:
        rows = rows.astype(np.uint8)
    return rows.reshape(count, -1) if rows.ndim < 3 else rows


def scalar(leaf: Leaf | None, count: int, dtype: type) -> AnyArray | None:
    """(count,) of an array with one number a row; None if it is none."""
    if leaf is None or leaf.dtype.kind not in "fiub" or leaf.shape not in ((count,), (count, 1)):
        return None
    return leaf.read(count).reshape(count).astype(dtype)


def shape(leaf: Leaf) -> str:
    """ "(6, 7) f4" for people."""
    dtype = leaf.dtype
    if dtype.kind in "fiub":
        what = dtype.str[1:]
    elif dtype.kind == "V":
        what = "records"
    else:
        what = "text" if dtype.kind in "SU" or h5py.check_string_dtype(dtype) else "objects"
    return f"({', '.join(map(str, leaf.shape))}) {what}"
