"""Idle beginnings and ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from episodes.array_types import AnyArray, Bools
from episodes.check.kind import Check, Limits, Threshold
from episodes.check.recording import Recording
from episodes.episode import Episode
from episodes.finding import Finding

MEASURED = ("joint_position", "gripper_position", "state", "ee_pose")
STILL = 0.02  # of the usual speed, below which nothing moves


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    """Our own scripts wait where the work makes them: only what was given to us is looked at."""
    episode = seen.episode
    moves = moving(episode)
    if not seen.origin.given or moves is None or not moves.any():
        return
    first, last = int(np.argmax(moves)), len(moves) - int(np.argmax(moves[::-1]))
    for what, (a, b) in (("beginning", (0, first)), ("end", (last, episode.steps))):
        seconds = (b - a) / episode.control_hz
        if seconds > limits["idle_s"]:
            yield seen.origin.warn(
                f"nothing moves for {seconds:.1f} s at the {what}",
                (a, b),
                "obs",
                measured=seconds,
                threshold=limits["idle_s"],
            )


def moving(episode: Episode) -> Bools | None:
    """(T - 1,) whether any measured position moves, against its usual speed; None: unknown."""
    rows = []
    for name in MEASURED:
        values = episode.obs.get(name)
        if values is None or values.ndim != 2 or len(values) < 2:
            continue
        steps = np.abs(np.diff(values.astype(float), axis=0))
        usual = np.percentile(steps, 95, axis=0)
        rows.append((steps > STILL * usual) & (usual > 1e-9))
    return np.asarray(np.concatenate(rows, axis=1).any(axis=1)) if rows else None


def _wait(episode: Episode, rng: Generator, front: bool) -> Episode | None:
    """The operator starts the recording, and only then the work."""
    if not moving_at_all(episode):
        return None
    count = round(rng.uniform(4, 8) * episode.control_hz)
    first = np.zeros(count, int) if front else np.full(count, episode.steps - 1)
    order = np.concatenate([first, np.arange(episode.steps)][:: 1 if front else -1])
    return taken(replace(episode, domain="real"), order)


def moving_at_all(episode: Episode) -> bool:
    rows = moving(episode)
    return rows is not None and bool(rows.any())


def taken(episode: Episode, order: NDArray[np.intp]) -> Episode:
    """The rows of these steps, in this order; without what only a simulation has."""
    period = 1.0 / episode.control_hz

    def rows(arrays: Mapping[str, AnyArray]) -> dict[str, AnyArray]:
        return {name: value[order] for name, value in arrays.items()}

    dones = np.zeros(len(order), np.uint8)
    dones[-1] = 1
    return replace(
        episode,
        time=period * np.arange(len(order) + 1),
        actions=episode.actions[order],
        action=rows(episode.action),
        obs=rows(episode.obs),
        rewards=None,
        dones=dones,
        states=None,
        layout={},
        objects=None,
        object_names=(),
        subtasks=(),
        cameras={},
    )


def _late_start(episode: Episode, rng: Generator) -> Episode | None:
    return _wait(episode, rng, front=True)


def _late_end(episode: Episode, rng: Generator) -> Episode | None:
    return _wait(episode, rng, front=False)


CHECK = Check(
    name="idle",
    reads="numbers",
    finds="seconds at the beginning or the end in which nothing moves",
    reason="a policy that is shown them learns to stay where it is",
    source="the no-op filters of OpenVLA's LIBERO data and of DROID",
    find=find,
    faults={"the work begins late": _late_start, "the recording ends late": _late_end},
    thresholds=[Threshold("idle_s", 3.0, "[s] without motion")],
)
