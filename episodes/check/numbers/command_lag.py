"""How long after its command does a reading follow?"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

import numpy as np
from numpy.random import Generator

from episodes.array_types import AnyFloats
from episodes.check.kind import Check, Limits, Threshold
from episodes.check.recording import Recording
from episodes.check.wording import steps_off
from episodes.episode import Episode
from episodes.finding import Finding

LAGS = range(-5, 16)  # steps from a command to the reading that fits it best
USUAL = range(1, 5)  # of a real robot
LEAST_ROWS = 30  # of commands and readings, before a lag is believed
FOLLOWS = 0.3  # gap up to which a reading follows its command
CLEARLY_OURS = 0.3  # of the gap at the usual lag; a simulation is exact


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    """In the simulator the lag is one step."""
    episode, simulated = seen.episode, seen.origin.ours
    pairs = {
        f"action/{name}": (episode.action[name], episode.obs[name])
        for name in sorted(set(episode.action) & set(episode.obs))
    }
    if seen.origin.given and "state" in episode.obs:
        pairs["actions"] = (episode.actions, episode.obs["state"])
    for field, (commanded, sensed) in pairs.items():
        if commanded.shape != sensed.shape or commanded.ndim != 2:
            continue
        usual = (1,) if simulated else USUAL
        steps, gap, usual_gap = best_lag(commanded, sensed, usual)
        clearly = CLEARLY_OURS if simulated else limits["lag_share"]
        if steps in usual or gap >= clearly * usual_gap:
            continue
        seconds = f"{abs(steps) / episode.control_hz:.2f} s"
        if steps > 0:
            message = f"readings fit commands best {steps} steps ({seconds}) later"
        else:
            message = f"readings come {steps_off(steps - 1)} for their commands: shifted?"
        tell = seen.origin.error if simulated else seen.origin.warn
        yield tell(message, None, field, measured=gap / usual_gap, threshold=clearly)


def best_lag(
    commanded: AnyFloats, sensed: AnyFloats, usual: Collection[int]
) -> tuple[int, float, float]:
    """The lag [steps] at which sensed[t + lag] fits commanded[t] best, its gap, and the smallest
    gap at a usual lag; arrays (T, D).

    A gap is what a straight line leaves unexplained, sqrt(1 - correlation^2), so units and offsets
    do not matter; the mean over the columns that follow their command at all.
    """
    steps = len(commanded)
    lags = [k for k in LAGS if abs(k) < steps // 4]
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


def _delayed(episode: Episode, rng: Generator) -> Episode | None:
    """Commands written down some steps before they took effect."""
    if "joint_position" not in episode.action or episode.steps < 2 * LEAST_ROWS:
        return None
    by = int(rng.integers(6, 10))
    late = {n: np.concatenate([rows[by:], rows[-1:].repeat(by, 0)]) for n, rows in _rows(episode)}
    return replace(episode, action=late)


def _early(episode: Episode, rng: Generator) -> Episode | None:
    """Commands written down after they took effect."""
    if "joint_position" not in episode.action or episode.steps < 2 * LEAST_ROWS:
        return None
    by = int(rng.integers(2, 5))
    early = {n: np.concatenate([rows[:1].repeat(by, 0), rows[:-by]]) for n, rows in _rows(episode)}
    return replace(episode, action=early)


def _rows(episode: Episode) -> Collection[tuple[str, AnyFloats]]:
    return episode.action.items()


CHECK = Check(
    name="command_lag",
    reads="numbers",
    finds="readings that follow their commands unusually late, or come before them",
    reason="a policy that is asked for an action learns to answer for another moment; delays of "
    "teleoperation and shifted rows show here",
    source="cross-correlation; measured on real data of a Unitree G1: 0.28 s; usual: 1 to 4 steps",
    find=find,
    faults={"commands lead by many steps": _delayed, "commands after their effect": _early},
    thresholds=[
        Threshold("lag_share", 0.7, "of the gap at a usual lag that the best lag leaves", 1)
    ],
)
