"""Commands in foreign data: which columns are any, by their names, and which are the actions.

A command is never an observation: what a policy is to say must not stand among what it sees.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from episodes.array_types import AnyArray
from episodes.episode import Episode
from episodes.finding import Report
from episodes.formats.promises import Promises

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
SAID = frozenset(
    ("action", "actions", "command", "commands", "commanded", "cmd", "cmds", "ctrl",
     "setpoint", "setpoints")
)  # fmt: skip
# A target is a command only where it is one of the robot's own motion: a target may also be a place
# or thing, and gymnasium's "desired_goal" is what the task is about.
MEANT = frozenset(("target", "targets", "desired", "reference"))
MOTION = frozenset(
    ("joint", "joints", "qpos", "qvel", "q", "dq", "ee", "eef", "tcp", "gripper", "finger",
     "fingers", "velocity", "torque", "torques", "effort", "efforts")
)  # fmt: skip
# An "action camera" is a camera, and GR00T's "annotation.human.action.*" are words.
NONE = frozenset(("cam", "camera", "cameras", "image", "images", "rgb", "depth", "annotation"))
ACTIONS = ("action", "actions")


def named(name: str) -> bool:
    """Whether a column or topic is a command by its name, however it is nested: "actions",
    "action_dict/joint_position", "observation.last_action", "cmd_vel", "target_joint_position"."""
    words = {word.lower() for word in WORD.findall(name)}
    if words & NONE:
        return False
    return bool(words & SAID) or bool(words & MEANT and words & MOTION)


def actions(commands: Mapping[str, AnyArray], steps: int) -> tuple[AnyArray, list[str]]:
    """(T, A) the actions among the commands, f4, and the names of the columns they come from.

    `action`, else `actions`, else every `action.*` or `actions.*` side by side in the order of
    their names; (T, 0) where there is none of them.
    """
    whole = [name for name in ACTIONS if name in commands]
    parts = sorted(name for name in commands if re.split(r"[./]", name)[0] in ACTIONS)
    chosen = whole[:1] or parts
    rows = [commands[name].reshape(steps, -1).astype(np.float32) for name in chosen]
    return np.concatenate(rows, axis=1) if rows else np.zeros((steps, 0), np.float32), chosen


def apart(episodes: Iterable[Episode], promises: Promises) -> Iterator[Episode]:
    """The same episodes: what is a command by its name stands under action/, not under obs/; and
    one that has no actions says so. UserError: strict, and one has none."""
    for episode in episodes:
        if "format" in episode.lineage:  # what others recorded
            episode = _separated(episode, promises.report)
        if not episode.actions.shape[1]:
            more = f"; what it has is action/{', action/'.join(episode.action)}"
            promises.lacks(
                "it has no action" + more * bool(episode.action),
                field="actions",
                episode=episode.index,
            )
        yield episode


def _separated(episode: Episode, report: Report) -> Episode:
    moved = [name for name in episode.obs if named(name)]
    if not moved:
        return episode
    action = dict(episode.action)
    for name in moved:
        key = f"obs.{name}" if name in action else name
        report.add(
            "warning",
            f"it is a command, which is no observation: kept as action/{key}",
            episode=episode.index,
            field=f"obs/{name}",
        )
        action[key] = episode.obs[name].reshape(episode.steps, -1).astype(np.float32)
    obs = {name: rows for name, rows in episode.obs.items() if name not in moved}
    return replace(episode, action=action, obs=obs)
