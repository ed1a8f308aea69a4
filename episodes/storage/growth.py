"""Which episodes a shard holds, in a library that was asked for once or grew later.

A library of 100 episodes that is asked for 200 keeps its shards as they are, the last one, which
may be half full, too: what was committed never changes. The shards of the new episodes begin after
it. `ends` are the numbers of episodes that were asked for, in order: here (100, 200).

Each note also says by what the new episodes are made. One that asks for no more episodes than
before says that those that were missing then are made by other code.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from episodes import fields
from episodes.errors import BadValue, UserError
from episodes.storage.description import Growth
from episodes.storage.folder import Folder
from episodes.storage.safe import read_json

NOTE = "grown-{:05d}.json"  # beside library.json, which says the first number


def ends(root: Path, first: int) -> tuple[int, ...]:
    """`first`, and what the notes of `grow` say. Raises UserError for one that is broken."""
    found = [first]
    for file, note in _notes(root):
        more = note["episodes"]
        if more < found[-1] + ("versions" not in note):
            raise UserError(f"{file} does not say how many episodes there are to be; remove it")
        found.append(more)
    return tuple(found)


def versions(root: Path, first: Mapping[str, str]) -> dict[str, str]:
    """What the last episodes are made by: what the last note says, or else `first`."""
    return [*made_by(root, first).values()][-1]


def made_by(root: Path, first: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The notes of `grow` by name, and by what each says that episodes are made from then on.
    Under "" stands `first`, of those from the beginning."""
    found = {"": dict(first)}
    for file, note in _notes(root):
        if "versions" in note:
            found[file.name] = dict(note["versions"])
    return found


def grow(root: Path, wanted: Sequence[int], versions: Mapping[str, str]) -> None:
    """Note that more episodes were asked for; nothing happens where they were.

    wanted: all that was asked for from the first time on, in order. versions: what the last of
    them are made by. Notes are created, never changed, so of two runs at once one comes first and
    the other sees it. Raises UserError where the other asked for another number, or is of other
    code; WriteFailed if it cannot be written.
    """
    there = ends(root, wanted[0])
    for number, end in list(enumerate(wanted))[len(there) :]:
        note = {"episodes": end, "versions": dict(versions)}
        Folder(root).put(NOTE.format(number), json.dumps(note).encode())
        there = ends(root, wanted[0])
    if there[: len(wanted)] != tuple(wanted):
        raise UserError(
            f"{root} was asked for {there[-1]} episodes by another run just now; run this again"
        )
    notes = [note for _, note in _notes(root)][: len(wanted) - 1]
    if notes and notes[-1].get("versions", versions) != dict(versions):
        raise UserError(f"{root} is gone on with by other code just now; run this again")


def _notes(root: Path) -> Iterator[tuple[Path, Growth]]:
    """(file, note) of each time that something was asked for later."""
    number = 1
    while True:
        file = root / NOTE.format(number)
        try:
            note = read_json(file)
        except FileNotFoundError:
            return
        yield file, fields.read(Growth, note, f"{file}:")
        number += 1


def shards(ends: Sequence[int], size: int) -> int:
    """How many shards of at most `size` episodes there are."""
    return sum(_between(start, end, size) for start, end in _stretches(ends))


def episodes_of(ends: Sequence[int], size: int, shard: int) -> range:
    """The episodes of a shard; none of one that the library does not have."""
    for start, end in _stretches(ends):
        count = _between(start, end, size)
        if shard < count:
            first = start + shard * size
            return range(first, min(first + size, end))
        shard -= count
    return range(0)


def shard_of(ends: Sequence[int], size: int, episode: int) -> int:
    """The shard of an episode. Raises BadValue for one that the library does not have."""
    before = 0
    for start, end in _stretches(ends):
        if start <= episode < end:
            return before + (episode - start) // size
        before += _between(start, end, size)
    raise BadValue(f"the library has no episode {episode}")


def _stretches(ends: Sequence[int]) -> zip[tuple[int, int]]:
    return zip((0, *ends), ends, strict=False)


def _between(start: int, end: int, size: int) -> int:
    return -(-(end - start) // size)
