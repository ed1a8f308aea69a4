"""The bookkeeping of a library: is every episode there once, and every file as recorded?"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from numpy.random import Generator

from episodes.check.kind import Check, Limits
from episodes.errors import UserError
from episodes.finding import Finding
from episodes.storage import growth, store
from episodes.storage.differences import changed, describe
from episodes.storage.folder import TEMPORARY, Folder
from episodes.storage.records import Shard, VideoFile, record_file, shard_file
from episodes.storage.video_group import VIDEOS


class Census:
    """Goes through the records once. Afterwards `good` are the numbers of the shards whose file
    may be read; nothing else is kept of a row but its index."""

    def __init__(self, root: Path, library: dict[str, Any]) -> None:
        self._root = root
        self._library = library
        self._ends = store.ends(root)
        self._folder = Folder(root / store.SHARDS)
        self._files = set(self._folder.names(".h5"))
        self._videos = Folder(root / VIDEOS)
        self._named: set[str] = set()  # videos
        self._owner: dict[int, int] = {}  # episode -> shard
        self._recorded: set[str] = set()
        self._broken: set[int] = set()
        self.good: list[int] = []

    def findings(self) -> Iterator[Finding]:
        for shard in store.records(self._root):
            if isinstance(shard, Shard):
                self._recorded.add(shard.file)
                yield from self._shard(shard)
            else:
                if shard.number is not None:
                    self._recorded.add(shard_file(shard.number))
                    self._broken.add(shard.number)
                else:
                    self._broken.add(-1)
                yield Finding("error", str(shard), field="shards")
        for file in sorted(self._files - self._recorded):
            yield Finding("error", f"{file} has no commit record", field=f"shards/{file}")
        for file in self._videos.names(""):
            if file not in self._named and not self._broken:
                yield Finding("error", "no commit record names it", field=f"{VIDEOS}/{file}")
        yield from self._absent()
        yield from self._other_code()
        yield from self._leftovers()

    def _shard(self, shard: Shard) -> Iterator[Finding]:
        place = f"shards/{shard.file}"
        wrong = []
        if shard.spec_id != self._library["spec_id"]:
            wrong.append(
                f"its record is of spec {shard.spec_id[:12]}, the library of "
                f"{self._library['spec_id'][:12]}"
            )
        size = self._folder.size(shard.file) if shard.file in self._files else None
        if size is None:
            wrong.append("the file is missing")
        elif size != shard.bytes:
            wrong.append(f"{size} bytes, its record says {shard.bytes}: truncated or replaced")
        yield from (Finding("error", message, field=place) for message in wrong)
        for video in shard.videos:
            yield from self._video(video)
        own = growth.episodes_of(self._ends, self._library["shard_size"], shard.number)
        for row in shard.rows:
            owner = self._owner.setdefault(row.index, shard.number)
            if owner != shard.number:
                message = f"also in shards/{shard_file(owner)}"
                yield Finding("error", message, row.index, field=place)
            if row.index not in own:
                yield Finding("error", "does not belong into this shard", row.index, field=place)
        if len({row.index for row in shard.rows}) != len(shard.rows):
            yield Finding("error", "an episode is recorded twice", field=place)
        if not wrong:
            self.good.append(shard.number)

    def _video(self, video: VideoFile) -> Iterator[Finding]:
        """Once for each file, however many shards refer to it."""
        if video.file in self._named:
            return
        self._named.add(video.file)
        size = self._videos.size(video.file)
        if size is None:
            yield Finding("error", "the file is missing", field=f"{VIDEOS}/{video.file}")
        elif size != video.bytes:
            message = f"{size} bytes, its record says {video.bytes}: truncated or replaced"
            yield Finding("error", message, field=f"{VIDEOS}/{video.file}")

    def _absent(self) -> Iterator[Finding]:
        """Episodes that are neither recorded nor quarantined, by shard."""
        given_up = set()
        try:
            for entry in store.quarantined(self._root):
                given_up.add(entry["index"])
                reason = str(entry.get("reason", "no reason told"))[:120]
                yield Finding("warning", f"quarantined: {reason}", entry["index"])
        except UserError as error:
            yield Finding("error", str(error), field=store.QUARANTINE)
        gap: _Gap | None = None
        for lack in self._gaps(given_up):
            if gap is not None and gap.adjoins(lack):
                gap = replace(gap, stop=lack.stop, last=lack.last)
                continue
            if gap is not None:
                yield gap.finding()
            gap = lack
        if gap is not None:
            yield gap.finding()
        total = self._library["episodes"]
        for index in sorted(i for i in self._owner if i >= total):
            yield Finding("error", f"the library has only {total} episodes", index)

    def _gaps(self, given_up: Set[int]) -> Iterator[_Gap]:
        """Every shard that lacks episodes, but for those whose record cannot be read."""
        size = self._library["shard_size"]
        there = sorted({*self._owner, *given_up})
        for number in range(growth.shards(self._ends, size)):
            wanted = growth.episodes_of(self._ends, size, number)
            low, high = bisect_left(there, wanted.start), bisect_left(there, wanted.stop)
            lacking = _ends_of(wanted, there[low:high])  # costs what is there, not what is claimed
            if lacking is not None and number not in self._broken:
                file = shard_file(number)
                made = file in self._files or file in self._recorded
                yield _Gap(number, number + 1, *lacking, made)

    def _other_code(self) -> Iterator[Finding]:
        """Notes from which on other code made the episodes: not all of them are of one kind."""
        made_by = growth.made_by(self._root, self._library.get("versions", {}))
        for (_, then), (note, now) in pairwise(made_by.items()):
            if differ := changed(then, now):
                message = "what was made after it is by other code than what was made before: "
                yield Finding("warning", message + describe(differ), field=note)

    def _leftovers(self) -> Iterator[Finding]:
        for folder in (self._root, self._videos.root, self._folder.root):
            for path in sorted(folder.glob(f"{TEMPORARY}*")):
                where = str(path.relative_to(self._root))
                yield Finding("warning", "left by a writer that was killed", field=where)


def _ends_of(wanted: range, there: Sequence[int]) -> tuple[int, int] | None:
    """The first and the last number that is wanted and not there; None where all are there."""
    if len(there) == len(wanted):
        return None
    first, last = wanted.start, wanted.stop - 1
    for number in there:
        if number != first:
            break
        first += 1
    for number in reversed(there):
        if number != last:
            break
        last -= 1
    return first, last


@dataclass(frozen=True)
class _Gap:
    """Shards start .. stop - 1 lack episodes, the first and the last of them; made: some of the
    one shard is there."""

    start: int
    stop: int
    first: int
    last: int
    made: bool

    def adjoins(self, next_: _Gap) -> bool:
        return not self.made and not next_.made and next_.start == self.stop

    def finding(self) -> Finding:
        several = self.first != self.last
        which = f"episodes {self.first}..{self.last}" if several else f"episode {self.first}"
        why = f"{record_file(self.start)} is missing or lacks them"
        if self.stop - self.start > 1:
            why = (
                f"shards {self.start:05d} to {self.stop - 1:05d} were not made; `repair` makes them"
            )
        field = f"shards/{shard_file(self.start)}"
        return Finding("error", f"{which} not there: {why}", field=field)


def find(seen: Census, limits: Limits) -> Iterator[Finding]:
    return seen.findings()


def _shard_gone(root: Path, rng: Generator) -> Path:
    shards = sorted((root / store.SHARDS).glob("*.h5"))
    shards[int(rng.integers(len(shards)))].unlink()
    return root


def _cut_short(root: Path, rng: Generator) -> Path:
    """A copy that broke off."""
    path = sorted((root / store.SHARDS).glob("*.h5"))[0]
    data = path.read_bytes()
    path.write_bytes(data[: int(rng.integers(len(data)))])
    return root


def _record_gone(root: Path, rng: Generator) -> Path:
    sorted((root / store.SHARDS).glob("*.json"))[0].unlink()
    return root


CHECK = Check(
    name="records",
    reads="files",
    finds="episodes that are not there, files without a record, records without their file",
    reason="a library that lacks episodes has other shares, another success rate, another split",
    source="the commit protocol of docs/library-format.md",
    find=find,
    faults={
        "a shard is gone": _shard_gone,
        "a shard is cut short": _cut_short,
        "a record is gone": _record_gone,
    },
)
