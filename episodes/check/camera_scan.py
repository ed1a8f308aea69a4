"""One pass over what a camera recorded; one frame in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from episodes.array_types import AnyArray, Bools, Floats
from episodes.episode import CameraTrack
from episodes.storage import decode

LEAST_PIXELS = 12  # of an object whose place is worth a look
DEPTH_STEP = 200  # counts; a larger change of a pixel is an edge that passed by
LEAST_CONTRAST = 1.0  # [grey values] of a picture whose sharpness can be told
EDGE_FRAMES, EDGE_GREYS = 12, 60  # looked at for edges; a larger change counts as that
EDGE_SIDE = 40  # [px] of a picture whose edges tell
LOOK = (12, 16)  # height and width of the small picture


@dataclass(frozen=True)
class CameraScan:
    """What is left of the frames of a camera. T frames; a channel that is absent left nothing.

    brightest (T,): [grey values]. same (T,): equals the one before. change, depth_change (T - 1,):
    mean difference of a frame to the next, [grey values] and [counts]. sharpness (T,): mean
    absolute Laplacian by mean absolute deviation, what a blur takes away; NaN of a picture without
    contrast. look (12, 16): mean picture, small and grey. valid (T,): share of the pixels
    whose depth is told. nothing (T,): no pixel has an id, so that there is nothing to return
    anything. far (T,): their median depth [m], NaN without any. fit,
    fit_mirrored: correlation of the edges of colours with those of ids, as they are and mirrored.
    unnamed: id without a name -> first step. seen_at: object -> (T, 3) mean of its visible surface
    [m] in the camera's frame; NaN where it is hidden.
    """

    brightest: Floats | None = None
    same: Bools | None = None
    change: Floats | None = None
    sharpness: Floats | None = None
    look: Floats | None = None
    valid: Floats | None = None
    nothing: Bools | None = None
    far: Floats | None = None
    depth_change: Floats | None = None
    fit: float | None = None
    fit_mirrored: float | None = None
    unnamed: Mapping[int, int] = field(default_factory=dict)
    seen_at: Mapping[str, Floats] = field(default_factory=dict)


def scan(track: CameraTrack, objects: Iterable[str]) -> CameraScan:
    """Reads every frame of a camera once. objects: whose place to find, where it is measured."""
    parts: dict[str, Any] = {}
    if track.video is not None:
        with decode.reading(track.video) as read:
            parts |= _colours(decode.in_order(track.video, read), len(track.video))
    elif track.rgb is not None:
        rgb = track.rgb
        parts |= _colours((rgb[t] for t in range(len(rgb))), len(rgb))
    depth, ids = track.depth, track.segmentation
    steps = max(len(item) if item is not None else 0 for item in (depth, ids))
    valid, median = np.zeros(steps), np.full(steps, np.nan)
    change, nothing = np.zeros(max(0, steps - 1)), np.zeros(steps, bool)
    unnamed: dict[int, int] = {}
    wanted = {i: n for i, n in track.names.items() if n in set(objects)} if _placed(track) else {}
    seen_at = {n: np.full((steps, 3), np.nan) for n in wanted.values()}
    last = None
    for t in range(steps):
        far = depth[t] if depth is not None else None
        marks = ids[t] if ids is not None else None
        if far is not None:
            returned = far[far > 0]
            valid[t] = returned.size / max(1, far.size)
            if returned.size:
                median[t] = np.median(returned) * track.unit_m
            if last is not None:
                step = np.abs(far.astype(np.int32) - last)
                change[t - 1] = np.minimum(step, DEPTH_STEP).mean()
            last = far.astype(np.int32)
        if marks is not None:
            counts = np.bincount(marks.reshape(-1))
            nothing[t] = len(counts) <= 1
            for found in np.flatnonzero(counts):
                if found and found not in track.names:
                    unnamed.setdefault(int(found), t)
            if far is not None:
                for number, label in wanted.items():
                    if number < len(counts) and counts[number] >= LEAST_PIXELS:
                        seen_at[label][t] = _surface(track, far, marks == number)
    if depth is not None:
        parts |= {"valid": valid, "far": median, "depth_change": change, "seen_at": seen_at}
        parts["nothing"] = nothing
    if track.rgb is not None and ids is not None:
        parts |= _fits(track.rgb, ids, steps)
    return CameraScan(**parts, unnamed=unnamed)


def _fits(rgb: AnyArray, ids: AnyArray, steps: int) -> dict[str, float]:
    """Over some frames; nothing where none of them has edges, or they are too small to tell."""
    if min(ids.shape[1:]) < EDGE_SIDE:
        return {}
    fits = []
    for t in np.unique(np.linspace(0, steps - 1, EDGE_FRAMES).astype(int)):
        marks = _edges(ids[t].astype(np.int32)) > 0
        change = np.minimum(_edges(rgb[t][:, :, 1].astype(np.int32)), EDGE_GREYS)
        if marks.any() and change.std() > 0 and not marks.all():
            pair = (marks, marks[:, ::-1])
            fits.append([np.corrcoef(change.ravel(), one.ravel())[0, 1] for one in pair])
    if not fits:
        return {}
    own, mirrored = np.mean(fits, axis=0)
    return {"fit": float(own), "fit_mirrored": float(mirrored)}


def _edges(values: AnyArray) -> AnyArray:
    """(H - 2, W - 2) how much a pixel differs from the neighbours on both sides and above."""
    across = np.abs(values[1:-1, 2:] - values[1:-1, :-2])
    return np.asarray(np.maximum(across, np.abs(values[2:, 1:-1] - values[:-2, 1:-1])))


def _colours(frames: Iterable[AnyArray], steps: int) -> dict[str, AnyArray]:
    brightest, same = np.zeros(steps), np.zeros(steps, bool)
    change, sharpness = np.zeros(max(0, steps - 1)), np.full(steps, np.nan)
    before, total = None, None
    for t, frame in enumerate(frames):
        green = frame[:, :, 1].astype(np.int32)  # most of what is called brightness
        total = green if total is None else total + green
        if before is not None and np.array_equal(frame, before):
            same[t], brightest[t], sharpness[t] = True, brightest[t - 1], sharpness[t - 1]
            continue
        brightest[t] = frame.max(initial=0)
        sharpness[t] = _sharpness(green)
        if before is not None:
            change[t - 1] = np.abs(frame.astype(np.int16) - before).mean()
        before = frame
    look = shrunk(total / steps) if total is not None else np.zeros(LOOK)
    return {
        "brightest": brightest,
        "same": same,
        "change": change,
        "sharpness": sharpness,
        "look": look,
    }


def _sharpness(grey: AnyArray) -> float:
    """NaN where there is too little contrast to tell."""
    if min(grey.shape) < 3:
        return float("nan")
    contrast = np.abs(grey - int(grey.mean())).mean()
    if contrast < LEAST_CONTRAST:
        return float("nan")
    across = 4 * grey[1:-1, 1:-1] - grey[:-2, 1:-1] - grey[2:, 1:-1]
    return float(np.abs(across - grey[1:-1, :-2] - grey[1:-1, 2:]).mean() / contrast)


def shrunk(grey: AnyArray) -> AnyArray:
    """LOOK: means of blocks of the picture, which may be of any size."""
    out: AnyArray = grey
    for axis, count in enumerate(LOOK):
        edges = np.linspace(0, out.shape[axis], count + 1).astype(int)
        ends = np.maximum(edges[1:], np.minimum(edges[:-1] + 1, out.shape[axis]))
        parts = [
            out.take(range(min(start, end - 1), end), axis).mean(axis=axis)
            for start, end in zip(edges[:-1], ends, strict=True)
        ]
        out = np.stack(parts, axis=axis)
    return out


def _placed(track: CameraTrack) -> bool:
    k = track.intrinsics
    return k is not None and bool(k[0, 0] * k[1, 1]) and track.camera_to_world is not None


def _surface(track: CameraTrack, depth: AnyArray, mask: Bools) -> AnyArray:
    """(3,) [m] the mean of the marked pixels before the camera; NaN if none has depth."""
    assert track.intrinsics is not None
    v, u = np.nonzero(mask & (depth > 0))
    if not len(v):
        return np.full(3, np.nan)
    k = track.intrinsics
    z = depth[v, u] * track.unit_m
    x, y = (u + 0.5 - k[0, 2]) / k[0, 0] * z, (v + 0.5 - k[1, 2]) / k[1, 1] * z
    return np.array([x.mean(), y.mean(), z.mean()])
