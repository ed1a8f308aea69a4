"""A factory hall as a formula: the radiance that comes to the cell from each direction."""

from __future__ import annotations

import numpy as np

from episodes.array_types import Floats

CEILING = 4.5  # over the cell [m]
LAMP_RADIANCE = 9.0  # against the ceiling's 0.5
FLOOR = 0.28


def radiance(directions: Floats, rng: np.random.Generator) -> Floats:
    """(..., 3) linear radiance, in units of its own, from directions (..., 3), z up.

    rng places lamps, windows and machines.
    """
    turn = rng.uniform(0.0, 2.0 * np.pi)
    c, s = np.cos(turn), np.sin(turn)
    x = directions[..., 0] * c - directions[..., 1] * s
    y = directions[..., 0] * s + directions[..., 1] * c
    z = directions[..., 2]
    half_x, half_y = rng.uniform(6.0, 9.0), rng.uniform(9.0, 14.0)
    # how far to a wall along the ground, and how high the ray meets it
    flat = np.maximum(np.hypot(x, y), 1e-6)
    reach = np.minimum(
        half_x / np.maximum(np.abs(x) / flat, 1e-6), half_y / np.maximum(np.abs(y) / flat, 1e-6)
    )
    height = z / flat * reach
    azimuth = np.arctan2(y, x)

    out = _walls(height, azimuth, np.abs(x) * half_y > np.abs(y) * half_x, rng)
    under = _ceiling(x, y, z, rng)
    above = _soft(height, CEILING, 0.15)[..., None]
    out = out * (1.0 - above) + under * above
    below = _soft(-height, 0.9, 0.1)[..., None]
    return out * (1.0 - below) + FLOOR * np.array([1.0, 0.99, 0.96]) * below


def _soft(value: Floats, edge: float, width: float) -> Floats:
    """0 below `edge`, 1 above it, over about `width`."""
    t = np.clip((value - edge) / width + 0.5, 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def _ceiling(x: Floats, y: Floats, z: Floats, rng: np.random.Generator) -> Floats:
    """Rows of long lamps on a light ceiling that darkens with distance."""
    scale = CEILING / np.maximum(z, 0.05)
    px, py = x * scale, y * scale
    pitch_x, pitch_y = rng.uniform(2.2, 3.4), rng.uniform(2.4, 3.6)
    long, wide = rng.uniform(0.55, 0.8) * pitch_y, rng.uniform(0.25, 0.45)
    u = np.abs((px + rng.uniform(0, pitch_x)) % pitch_x - pitch_x / 2)
    v = np.abs((py + rng.uniform(0, pitch_y)) % pitch_y - pitch_y / 2)
    lamp = _soft(wide / 2 - u, 0.0, 0.12) * _soft(long / 2 - v, 0.0, 0.12)
    fade = 1.0 / (1.0 + (np.hypot(px, py) / 9.0) ** 2)
    beams = 0.12 * np.cos(px * 2 * np.pi / 1.1) * (scale < 3 * CEILING)
    plain = (0.5 + beams) * (0.35 + 0.65 * fade)
    colour = np.array([1.0, 1.0, 1.0])
    lit: Floats = plain[..., None] * colour
    lit = lit + (lamp * LAMP_RADIANCE * (0.3 + 0.7 * fade))[..., None] * colour
    return lit


def _walls(height: Floats, azimuth: Floats, side: Floats, rng: np.random.Generator) -> Floats:
    """Light walls with a row of windows on the long sides, and machines that stand before them."""
    wall = np.array([0.75, 0.75, 0.73]) * (0.55 + 0.45 * _soft(height, 1.5, 4.0))[..., None]
    pane = _soft(height, 2.3, 0.1) * _soft(-height, -3.6, 0.1)
    bars = _soft(np.abs(np.sin(azimuth * 9.0)), 0.25, 0.1)
    window = (pane * bars * side * (azimuth > 0) * rng.uniform(0.3, 1.0))[..., None]
    out: Floats = wall * (1.0 - window) + window * np.array([3.6, 4.0, 4.6])
    for _ in range(14):
        middle, half = rng.uniform(-np.pi, np.pi), rng.uniform(0.06, 0.28)
        top, shade = rng.uniform(0.0, 1.6), rng.uniform(0.04, 0.75)
        tint = shade * (1.0 + rng.uniform(-0.35, 0.35, 3))
        off = np.abs((azimuth - middle + np.pi) % (2 * np.pi) - np.pi)
        there = (_soft(half - off, 0.0, 0.03) * _soft(top - height, 0.0, 0.08))[..., None]
        out = out * (1.0 - there) + tint * there
    return out
