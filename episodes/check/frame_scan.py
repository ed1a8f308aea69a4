"""One pass over what a camera recorded; one frame in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import h5py
import numpy as np

from episodes.array_types import AnyArray, Bools, Floats
from episodes.episode import CameraTrack
from episodes.storage import decode

BLACK = 8  # brightest value of a picture that shows nothing, JPEG's noise allowed for
LEAST_PIXELS = 12  # of an object whose place is worth a look
DEPTH_STEP = 200  # counts; a larger change of a pixel is an edge that passed by


@dataclass(frozen=True)
class FrameStatistics:
    """What is left of the frames of a camera. T frames; a channel that is absent left nothing.

    black, same (T,): the picture shows nothing; equals the one before. empty (T,): depth has no
    return. change, depth_change (T - 1,): mean difference of a frame to the next, [grey values] and
    [counts]. unnamed: id without a name -> first step. seen_at: object -> (T, 3) mean of its
    visible surface [m], world; NaN where it is hidden.
    """

    black: Bools | None = None
    same: Bools | None = None
    change: Floats | None = None
    empty: Bools | None = None
    depth_change: Floats | None = None
    unnamed: Mapping[int, int] = field(default_factory=dict)
    seen_at: Mapping[str, Floats] = field(default_factory=dict)


def scan(obs: h5py.Group, name: str, track: CameraTrack, objects: Iterable[str]) -> FrameStatistics:
    """Reads every frame of a camera once. objects: whose place to find, where it is measured."""
    parts: dict[str, Any] = {}
    if track.video is not None:
        with decode.reading(track.video) as read:
            parts |= _colours(decode.in_order(track.video, read), len(track.video))
    elif f"{name}_image" in obs:
        item = obs[f"{name}_image"]
        parts |= _colours((item[t] for t in range(len(item))), len(item))
    depth, ids = obs.get(f"{name}_depth"), obs.get(f"{name}_segmentation")
    steps = max(len(item) if item is not None else 0 for item in (depth, ids))
    empty, change = np.zeros(steps, bool), np.zeros(max(0, steps - 1))
    unnamed: dict[int, int] = {}
    wanted = {i: n for i, n in track.names.items() if n in set(objects)} if _placed(track) else {}
    seen_at = {n: np.full((steps, 3), np.nan) for n in wanted.values()}
    last = None
    for t in range(steps):
        far = depth[t] if depth is not None else None
        marks = ids[t] if ids is not None else None
        if far is not None:
            empty[t] = not far.any()
            if last is not None:
                step = np.abs(far.astype(np.int32) - last)
                change[t - 1] = np.minimum(step, DEPTH_STEP).mean()
            last = far.astype(np.int32)
        if marks is not None:
            counts = np.bincount(marks.reshape(-1))
            for found in np.flatnonzero(counts):
                if found and found not in track.names:
                    unnamed.setdefault(int(found), t)
            if far is not None:
                for number, label in wanted.items():
                    if number < len(counts) and counts[number] >= LEAST_PIXELS:
                        seen_at[label][t] = _surface(track, t, far, marks == number)
    if depth is not None:
        parts |= {"empty": empty, "depth_change": change, "seen_at": seen_at}
    return FrameStatistics(**parts, unnamed=unnamed)


def _colours(frames: Iterable[AnyArray], steps: int) -> dict[str, AnyArray]:
    black, same = np.zeros(steps, bool), np.zeros(steps, bool)
    change = np.zeros(max(0, steps - 1))
    before = None
    for t, frame in enumerate(frames):
        black[t] = frame.max(initial=0) <= BLACK
        if before is not None:
            same[t] = np.array_equal(frame, before)
            if not same[t]:
                change[t - 1] = np.abs(frame.astype(np.int16) - before).mean()
        before = frame
    return {"black": black, "same": same, "change": change}


def _placed(track: CameraTrack) -> bool:
    k = track.intrinsics
    return k is not None and bool(k[0, 0] * k[1, 1]) and track.camera_to_world is not None


def _surface(track: CameraTrack, t: int, depth: AnyArray, mask: Bools) -> AnyArray:
    """(3,) [m] the mean of the marked pixels in the world; NaN if none has depth."""
    assert track.intrinsics is not None
    assert track.camera_to_world is not None
    v, u = np.nonzero(mask & (depth > 0))
    if not len(v):
        return np.full(3, np.nan)
    k = track.intrinsics
    z = depth[v, u] * track.unit_m
    x, y = (u + 0.5 - k[0, 2]) / k[0, 0] * z, (v + 0.5 - k[1, 2]) / k[1, 1] * z
    pose = track.camera_to_world[t if len(track.camera_to_world) > 1 else 0]
    return np.asarray(pose[:3, :3] @ [x.mean(), y.mean(), z.mean()] + pose[:3, 3])
