"""Pictures among the arrays of others: raw or encoded, any order of axes, with or without alpha."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import h5py
import numpy as np

from episodes.array_types import AnyArray
from episodes.errors import UserError
from episodes.formats import guard
from episodes.formats.arrays.nodes import Leaf

MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
PEEKED = 3  # rows looked at to tell what a column of bytes is
COLOURS = 3
# What of a name says that it is a picture, not whose.
_KIND = re.compile(r"[._/]?(rgb_?image|image_?rgb|images?|rgb_?images|rgb|colou?r)$")
_FOLDER = re.compile(r"(^|[./])(images?|rgb_images|rgb|sensor_data|cameras?|colou?r)[./]")
_LIKE = re.compile(r"(^|[._/])(images?|img|rgb|cam|camera|view|pixels|frames?|photo|colou?r)")


@dataclass(frozen=True)
class Pictures:
    """What a column of pictures holds, each (T, ...) or None. rgb (T, H, W, 3) u1; plain: all that
    is no colour, as it is: grey, 16 bits, floats; alpha (T, H, W) u1; note: what was done to them.
    """

    rgb: AnyArray | None = None
    plain: AnyArray | None = None
    alpha: AnyArray | None = None
    note: str = ""


def camera_of(path: str) -> str:
    """ "observation/head_camera/rgb" -> "head_camera", "agentview_image" -> "agentview"."""
    short = _KIND.sub("", path)
    return _FOLDER.sub(r"\1", short).replace("/", ".").strip("._") or path.replace("/", ".")


def looks_like_one(path: str) -> bool:
    """Whether a name says that what it names is pictures."""
    return bool(_LIKE.search(path.lower()))


def are_encoded(leaf: Leaf) -> bool:
    """Whether each row is a whole JPEG or PNG file."""
    if not leaf.rows or not _may_be_bytes(leaf):
        return False
    seen = [data for data in encoded(leaf, min(PEEKED, leaf.rows)) if data]
    return bool(seen) and all(data.startswith(MAGIC) for data in seen)


def _may_be_bytes(leaf: Leaf) -> bool:
    if len(leaf.shape) == 1:
        inner = h5py.check_vlen_dtype(leaf.dtype)
        return leaf.dtype.kind == "S" or (inner is not None and np.dtype(inner) == np.uint8)
    flat = len(leaf.shape) == 2 or (len(leaf.shape) == 3 and leaf.shape[1] == 1)
    return flat and leaf.dtype == np.uint8 and leaf.shape[-1] > len(MAGIC[0])


def encoded(leaf: Leaf, count: int, skip: int = 0) -> Iterator[bytes]:
    """The files of `count` rows, one in memory; the zeros that pad them to one length are theirs to
    ignore."""
    for step in range(skip, skip + count):
        row = leaf.item[leaf.start + step]
        yield row if isinstance(row, bytes) else np.asarray(row, np.uint8).tobytes()


def decode(leaf: Leaf, count: int, place: str, bgr: bool) -> Pictures:
    """The pictures of `count` rows of encoded files. UserError: one is no picture, or of another
    size."""
    out: AnyArray | None = None
    for step, data in enumerate(encoded(leaf, count)):
        frame = guard.decode_image(data, f"{place}, step {step}")
        if out is None:
            guard.check_frames(count, frame, place)
            out = np.empty((count, *frame.shape), frame.dtype)
        if frame.shape != out.shape[1:] or frame.dtype != out.dtype:
            raise UserError(
                f"{place}, step {step}: a picture of {frame.shape}, not {out.shape[1:]}"
            )
        out[step] = frame
    assert out is not None  # count is not 0
    return split(out, bgr)


def split(rows: AnyArray, bgr: bool = False) -> Pictures:
    """(T, H, W[, C]) as colour, alpha and what is neither."""
    if rows.dtype != np.uint8 or rows.ndim != 4 or rows.shape[3] not in (COLOURS, 4):
        return Pictures(plain=rows[..., 0] if rows.ndim == 4 and rows.shape[3] == 1 else rows)
    colour = rows[..., :COLOURS]
    note = "red and blue exchanged" if bgr else ""
    rgb = np.ascontiguousarray(colour[..., ::-1] if bgr else colour)
    return Pictures(rgb=rgb, alpha=rows[..., 3].copy() if rows.shape[3] == 4 else None, note=note)


def of_numbers(leaf: Leaf, rows: AnyArray, bgr: bool) -> dict[str, Pictures] | None:
    """Name of a camera -> its pictures; None if the rows (T, ...) are no pictures.

    Colour first or last, several cameras in one array, whole numbers of 0 to 255 kept as floats.
    """
    name = camera_of(leaf.path)
    note = ""
    if rows.dtype.kind == "f" and rows.ndim >= 4 and looks_like_one(leaf.path):
        if COLOURS not in (rows.shape[-1], rows.shape[-3]):
            return None
        whole = rows.astype(np.uint8) if _in_bytes(rows) else None
        if whole is None or not np.array_equal(whole, rows):
            return None
        rows, note = whole, "whole numbers kept as floats"
    if rows.dtype != np.uint8 or rows.ndim not in (4, 5):
        return None
    if rows.shape[-1] not in (COLOURS, 4):
        if rows.shape[-3] != COLOURS or min(rows.shape[-2:]) <= 4:
            return None
        rows = np.ascontiguousarray(np.moveaxis(rows, -3, -1))
        note = ", ".join(filter(None, (note, "colours were the first axis")))
    views = (
        {name: rows}
        if rows.ndim == 4
        else {f"{name}_{i}": rows[:, i] for i in range(rows.shape[1])}
    )
    out = {}
    for camera, frames in views.items():
        found = split(frames, bgr)
        told = ", ".join(filter(None, (note, found.note)))
        out[camera] = Pictures(found.rgb, found.plain, found.alpha, told)
    return out


def _in_bytes(rows: AnyArray) -> bool:
    return (
        bool(rows.size)
        and bool(np.isfinite(rows).all())
        and rows.min() >= 0
        and 1 < rows.max() <= 255
    )
