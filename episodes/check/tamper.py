"""Changes to one place of an episode, of which faults are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.random import Generator

from episodes.array_types import AnyArray
from episodes.episode import CameraTrack, Episode


def obs(episode: Episode, **arrays: AnyArray) -> Episode:
    return replace(episode, obs={**episode.obs, **arrays})


def action(episode: Episode, **arrays: AnyArray) -> Episode:
    """With other commands; `actions`, the training action, stays what it was."""
    return replace(episode, action={**episode.action, **arrays})


def camera(episode: Episode, name: str, **changes: Any) -> Episode:
    return replace(
        episode, cameras={**episode.cameras, name: replace(episode.cameras[name], **changes)}
    )


def one_camera(
    episode: Episode, rng: Generator, has: Callable[[CameraTrack], bool]
) -> tuple[str, CameraTrack] | None:
    """A camera of the episode that has what a fault needs; None where none has."""
    fit = [(name, track) for name, track in sorted(episode.cameras.items()) if has(track)]
    return fit[int(rng.integers(len(fit)))] if fit else None


def pictures(track: CameraTrack) -> bool:
    return track.rgb is not None


def depth(track: CameraTrack) -> bool:
    return track.depth is not None


def put(array: AnyArray, place: Any, value: Any) -> AnyArray:
    """A copy with another value at a place."""
    copy = np.array(array)
    copy[place] = value
    return copy


def some_steps(steps: int, rng: Generator, least: int, longest: int | None = None) -> slice | None:
    """A stretch of steps, at least `least` long and within the middle of the episode."""
    longest = max(least, longest or steps // 3)
    if steps < longest + 2:
        return None
    length = int(rng.integers(least, longest + 1))
    start = int(rng.integers(1, steps - length))
    return slice(start, start + length)


def frames(
    episode: Episode,
    rng: Generator,
    channel: Literal["rgb", "depth"],
    least: int,
    edit: Callable[[AnyArray], Any],
) -> Episode | None:
    """With what `edit` makes of some frames, `least` or more, of one camera; None where none has
    them."""
    found = one_camera(episode, rng, lambda track: getattr(track, channel) is not None)
    steps = some_steps(episode.steps, rng, least)
    if found is None or steps is None:
        return None
    name, track = found
    whole = getattr(track, channel)
    return camera(episode, name, **{channel: put(whole, steps, edit(whole[steps]))})
