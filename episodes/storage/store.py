"""A library at rest: its description, and shards that are committed whole or not at all.

The video files that a shard refers to are put in place first, then its data file, and its commit
record last, so a process may be killed at any moment. Anything may be done twice: the same shard
again changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from episodes import fields
from episodes.episode import Episode
from episodes.errors import Exit, UserError
from episodes.storage import growth, hdf5, video_group
from episodes.storage.description import MOST_SHARDS, Description, QuarantineNote
from episodes.storage.descriptors import OutOfDescriptors
from episodes.storage.differences import differences
from episodes.storage.folder import Folder, explained
from episodes.storage.records import (
    FORMAT,
    Record,
    Row,
    Shard,
    record_file,
    record_of,
    row_of,
    shard_file,
    shard_of,
)
from episodes.storage.safe import open_hdf5, read_json
from episodes.storage.shard_bytes import build
from episodes.storage.video_files import ShardVideos
from episodes.storage.video_group import VIDEOS

LIBRARY, SHARDS, QUARANTINE = "library.json", "shards", "quarantine"


class Diverged(UserError):
    """The same recipe gave another episode: nothing more can be trusted until it is known why."""

    code = Exit.DIVERGED


def create(root: Path, library: Mapping[str, Any]) -> None:
    """Write library.json; nothing happens if the same library is there already.

    library: spec_id, episodes, shard_size, versions, config. Raises UserError if the folder holds
    something else, WriteFailed if it cannot be written.
    """
    wanted = {"format": FORMAT, **library}
    if not (root / LIBRARY).exists():
        if _in_use(root):
            raise UserError(f"{root} holds other files and is no library; choose an empty out=")
        text = json.dumps(wanted, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
        if Folder(root).put(LIBRARY, text.encode()):
            return
    there = _described(root)
    if there["spec_id"] != wanted["spec_id"]:
        raise UserError(
            f"{root} holds another library ({differences(there, wanted)}); choose another out=, "
            "or its own config to go on"
        )
    for key in ("episodes", "shard_size"):
        if there[key] != wanted[key]:
            raise UserError(
                f"{root} was begun with {key}={there[key]}, not {wanted[key]}; "
                f"give {key}={there[key]} to go on, or another out="
            )


def ends(root: Path) -> tuple[int, ...]:
    """The numbers of episodes that the library was asked for; see `growth`."""
    return _ends(root, _described(root))


def _ends(root: Path, library: Mapping[str, Any]) -> tuple[int, ...]:
    found = growth.ends(root, library["episodes"])
    _countable(root, found[-1], library["shard_size"])
    return found


def describe(root: Path) -> dict[str, Any]:
    """library.json, its `episodes` being those that are asked for by now. Raises UserError if there
    is none, or if this version cannot read it."""
    library = _described(root)
    return {**library, "episodes": _ends(root, library)[-1]}


def versions(root: Path, shard: int | None = None) -> dict[str, str]:
    """What a shard was made by, as its record tells; without one, what the library's last episodes
    are made by."""
    if shard is not None:
        with suppress(OSError, UserError):
            record = fields.read(Record, read_json(root / SHARDS / record_file(shard)), "")
            if record.versions:
                return dict(record.versions)
    return growth.versions(root, _described(root).get("versions", {}))


def _described(root: Path) -> dict[str, Any]:
    if not root.is_dir():
        raise UserError(f"no such folder: {root}")
    if not (root / LIBRARY).is_file():
        raise UserError(f"{root} is no library: it has no {LIBRARY}; `cellwright list` finds them")
    library = read_json(root / LIBRARY)
    if isinstance(library, dict) and library.get("format") != FORMAT:
        raise UserError(
            f"{root} is of format {str(library.get('format'))[:40]!r}, not {FORMAT!r}; "
            "use the cellwright that made it"
        )
    found: dict[str, Any] = {**fields.read(Description, library, f"{root / LIBRARY}:")}
    _countable(root / LIBRARY, found["episodes"], found["shard_size"])
    return found


def _countable(file: Path, episodes: int, size: int) -> None:
    """UserError for more shards than can be: what is counted is bounded by it."""
    if episodes > MOST_SHARDS * size:
        raise UserError(
            f"{file}: episodes is {episodes}, in shards of {size}: more than {MOST_SHARDS} files "
            "are absurd"
        )


def write_shard(
    root: Path,
    number: int,
    episodes: Iterable[Episode],
    *,
    spec_id: str,
    versions: Mapping[str, str],
    created: str,
    compression: str = "gzip",
    env_args: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Commit a shard and return its record; the one that stands, if it was committed before.

    env_args: which environment the episodes were made in, in robomimic's terms.
    Episodes are taken one at a time, and the files of their video with them. What was committed and
    is now broken is restored. Raises Diverged if other episodes stand under that number,
    WriteFailed if the storage refuses.
    """
    videos = ShardVideos(root)
    data, rows = build(number, videos.take(episodes), spec_id, compression, env_args)
    shard = Shard(
        number=number,
        file=shard_file(number),
        bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        spec_id=spec_id,
        rows=rows,
        videos=videos.taken,
    )
    folder = Folder(root / SHARDS)
    record = record_of(shard, created=created, versions=versions)
    standing = _standing(root, number)
    if standing is not None:
        return _confirm(folder, record, standing, shard, data)
    if not folder.put(shard.file, data):
        record = _adopt(folder, record, shard, data)
    if not folder.put(record_file(number), _encoded(record)):
        standing = _standing(root, number)
        if standing is None:  # a record that cannot be read
            folder.replace(record_file(number), _encoded(record))
        else:
            return _confirm(folder, record, standing, shard, data)
    return record


