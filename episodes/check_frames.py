"""What is wrong with pictures: black, empty, stuck, doubled, unnamed. One frame in memory."""

from __future__ import annotations

from dataclasses import dataclass

import h5py
import numpy as np
from numpy.typing import NDArray

from episodes.check_notes import Notes, ranges, runs, share
from episodes.episode import CameraTrack, Episode

Rows = NDArray[np.bool_]

BLACK = 8  # brightest value of a picture that shows nothing, JPEG's noise allowed for
LEAST_DOUBLES = 3  # repeated frames in an episode that are worth a word
MOVED_RAD = 0.02  # a step in which a joint turned so far cannot look the same to a wrist camera
MOVED_M = 0.005
STILL_SECONDS = 1.0
LAGS = (-3, -2, -1, 0, 1, 2, 3)


def frames(demo: h5py.Group, episode: Episode, notes: Notes) -> None:
    """The pictures of an episode, read from its demo; `episode` may be without them."""
    stopped = False
    for name, track in episode.cameras.items():
        field = f"obs/{name}_image"
        if field in demo:
            seen = _scan(demo[field])
            _black(seen, field, notes)
            _doubled(seen, field, track, episode, notes)
            _late(seen.change, track.camera_to_world, field, notes)
            stopped = stopped or _stopped(seen, episode, notes)
        if f"{name}_depth" in demo["obs"]:
            _depth(demo, f"obs/{name}_depth", notes)
        if f"{name}_segmentation" in demo["obs"]:
            _ids(demo, f"obs/{name}_segmentation", track, notes)


@dataclass(frozen=True)
class Seen:
    """black, same (T,): a frame shows nothing; equals the one before. change (T - 1,): mean
    difference of grey values from each frame to the next."""

    black: Rows
    same: Rows
    change: NDArray[np.float64]


def _scan(item: h5py.Dataset) -> Seen:
    steps = len(item)
    black, same = np.zeros(steps, bool), np.zeros(steps, bool)
    change = np.zeros(max(0, steps - 1))
    before = None
    for t in range(steps):
        frame = item[t]
        black[t] = frame.max(initial=0) <= BLACK
        if before is not None:
            same[t] = np.array_equal(frame, before)
            if not same[t]:
                sparse = frame[::2, ::2].astype(np.int16) - before[::2, ::2]
                change[t - 1] = np.abs(sparse).mean()
        before = frame
    return Seen(black, same, change)


def _black(seen: Seen, field: str, notes: Notes) -> None:
    if seen.black.all():
        notes.fault("every frame is black", (0, len(seen.black)), field)
    elif seen.black.any():
        found = runs(seen.black)
        message = f"{share(seen.black)} frames are black: {ranges(found)}"
        notes.fault(message, found[0], field)


def _doubled(seen: Seen, field: str, track: CameraTrack, episode: Episode, notes: Notes) -> None:
    """Frames that repeat the one before although what they should show has moved."""
    moved = _moved(episode, track)
    if moved is None or seen.black.all():
        return
    doubled = seen.same & np.concatenate([[False], moved])
    if int(doubled.sum()) < LEAST_DOUBLES:
        return
    found = runs(doubled)
    gaps = np.diff(np.flatnonzero(doubled))
    rhythm = ""
    if len(gaps) and (gaps == 2).mean() > 0.5:
        rhythm = ", mostly every other frame: the camera ran at half the rate"
    whole = (found[0][0], found[-1][1])
    message = f"{share(doubled)} frames repeat the one before while the robot moves{rhythm}"
    if _rides(track):
        notes.fault(f"{message}: {ranges(found)}", whole, field)
    else:  # a fixed camera may look away from what moves
        notes.warn(f"{message}: {ranges(found)}", whole, field)


def _rides(track: CameraTrack) -> bool:
    return track.camera_to_world is not None and len(track.camera_to_world) > 1


