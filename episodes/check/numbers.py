"""Do the numbers of an episode agree with each other? Time, poses, commands, the step contract."""

from __future__ import annotations

import numpy as np

from episodes.array_types import AnyFloats, Bools
from episodes.check.notes import Notes, share, span
from episodes.check.sync import lag
from episodes.episode import Episode
from episodes.reserved import MEANING, meaning

UNIT = 1e-3  # how far the norm of a quaternion may be from 1
F4 = 1e-5  # what storing as float32 may change, for values up to 50


def motion(episode: Episode, notes: Notes) -> None:
    """Every check of an episode that needs no picture."""
    if not _finite(episode, notes):
        return
    _meanings(episode, notes)
    _time(episode, notes)
    _poses(episode, notes)
    _commands(episode, notes)
    _step_contract(episode, notes)
    lag(episode, notes)
    _ends(episode, notes)
    _words(episode, notes)
    _cameras(episode, notes)


def _finite(episode: Episode, notes: Notes) -> bool:
    fields = {"time": episode.time, "actions": episode.actions}
    fields |= {f"action/{name}": value for name, value in episode.action.items()}
    fields |= {f"obs/{name}": value for name, value in episode.obs.items()}
    for name in ("states", "rewards"):
        if getattr(episode, name) is not None:
            fields[name] = getattr(episode, name)
    if episode.objects is not None:
        fields["objects/pose"] = episode.objects
    good = True
    for name, value in fields.items():
        if value.dtype.kind != "f" or np.isfinite(value).all():
            continue
        rows = np.any(~np.isfinite(value.reshape(len(value), -1)), axis=1)
        notes.fault(f"NaN or infinite in {share(rows)} rows", span(rows), name)
        good = False
    return good


def _meanings(episode: Episode, notes: Notes) -> None:
    """What others recorded stands under a name of the format only with its reason."""
    if "format" not in episode.lineage:
        return
    known = episode.lineage.get(MEANING, {})
    for group, arrays in (("action", episode.action), ("obs", episode.obs)):
        for path in (f"{group}/{name}" for name in arrays):
            if (what := meaning(path)) and path not in known:
                notes.fault(
                    f"nothing says that it is what the format means by this name ({what}); import "
                    "it again",
                    field=path,
                )


def _time(episode: Episode, notes: Notes) -> None:
    periods = np.diff(episode.time)
    if (periods <= 0).any():
        rows = periods <= 0
        notes.fault(f"time does not increase in {share(rows)} steps", span(rows), "time")
        return
    # The clock of a simulation is exact; a sensor's jitters.
    most = 0.2 if notes.given else 1e-6
    rows = np.abs(periods * episode.control_hz - 1.0) > most
    if rows.any():
        told = f"1/{episode.control_hz:g} s"
        notes.fault(
            f"{share(rows)} steps do not take {told} (median {np.median(periods):.4g} s, "
            f"longest {periods.max():.4g} s)",
            span(rows),
            "time",
        )


def _poses(episode: Episode, notes: Notes) -> None:
    fields = {}
    for group, arrays in (("action", episode.action), ("obs", episode.obs)):
        if "ee_pose" in arrays:
            fields[f"{group}/ee_pose"] = arrays["ee_pose"]
    if episode.objects is not None:
        fields["objects/pose"] = episode.objects
    if episode.states is not None:
        for name, (start, stop) in episode.layout.items():
            if name.endswith("/pose") and stop - start == 7:
                fields[f"states/{name}"] = episode.states[:, start:stop]
    for name, poses in fields.items():
        norms = np.linalg.norm(poses[..., 3:7], axis=-1).reshape(len(poses), -1)
        rows = (np.abs(norms - 1.0) > UNIT).any(axis=1)
        if rows.any():
            worst = norms.flat[np.argmax(np.abs(norms - 1.0))]
            notes.fault(f"quaternions of norm {worst:.4g} in {share(rows)} rows", span(rows), name)


def _commands(episode: Episode, notes: Notes) -> None:
    action = episode.action
    for field, values, slack in (
        ("action/gripper", action.get("gripper"), 1e-6),
        ("obs/gripper_position", episode.obs.get("gripper_position"), 0.05),  # a sensor overshoots
    ):
        if values is not None:
            rows = np.any((values < -slack) | (values > 1 + slack), axis=1)
            if rows.any():
                low, high = float(values.min()), float(values.max())
                notes.fault(f"outside 0..1: {low:.4g} to {high:.4g}", span(rows), field)
    if notes.ours:  # what was given to us keeps the actions that it came with
        _default(episode, notes)
        _chained(action["ee_delta"], action["ee_pose"], notes)


def _default(episode: Episode, notes: Notes) -> None:
    """`actions` is action/ee_delta and action/gripper side by side."""
    wanted = np.concatenate([episode.action["ee_delta"], episode.action["gripper"]], axis=1)
    if wanted.shape != episode.actions.shape:
        notes.error(f"{episode.actions.shape[1]} columns, not {wanted.shape[1]}", field="actions")
        return
    rows = np.any(wanted != episode.actions, axis=1)
    if rows.any():
        message = f"not action/ee_delta and action/gripper in {share(rows)} rows"
        notes.error(message, span(rows), "actions")


