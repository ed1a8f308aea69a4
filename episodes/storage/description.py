"""What library.json, the notes beside it and those of quarantine hold, as types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypedDict

from episodes.fields import Count, Like, Positive, Within

MOST_EPISODES = 10**12
MOST_SHARDS = 1_000_000  # files that a file system can hold side by side

Versions = Mapping[str, str]


class _FindingNeeded(TypedDict):
    severity: Literal["error", "warning"]
    message: str


class FindingNote(_FindingNeeded, total=False):
    """A finding of an import: `episodes.finding.Finding`."""

    episode: int | None
    step: int | tuple[int, int] | None
    field: str


class _Needed(TypedDict):
    format: Literal["cellwright-1"]
    spec_id: Annotated[str, Like(r"[!-~]{1,128}", "a hash")]
    episodes: Annotated[int, Within(1, MOST_EPISODES)]
    shard_size: Annotated[int, Within(1, 100_000)]


class _Made(_Needed, total=False):
    versions: Versions
    config: Mapping[str, Any]
    compression: Literal["gzip", "lzf", "zstd"]
    seed: Count
    made_by: str  # the verb
    source: str  # the library whose states were rendered again
    findings: list[FindingNote]


# of an import: "import" is a word of Python's
_Import = TypedDict("_Import", {"import": Mapping[str, Any]}, total=False)


class Description(_Made, _Import):
    """library.json; what others add to it stays."""


class _GrowthNeeded(TypedDict):
    episodes: Annotated[int, Within(1, MOST_EPISODES)]


class Growth(_GrowthNeeded, total=False):
    """A note that more episodes were asked for later."""

    versions: Versions


class _NoteNeeded(TypedDict):
    index: Count


class QuarantineNote(_NoteNeeded, total=False):
    """An episode that could not be made."""

    seed: Count
    attempts: Positive
    reason: str
    log: str


class _Name(TypedDict):
    name: str


class _Robot(TypedDict):
    card: str


class Generated(TypedDict):
    """The config of a library that `generate` made: what is needed to make it again."""

    task: _Name
    robot: _Robot
    renderer: _Name
    camera: Mapping[str, Any]
    physics: Mapping[str, Any]
    image_size: tuple[Positive, Positive]


class Rendered(TypedDict):
    """The same, of `render`."""

    renderer: _Name
    camera: Mapping[str, Any]
    look: Mapping[str, Any]
    look_seed: Count
