"""Are rotations rotations?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.random import Generator

from episodes.check import tamper
from episodes.check.kind import Check, Limits, Threshold
from episodes.check.recording import Recording
from episodes.check.wording import share, span
from episodes.episode import Episode
from episodes.finding import Finding


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    episode, most = seen.episode, limits["quaternion_norm"]
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
        rows = (np.abs(norms - 1.0) > most).any(axis=1)
        if rows.any():
            worst = float(norms.flat[np.argmax(np.abs(norms - 1.0))])
            yield seen.origin.fault(
                f"quaternions of norm {worst:.4g} in {share(rows)} rows",
                span(rows),
                name,
                measured=abs(worst - 1.0),
                threshold=most,
            )


def _scaled(episode: Episode, rng: Generator) -> Episode | None:
    poses = episode.obs.get("ee_pose")
    if poses is None:
        return None
    scale = np.where(np.arange(7) < 3, 1.0, rng.uniform(0.5, 0.98)).astype(np.float32)
    return tamper.obs(episode, ee_pose=poses * scale)


def _zeros(episode: Episode, rng: Generator) -> Episode | None:
    """A pose of zeros, as a tracker gives that lost its target."""
    if episode.objects is None or not episode.objects.size:
        return None
    row = int(rng.integers(len(episode.objects)))
    return replace(episode, objects=tamper.put(episode.objects, (row, 0, slice(3, 7)), 0.0))


CHECK = Check(
    name="quaternions",
    reads="numbers",
    finds="quaternions that are not of norm 1",
    reason="they are no rotations: averaged, rounded, another parametrisation, or a lost pose",
    source="Shoemake, Animating rotation with quaternion curves, 1985",
    find=find,
    faults={"quaternions not normalised": _scaled, "a pose of zeros": _zeros},
    thresholds=[Threshold("quaternion_norm", 1e-3, "by which a norm may differ from 1")],
)
