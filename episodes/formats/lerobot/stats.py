"""The statistics that LeRobot keeps of each feature, by episode and for all.

Keys and shapes as in huggingface/lerobot, src/lerobot/datasets/compute_stats.py (0.4): min, max,
mean, std, count and five quantiles; pictures by channel, scaled to 0..1, of shape (C, 1, 1).
Quantiles of all are the mean of those of the episodes, weighted by rows, as there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from episodes.array_types import AnyArray

Stats = dict[str, AnyArray]
QUANTILES = {"q01": 0.01, "q10": 0.1, "q50": 0.5, "q90": 0.9, "q99": 0.99}
FRAMES = 100  # pictures of an episode that are looked at, evenly spread
PIXELS = 150  # and of those about so many columns and rows


def of_numbers(rows: AnyArray) -> Stats:
    """Of (T, D)."""
    values = rows.astype(np.float64).reshape(len(rows), -1)
    return _of(values, (-1,)) | {"count": np.array([len(rows)])}


def of_pictures(frames: AnyArray) -> Stats:
    """Of (T, H, W, 3) u1 or (T, H, W) u2."""
    chosen = np.unique(
        np.linspace(0, len(frames) - 1, min(len(frames), FRAMES)).round().astype(int)
    )
    stride = max(1, min(frames.shape[1:3]) // PIXELS)
    sample = frames[chosen, ::stride, ::stride]
    channels = sample.shape[3] if sample.ndim == 4 else 1
    scaled = sample.reshape(-1, channels) / np.iinfo(frames.dtype).max
    return _of(scaled, (channels, 1, 1)) | {"count": np.array([len(chosen)])}


def _of(values: AnyArray, shape: tuple[int, ...]) -> Stats:
    out = {
        "min": values.min(axis=0),
        "max": values.max(axis=0),
        "mean": values.mean(axis=0),
        "std": values.std(axis=0),
    }
    quantiles = np.quantile(values, list(QUANTILES.values()), axis=0)
    out |= dict(zip(QUANTILES, quantiles, strict=True))
    return {name: value.reshape(shape) for name, value in out.items()}


def merged(parts: Sequence[Mapping[str, Stats]]) -> dict[str, Stats]:
    """Of several episodes, of all of them."""
    return {key: _merged([part[key] for part in parts]) for key in parts[0]} if parts else {}


def _merged(parts: Sequence[Stats]) -> Stats:
    counts = np.array([part["count"][0] for part in parts], np.float64)
    total = counts.sum()
    shape = (-1, *([1] * parts[0]["mean"].ndim))
    weights = (counts / total).reshape(shape)

    def mean(name: str) -> AnyArray:
        return np.asarray((np.stack([part[name] for part in parts]) * weights).sum(axis=0))

    centre = mean("mean")
    spread = np.stack([p["std"] ** 2 + (p["mean"] - centre) ** 2 for p in parts])
    return {
        "min": np.min([part["min"] for part in parts], axis=0),
        "max": np.max([part["max"] for part in parts], axis=0),
        "mean": centre,
        "std": np.sqrt((spread * weights).sum(axis=0)),
        **{name: mean(name) for name in QUANTILES},
        "count": np.array([int(total)]),
    }


def plain(stats: Mapping[str, Stats]) -> dict[str, dict[str, Any]]:
    """As JSON."""
    return {
        key: {name: value.tolist() for name, value in found.items()} for key, found in stats.items()
    }