def committed(root: Path) -> set[int]:
    """The numbers of the shards whose record stands and whose files have the recorded size."""
    folder, videos = Folder(root / SHARDS), Folder(root / VIDEOS)
    spec_id = describe(root)["spec_id"]
    return {
        shard.number
        for shard in records(root)
        if isinstance(shard, Shard)
        and shard.spec_id == spec_id
        and folder.size(shard.file) == shard.bytes
        and all(videos.size(video.file) == video.bytes for video in shard.videos)
    }


def missing(root: Path) -> list[int]:
    """The shards that are still to be made, in order."""
    library = describe(root)
    total = growth.shards(ends(root), library["shard_size"])
    return sorted(set(range(total)) - committed(root))


class BrokenRecord(UserError):
    """A commit record that cannot be read. number: of its shard; None: it has no such name."""

    def __init__(self, message: str, number: int | None) -> None:
        super().__init__(message)
        self.number = number

    def __reduce__(self) -> tuple[type[BrokenRecord], tuple[str, int | None]]:
        return BrokenRecord, (str(self), self.number)


def records(root: Path) -> Iterator[Shard | BrokenRecord]:
    """Every commit record in order of its number; an error, not raised, for one that is broken."""
    folder = root / SHARDS
    for name in Folder(folder).names(".json"):
        number = _number(name)
        try:
            if number is None:
                raise UserError("no commit record has such a name; remove it")
            yield shard_of(read_json(f"{folder}/{name}"), number)
        except OutOfDescriptors:
            raise
        except (UserError, OSError) as error:
            yield BrokenRecord(f"{SHARDS}/{name}: {error}", number)


def _number(name: str) -> int | None:
    """The number of the shard whose record is called so; None if none is."""
    stem = name.removesuffix(".json")
    if not re.fullmatch(r"[0-9]{5,9}", stem) or record_file(int(stem)) != name:
        return None
    return int(stem)


def shards(root: Path, spec_id: str) -> Iterator[Shard]:
    """Every committed shard in order of its number. Raises UserError for a record that is broken
    or of another library."""
    for shard in records(root):
        if isinstance(shard, UserError):
            raise UserError(f"{root}: {shard}; `cellwright check src={root}` tells more")
        if shard.spec_id != spec_id:
            raise UserError(
                f"{root}/{SHARDS}/{shard.file} belongs to another library (spec "
                f"{shard.spec_id[:12]}, not {spec_id[:12]}); move it away"
            )
        yield shard


def recorded(root: Path, number: int) -> Shard:
    """What the commit record of a shard says. Raises FileNotFoundError, or UserError if broken."""
    return shard_of(read_json(root / SHARDS / record_file(number)), number)


def quarantine(root: Path, index: int, entry: Mapping[str, Any]) -> None:
    """Note an episode that could not be made: seed, attempts, signal or error, log tail."""
    text = json.dumps({**entry, "index": index}, indent=2, sort_keys=True, ensure_ascii=False)
    Folder(root / QUARANTINE).put(_note_file(index), text.encode())


