"""Do the forms of a command agree: `actions`, its parts, and the poses that they lead to?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.random import Generator

from episodes.check import tamper
from episodes.check.kind import Check, Limits
from episodes.check.recording import Recording
from episodes.check.wording import share, span
from episodes.episode import Episode
from episodes.finding import Finding

F4 = 1e-5  # what storing as float32 may change, for values up to 50


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    if seen.origin.ours:  # what was given to us keeps the actions that it came with
        yield from _default(seen)
        yield from _chained(seen)


def _default(seen: Recording) -> Iterator[Finding]:
    """`actions` is action/ee_delta and action/gripper side by side."""
    episode = seen.episode
    wanted = np.concatenate([episode.action["ee_delta"], episode.action["gripper"]], axis=1)
    if wanted.shape != episode.actions.shape:
        message = f"{episode.actions.shape[1]} columns, not {wanted.shape[1]}"
        yield seen.origin.error(message, field="actions")
        return
    rows = np.any(wanted != episode.actions, axis=1)
    if rows.any():
        message = f"not action/ee_delta and action/gripper in {share(rows)} rows"
        yield seen.origin.error(message, span(rows), "actions")


def _chained(seen: Recording) -> Iterator[Finding]:
    """ee_delta[t] leads from commanded pose t-1 to commanded pose t, unless it is refused."""
    delta, pose = seen.episode.action["ee_delta"], seen.episode.action["ee_pose"]
    shift = np.diff(pose[:, :3].astype(float), axis=0)
    refused = (pose[1:] == pose[:-1]).all(axis=1)
    rows = np.zeros(len(pose), bool)
    rows[1:] = (np.abs(shift - delta[1:, :3]) > F4).any(axis=1) & ~refused
    if rows.any():
        message = f"does not lead from action/ee_pose to the next in {share(rows)} steps"
        yield seen.origin.error(message, span(rows), "action/ee_delta")


def _simulated(episode: Episode) -> bool:
    return episode.domain == "sim" and {"ee_delta", "ee_pose"} <= set(episode.action)


def _shifted_actions(episode: Episode, rng: Generator) -> Episode | None:
    """The training action a step late, as by a recorder that writes after the step."""
    if not _simulated(episode):
        return None
    return replace(episode, actions=np.roll(episode.actions, int(rng.integers(1, 4)), axis=0))


def _scaled_deltas(episode: Episode, rng: Generator) -> Episode | None:
    """Motion in units of a controller's range, not in metres."""
    if not _simulated(episode):
        return None
    delta = np.array(episode.action["ee_delta"] * np.float32(rng.uniform(2, 20)))
    actions = np.concatenate([delta, episode.action["gripper"]], axis=1)
    return replace(tamper.action(episode, ee_delta=delta), actions=actions)


CHECK = Check(
    name="commands",
    reads="numbers",
    finds="actions that are not their parts, and motions that do not lead from pose to pose",
    reason="two forms of one command that differ teach two behaviours",
    source="docs/library-format.md",
    find=find,
    faults={"actions a few steps late": _shifted_actions, "motion in other units": _scaled_deltas},
)
