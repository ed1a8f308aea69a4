"""Where in a fixed camera's picture things that move may have changed it; the rest is kept."""

from __future__ import annotations

import numpy as np

from episodes.array_types import Bools, Floats, Singles
from sim.render.views import ABOVE
from sim.spec import Camera

TILE = 16  # [px] side of the squares that a picture is divided into
MARGIN_PX = 2.0
COARSE = 32  # the shadow map is looked at in squares of its size over this
SPARE_M = 0.02  # for the width of a shadow's soft edge
FARTHEST_M = 5.0  # how far a shadow may fall at most


class Shadows:
    """Where the shadows of moving spheres end, by what stands still in the key light's way.

    still: its shadow map (S, S), 1 where nothing is; matrix (4, 4): world to clip of the key light;
    direction: towards it; radii (N,) [m] of the moving spheres; lowest: height of the floor [m].
    """

    def __init__(
        self,
        still: Singles,
        matrix: Floats,
        direction: Floats,
        radii: Floats,
        lowest: float,
    ) -> None:
        self._matrix, self._direction = matrix[:3], direction
        self._radii, self._lowest = radii + SPARE_M, lowest
        radius = 1.0 / float(np.linalg.norm(matrix[0, :3]))
        self._depth_m = ABOVE + radius
        step = still.shape[0] // COARSE
        deepest = still.reshape(COARSE, step, COARSE, step).max(axis=(1, 3))
        reach = np.ceil(self._radii / (2 * radius) * COARSE).astype(int)
        spread = [_spread(deepest, int(r)) for r in reach]
        self._deepest = np.stack(spread) if spread else np.zeros((0, COARSE, COARSE))

    def ends(self, spheres: Floats) -> Floats:
        """(T, N, 3) [m]: the middles of spheres (T, N, 3) moved as far as their shadows fall."""
        at = (spheres @ self._matrix[:, :3].T + self._matrix[:, 3]) * 0.5 + 0.5
        square = np.clip(at[..., :2] * COARSE, 0, COARSE - 1).astype(int)
        stop = self._deepest[np.arange(at.shape[1]), square[..., 1], square[..., 0]]
        down = (spheres[..., 2] - self._lowest) / max(float(self._direction[2]), 0.01)
        fall = np.where(
            stop < 1.0, (stop - at[..., 2]) * self._depth_m, np.minimum(down, FARTHEST_M)
        )
        return spheres - self._direction * (np.maximum(fall, 0.0) + self._radii)[..., None]


def _spread(depth: Singles, reach: int) -> Singles:
    """The largest value within `reach` squares; beyond the map's edge there is nothing: 1."""
    padded = np.pad(depth, reach, constant_values=1.0)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (2 * reach + 1, 2 * reach + 1))
    largest: Singles = windows.max(axis=(2, 3))
    return largest


def tiles(camera: Camera, starts: Floats, ends: Floats, radii: Floats) -> Bools:
    """(T, rows, columns): squares of the picture that any sphere touches on its way.

    starts, ends (T, N, 3): the way of each, in the camera's frame [m]; radii (N,) [m]. Never too
    few.
    """
    rows, columns = -(-camera.height // TILE), -(-camera.width // TILE)
    starts, ends = _before(camera, starts, ends, radii), _before(camera, ends, starts, radii)
    k = camera.intrinsics()
    spans = []
    for axis, count in ((0, columns), (1, rows)):
        focal, middle = k[axis, axis], k[axis, 2]
        begin, end = (
            _extent(p[..., axis], p[..., 2], radii) * focal + middle for p in (starts, ends)
        )
        spans.append(_while_over(begin, end, np.arange(0.0, count * TILE, TILE)))
    (first_u, last_u), (first_v, last_v) = spans
    over = np.maximum(first_u[:, :, None, :], first_v[..., None]) <= np.minimum(
        last_u[:, :, None, :], last_v[..., None]
    )
    over &= (starts[..., 2] > 0)[..., None, None]
    around = np.any(np.abs(starts[..., 2]) <= radii, axis=1)  # a thing around the camera
    return np.asarray(np.any(over, axis=1) | around[:, None, None])


def _before(camera: Camera, points: Floats, others: Floats, radii: Floats) -> Floats:
    """Points (T, N, 3); those behind the camera are moved towards the others until before it."""
    least = camera.near + 1.1 * radii
    z, toward = points[..., 2], others - points
    rise = toward[..., 2]
    share = np.clip((least - z) / np.where(np.abs(rise) > 1e-9, rise, 1.0), 0.0, 1.0)
    return points + np.where((z < least) & (rise > 0), share, 0.0)[..., None] * toward


def _extent(x: Floats, z: Floats, radii: Floats) -> Floats:
    """(2, T, N): between which slopes the images of spheres lie along an axis."""
    square = z * z - radii * radii
    root = radii * np.sqrt(np.maximum(x * x + square, 0.0))
    return np.stack([x * z - root, x * z + root]) / np.where(square > 1e-9, square, 1e-9)


def _while_over(begin: Floats, end: Floats, edges: Floats) -> tuple[Floats, Floats]:
    """(T, N, K) each: the first and last share of the way, from extents `begin` (2, T, N) to `end`,
    at which a thing is over the squares that start at edges (K,). First > last: never.

    What lies between two rectangles' images is the rectangles in between: extents are linear.
    """
    low, high = edges - MARGIN_PX, edges + TILE + MARGIN_PX
    # over the square: its lower side before the thing's upper end, and the other way round
    first, last = _while_positive(begin[1][..., None] - low, (end[1] - begin[1])[..., None])
    from_, to = _while_positive(high - begin[0][..., None], (begin[0] - end[0])[..., None])
    return np.maximum(first, from_), np.minimum(last, to)


def _while_positive(start: Floats, change: Floats) -> tuple[Floats, Floats]:
    """The first and last s in [0, 1] with start + s change >= 0."""
    turn = -start / np.where(np.abs(change) > 1e-9, change, np.where(start < 0, -1e-9, 1e9))
    rising = change > 0
    return np.where(rising, np.maximum(turn, 0.0), 0.0), np.where(
        rising, 1.0, np.minimum(turn, 1.0)
    )


def corners(touched: Bools, camera: Camera) -> list[Singles]:
    """T times (6 Q, 2): triangles in clip coordinates that cover the touched squares (T, R, C), by
    runs along rows."""
    padded = np.pad(touched, ((0, 0), (0, 0), (1, 1)))
    edges = np.diff(padded.view(np.int8), axis=2)
    instant, row, left = np.nonzero(edges == 1)
    right = np.nonzero(edges == -1)[2]
    size = np.array([camera.width, camera.height])
    low = np.minimum(np.stack([left, row], axis=1) * TILE, size) * (2.0 / size) - 1.0
    high = np.minimum(np.stack([right, row + 1], axis=1) * TILE, size) * (2.0 / size) - 1.0
    (x0, y0), (x1, y1) = low.T, high.T
    quads = np.stack([x0, y0, x1, y0, x0, y1, x0, y1, x1, y0, x1, y1], axis=1).astype(np.float32)
    cuts = np.searchsorted(instant, np.arange(1, len(touched)))
    return [np.ascontiguousarray(part.reshape(-1, 2)) for part in np.split(quads, cuts)]
