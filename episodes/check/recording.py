"""One episode as checks see it: its numbers in memory, its pictures read once, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from episodes.check.camera_scan import CameraScan, scan
from episodes.episode import Episode
from episodes.finding import Finding, Severity
from episodes.storage.hdf5 import is_train

Step = int | tuple[int, int] | None


@dataclass(frozen=True)
class EpisodeOrigin:
    """Where an episode comes from, which decides how much a fault of it counts.

    A fault is an error in data that we made, and a warning in data that we were given: what was
    recorded or imported keeps its faults, and its user hears of them. What we simulated ourselves
    (`ours`) has states, a cell and every kind of command, to the last bit.
    """

    episode: int | None
    given: bool = False
    ours: bool = False

    @classmethod
    def of(cls, episode: int, domain: str, imported: bool) -> EpisodeOrigin:
        """imported: its lineage tells of a format of others."""
        if imported:
            return cls(episode, given=True)
        return cls(episode, given=domain == "real", ours=domain == "sim")

    def error(
        self,
        message: str,
        step: Step = None,
        field: str = "",
        measured: float | None = None,
        threshold: float | None = None,
    ) -> Finding:
        return self._finding("error", message, step, field, measured, threshold)

    def fault(
        self,
        message: str,
        step: Step = None,
        field: str = "",
        measured: float | None = None,
        threshold: float | None = None,
    ) -> Finding:
        severity: Severity = "warning" if self.given else "error"
        return self._finding(severity, message, step, field, measured, threshold)

    def warn(
        self,
        message: str,
        step: Step = None,
        field: str = "",
        measured: float | None = None,
        threshold: float | None = None,
    ) -> Finding:
        return self._finding("warning", message, step, field, measured, threshold)

    def _finding(
        self,
        severity: Severity,
        message: str,
        step: Step,
        field: str,
        measured: float | None,
        threshold: float | None,
    ) -> Finding:
        return Finding(
            severity,
            message,
            self.episode,
            step,
            field,
            measured=measured,
            threshold=threshold,
        )


@dataclass(frozen=True)
class Recording:
    """An episode under check. The pictures of `episode` may lie in a file: whatever gives a frame
    for a step, as an HDF5 dataset does; colours may be in a video.

    train: the side of the split that it is on.
    """

    episode: Episode
    origin: EpisodeOrigin
    train: bool = True
    _scans: dict[str, CameraScan] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, episode: Episode) -> Recording:
        """Of an episode in memory."""
        origin = EpisodeOrigin.of(episode.index, episode.domain, "format" in episode.lineage)
        return cls(episode, origin, is_train(episode))

    @cached_property
    def movable(self) -> tuple[str, ...]:
        """The objects that have a place in states."""
        names = self.episode.object_names
        return tuple(name for name in names if f"{name}/pose" in self.episode.layout)

    def scan(self, camera: str) -> CameraScan:
        """What is left of a camera's frames; they are read when the first check asks."""
        if camera not in self._scans:
            self._scans[camera] = scan(self.episode.cameras[camera], self.movable)
        return self._scans[camera]

    def known(self, camera: str, scan: CameraScan) -> None:
        """For a camera whose frames were read before."""
        self._scans[camera] = scan

    def scans(self) -> Iterator[tuple[str, CameraScan]]:
        for name in self.episode.cameras:
            yield name, self.scan(name)
