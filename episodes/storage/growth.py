"""Which episodes a shard holds, in a library that was asked for once or grew later.

A library of 100 episodes that is asked for 200 keeps its shards as they are, the last one, which
may be half full, too: what was committed never changes. The shards of the new episodes begin after
it. `ends` are the numbers of episodes that were asked for, in order: here (100, 200).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from episodes.errors import UserError
from episodes.storage.folder import Folder
from episodes.storage.safe import read_json

NOTE = "grown-{:05d}.json"  # beside library.json, which says the first number


def ends(root: Path, first: int) -> tuple[int, ...]:
    """`first`, and what the notes of `grow` say. Raises UserError for one that is broken."""
    found = [first]
    while True:
        file = root / NOTE.format(len(found))
        try:
            note = read_json(file)
        except FileNotFoundError:
            return tuple(found)
        more = note.get("episodes") if isinstance(note, dict) else None
        if type(more) is not int or more <= found[-1]:
            raise UserError(f"{file} does not say how many episodes there are to be; remove it")
        found.append(more)


def grow(root: Path, wanted: Sequence[int]) -> None:
    """Note that more episodes were asked for; nothing happens where they were.

    wanted: all that was asked for from the first time on, in order. Notes are created, never
    changed, so of two runs at once one comes first and the other sees it. Raises UserError where
    the other asked for another number, WriteFailed if it cannot be written.
    """
    there = ends(root, wanted[0])
    for number, end in list(enumerate(wanted))[len(there) :]:
        Folder(root).put(NOTE.format(number), json.dumps({"episodes": end}).encode())
        there = ends(root, wanted[0])
    if there[: len(wanted)] != tuple(wanted):
        raise UserError(
            f"{root} was asked for {there[-1]} episodes by another run just now; run this again"
        )


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
    """The shard of an episode. Raises ValueError for one that the library does not have."""
    before = 0
    for start, end in _stretches(ends):
        if start <= episode < end:
            return before + (episode - start) // size
        before += _between(start, end, size)
    raise ValueError(f"the library has no episode {episode}")


def _stretches(ends: Sequence[int]) -> zip[tuple[int, int]]:
    return zip((0, *ends), ends, strict=False)


def _between(start: int, end: int, size: int) -> int:
    return -(-(end - start) // size)
