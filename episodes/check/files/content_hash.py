"""Are the states and actions of an episode those of its record?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
from numpy.random import Generator

from episodes.check.files.damage import edited, first_demo
from episodes.check.kind import Check, Limits
from episodes.check.recording import Recording
from episodes.finding import Finding
from episodes.storage.records import Row


@dataclass(frozen=True)
class Recorded:
    recording: Recording
    row: Row


def find(seen: Recorded, limits: Limits) -> Iterator[Finding]:
    if seen.recording.episode.content_hash() != seen.row.content_hash:
        message = "its states and actions are not those of its record"
        yield seen.recording.origin.error(message, field="states")


def _edited(root: Path, rng: Generator) -> Path:
    """One command is changed after the fact."""

    def edit(file: h5py.File) -> None:
        commands = first_demo(file)["action/joint_position"]
        place = tuple(int(rng.integers(n)) for n in commands.shape)
        commands[place] = commands[place] + 1e-3

    return edited(root, edit)


CHECK = Check(
    name="content_hash",
    reads="files",
    finds="episodes whose states and actions are not those of their record",
    reason="mixes, copies and verdicts name an episode by this hash",
    source="docs/library-format.md",
    find=find,
    faults={"a command edited": _edited},
)
