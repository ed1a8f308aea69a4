"""What a library knows of an episode and of a shard without opening it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from operator import itemgetter
from sys import intern
from typing import Any, NamedTuple

from episodes.episode import Episode
from episodes.errors import UserError

FORMAT = "cellwright-1"


class Row(NamedTuple):
    """One episode, as its commit record tells it. success is None where the source does not say.

    A named tuple, since a library may have millions: made in a fifth of the time of a frozen
    dataclass, and invisible to the garbage collector. Only its names mean something.
    """

    episode_id: str
    index: int  # type: ignore[assignment]  # nobody asks a row for tuple.index
    seed: int
    task: str
    robot: str
    domain: str
    instruction: str
    success: bool | None
    failure: str
    steps: int
    seconds: float
    content_hash: str
    shard: int


class VideoFile(NamedTuple):
    """A file of `videos/`, called by the hash of its bytes."""

    file: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Shard:
    """One committed shard. `sha256` is of the file's bytes. videos: those that it refers to."""

    number: int
    file: str
    bytes: int
    sha256: str
    spec_id: str
    rows: tuple[Row, ...]
    videos: tuple[VideoFile, ...] = ()


_ROW_TYPES: Mapping[str, tuple[type, ...]] = {
    "episode_id": (str,),
    "index": (int,),
    "seed": (int,),
    "task": (str,),
    "robot": (str,),
    "domain": (str,),
    "instruction": (str,),
    "success": (bool, type(None)),
    "failure": (str,),
    "steps": (int,),
    "seconds": (int, float),
    "content_hash": (str,),
}
_VIDEO = re.compile(r"[0-9a-f]{64}(\.[a-z0-9]{1,5})?")
_NAMES = tuple(_ROW_TYPES)
_KINDS = set(product(*_ROW_TYPES.values()))
_VALUES = itemgetter(*_NAMES)


def episode_id(spec_id: str, index: int) -> str:
    return f"{spec_id[:12]}-{index:06d}"


def row_of(episode: Episode, spec_id: str, shard: int) -> Row:
    return Row(
        episode_id=episode_id(spec_id, episode.index),
        index=episode.index,
        seed=episode.seed,
        task=episode.task,
        robot=episode.robot,
        domain=episode.domain,
        instruction=episode.instruction,
        success=episode.success,
        failure=episode.failure,
        steps=episode.steps,
        seconds=episode.seconds,
        content_hash=episode.content_hash(),
        shard=shard,
    )


def record_of(shard: Shard, *, created: str, versions: Mapping[str, str]) -> dict[str, Any]:
    """The JSON of a commit record."""
    rows = [{k: v for k, v in row._asdict().items() if k != "shard"} for row in shard.rows]
    videos = [video._asdict() for video in shard.videos]
    return {
        "file": shard.file,
        "bytes": shard.bytes,
        "sha256": shard.sha256,
        "spec_id": shard.spec_id,
        "created": created,
        "versions": dict(versions),
        "episodes": rows,
        **({"videos": videos} if videos else {}),
    }


def shard_of(record: Any, number: int) -> Shard:
    """The shard that a commit record tells of. Raises UserError if it is not a commit record."""
    try:
        shard = Shard(
            number=number,
            file=_typed(record, "file", (str,)),
            bytes=_typed(record, "bytes", (int,)),
            sha256=_typed(record, "sha256", (str,)),
            spec_id=intern(_typed(record, "spec_id", (str,))),
            rows=tuple(_row(entry, number) for entry in _typed(record, "episodes", (list,))),
            videos=tuple(_video(entry) for entry in record.get("videos", ())),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"not a commit record: {error}") from error
    if shard.file != shard_file(number):
        raise UserError(
            f"not a commit record of {shard_file(number)}: it names {shard.file[:80]!r}"
        )
    return shard


def video_name(name: object) -> str:
    """The name, if it is one of a file of `videos/`. ValueError otherwise."""
    if not isinstance(name, str) or not _VIDEO.fullmatch(name):
        raise ValueError(f"{str(name)[:80]!r} names no video file")
    return name


def shard_file(number: int) -> str:
    return f"{number:05d}.h5"


def record_file(number: int) -> str:
    return f"{number:05d}.json"


def _video(entry: Any) -> VideoFile:
    video = VideoFile(
        file=video_name(_typed(entry, "file", (str,))),
        bytes=_typed(entry, "bytes", (int,)),
        sha256=_typed(entry, "sha256", (str,)),
    )
    if video.sha256 != video.file[:64] or video.bytes < 0:
        raise ValueError("a video is not called by its hash, or has no size")
    return video


def _row(entry: Any, shard: int) -> Row:
    try:
        values = _VALUES(entry)
    except (KeyError, TypeError):
        values = ()
    if tuple(map(type, values)) not in _KINDS:  # say which one is wrong
        values = tuple(_typed(entry, name, kinds) for name, kinds in _ROW_TYPES.items())
    episode, index, seed, task, robot, domain, words, success, failure, steps, seconds, sha = values
    if index < 0 or steps < 0 or not math.isfinite(seconds):
        raise ValueError("index, steps or seconds is out of range")
    return Row(  # of what has few values and many rows, one copy
        episode, index, seed, intern(task), intern(robot), intern(domain), intern(words), success,
        intern(failure), steps, seconds, sha, shard,
    )  # fmt: skip


def _typed(entry: Any, name: str, kinds: tuple[type, ...]) -> Any:
    if not isinstance(entry, dict):
        raise TypeError("an entry is no JSON object")
    if name not in entry:
        raise KeyError(f"{name} is missing")
    value = entry[name]
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise TypeError(f"{name} is of type {type(value).__name__}")
    return value


assert (*_NAMES, "shard") == Row._fields
