"""Can a library be trusted? Records, hashes, layout and content, one shard at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py

from episodes.check import registry
from episodes.check.digest import Digest
from episodes.check.files import content_hash, records, schema, shard_bytes, shard_frame
from episodes.check.kind import Limits
from episodes.check.recording import EpisodeOrigin, Recording
from episodes.episode import Episode
from episodes.errors import UserError
from episodes.finding import Finding
from episodes.storage import hdf5, store
from episodes.storage.descriptors import OutOfDescriptors
from episodes.storage.records import Row, Shard
from episodes.storage.safe import open_hdf5

# What h5py and our reader raise where a file breaks the format.
UNREADABLE = (UserError, OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError)


def check(
    root: str | Path,
    *,
    records_only: bool = False,
    thresholds: Mapping[str, float] | None = None,
    progress: Callable[[object], None] = lambda shard: None,
) -> list[Finding]:
    """Everything that is wrong with a library; an empty list is a clean bill.

    records_only: commit records and file sizes, without opening a shard. thresholds: others than
    those of docs/checks.md, by name. progress: called after each shard. A channel that the format
    allows to be absent is never a finding. Raises UserError where `root` is no library at all, and
    for thresholds that there are not.
    """
    root, limits = Path(root), registry.limits(thresholds)
    library = store.describe(root)
    census = records.Census(root, library)
    found = list(records.CHECK(census, limits))
    found += _imported(library)
    if records_only:
        return found
    walk = Walk(root, limits)
    for number in census.good:
        found += walk.shard(store.recorded(root, number))
        progress(number)
    return found + list(compared(walk.digests, limits))


def _imported(library: dict[str, Any]) -> Iterator[Finding]:
    """What an import noticed in its source, and no longer can be seen in the library."""
    entries = library.get("findings", [])
    for entry in entries if isinstance(entries, list) else []:
        try:
            yield Finding.from_json(entry)
        except (KeyError, TypeError, ValueError, AttributeError):
            yield Finding("error", f"not a finding: {entry!r:.80}", field="library.json")


class Walk:
    """Goes through shards whose records are sound; afterwards `digests` has every episode that
    could be read."""

    def __init__(self, root: Path, limits: Limits) -> None:
        self.root, self.limits = root, limits
        self.videos = shard_bytes.Videos(root)
        self.digests: list[Digest] = []

    def shard(self, shard: Shard) -> Iterator[Finding]:
        place = f"shards/{shard.file}"
        files = shard_bytes.ShardFiles(self.root, shard, self.videos)
        damaged = list(shard_bytes.CHECK(files, self.limits))
        yield from damaged
        if any(finding.field == place for finding in damaged):
            # HDF5 itself may crash on a damaged file, so what is known to be damaged stays closed.
            return
        try:
            with open_hdf5(self.root / store.SHARDS / shard.file) as file:
                yield from shard_frame.CHECK(shard_frame.OpenShard(file, shard), self.limits)
                for row in shard.rows:
                    yield from self._demo(file, row)
        except OutOfDescriptors:
            raise
        except UNREADABLE as error:
            yield Finding("error", _reason(error), field=place)

    def _demo(self, file: h5py.File, row: Row) -> Iterator[Finding]:
        demo = file.get(f"data/demo_{row.index}")
        if not isinstance(demo, h5py.Group):
            return
        origin = EpisodeOrigin.of(row.index, row.domain, False)
        try:
            origin = EpisodeOrigin.of(row.index, row.domain, schema.imported(demo))
            broken = list(schema.CHECK(schema.OpenDemo(demo, row, origin), self.limits))
            yield from broken
            if broken:
                return
            episode = self.videos.sound(hdf5.get(demo, images=False))
            valid = f"demo_{row.index}" in shard_frame.side_names(file, "valid")
            seen = Recording(_with_frames(episode, demo), origin, not valid)
            yield from content_hash.CHECK(content_hash.Recorded(seen, row), self.limits)
            yield from judged(seen, self.limits)
            self.digests.append(Digest.of(seen))
        except UNREADABLE as error:
            yield origin.error(_reason(error))


def _with_frames(episode: Episode, demo: h5py.Group) -> Episode:
    """With its pictures as they lie in the file, from which each is read when it is looked at."""
    cameras = {
        name: replace(
            track,
            rgb=demo["obs"].get(f"{name}_image"),
            depth=demo["obs"].get(f"{name}_depth"),
            segmentation=demo["obs"].get(f"{name}_segmentation"),
        )
        for name, track in episode.cameras.items()
    }
    return replace(episode, cameras=cameras)


def judged(seen: Recording, limits: Limits) -> Iterator[Finding]:
    """What the checks of one episode find in it."""
    closed = False
    for check_ in registry.EPISODE:
        if closed and check_.reads == "numbers":
            continue
        for finding in check_(seen, limits):
            closed = closed or check_.gate
            yield finding


def compared(digests: list[Digest], limits: Limits) -> Iterator[Finding]:
    """What only shows over the whole library."""
    for check_ in registry.LIBRARY:
        yield from check_(digests, limits)


def _reason(error: Exception) -> str:
    told = str(error).splitlines()[0] if str(error) else type(error).__name__
    return told if isinstance(error, UserError) else f"it cannot be read: {told:.120}"
