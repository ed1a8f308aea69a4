"""What a library knows of an episode and of a shard without opening it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from operator import itemgetter
from sys import intern
from typing import Annotated, Any, NamedTuple, NoReturn

from episodes import fields
from episodes.episode import Episode
from episodes.errors import UserError
from episodes.fields import MOST, Count, Finite, Like, Sha256

FORMAT = "cellwright-1"
_VIDEO = re.compile(r"[0-9a-f]{64}(\.[a-z0-9]{1,5})?")


class Row(NamedTuple):
    """One episode, as its commit record tells it. success is None where the source does not say.

    A named tuple, since a library may have millions: made in a fifth of the time of a frozen
    dataclass, and invisible to the garbage collector. Only its names mean something.
    """

    episode_id: str
    index: Count  # type: ignore[assignment]  # nobody asks a row for tuple.index
    seed: Count
    task: str
    robot: str
    domain: str
    instruction: str
    success: bool | None
    failure: str
    steps: Count
    seconds: Finite
    content_hash: Sha256
    shard: int


class VideoFile(NamedTuple):
    """A file of `videos/`, called by the hash of its bytes."""

    file: Annotated[str, Like(_VIDEO.pattern, "the name of a video file")]
    bytes: Count
    sha256: Sha256


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


class Record(NamedTuple):
    """A commit record, but for its rows, which are many."""

    file: str
    bytes: Count
    sha256: Sha256
    spec_id: str
    versions: Mapping[str, str] = {}
    videos: tuple[VideoFile, ...] = ()


_ROW_TYPES = (
    (str,), (int,), (int,), (str,), (str,), (str,), (str,), (bool, type(None)), (str,), (int,),
    (int, float), (str,),
)  # fmt: skip
_NAMES = Row._fields[:-1]
_KINDS = set(product(*_ROW_TYPES))
_VALUES = itemgetter(*_NAMES)
_HASH = re.compile(r"[0-9a-f]{64}")


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


def shard_of(value: Any, number: int) -> Shard:
    """The shard that a commit record tells of. Raises UserError if it is not a commit record."""
    try:
        record = fields.read(Record, value, "")
        rows = value.get("episodes")
        if not isinstance(rows, list):
            raise UserError(f"episodes {'are no list' if 'episodes' in value else 'is missing'}")
        shard = Shard(
            number=number,
            file=record.file,
            bytes=record.bytes,
            sha256=record.sha256,
            spec_id=intern(record.spec_id),
            rows=tuple(_row(entry, number, place) for place, entry in enumerate(rows)),
            videos=record.videos,
        )
        for video in shard.videos:
            if video.sha256 != video.file[:64]:
                raise UserError(f"videos: {video.file[:12]}... is not called by its hash")
    except UserError as error:
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


def _row(entry: Any, shard: int, place: int) -> Row:
    try:
        values = _VALUES(entry)
    except (KeyError, TypeError):
        values = ()
    if tuple(map(type, values)) not in _KINDS:
        _refuse(entry, shard, place)
    episode, index, seed, task, robot, domain, words, success, failure, steps, seconds, sha = values
    if not (
        0 <= index <= MOST and 0 <= seed <= MOST and 0 <= steps <= MOST
        and 0 <= seconds < 1e300 and _HASH.fullmatch(sha)
    ):  # fmt: skip
        _refuse(entry, shard, place)
    return Row(  # of what has few values and many rows, one copy
        episode, index, seed, intern(task), intern(robot), intern(domain), intern(words), success,
        intern(failure), steps, seconds, sha, shard,
    )  # fmt: skip


def _refuse(entry: Any, shard: int, place: int) -> NoReturn:
    """Says which field of a row is wrong; rows are many, and known to be right in a faster way."""
    whole = {**entry, "shard": shard} if isinstance(entry, dict) else entry
    fields.read(Row, whole, f"episodes[{place}]")
    raise UserError(f"episodes[{place}] is no row")
