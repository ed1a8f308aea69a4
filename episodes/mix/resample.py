"""Commanded motion: what a delta is, and how deltas add up and split.

A pose is x y z [m] and a quaternion xyzw; a delta is dx dy dz [m] and a rotation vector [rad], both
in the base frame: it is added to the position, and turns the orientation from the left.
"""

from __future__ import annotations

import numpy as np

from episodes.array_types import AnyArray


def deltas(poses: AnyArray) -> AnyArray:
    """(N+1, 7) poses -> (N, 6): the motion from each to the next, the shorter way round."""
    poses = np.asarray(poses, np.float64)
    turns = _times(poses[1:, 3:], _inverse(poses[:-1, 3:]))
    return np.concatenate([np.diff(poses[:, :3], axis=0), _vectors(turns)], axis=1)


def resample(moves: AnyArray, edges: AnyArray) -> AnyArray:
    """(N, 6) deltas of one step each -> (K, 6): the motion between the K+1 rising edges.

    edges: in steps, within [0, N]. Inside a step the motion is even, as a controller makes it.
    """
    moves = np.asarray(moves, np.float64)
    edges = np.clip(np.asarray(edges, np.float64), 0, len(moves))
    placed = np.zeros((len(moves) + 1, 7))
    placed[0, 6] = 1.0
    np.cumsum(moves[:, :3], axis=0, out=placed[1:, :3])
    turns = _quaternions(moves[:, 3:])
    for n, turn in enumerate(turns):
        placed[n + 1, 3:] = _times(turn, placed[n, 3:])
    whole = np.minimum(edges.astype(np.int64), len(moves) - 1)
    part = (edges - whole)[:, None]
    at_edges = placed[whole]
    at_edges[:, :3] += part * moves[whole, :3]
    at_edges[:, 3:] = _times(_quaternions(part * moves[whole, 3:]), at_edges[:, 3:])
    return deltas(at_edges)


def _times(a: AnyArray, b: AnyArray) -> AnyArray:
    """Products of quaternions xyzw (..., 4): first b, then a."""
    ax, ay, az, aw = np.moveaxis(a, -1, 0)
    bx, by, bz, bw = np.moveaxis(b, -1, 0)
    return np.stack(
        [
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
            aw * bw - ax * bx - ay * by - az * bz,
        ],
        axis=-1,
    )


def _inverse(a: AnyArray) -> AnyArray:
    return a * [-1.0, -1.0, -1.0, 1.0]


def _quaternions(vectors: AnyArray) -> AnyArray:
    """Rotation vectors (N, 3) [rad] -> (N, 4)."""
    angle = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.concatenate([vectors * np.sinc(angle / (2 * np.pi)) / 2, np.cos(angle / 2)], axis=1)


def _vectors(turns: AnyArray) -> AnyArray:
    """Quaternions (N, 4) -> rotation vectors (N, 3) [rad] of at most half a turn."""
    turns = np.where(turns[:, 3:] < 0, -turns, turns)
    length = np.linalg.norm(turns[:, :3], axis=1, keepdims=True)
    angle = 2 * np.arctan2(length, turns[:, 3:])
    scale = np.divide(angle, length, out=np.full_like(length, 2.0), where=length > 1e-12)
    rotvecs: AnyArray = turns[:, :3] * scale
    return rotvecs
