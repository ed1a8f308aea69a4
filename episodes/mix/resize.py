"""Frames in another size, in whole numbers: the same bytes on every machine."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from episodes.array_types import AnyArray, Ints

_ONE = 1 << 14  # a weight of 1; 255 * _ONE leaves room in 32 bits for the sum of all weights


def smooth(frames: AnyArray, height: int, width: int) -> AnyArray:
    """Frames (N, H, W, C) u1 by a triangle filter as wide as one pixel of the coarser grid.

    Going down it averages, so nothing aliases; going up it is linear between pixel centres.
    """
    return _along(_along(frames, 1, height), 2, width)


def nearest(frames: AnyArray, height: int, width: int) -> AnyArray:
    """Frames (N, H, W) of ids or depth: values are picked, never blended."""
    rows = (np.arange(height) * 2 + 1) * frames.shape[1] // (2 * height)
    columns = (np.arange(width) * 2 + 1) * frames.shape[2] // (2 * width)
    return frames[:, rows[:, None], columns[None, :]]


def _along(frames: AnyArray, axis: int, size: int) -> AnyArray:
    if frames.shape[axis] == size:
        return frames
    taps, weights = _filter(frames.shape[axis], size)
    shape = [1] * frames.ndim
    shape[axis] = size
    total = np.full(1, _ONE // 2, np.int32)
    for tap, weight in zip(taps, weights, strict=True):
        total = total + frames.take(tap, axis).astype(np.int32) * weight.reshape(shape)
    return (total // _ONE).astype(np.uint8)


@lru_cache(maxsize=64)
def _filter(old: int, new: int) -> tuple[Ints, NDArray[np.int32]]:
    """taps, weights (K, new): the pixels that each new one is made of; weights sum to _ONE."""
    scale = max(1.0, old / new)
    centre = (np.arange(new) + 0.5) * old / new - 0.5
    first = np.floor(centre - scale).astype(np.int64) + 1
    taps = first + np.arange(int(np.ceil(2 * scale)))[:, None]
    share = np.maximum(0.0, 1 - np.abs(taps - centre) / scale)
    share[(taps < 0) | (taps >= old)] = 0.0
    share /= share.sum(axis=0)
    weights = np.round(share * _ONE).astype(np.int32)
    weights[np.argmax(weights, axis=0), np.arange(new)] += _ONE - weights.sum(
        axis=0, dtype=np.int32
    )
    return np.clip(taps, 0, old - 1), weights
