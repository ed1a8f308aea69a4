"""Episodes that cameras watch as real ones: long, and with something that passes by in front."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from episodes.episode import CameraTrack, Episode
from tests.helpers import synthetic_episode


def watched_episode(index: int, rng: np.random.Generator, steps: int = 90) -> Episode:
    """Each camera looks at one place in all episodes, and a bar passes before both by irregular
    steps, in colours and in depth: what is late for the other shows."""
    episode = synthetic_episode(index, rng, steps, (56, 42))
    ahead = rng.integers(2, 6, steps).cumsum()[:, None, None]
    cameras = {name: _passed(track, ahead, name) for name, track in episode.cameras.items()}
    return replace(episode, cameras=cameras)


def _passed(track: CameraTrack, ahead: np.ndarray, name: str) -> CameraTrack:
    assert track.rgb is not None
    assert track.depth is not None
    assert track.segmentation is not None
    height, width = track.depth.shape[1:]
    v, u = np.mgrid[0:height, 0:width]
    place = 200 * u / width if name == "front" else 100 + 100 * u * v / (width * height)
    rgb = 0.4 * track.rgb + 0.6 * place[..., None]
    bar = ((np.arange(width) - ahead) % width < 5) & (np.arange(height)[:, None] < height // 3)
    return replace(
        track,
        rgb=np.where(bar[..., None], 10, rgb).astype(np.uint8),
        depth=np.where(bar, track.depth - 300, track.depth).astype(np.uint16),
        segmentation=np.where(bar, 1, track.segmentation).astype(np.uint16),
    )
