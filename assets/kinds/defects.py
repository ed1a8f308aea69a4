"""What an inspection looks for: holes left out, chipped edges, scratches. Geometry, so that every
renderer and every camera sees it."""

from __future__ import annotations

import numpy as np

from assets.geometry.shapes import prism
from assets.geometry.solid import RGB, Layer
from episodes.array_types import Floats

BARE_METAL: RGB = (0.95, 0.95, 0.94)
SHADE: RGB = (0.06, 0.06, 0.06)
BITE = np.array([[-1.0, 0.0], [-0.55, 0.62], [-0.2, 0.5], [0.1, 1.0], [0.5, 0.7], [1.0, 0.0]])
LINE = np.array([[-0.5, -0.06], [-0.22, 0.05], [0.03, -0.02], [0.3, 0.08], [0.5, 0.03]])


def bitten(outline: Floats, corner: int, depth: float) -> Floats:
    """An outline (N, 2), counter-clockwise, with a ragged bite out of it at one corner, as wide as
    twice its depth [m] along either side."""
    here, before, after = outline[corner], outline[corner - 1], outline[(corner + 1) % len(outline)]
    back, ahead = (v / np.linalg.norm(v) for v in (before - here, after - here))
    jagged = [(1.6, 0.0), (1.1, 0.35), (0.75, 0.3), (0.55, 0.7), (0.2, 0.8), (0.0, 1.4)]
    cut = [here + depth * (u * back + v * ahead) for u, v in jagged]
    return np.concatenate([outline[:corner], cut, outline[corner + 1 :]])


def bitten_disc(outline: Floats, angle: float, depth: float) -> Floats:
    """A circle's outline (N, 2) about the origin with a ragged bite at `angle` [rad], as wide as
    about twice its depth [m]."""
    radius = float(np.linalg.norm(outline[0]))
    half = 1.2 * depth / radius
    at = (np.arctan2(outline[:, 1], outline[:, 0]) - angle) % (2 * np.pi)
    kept = np.flatnonzero((at > 1.15 * half) & (at < 2 * np.pi - 1.15 * half))
    kept = kept[np.argsort(at[kept])]
    turns, depths = angle + half * BITE[:, 0], radius - depth * BITE[:, 1]
    cut = depths[:, None] * np.stack([np.cos(turns), np.sin(turns)], axis=1)
    return np.concatenate([cut, outline[kept]])


def scratch(length: float, at: tuple[float, float], angle: float, z: float) -> list[Layer]:
    """Layers of a scratch on a level surface at height z [m]: a bright furrow with a dark edge, for
    `solid.inked`. at: its middle; angle: its way [rad]."""
    c, s = np.cos(angle), np.sin(angle)
    line = LINE * length @ np.array([[c, s], [-s, c]]) + np.array(at)
    width = float(np.clip(0.035 * length, 0.0006, 0.0018))
    return [
        (prism(_ribbon(line, 1.0 * width), z - 1e-4, z + 1.2e-4), SHADE),
        (prism(_ribbon(line, 0.5 * width), z - 1e-4, z + 2.2e-4), BARE_METAL),
    ]


def _ribbon(line: Floats, half: float) -> Floats:
    """A strip around a line (N, 2), pointed at its ends, counter-clockwise."""
    along = np.gradient(line, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    left = np.stack([-along[:, 1], along[:, 0]], axis=1)
    wide = half * np.array([0.3, *[1.0] * (len(line) - 2), 0.3])[:, None]
    return np.concatenate([line - wide * left, (line + wide * left)[::-1]])