def _chained(delta: AnyFloats, pose: AnyFloats, notes: Notes) -> None:
    """ee_delta[t] leads from commanded pose t-1 to commanded pose t, unless it is refused."""
    shift = np.diff(pose[:, :3].astype(float), axis=0)
    refused = (pose[1:] == pose[:-1]).all(axis=1)
    rows = np.zeros(len(pose), bool)
    rows[1:] = (np.abs(shift - delta[1:, :3]) > F4).any(axis=1) & ~refused
    if rows.any():
        notes.error(
            f"does not lead from action/ee_pose to the next in {share(rows)} steps",
            span(rows),
            "action/ee_delta",
        )


def _step_contract(episode: Episode, notes: Notes) -> None:
    """obs[t] and objects[t] were read at states[t]."""
    states = episode.states
    if states is None:
        return
    width = states.shape[1]
    for name, (start, stop) in episode.layout.items():
        if not 0 <= start <= stop <= width:
            message = f"columns [{start}, {stop}) of {name} are not among the {width}"
            notes.error(message, field="states")
            return
    for reading in ("joint_position", "joint_velocity"):
        if reading in episode.obs:
            _readings(episode, reading, notes)
    if episode.objects is None:
        return
    if len(episode.object_names) != episode.objects.shape[1]:
        notes.error(
            f"{len(episode.object_names)} names for {episode.objects.shape[1]} objects",
            field="objects/pose",
        )
        return
    for i, name in enumerate(episode.object_names):
        if f"{name}/pose" in episode.layout:
            start, stop = episode.layout[f"{name}/pose"]
            rows = (np.abs(episode.objects[:, i] - states[:, start:stop]) > 1e-9).any(axis=1)
            _disagreement(rows, f"objects/pose[{name}]", f"{name}/pose", notes)
        elif not (episode.objects[:, i] == episode.objects[0, i]).all():
            rows = (episode.objects[:, i] != episode.objects[0, i]).any(axis=1)
            message = f"{name} moves, though it has no place in states"
            notes.fault(message, span(rows), "objects/pose")


def _readings(episode: Episode, reading: str, notes: Notes) -> None:
    """Each sensed joint must be one of the state's joints, at the same time."""
    assert episode.states is not None
    spans = [v for k, v in episode.layout.items() if k.rpartition("/")[2] == reading]
    if not spans:
        return
    truth = np.concatenate([episode.states[:-1, a:b] for a, b in spans], axis=1)
    sensed = episode.obs[reading]
    # Which joint is which is not told; the one that agrees most often is it.
    wrong = np.abs(sensed[:, :, None] - truth[:, None, :]) > F4 * (1 + np.abs(truth[:, None, :]))
    best = wrong.sum(axis=0).argmin(axis=1)
    rows = wrong[:, np.arange(sensed.shape[1]), best].any(axis=1)
    _disagreement(rows, f"obs/{reading}", f"*/{reading}", notes)


def _disagreement(rows: Bools, field: str, columns: str, notes: Notes) -> None:
    if rows.any():
        message = f"not what states[t] has under {columns} in {share(rows)} rows: shifted or edited"
        notes.fault(message, span(rows), field)


def _ends(episode: Episode, notes: Notes) -> None:
    if episode.dones is not None:
        if not episode.dones[-1]:
            notes.fault("no done at the last step", episode.steps - 1, "dones")
        if episode.dones[:-1].any():
            notes.fault("done before the last step", span(episode.dones[:-1] != 0), "dones")
    if episode.success and episode.failure:
        notes.fault(f"success, and yet a failure: {episode.failure!r:.80}", field="failure")
    if notes.ours and episode.success is False and not episode.failure:
        notes.error("a failure without a cause", field="failure")
    at = 0
    for subtask in episode.subtasks:
        if not 0 <= subtask.start < subtask.end <= episode.steps:
            where = (subtask.start, subtask.end)
            notes.fault(f"{subtask.name!r:.40} is not in the episode", where, "subtasks")
            return
        if subtask.start != at and notes.ours:
            where = (min(at, subtask.start), max(at, subtask.start))
            notes.error("subtasks overlap or leave a gap", where, "subtasks")
            return
        at = subtask.end
    if episode.subtasks and at != episode.steps and notes.ours:
        notes.error("no subtask covers the end", (at, episode.steps), "subtasks")


def _words(episode: Episode, notes: Notes) -> None:
    if not episode.instruction.strip():
        notes.fault("it is empty", field="instruction")
    for language, phrases in episode.language.items():
        if any(not phrase.strip() for phrase in phrases):
            notes.fault("a phrase is empty", field=f"language/{language}")
    english = episode.language.get("en")
    if english and english[0] != episode.instruction:
        notes.error("its first phrase is not the instruction", field="language/en")


def _cameras(episode: Episode, notes: Notes) -> None:
    for name, track in episode.cameras.items():
        k = track.intrinsics
        if k is not None and not (
            np.isfinite(k).all() and k[0, 0] > 0 and k[1, 1] > 0 and (k[2] == [0, 0, 1]).all()
        ):
            notes.fault("not the matrix of a camera", field=f"cameras/{name}/intrinsics")
        pose = track.camera_to_world
        if pose is not None:
            turn = pose[:, :3, :3]
            off = np.abs(turn @ turn.transpose(0, 2, 1) - np.eye(3)).max(axis=(1, 2))
            rows = ~(off < UNIT) | ~np.isfinite(pose).all(axis=(1, 2))
            if rows.any():
                field = f"cameras/{name}/camera_to_world"
                notes.fault(f"not a rigid motion in {share(rows)} rows", span(rows), field)