def _moved(episode: Episode, track: CameraTrack) -> Rows | None:
    """(T - 1,) whether the camera, or what a fixed one watches, clearly moved; None: unknown."""
    if _rides(track):
        assert track.camera_to_world is not None
        return np.asarray(_motion_of(track.camera_to_world) > MOVED_M)
    if episode.domain != "real" and "joint_position" in episode.obs:
        turned = np.abs(np.diff(episode.obs["joint_position"], axis=0))
        return np.asarray(turned.max(axis=1, initial=0) > MOVED_RAD)
    return _changed(episode)


def _changed(episode: Episode) -> Rows | None:
    """(T - 1,) whether any sensed number changed at all: real sensors and cameras are never so
    quiet that a picture repeats."""
    rows = [
        (value[1:] != value[:-1]).reshape(len(value) - 1, -1).any(axis=1)
        for value in episode.obs.values()
        if value.ndim <= 2 and len(value) > 1
    ]
    return np.any(rows, axis=0) if rows else None


def _stopped(seen: Seen, episode: Episode, notes: Notes) -> bool:
    """Whether every sensor repeats itself while the picture goes on."""
    changed = _changed(episode)
    if changed is None:
        return False
    least = max(3, round(STILL_SECONDS * episode.control_hz))
    stuck = [
        (a, b + 1)
        for a, b in runs(~changed)
        if b - a >= least and (~seen.same[a + 1 : b + 1]).mean() > 0.8
    ]
    if stuck:
        message = f"every reading stands still while the picture moves: {ranges(stuck)}"
        notes.fault(message, stuck[0], "obs")
    return bool(stuck)


def _motion_of(camera_to_world: NDArray[np.float64]) -> NDArray[np.float64]:
    """(T - 1,) how far a camera moved [m]; a turn counts as the way of a point 0.3 m ahead."""
    ahead = camera_to_world[:, :3, 3] + 0.3 * camera_to_world[:, :3, 2]
    aside = camera_to_world[:, :3, 3] + 0.3 * camera_to_world[:, :3, 0]
    steps = [np.linalg.norm(np.diff(p, axis=0), axis=1) for p in (ahead, aside)]
    return np.asarray(np.maximum(*steps))


def _late(
    change: NDArray[np.float64],
    camera_to_world: NDArray[np.float64] | None,
    field: str,
    notes: Notes,
) -> None:
    """A picture changes most when its camera moves most: by how many steps is it off?"""
    if camera_to_world is None or len(camera_to_world) != len(change) + 1:
        return
    if len(change) < 8 * len(LAGS):  # too short to tell
        return
    moved = _motion_of(camera_to_world)
    fits = {lag: _correlation(moved, change, lag) for lag in LAGS}
    best = max(LAGS, key=lambda lag: fits[lag])
    if best and fits[best] > 0.6 and fits[best] - fits[0] > 0.1:
        side = "late" if best > 0 else "early"
        notes.warn(
            f"pictures are {abs(best)} steps {side} for the motion of their camera", None, field
        )


def _correlation(cause: NDArray[np.float64], effect: NDArray[np.float64], lag: int) -> float:
    """Of cause[t] with effect[t + lag]; 0 where either does not vary."""
    most = max(LAGS)
    a = cause[most : len(cause) - most]
    b = effect[most + lag : len(effect) - most + lag]
    if a.std() < 1e-9 or b.std() < 1e-9:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def _depth(demo: h5py.Group, field: str, notes: Notes) -> None:
    item = demo[field]
    empty = np.array([not item[t].any() for t in range(len(item))])
    if empty.any():
        found = runs(empty)
        notes.fault(f"{share(empty)} frames have no return: {ranges(found)}", found[0], field)


def _ids(demo: h5py.Group, field: str, track: CameraTrack, notes: Notes) -> None:
    item = demo[field]
    named = np.array(sorted({0, *track.names}), np.int64)
    unnamed: dict[int, int] = {}  # id -> first step
    for t in range(len(item)):
        for number in np.setdiff1d(np.unique(item[t]), named):
            unnamed.setdefault(int(number), t)
    if unnamed:
        listed = ", ".join(map(str, sorted(unnamed)[:8]))
        notes.fault(f"ids without a name: {listed}", min(unnamed.values()), field)
