"""Ids of a segmentation that no name tells."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from episodes.check import tamper
from episodes.check.kind import Check, Limits
from episodes.check.recording import Recording
from episodes.episode import CameraTrack, Episode
from episodes.finding import Finding


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    for name, camera in seen.scans():
        if camera.unnamed:
            listed = ", ".join(map(str, sorted(camera.unnamed)[:8]))
            first = min(camera.unnamed.values())
            message = f"ids without a name: {listed}"
            yield seen.origin.fault(message, first, f"obs/{name}_segmentation")


def _segmented(track: CameraTrack) -> bool:
    return track.segmentation is not None and bool(np.any(track.segmentation))


def _nameless(episode: Episode, rng: Generator) -> Episode | None:
    """The names of one thing that is seen are lost."""
    found = tamper.one_camera(episode, rng, _segmented)
    if found is None or found[1].segmentation is None:
        return None
    seen = np.unique(found[1].segmentation)
    gone = int(rng.choice(seen[seen > 0]))
    names = {number: name for number, name in found[1].names.items() if number != gone}
    return tamper.camera(episode, found[0], names=names)


CHECK = Check(
    name="ids",
    reads="pictures",
    finds="ids in a segmentation that have no name",
    reason="nobody can tell what the mask is of",
    source="docs/library-format.md",
    find=find,
    faults={"a name is lost": _nameless},
)
