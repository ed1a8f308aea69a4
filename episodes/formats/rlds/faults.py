"""What is wrong with an RLDS data set, told and left as it is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from episodes.episode import Episode
from episodes.finding import Report
from episodes.formats.promises import Promises
from episodes.formats.rlds.example import Value
from episodes.formats.rlds.folder import DatasetVersion

BLACK = 8  # brightest value of a picture that shows nothing: JPEG's error around black


class RldsFaults:
    """Collects faults while the records go by; holds a digest of each episode, no data."""

    def __init__(self, report: Report, source: DatasetVersion, strict: bool) -> None:
        self._report = report
        self._source = source
        self._lacks = Promises(source.folder, strict, report).lacks
        self._counts = dict.fromkeys(source.promised, 0)
        self._seen: dict[bytes, str] = {}  # of the steps -> the split that had them first
        self._copies: dict[tuple[str, str], list[int]] = {}

    def tables(self) -> None:
        """Before the first record: what the tables and names promise and the folder lacks."""
        for name in self._source.missing:
            self._lacks(f"{name} is missing from the folder")
        for key, feature in self._source.features.items():
            if feature.kind == "unknown":
                self._lacks(f"a feature of class {feature.dtype} is not read", field=key)

    def record(self, split: str, place: str, values: Mapping[str, Value], steps: int) -> None:
        """One record as it is on disk."""
        self._counts[split] = self._counts.get(split, 0) + 1
        if not steps:
            self._lacks(f"{place} has no steps and is left out")
        for key, feature in self._source.features.items():
            if key not in values and feature.kind != "unknown":
                self._lacks(f"{place} lacks it, though features.json tells of it", field=key)

    def episode(
        self,
        episode: Episode,
        values: Mapping[str, Value],
        decoded: Mapping[str, NDArray[np.generic] | list[str]],
    ) -> None:
        """One episode as it was read from `values`."""
        self._remember(episode, values)
        self._flags(episode, decoded)
        metadata = episode.extra["metadata"]
        denied = [name for name in episode.cameras if not metadata.get(f"has_{name}", True)]
        shown = [name for name in denied if not _is_black(episode, name)]
        if shown:
            self._report.add(
                "warning",
                f"{_listed([f'has_{name}' for name in shown])} not set, "
                f"but {_listed(shown)} {'hold' if len(shown) > 1 else 'holds'} pictures",
                episode=episode.index,
                field="episode_metadata",
            )
        if not episode.instruction:
            self._report.add(
                "warning", "it has no instruction", episode=episode.index, field="language"
            )
        for name, array in episode.obs.items():
            if array.ndim >= 3 and (array.dtype == np.uint16 or "depth" in name):
                self._report.add(
                    "warning",
                    "its unit is not known: kept as it is, not as depth",
                    episode=episode.index,
                    field=f"obs/{name}",
                )

    def not_even(self, field: str, why: str) -> None:
        self._lacks(f"left out: {why}", field=field)

    def left_out(self, field: str, why: str, episode: int) -> None:
        """What is in the records and not in the episode."""
        self._lacks(f"left out: {why}", field=field, episode=episode)

    def finish(self) -> None:
        """After the last record: what only all of them together show."""
        for (split, first), found in self._copies.items():
            if split != first:
                self._report.add(
                    "warning",
                    f"leakage: {len(found)} of {self._counts[split]} episodes of {split!r} repeat "
                    f"episodes of {first!r}, every step byte for byte",
                )
        for split, promised in self._source.promised.items():
            if self._counts[split] != promised:
                self._lacks(
                    f"dataset_info.json tells of {promised} episodes of split {split!r}, "
                    f"the folder holds {self._counts[split]}"
                )

    def _remember(self, episode: Episode, values: Mapping[str, Value]) -> None:
        """Notes whether these are the steps of an earlier episode, byte for byte."""
        digest = hashlib.sha256()
        for key in sorted(values):
            if key.startswith("steps/"):
                value = values[key]
                digest.update(f"{key} {len(value)}\n".encode())
                for part in value if isinstance(value, list) else [value.tobytes()]:
                    digest.update(part)
        split = str(episode.extra["split"])
        first = self._seen.setdefault(digest.digest(), split)
        self._copies.setdefault((split, first), []).append(episode.index)

    def _flags(
        self, episode: Episode, decoded: Mapping[str, NDArray[np.generic] | list[str]]
    ) -> None:
        for flag, step, where in (
            ("is_first", 0, "at the first step"),
            ("is_last", episode.steps - 1, "at the last step"),
        ):
            rows = decoded.get(f"steps/{flag}")
            if isinstance(rows, np.ndarray) and not rows.reshape(-1)[step]:
                self._report.add(
                    "warning",
                    f"{flag} is not set {where}",
                    episode=episode.index,
                    step=step,
                    field="dones" if flag == "is_last" else flag,
                )


def _is_black(episode: Episode, camera: str) -> bool:
    frames = episode.cameras[camera].rgb
    return frames is not None and int(frames.max()) <= BLACK


def _listed(names: Sequence[str]) -> str:
    return " and ".join(names) if len(names) < 3 else f"{', '.join(names[:-1])} and {names[-1]}"
