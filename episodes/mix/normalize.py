"""Mean and spread of what training sees, measured once when a mix is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from episodes.array_types import AnyArray
from episodes.errors import UserError, unknown
from episodes.mix.lowdim import Scales
from episodes.mix.manifest import Key, Manifest
from episodes.mix.windows import SourceWindows
from episodes.storage.records import Row

Statistics = dict[str, dict[str, dict[str, list[float]]]]

EVERYTHING = "all"  # the one scope of "global"
STILL = 1e-6  # a number that varies less is centred, not blown up
_RAW = ("rewards", "dones")


@dataclass
class _Moments:
    """count; mean, square (sum of squared distances from it), low, high: (D,) float64."""

    count: int
    mean: AnyArray
    square: AnyArray
    low: AnyArray
    high: AnyArray

    def add(self, values: AnyArray) -> None:
        """Take in values (N, D): Chan, Golub and LeVeque's pairwise update (1983)."""
        values = np.asarray(values, np.float64)
        mean = values.mean(axis=0)
        total = self.count + len(values)
        shift = mean - self.mean
        self.square += ((values - mean) ** 2).sum(axis=0)
        self.square += shift**2 * (self.count * len(values) / total)
        self.mean += shift * (len(values) / total)
        self.low = np.minimum(self.low, values.min(axis=0))
        self.high = np.maximum(self.high, values.max(axis=0))
        self.count = total


def scaled(keys: Iterable[Key]) -> list[str]:
    """The keys that are normalised: rows of floating-point numbers, but not rewards."""
    return [
        k.name for k in keys if k.dtype == "float32" and len(k.shape) == 1 and k.name not in _RAW
    ]


def measure(
    scope: str,
    keys: Sequence[Key],
    sources: Iterable[tuple[str, float, Sequence[Row], SourceWindows]],
) -> Statistics:
    """scope -> key -> mean, std, min, max of its numbers, as lists.

    sources: name, share of the draws, rows, windows. Where a scope takes in several sources, each
    counts by its share, for that is what training will see. What no source has gets mean 0, std 1.
    """
    if scope == "none":
        return {}
    widths = {key.name: key.shape[0] for key in keys if key.name in scaled(keys)}
    pooled: dict[str, dict[str, list[tuple[float, _Moments]]]] = {}
    for name, share, rows, windows in sources:
        found = _of_source(name, rows, windows, list(widths))
        steps = sum(row.steps for row in rows)
        for robot, (taken, moments) in found.items():
            label = {"per_source": name, "per_embodiment": robot}.get(scope, EVERYTHING)
            for key, one in moments.items():
                part = share * taken / steps
                pooled.setdefault(label, {}).setdefault(key, []).append((part, one))
    return {
        label: {key: _merged(parts, widths[key]) for key, parts in sorted(of_keys.items())}
        for label, of_keys in pooled.items()
    }


def scales(statistics: Mapping[str, Any], scope: str, source: str, robot: str) -> Scales:
    """key -> mean, std (D,) float32 to normalise a window with."""
    label = {"per_source": source, "per_embodiment": robot}.get(scope, EVERYTHING)
    return {
        key: (np.array(found["mean"], np.float32), _spread(np.array(found["std"], np.float32)))
        for key, found in statistics.get(label, {}).items()
    }


def scale_of(
    manifest: Manifest, robots: Set[str], key: str, shape: Sequence[int], source: str, robot: str
) -> tuple[AnyArray, AnyArray] | None:
    """mean, std (D,) of the numbers (..., D) of a key, for samples of a source or robot; None if
    samples have them in their own units.

    Raises UserError for a key, source or robot that the mix does not have, where it takes one to
    know which statistics are meant, and for numbers of another width.
    """
    keys = {one.name: one for one in manifest.keys}
    sources = {one.name for one in manifest.sources}
    if key not in keys:
        raise unknown("key of this mix", key, keys)
    for what, name, there in (("source", source, sources), ("robot", robot, robots)):
        if name and name not in there:
            raise unknown(f"{what} of this mix", name, there)
    if key not in scaled(manifest.keys):
        return None
    if tuple(shape[-1:]) != keys[key].shape:
        width = keys[key].shape[0]
        raise UserError(f"{key} has {width} numbers a row; these are of shape {tuple(shape)}")
    scope = manifest.view.normalize
    if scope == "none":
        return None
    for wanted, name, given, there in (
        ("per_source", "source", source, sources),
        ("per_embodiment", "robot", robot, robots),
    ):
        if scope == wanted and not given:
            raise UserError(
                f"normalize={scope} keeps the statistics of each {name} apart: give {name}=; there "
                f"are: {', '.join(sorted(there))}"
            )
    found = scales(manifest.statistics, scope, source, robot)
    if key not in found:
        raise UserError(f"{source or robot!r} has no {key}; its samples hold zeros there")
    return found[key]


def _spread(std: AnyArray) -> AnyArray:
    return np.where(std < STILL, np.float32(1), std)


def _of_source(
    source: str, rows: Sequence[Row], windows: SourceWindows, names: Sequence[str]
) -> dict[str, tuple[int, dict[str, _Moments]]]:
    """robot -> steps, moments of each key."""
    out: dict[str, tuple[int, dict[str, _Moments]]] = {}
    for row in rows:
        steps, moments = out.get(row.robot, (0, {}))
        out[row.robot] = (steps + row.steps, moments)
        for name, value in windows.whole(row, names).items():
            flat = value.reshape(len(value), -1)
            if not np.isfinite(flat).all():
                raise UserError(
                    f"{name} of episode {row.index} of source {source!r} has NaN or infinite "
                    "numbers, so it has no mean; leave it out of keys, or normalize=none"
                )
            if name not in moments:
                zero = np.zeros(flat.shape[1])
                moments[name] = _Moments(0, zero, zero.copy(), zero + np.inf, zero - np.inf)
            moments[name].add(flat)
    return out


def _merged(parts: Sequence[tuple[float, _Moments]], width: int) -> dict[str, list[float]]:
    """Several populations as one, each with its weight; narrow ones say nothing of the rest."""
    weight, mean, second = np.zeros(width), np.zeros(width), np.zeros(width)
    low, high = np.full(width, np.inf), np.full(width, -np.inf)
    for part, one in parts:
        has = slice(0, len(one.mean))
        weight[has] += part
        mean[has] += part * one.mean
        low[has], high[has] = np.minimum(low[has], one.low), np.maximum(high[has], one.high)
    known = weight > 0
    mean = np.divide(mean, weight, out=np.zeros(width), where=known)
    for part, one in parts:
        has = slice(0, len(one.mean))
        second[has] += part * (one.square / one.count + (one.mean - mean[has]) ** 2)
    std = np.sqrt(np.divide(second, weight, out=np.ones(width), where=known))
    low, high = np.where(known, low, 0.0), np.where(known, high, 0.0)
    named = {"mean": mean, "std": std, "min": low, "max": high}
    return {name: [float(f"{x:.9g}") for x in values] for name, values in named.items()}
