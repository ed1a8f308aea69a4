"""NaN and infinite numbers."""

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


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    episode = seen.episode
    fields = {"time": episode.time, "actions": episode.actions}
    fields |= {f"action/{name}": value for name, value in episode.action.items()}
    fields |= {f"obs/{name}": value for name, value in episode.obs.items()}
    for name in ("states", "rewards"):
        if getattr(episode, name) is not None:
            fields[name] = getattr(episode, name)
    if episode.objects is not None:
        fields["objects/pose"] = episode.objects
    for name, value in fields.items():
        if value.dtype.kind != "f" or np.isfinite(value).all():
            continue
        rows = np.any(~np.isfinite(value.reshape(len(value), -1)), axis=1)
        yield seen.origin.fault(f"NaN or infinite in {share(rows)} rows", span(rows), name)


def _nan_action(episode: Episode, rng: Generator) -> Episode:
    place = tuple(int(rng.integers(n)) for n in episode.actions.shape)
    return replace(episode, actions=tamper.put(episode.actions, place, np.nan))


def _infinite_reading(episode: Episode, rng: Generator) -> Episode | None:
    floats = sorted(n for n, v in episode.obs.items() if v.dtype.kind == "f" and v.size)
    if not floats:
        return None
    name = floats[int(rng.integers(len(floats)))]
    row = int(rng.integers(episode.steps))
    return tamper.obs(episode, **{name: tamper.put(episode.obs[name], row, np.inf)})


CHECK = Check(
    name="finite",
    reads="numbers",
    finds="NaN and infinite numbers",
    reason="one of them makes the loss NaN, and with it every weight, within a step",
    source="IEEE 754",
    find=find,
    faults={"NaN in an action": _nan_action, "infinite reading": _infinite_reading},
    gate=True,
)