def quarantined(root: Path) -> Iterator[dict[str, Any]]:
    """The notes of `quarantine`, by index. Raises UserError for one that is broken."""
    for name in Folder(root / QUARANTINE).names(".json"):
        file = root / QUARANTINE / name
        try:
            entry = fields.read(QuarantineNote, read_json(file), f"{file}:")
            if name != _note_file(entry["index"]):
                raise UserError(f"{file}: index is {entry['index']}, not that of its name")
        except UserError as error:
            raise UserError(f"{error}; it is no note of an episode: remove it") from error
        yield {**entry}


def is_quarantined(root: Path, index: int) -> bool:
    """Whether there is a note of `quarantine` for the episode."""
    return Folder(root / QUARANTINE).size(_note_file(index)) is not None


def _note_file(index: int) -> str:
    return f"{index:06d}.json"


def clean_temporaries(root: Path) -> list[str]:
    """Remove what killed writers of this host left behind; the names of the removed files."""
    parts = ("", VIDEOS, SHARDS, QUARANTINE)
    return [name for part in parts for name in Folder(root / part).clean()]


def _standing(root: Path, number: int) -> Shard | None:
    """The shard of a commit record that stands; None if there is none or it is unreadable."""
    try:
        return recorded(root, number)
    except OutOfDescriptors:
        raise
    except (FileNotFoundError, UserError):
        return None
    except OSError as error:  # it may stand all the same
        raise explained(error, "read", root / SHARDS / record_file(number)) from error


def _confirm(
    folder: Folder, record: dict[str, Any], standing: Shard, shard: Shard, data: bytes
) -> dict[str, Any]:
    """The committed shard must be ours: restore its file if it is broken, or raise."""
    if standing.spec_id != shard.spec_id:
        raise UserError(
            f"{folder.root / record_file(shard.number)} is of spec {standing.spec_id[:12]}, not "
            f"{shard.spec_id[:12]}; move it and its .h5 away"
        )
    _compare(folder, standing.rows, shard.rows, shard.number)
    if folder.sha256(standing.file) == standing.sha256:
        record = read_json(folder.root / record_file(shard.number))
    elif shard.sha256 == standing.sha256:
        folder.replace(shard.file, data)
        record = read_json(folder.root / record_file(shard.number))
    else:  # the same episodes under other pixels, e.g. of another graphics driver
        folder.replace(shard.file, data)
        folder.replace(record_file(shard.number), _encoded(record))
    return record


def _adopt(folder: Folder, record: dict[str, Any], shard: Shard, data: bytes) -> dict[str, Any]:
    """A record for the file of a writer that came first, and may have died before its record."""
    there = folder.sha256(shard.file)
    if there == shard.sha256:
        return record
    path = folder.root / shard.file
    try:
        rows = _read_rows(path, shard)
        if video_group.files(path) != {video.file for video in shard.videos}:
            raise ValueError("other videos")
    except OutOfDescriptors:
        raise
    except (UserError, OSError, KeyError, ValueError):
        folder.replace(shard.file, data)  # never committed, and unreadable
        return record
    _compare(folder, rows, shard.rows, shard.number)
    return {**record, "bytes": path.stat().st_size, "sha256": folder.sha256(shard.file)}


def _read_rows(path: Path, shard: Shard) -> tuple[Row, ...]:
    """The rows of a file without a record; every byte of its data is read on the way."""
    with open_hdf5(path) as file:
        rows = [
            row_of(hdf5.get(file[f"data/demo_{row.index}"]), shard.spec_id, shard.number)
            for row in shard.rows
        ]
        if len(file["data"]) != len(rows):
            raise ValueError("other episodes")
        return tuple(rows)


def _compare(folder: Folder, there: tuple[Row, ...], ours: tuple[Row, ...], number: int) -> None:
    if [row.content_hash for row in there] == [row.content_hash for row in ours]:
        return
    path = folder.root / shard_file(number)
    way = "compare the versions in the record with yours, and make the library anew in another out="
    for old, new in zip(there, ours, strict=False):
        if old.content_hash != new.content_hash:
            raise Diverged(
                f"diverged: episode {new.index} of {path} was {old.content_hash}, and is now "
                f"{new.content_hash}; {way}"
            )
    indices = [[row.index for row in rows] for rows in (there, ours)]
    raise Diverged(f"diverged: {path} held episodes {indices[0]}, and now {indices[1]}; {way}")


def _encoded(record: Mapping[str, Any]) -> bytes:
    text = json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return text.encode()


def _in_use(root: Path) -> bool:
    """True if the folder holds anything but hidden files."""
    return root.is_dir() and any(not path.name.startswith(".") for path in root.iterdir())
