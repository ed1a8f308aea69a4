"""What a library knows of an episode and of a shard without opening it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from sys import intern
from typing import Any

from episodes.episode import Episode
from episodes.errors import UserError

FORMAT = "cellwright-1"


@dataclass(frozen=True, slots=True)
class Row:
    """One episode, as its commit record tells it. success is None where the source does not say."""

    episode_id: str
    index: int
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


@dataclass(frozen=True, slots=True)
class Shard:
    """One committed shard. `sha256` is of the file's bytes."""

    number: int
    file: str
    bytes: int
    sha256: str
    spec_id: str
    rows: tuple[Row, ...]


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
_SHARED = ("task", "robot", "domain", "instruction", "failure")  # few values, many rows


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
    rows = [{k: v for k, v in asdict(row).items() if k != "shard"} for row in shard.rows]
    return {
        "file": shard.file,
        "bytes": shard.bytes,
        "sha256": shard.sha256,
        "spec_id": shard.spec_id,
        "created": created,
        "versions": dict(versions),
        "episodes": rows,
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
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"not a commit record: {error}") from error
    if shard.file != shard_file(number):
        raise UserError(
            f"not a commit record of {shard_file(number)}: it names {shard.file[:80]!r}"
        )
    return shard


def shard_file(number: int) -> str:
    return f"{number:05d}.h5"


def record_file(number: int) -> str:
    return f"{number:05d}.json"


def _row(entry: Any, shard: int) -> Row:
    values = {name: _typed(entry, name, kinds) for name, kinds in _ROW_TYPES.items()}
    for name in _SHARED:
        values[name] = intern(values[name])
    if values["index"] < 0 or values["steps"] < 0:
        raise ValueError("negative index or steps")
    if not math.isfinite(values["seconds"]):
        raise ValueError("seconds is not finite")
    return Row(**values, shard=shard)


def _typed(entry: Any, name: str, kinds: tuple[type, ...]) -> Any:
    if not isinstance(entry, dict):
        raise TypeError("an entry is no JSON object")
    if name not in entry:
        raise KeyError(f"{name} is missing")
    value = entry[name]
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise TypeError(f"{name} is of type {type(value).__name__}")
    return value


assert set(_ROW_TYPES) | {"shard"} == {f.name for f in fields(Row)}
