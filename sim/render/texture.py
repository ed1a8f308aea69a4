"""Tileable detail textures, made from noise when first needed: nothing is downloaded.

Each tile has four channels: 0 lightness and 1 roughness, where 0.5 is "as the material says";
2 scratches and 3 dirt, where 0 is none. u runs along the columns, and so do grain and brushing.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from episodes.array_types import Floats
from sim import cache
from sim.render.paint import TILES

SIZE = 256  # [texel] of a tile's side
VERSION = 5  # of what this file makes


@lru_cache(maxsize=1)
def tiles() -> NDArray[np.uint8]:
    """(len(TILES), SIZE, SIZE, 4)."""
    shape = (len(TILES), SIZE, SIZE, 4)
    return cache.kept(
        "textures",
        f"tiles-{VERSION}.raw",
        lambda: _made().tobytes(),
        lambda data: np.frombuffer(data, np.uint8).reshape(shape),
    )


def _made() -> NDArray[np.uint8]:
    # The textures are part of the renderer, not of an episode: their seed never changes.
    out = np.stack([_tile(name, np.random.default_rng(k + 1)) for k, name in enumerate(TILES)])
    return np.rint(np.clip(out, 0.0, 1.0) * 255.0).astype(np.uint8)


def _tile(name: str, rng: np.random.Generator) -> Floats:
    fine, coarse = _noise(rng, 60), _noise(rng, 4)
    blotches = np.clip(1.6 * _cloud(rng, 3) - 0.7, 0.0, 1.0)
    match name:
        case "brushed":
            streaks = 0.7 * _noise(rng, 3, 70) + 0.3 * _noise(rng, 6, 110)
            light, rough = streaks, _noise(rng, 3, 60)
            scratches = _scratches(rng, 22, 0.15)
        case "machined":
            feed = np.sin(2 * np.pi * (26 * _along(0) + 0.35 * (coarse - 0.5)))
            light = 0.12 * feed + 0.5 * _noise(rng, 4, 60)
            rough, scratches = _noise(rng, 4, 60), _scratches(rng, 16, 0.5)
        case "cast":
            light, rough = 0.4 * fine + 0.6 * _cloud(rng, 24), _cloud(rng, 30)
            scratches = _scratches(rng, 8, 3.2)
        case "paint":
            light, rough = 0.3 * fine + 0.7 * _cloud(rng, 3), 0.5 * fine + 0.5 * coarse
            chips = np.clip((_cloud(rng, 20) - 0.93) * 9.0, 0.0, 1.0)
            scratches = np.maximum(chips, _scratches(rng, 14, 3.2))
        case "moulded":
            light, rough = 0.6 * fine + 0.4 * _noise(rng, 20), 0.6 * fine + 0.4 * coarse
            scratches = _scratches(rng, 14, 3.2)
        case "wood":
            light = _boards(rng)
            rough, scratches = 0.5 * _noise(rng, 4, 60) + 0.5 * coarse, _scratches(rng, 14, 0.4)
        case "cardboard":
            flutes = np.sin(2 * np.pi * 22 * _along(1))
            light = 0.05 * flutes + 0.4 * _cloud(rng, 3) + 0.3 * _noise(rng, 40, 60) + 0.3 * fine
            rough, scratches = fine, _scratches(rng, 6, 3.2)
        case _:
            light = 0.3 * fine + 0.3 * _noise(rng, 24) + 0.4 * _cloud(rng, 5)
            rough = 0.5 * fine + 0.5 * coarse
            cracks = np.clip(1.0 - np.abs(_cloud(rng, 2) - 0.5) * 70.0, 0.0, 1.0)
            scratches = np.maximum(0.5 * cracks * (coarse > 0.5), _scratches(rng, 6, 3.2))
    return np.stack([_even(light), _even(rough), scratches, blotches], axis=-1)


def _even(values: Floats) -> Floats:
    """The same pattern about a mean of 0.5 with a deviation of 0.18, so that strengths compare."""
    even: Floats = 0.5 + 0.18 * (values - values.mean()) / max(float(values.std()), 1e-9)
    return even


def _along(axis: int) -> Floats:
    """(SIZE, SIZE) in [0, 1) along rows (0) or columns (1)."""
    ramp = np.arange(SIZE) / SIZE
    return np.broadcast_to(ramp[:, None] if axis == 0 else ramp[None, :], (SIZE, SIZE))


def _noise(rng: np.random.Generator, across: float, down: float = 0.0) -> Floats:
    """Tileable noise of about `across` waves along u and `down` along v (as many if 0).

    White noise through a band about an octave and a half wide.
    """
    f = np.fft.fftfreq(SIZE) * SIZE
    waves = np.hypot(f[None, :] / across, f[:, None] / (down or across))
    band = np.exp(-(np.log2(np.maximum(waves, 1e-3)) ** 2) / 0.72)
    spectrum = np.fft.fft2(rng.standard_normal((SIZE, SIZE))) * band
    return _even(np.fft.ifft2(spectrum).real)


def _cloud(rng: np.random.Generator, waves: float) -> Floats:
    """Noise over four octaves from `waves` up, each 0.6 as strong as the one before."""
    return _even(sum((0.6**k * _noise(rng, waves * 2**k) for k in range(4)), np.zeros(1)))


def _scratches(rng: np.random.Generator, count: int, spread: float) -> Floats:
    """Straight scratches, drawn on the torus; spread: their largest angle to u [rad]."""
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


def _boards(rng: np.random.Generator) -> Floats:
    """A glued-up board: strips along u, each of lengths of its own shade, grain and joints."""
    strips = 10
    strip = np.arange(SIZE) * strips // SIZE
    grain = 0.6 * _noise(rng, 3, 50) + 0.4 * _noise(rng, 6, 110)
    out = np.empty((SIZE, SIZE))
    for k in range(strips):
        rows = strip == k
        cuts = np.sort(rng.choice(SIZE, 2, replace=False))
        length = np.searchsorted(cuts, np.arange(SIZE), "right") % 2
        shades = rng.uniform(0.25, 0.75, 2)
        shift = rng.integers(SIZE)
        out[rows] = 0.55 * shades[length] + np.roll(grain, shift, axis=1)[rows] * 0.6
        out[np.ix_(rows, np.isin(np.arange(SIZE), cuts))] -= 0.25
    out[np.append(True, np.diff(strip) > 0)] -= 0.15
    return out
