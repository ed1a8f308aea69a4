"""What is wrong with pictures: black, empty, stuck, doubled, unnamed."""

from __future__ import annotations

import h5py
import numpy as np

from episodes.array_types import Bools
from episodes.check.frame_scan import scan
from episodes.check.notes import Notes, ranges, runs, share
from episodes.check.sync import camera_motion, late
from episodes.episode import CameraTrack, Episode

LEAST_DOUBLES = 3  # repeated frames in an episode that are worth a word
MOVED_RAD = 0.02  # a step in which a joint turned so far cannot look the same
MOVED_M = 0.005  # nor one in which the camera moved so far
STOPPED_SECONDS = 1.0


def frames(demo: h5py.Group, episode: Episode, notes: Notes) -> None:
    """The pictures of an episode, read from its demo; `episode` may be without them."""
    movable = [name for name in episode.object_names if f"{name}/pose" in episode.layout]
    stopped = False
    for name, track in episode.cameras.items():
        view = scan(demo["obs"], name, track, movable)
        image, depth = f"obs/{name}_image", f"obs/{name}_depth"
        if view.black is not None and view.same is not None:
            _blank(view.black, "black", image, notes)
            if not view.black.all():
                _doubled(view.same, image, track, episode, notes)
            # Our own arm may wait for a belt; that its readings are those of its states is checked.
            stopped = stopped or notes.ours or _stopped(view.same, episode, notes)
        if view.empty is not None:
            _blank(view.empty, "without any return", depth, notes)
        if view.unnamed:
            listed = ", ".join(map(str, sorted(view.unnamed)[:8]))
            first = min(view.unnamed.values())
            notes.fault(f"ids without a name: {listed}", first, f"obs/{name}_segmentation")
        late(view, track, episode, name, notes)


def _blank(rows: Bools, what: str, field: str, notes: Notes) -> None:
    if rows.all():
        notes.fault(f"every frame is {what}", (0, len(rows)), field)
    elif rows.any():
        found = runs(rows)
        message = f"{share(rows)} frames are {what}: {ranges(found)}"
        notes.fault(message, (found[0][0], found[-1][1]), field)


def _doubled(same: Bools, field: str, track: CameraTrack, episode: Episode, notes: Notes) -> None:
    """Frames that repeat the one before although what they should show has moved."""
    moved = _moved(episode, track)
    if moved is None:
        return
    doubled = same & np.concatenate([[False], moved])
    if int(doubled.sum()) < LEAST_DOUBLES:
        return
    found = runs(doubled)
    rhythm = ""
    if (np.diff(np.flatnonzero(doubled)) == 2).mean() > 0.5:
        rhythm = ", mostly every other one: the camera ran at half the rate"
    message = f"{share(doubled)} frames repeat the one before while the robot moves{rhythm}"
    whole = (found[0][0], found[-1][1])
    if _rides(track):
        notes.fault(f"{message}: {ranges(found)}", whole, field)
    else:  # a fixed camera may look away from what moves
        notes.warn(f"{message}: {ranges(found)}", whole, field)


def _rides(track: CameraTrack) -> bool:
    return track.camera_to_world is not None and len(track.camera_to_world) > 1


def _moved(episode: Episode, track: CameraTrack) -> Bools | None:
    """(T - 1,) whether the camera, or what a fixed one watches, clearly moved; None: unknown."""
    if _rides(track):
        assert track.camera_to_world is not None
        return np.asarray(camera_motion(track.camera_to_world) > MOVED_M)
    if episode.domain != "real" and "joint_position" in episode.obs:
        turned = np.abs(np.diff(episode.obs["joint_position"], axis=0))
        return np.asarray(turned.max(axis=1, initial=0) > MOVED_RAD)
    return _changed(episode)


def _changed(episode: Episode) -> Bools | None:
    """(T - 1,) whether any sensed number changed at all: real sensors and cameras are never so
    quiet that a picture repeats."""
    rows = [
        (value[1:] != value[:-1]).reshape(len(value) - 1, -1).any(axis=1)
        for value in episode.obs.values()
        if value.ndim <= 2 and len(value) > 1
    ]
    return np.any(rows, axis=0) if rows else None


def _stopped(same: Bools, episode: Episode, notes: Notes) -> bool:
    """Whether every sensor repeats itself while the picture goes on."""
    changed = _changed(episode)
    if changed is None:
        return False
    least = max(3, round(STOPPED_SECONDS * episode.control_hz))
    stuck = [
        (a, b + 1)
        for a, b in runs(~changed)
        if b - a >= least and (~same[a + 1 : b + 1]).mean() > 0.8
    ]
    if stuck:
        message = f"every reading stands still while the picture moves: {ranges(stuck)}"
        notes.fault(message, stuck[0], "obs")
    return bool(stuck)
