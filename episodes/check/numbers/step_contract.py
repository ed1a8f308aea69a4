"""Were the readings and the objects of a step read at its state?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.random import Generator

from episodes.array_types import Bools, Floats
from episodes.check import tamper
from episodes.check.kind import Check, Limits
from episodes.check.recording import Recording
from episodes.check.wording import share, span
from episodes.episode import Episode
from episodes.finding import Finding

F4 = 1e-5  # what storing as float32 may change
READINGS = ("joint_position", "joint_velocity")


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    episode = seen.episode
    states = episode.states
    if states is None:
        return
    width = states.shape[1]
    for name, (start, stop) in episode.layout.items():
        if not 0 <= start <= stop <= width:
            message = f"columns [{start}, {stop}) of {name} are not among the {width}"
            yield seen.origin.error(message, field="states")
            return
    for reading in READINGS:
        if reading in episode.obs:
            yield from _readings(seen, reading, states)
    if episode.objects is None:
        return
    if len(episode.object_names) != episode.objects.shape[1]:
        yield seen.origin.error(
            f"{len(episode.object_names)} names for {episode.objects.shape[1]} objects",
            field="objects/pose",
        )
        return
    for i, name in enumerate(episode.object_names):
        if f"{name}/pose" in episode.layout:
            start, stop = episode.layout[f"{name}/pose"]
            rows = (np.abs(episode.objects[:, i] - states[:, start:stop]) > 1e-9).any(axis=1)
            yield from _disagreement(seen, rows, f"objects/pose[{name}]", f"{name}/pose")
        elif not (episode.objects[:, i] == episode.objects[0, i]).all():
            rows = (episode.objects[:, i] != episode.objects[0, i]).any(axis=1)
            message = f"{name} moves, though it has no place in states"
            yield seen.origin.fault(message, span(rows), "objects/pose")


def _readings(seen: Recording, reading: str, states: Floats) -> Iterator[Finding]:
    """Each sensed joint must be one of the state's joints, at the same time."""
    spans = [v for k, v in seen.episode.layout.items() if k.rpartition("/")[2] == reading]
    if not spans:
        return
    truth = np.concatenate([states[:-1, a:b] for a, b in spans], axis=1)
    sensed = seen.episode.obs[reading]
    # Which joint is which is not told; the one that agrees most often is it.
    wrong = np.abs(sensed[:, :, None] - truth[:, None, :]) > F4 * (1 + np.abs(truth[:, None, :]))
    best = wrong.sum(axis=0).argmin(axis=1)
    rows = wrong[:, np.arange(sensed.shape[1]), best].any(axis=1)
    yield from _disagreement(seen, rows, f"obs/{reading}", f"*/{reading}")


def _disagreement(seen: Recording, rows: Bools, field: str, columns: str) -> Iterator[Finding]:
    if rows.any():
        message = f"not what states[t] has under {columns} in {share(rows)} rows: shifted or edited"
        yield seen.origin.fault(message, span(rows), field)


def _late_readings(episode: Episode, rng: Generator) -> Episode | None:
    if episode.states is None or "joint_position" not in episode.obs:
        return None
    late = np.roll(episode.obs["joint_position"], int(rng.integers(1, 4)), axis=0)
    return tamper.obs(episode, joint_position=late)


def _readings_after(episode: Episode, rng: Generator) -> Episode | None:
    """Row t was read after action t."""
    if episode.states is None or "joint_position" not in episode.obs:
        return None
    readings = {n: np.roll(episode.obs[n], -1, axis=0) for n in READINGS if n in episode.obs}
    return tamper.obs(episode, **readings)


def _moved_object(episode: Episode, rng: Generator) -> Episode | None:
    if episode.objects is None or not episode.objects.size or episode.states is None:
        return None
    place = (int(rng.integers(len(episode.objects))), int(rng.integers(len(episode.object_names))))
    moved = episode.objects[place] + 0.02 * np.eye(7)[int(rng.integers(3))]
    return replace(episode, objects=tamper.put(episode.objects, place, moved))


CHECK = Check(
    name="step_contract",
    reads="numbers",
    finds="readings and objects that are not those of the state at the same step",
    reason="a policy would be shown what it cannot know yet, or what is no longer so",
    source="the timing contract of docs/library-format.md",
    find=find,
    faults={
        "joint readings late": _late_readings,
        "readings of after the action": _readings_after,
        "an object elsewhere than its state": _moved_object,
    },
)
