"""Commands that are readings: of the same step, or of the next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.random import Generator

from episodes.check import tamper
from episodes.check.kind import Check, Limits, Threshold
from episodes.check.recording import Recording
from episodes.episode import Episode
from episodes.finding import Finding

LEAST_ROWS = 15  # in which something moves


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    episode = seen.episode
    pairs = {"action/joint_position": ("joint_position", episode.action.get("joint_position"))}
    if "state" in episode.obs:
        pairs["actions"] = ("state", episode.actions)
    for field, (name, commanded) in pairs.items():
        sensed = episode.obs.get(name)
        if sensed is None or commanded is None or sensed.shape != commanded.shape:
            continue
        moves = (sensed[1:] != sensed[:-1]).any(axis=1)
        if moves.sum() < LEAST_ROWS:
            continue
        for late, what in ((0, "of the same step"), (1, "of the next step")):
            other = sensed[late : len(sensed) - 1 + late]
            share = float((commanded[:-1] == other).all(axis=1)[moves].mean())
            if share > limits["echo_share"]:
                yield seen.origin.warn(
                    f"{100 * share:.0f} % are the readings {what}: measured, not commanded",
                    None,
                    field,
                    measured=share,
                    threshold=limits["echo_share"],
                )


def _echo(episode: Episode, late: int) -> Episode | None:
    joints, commanded = episode.obs.get("joint_position"), episode.action.get("joint_position")
    if joints is None or commanded is None or joints.shape != commanded.shape:
        return None
    rows = np.concatenate([joints[late:], joints[len(joints) - late :]])
    return tamper.action(replace(episode), joint_position=rows)


def _same(episode: Episode, rng: Generator) -> Episode | None:
    return _echo(episode, 0)


def _next(episode: Episode, rng: Generator) -> Episode | None:
    return _echo(episode, 1)


CHECK = Check(
    name="echo",
    reads="numbers",
    finds="commands that are the readings of their own step, or of the next",
    reason="of the first a policy learns to stand still; the second has no load, no contact and no "
    "delay in it, so what is replayed falls short",
    source="docs/library-format.md: commanded values are never copied from measured ones",
    find=find,
    faults={"commands are the readings": _same, "commands are the next readings": _next},
    thresholds=[Threshold("echo_share", 0.9, "of the steps with motion", 1)],
)
