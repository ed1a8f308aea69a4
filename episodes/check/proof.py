"""Does a check find the faults that it names? Each is put into clean data and looked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.random import Generator

from episodes.check import registry
from episodes.check.camera_scan import CameraScan
from episodes.check.check import check
from episodes.check.digest import Digest
from episodes.check.kind import Check, Limits
from episodes.check.recording import Recording
from episodes.episode import CameraTrack, Episode
from episodes.finding import Finding
from episodes.storage.hdf5 import canonical

SCANNED = ("rgb", "depth", "segmentation", "video", "intrinsics", "camera_to_world")


def faults() -> Iterator[tuple[Check[Any, Any], str]]:
    """Every check with each of its faults."""
    for one in registry.CHECKS:
        for fault in one.faults:
            yield one, fault


class Clean:
    """Episodes without a fault, in which faults are looked for one after the other."""

    def __init__(self, episodes: Sequence[Episode]) -> None:
        self.episodes = [canonical(episode) for episode in episodes]
        self._scans: list[tuple[CameraTrack, tuple[str, ...], CameraScan]] = []
        self.seen = [Recording.of(episode) for episode in self.episodes]
        for seen in self.seen:
            for name, scan in seen.scans():
                self._scans.append((seen.episode.cameras[name], seen.movable, scan))

    def alarms(self, one: Check[Recording, Episode], number: int, limits: Limits) -> list[Finding]:
        """What the check finds in an episode, though there is nothing."""
        return list(one(self.seen[number], limits))

    def finds(
        self,
        one: Check[Recording, Episode],
        fault: str,
        number: int,
        rng: Generator,
        limits: Limits,
    ) -> bool | None:
        """Whether the check finds its fault; None where the episode has no room for it."""
        made = one.faults[fault](self.episodes[number], rng)
        if made is None:
            return None
        return bool(set(one(self._looked_at(made), limits)) - set(self.alarms(one, number, limits)))

    def alarms_among(
        self, one: Check[Sequence[Digest], Sequence[Episode]], limits: Limits
    ) -> list[Finding]:
        """What the check finds in all of them, though there is nothing."""
        return list(one([Digest.of(seen) for seen in self.seen], limits))

    def finds_among(
        self,
        one: Check[Sequence[Digest], Sequence[Episode]],
        fault: str,
        rng: Generator,
        limits: Limits,
    ) -> bool | None:
        """Whether a check of whole libraries finds its fault."""
        made = one.faults[fault](self.episodes, rng)
        if made is None:
            return None
        digests = [Digest.of(self._looked_at(episode)) for episode in made]
        return bool(set(one(digests, limits)) - set(self.alarms_among(one, limits)))

    def _looked_at(self, made: Episode) -> Recording:
        """With the scans of cameras that the fault left as they were."""
        seen = Recording.of(canonical(made))
        for name, track in seen.episode.cameras.items():
            for known, movable, scan in self._scans:
                if movable == seen.movable and _alike(track, known):
                    seen.known(name, scan)
        return seen


def _alike(one: CameraTrack, other: CameraTrack) -> bool:
    same = all(getattr(one, name) is getattr(other, name) for name in SCANNED)
    return same and (one.unit_m, one.names) == (other.unit_m, other.names)


def files_find(
    one: Check[Any, Path],
    fault: str,
    copy: Path,
    rng: Generator,
    thresholds: Mapping[str, float] | None = None,
) -> bool | None:
    """Whether a check of files finds its fault in a sound library, which it may damage."""
    if one.faults[fault](copy, rng) is None:
        return None
    return any(finding.check == one.name for finding in check(copy, thresholds=thresholds))
