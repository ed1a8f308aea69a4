"""Do commands, readings, pictures and poses belong to the same steps?"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from episodes.array_types import AnyFloats
from episodes.check.frame_scan import FrameStatistics
from episodes.check.notes import Notes
from episodes.episode import CameraTrack, Episode

LAGS = range(-3, 4)
LEAST_STEPS = 15  # in which something moves, before a lag is believed
OBJECT_MOVES_M = 0.003
CLIP_M = 0.01  # a larger gap is something else that passes in front
COMMAND_LAGS = range(-5, 16)  # steps from a command to the reading that fits it best
USUAL_LAGS = range(1, 5)  # of a real robot
LEAST_ROWS = 30  # of commands and readings, before a lag is believed
FOLLOWS = 0.3  # gap up to which a reading follows its command


def lag(episode: Episode, notes: Notes) -> None:
    """How long after its command a reading fits it best. In the simulator that is one step."""
    pairs = {
        f"action/{name}": (episode.action[name], episode.obs[name])
        for name in sorted(set(episode.action) & set(episode.obs))
    }
    if notes.given and "state" in episode.obs:
        pairs["actions"] = (episode.actions, episode.obs["state"])
    simulated = notes.ours
    for field, (commanded, sensed) in pairs.items():
        if commanded.shape != sensed.shape or commanded.ndim != 2:
            continue
        usual = (1,) if simulated else USUAL_LAGS
        steps, gap, usual_gap = best_lag(commanded, sensed, usual)
        clearly = gap < (0.3 if simulated else 0.7) * usual_gap
        if steps in usual or not clearly:
            continue
        seconds = f"{abs(steps) / episode.control_hz:.2f} s"
        if steps > 0:
            message = f"readings fit commands best {steps} steps ({seconds}) later"
        else:
            message = f"readings come {_steps(steps - 1)} for their commands: shifted?"
        (notes.error if simulated else notes.warn)(message, None, field)


def best_lag(
    commanded: AnyFloats, sensed: AnyFloats, usual: Collection[int]
) -> tuple[int, float, float]:
    """The lag [steps] at which sensed[t + lag] fits commanded[t] best, its gap, and the smallest
    gap at a usual lag; arrays (T, D).

    A gap is what a straight line leaves unexplained, sqrt(1 - correlation^2), so units and offsets
    do not matter; the mean over the columns that follow their command at all.
    """
    steps = len(commanded)
    lags = [k for k in COMMAND_LAGS if abs(k) < steps // 4]
    if steps < LEAST_ROWS:
        return 1, np.inf, np.inf
    first, last = -min(lags), steps - max(lags)
    gaps = np.array([_gap(commanded[first:last], sensed[first + k : last + k]) for k in lags])
    follows = gaps.min(axis=0) < FOLLOWS
    varies = np.ptp(sensed, axis=0) > 0
    if not follows.any() or follows.sum() < varies.sum() / 2:  # some fit by chance
        return 1, np.inf, np.inf
    means = dict(zip(lags, gaps[:, follows].mean(axis=1), strict=True))
    best = min(lags, key=lambda k: means[k])
    return best, float(means[best]), float(min(means[k] for k in lags if k in usual))


def _gap(one: AnyFloats, two: AnyFloats) -> AnyFloats:
    """(D,) for each column; 1 where either does not vary."""
    a, b = (x.astype(float) - x.mean(axis=0, dtype=float) for x in (one, two))
    power = np.sqrt((a * a).sum(axis=0) * (b * b).sum(axis=0))
    match = np.divide((a * b).sum(axis=0), power, out=np.zeros(len(power)), where=power > 1e-9)
    return np.asarray(np.sqrt(1.0 - np.clip(match, 0.0, 1.0) ** 2))


def late(
    view: FrameStatistics, track: CameraTrack, episode: Episode, camera: str, notes: Notes
) -> None:
    """Colours against depth or the motion of the camera, depth and ids against the objects."""
    _late_colours(view, track, f"obs/{camera}_image", notes)
    _late_objects(view, episode, f"obs/{camera}_depth", notes)


def camera_motion(camera_to_world: AnyFloats) -> AnyFloats:
    """(T - 1,) how far a camera moved [m]; a turn counts as the way of a point 0.3 m ahead."""
    ahead = camera_to_world[:, :3, 3] + 0.3 * camera_to_world[:, :3, 2]
    aside = camera_to_world[:, :3, 3] + 0.3 * camera_to_world[:, :3, 0]
    steps = [np.linalg.norm(np.diff(p, axis=0), axis=1) for p in (ahead, aside)]
    return np.asarray(np.maximum(*steps))


def _late_colours(view: FrameStatistics, track: CameraTrack, field: str, notes: Notes) -> None:
    """Colour changes when depth does; without depth, when the camera moves.

    Of two channels of one sensor, how a change differs from its neighbours is compared, which is
    sharp: on simulated episodes, correlations of 0.5 to 0.9 at no lag, below 0.3 at any other. The
    motion of the camera itself only tells coarsely.
    """
    change = view.change
    if change is None or len(change) < 6 * len(LAGS):
        return
    if view.depth_change is not None and len(view.depth_change) == len(change):
        cause, effect = _ripple(view.depth_change), _ripple(change)
        what, least, margin = "their depth", 0.5, 0.25
    elif track.camera_to_world is not None and len(track.camera_to_world) == len(change) + 1:
        cause, effect = camera_motion(track.camera_to_world), change
        what, least, margin = "the motion of their camera", 0.6, 0.1
    else:
        return
    fits = {lag: _correlation(cause, effect, lag) for lag in LAGS}
    best = max(LAGS, key=lambda lag: fits[lag])
    if best and fits[best] > least and fits[best] - fits[0] > margin:
        notes.warn(f"pictures are {_steps(best)} for {what}", None, field)


def _ripple(change: AnyFloats) -> AnyFloats:
    root = np.sqrt(change)
    return np.asarray(root[1:-1] - (root[:-2] + root[2:]) / 2)


def _correlation(cause: AnyFloats, effect: AnyFloats, lag: int) -> float:
    """Of cause[t] with effect[t + lag]; 0 where either does not vary."""
    most = max(LAGS)
    a = cause[most : len(cause) - most]
    b = effect[most + lag : len(effect) - most + lag]
    if a.std() < 1e-9 or b.std() < 1e-9:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def _late_objects(view: FrameStatistics, episode: Episode, field: str, notes: Notes) -> None:
    """Where the camera sees an object must move as the object does, in the same step.

    What is seen of an object is a part of its surface, so motions are compared, not places.
    """
    if episode.objects is None:
        return
    gaps: dict[int, list[AnyFloats]] = {lag: [] for lag in LAGS}
    for name, seen in view.seen_at.items():
        place = episode.objects[:, list(episode.object_names).index(name), :3]
        truth, moves = np.diff(place, axis=0), np.diff(seen, axis=0)
        steps = _moving_steps(truth, moves)
        for lag in LAGS:
            gap = np.linalg.norm(moves[steps] - truth[steps + lag], axis=1)
            gaps[lag].append(np.minimum(gap, CLIP_M))
    if sum(map(len, gaps[0])) < LEAST_STEPS:
        return
    means = {lag: float(np.concatenate(parts).mean()) for lag, parts in gaps.items()}
    best = min(LAGS, key=lambda lag: means[lag])
    if best and means[best] < 0.75 * means[0]:
        notes.fault(f"objects are seen {_steps(-best)} for objects/pose: shifted?", None, field)


def _moving_steps(truth: AnyFloats, moves: AnyFloats) -> NDArray[np.intp]:
    """The steps in which an object is seen to move, with room for every lag on both sides."""
    most = max(LAGS)
    if len(truth) < 2 * most + 1:
        return np.array([], np.intp)
    speed = np.linalg.norm(truth, axis=1)
    near = np.lib.stride_tricks.sliding_window_view(speed, 2 * most + 1).max(axis=1)
    steps = most + np.flatnonzero(near > OBJECT_MOVES_M)
    steps = steps[steps < len(moves)]
    return np.asarray(steps[np.isfinite(moves[steps]).all(axis=1)])


def _steps(lag: int) -> str:
    count = "1 step" if abs(lag) == 1 else f"{abs(lag)} steps"
    return f"{count} {'late' if lag > 0 else 'early'}"
