"""Tileable detail textures, made from noise when first needed: nothing is downloaded.

Each tile has four channels, 0.5 meaning "as the material says" in the first two:
0 lightness, 1 roughness, 2 scratches (0 none .. 1), 3 dirt (0 none .. 1).
"""

from __future__ import annotations

import contextlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sim import cache
from sim.render.paint import TILES

Array = NDArray[np.float64]
SIZE = 256  # [texel] of a tile's side
VERSION = 2  # of what this file makes


@lru_cache(maxsize=1)
def tiles() -> NDArray[np.uint8]:
    """(len(TILES), SIZE, SIZE, 4)."""
    shape = (len(TILES), SIZE, SIZE, 4)
    # A cache that cannot be read or written costs time, nothing else.
    with contextlib.suppress(OSError, ValueError):
        made = cache.kept("textures", f"tiles-{VERSION}.raw", lambda: _made().tobytes())
        return np.frombuffer(made.read_bytes(), np.uint8).reshape(shape)
    return _made()


def _made() -> NDArray[np.uint8]:
    # The textures are part of the renderer, not of an episode: their seed never changes.
    out = np.stack([_tile(name, np.random.default_rng(k + 1)) for k, name in enumerate(TILES)])
    return np.rint(np.clip(out, 0.0, 1.0) * 255.0).astype(np.uint8)


def _tile(name: str, rng: np.random.Generator) -> Array:
    fine, middle, coarse = (_noise(rng, octave) for octave in (64, 16, 4))
    blotches = np.clip((_fractal(rng, 3, 5) - 0.5) * 4.0, 0.0, 1.0)
    match name:
        case "brushed":
            streaks = _streaks(rng, 90, 2.0)
            light, rough = streaks, 0.6 * streaks + 0.4 * middle
            scratches = _scratches(rng, 26, 0.15)
        case "machined":
            phase = 2 * np.pi * (24 * _along(0) + 0.25 * middle)
            light = 0.5 + 0.14 * np.sin(phase) + 0.5 * (_streaks(rng, 60, 3.0) - 0.5)
            rough, scratches = 0.5 * light + 0.5 * coarse, _scratches(rng, 22, 0.5)
        case "cast":
            grit = _fractal(rng, 32, 3)
            light, rough = 0.35 * fine + 0.65 * grit, grit
            scratches = _scratches(rng, 8, 3.2)
        case "paint":
            light, rough = 0.3 * fine + 0.4 * middle + 0.3 * coarse, 0.5 * fine + 0.5 * coarse
            chips = np.clip((_fractal(rng, 24, 3) - 0.80) * 12.0, 0.0, 1.0)
            scratches = np.maximum(chips, _scratches(rng, 14, 3.2))
        case "moulded":
            light, rough = 0.5 * fine + 0.5 * middle, 0.7 * fine + 0.3 * coarse
            scratches = _scratches(rng, 16, 3.2)
        case "wood":
            light, rough = _wood(rng), 0.5 * _streaks(rng, 70, 3.0) + 0.5 * coarse
            scratches = _scratches(rng, 20, 0.4)
        case "cardboard":
            flutes = 0.5 + 0.12 * np.sin(2 * np.pi * 22 * _along(1))
            light = 0.5 * flutes + 0.5 * (0.4 * _streaks(rng, 24, 1.0) + 0.6 * fine)
            rough, scratches = fine, _scratches(rng, 6, 3.2)
        case _:
            light = 0.25 * fine + 0.30 * middle + 0.45 * _fractal(rng, 4, 5)
            rough = 0.5 * fine + 0.5 * coarse
            cracks = np.clip(1.0 - np.abs(_fractal(rng, 3, 5) - 0.5) * 90.0, 0.0, 1.0)
            scratches = np.maximum(0.7 * cracks, _scratches(rng, 6, 3.2))
    return np.stack([_even(light), _even(rough), scratches, blotches], axis=-1)


def _even(values: Array) -> Array:
    """The same pattern about a mean of 0.5 with a deviation of 0.18, so that strengths compare."""
    return 0.5 + 0.18 * (values - values.mean()) / max(float(values.std()), 1e-9)


def _along(axis: int) -> Array:
    """(SIZE, SIZE) in [0, 1) along rows (0) or columns (1)."""
    ramp = np.arange(SIZE) / SIZE
    return np.broadcast_to(ramp[:, None] if axis == 0 else ramp[None, :], (SIZE, SIZE))


def _noise(rng: np.random.Generator, cells: int, across: int = 0) -> Array:
    """Value noise in [0, 1] on a periodic grid of `cells` x (`across` or `cells`)."""
    grid = rng.uniform(0.0, 1.0, (cells, across or cells))
    return _resampled(_resampled(grid, 0), 1)


def _resampled(grid: Array, axis: int) -> Array:
    """Periodic, smoothstep between the grid's values."""
    count = grid.shape[axis]
    at = np.arange(SIZE) * count / SIZE
    low = np.floor(at).astype(int)
    t = at - low
    t = t * t * (3.0 - 2.0 * t)
    shape = (-1, 1) if axis == 0 else (1, -1)
    a, b = np.take(grid, low % count, axis), np.take(grid, (low + 1) % count, axis)
    return a + (b - a) * t.reshape(shape)


def _fractal(rng: np.random.Generator, cells: int, octaves: int) -> Array:
    """Noise over `octaves` octaves, each half as strong as the one before, in [0, 1]."""
    total, weight = np.zeros((SIZE, SIZE)), 0.0
    for k in range(octaves):
        total += 0.5**k * _noise(rng, min(cells * 2**k, SIZE))
        weight += 0.5**k
    return total / weight


def _streaks(rng: np.random.Generator, lines: int, length: float) -> Array:
    """Thin streaks along columns; length: their number along the tile."""
    total = np.zeros((SIZE, SIZE))
    for k, strength in ((1, 0.5), (2, 0.3), (SIZE // lines, 0.2)):
        total += strength * _noise(rng, min(lines * k, SIZE), max(1, round(length * k)))
    return total


def _scratches(rng: np.random.Generator, count: int, spread: float) -> Array:
    """Straight scratches, drawn on the torus; spread: their largest angle to the columns [rad]."""
    out = np.zeros((SIZE, SIZE))
    for _ in range(count):
        row, column, half = rng.integers(SIZE), rng.integers(SIZE), rng.uniform(0.04, 0.3) * SIZE
        angle, width = rng.uniform(-spread, spread), rng.uniform(0.6, 1.3)
        strength = rng.uniform(0.3, 1.0)
        reach_y, reach_x = (int(half * abs(f(angle))) + 3 for f in (np.sin, np.cos))
        y, x = np.mgrid[-reach_y : reach_y + 1, -reach_x : reach_x + 1]
        along, off = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        line = np.clip(1.5 - np.abs(off) / width, 0.0, 1.0)
        line *= np.clip((half - np.abs(along)) / 8.0, 0.0, 1.0) * strength
        at = np.ix_((row + y[:, 0]) % SIZE, (column + x[0]) % SIZE)
        out[at] = np.maximum(out[at], line)
    return out


def _wood(rng: np.random.Generator) -> Array:
    """Annual rings cut lengthwise, along the columns."""
    bend = _noise(rng, 6, 2) + 0.35 * _noise(rng, 12, 4)
    rings = (5.0 * _along(0) + 1.6 * bend) % 1.0
    edge = np.where(rings < 0.75, rings / 0.75, (1.0 - rings) / 0.25)
    return 0.6 * (1.0 - edge**2) + 0.4 * _streaks(rng, 80, 4.0)
