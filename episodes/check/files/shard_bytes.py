"""Are the bytes of a shard and of its videos those that were committed?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from numpy.random import Generator

from episodes.check.kind import Check, Limits
from episodes.episode import Episode
from episodes.errors import UserError
from episodes.finding import Finding
from episodes.storage import decode, store
from episodes.storage.folder import Folder
from episodes.storage.records import Shard
from episodes.storage.video_files import Verified
from episodes.storage.video_group import VIDEOS


class Videos:
    """The video files of a library, each read once whether it is as it was committed."""

    def __init__(self, root: Path) -> None:
        self._verified, self._folder = Verified(root), Folder(root / VIDEOS)
        self._sound: dict[str, bool] = {}

    def findings(self, shard: Shard) -> Iterator[Finding]:
        """What is wrong with the files of a shard that no shard before it had, beside their size,
        which is for the census. UserError: no PyAV to look at them."""
        for video in shard.videos:
            decode.av()
            if video.file not in self._sound:
                self._sound[video.file] = self._verified(video)
                if not self._sound[video.file] and self._folder.size(video.file) == video.bytes:
                    message = "its bytes are not those that were committed"
                    yield Finding("error", message, field=f"{VIDEOS}/{video.file}")

    def sound(self, episode: Episode) -> Episode:
        """Without the pictures of damaged files. UserError: of a file that no record names."""
        cameras = dict(episode.cameras)
        for name, track in cameras.items():
            if track.video is None:
                continue
            if track.video.file.name not in self._sound:
                raise UserError(f"cameras/{name}: no commit record names {track.video.file.name}")
            if not self._sound[track.video.file.name]:
                cameras[name] = replace(track, video=None)
        return replace(episode, cameras=cameras)


@dataclass(frozen=True)
class ShardFiles:
    """A shard that has a record, and the videos of its library."""

    root: Path
    shard: Shard
    videos: Videos


def find(seen: ShardFiles, limits: Limits) -> Iterator[Finding]:
    folder = Folder(seen.root / store.SHARDS)
    if folder.sha256(seen.shard.file) != seen.shard.sha256:
        message = "its bytes are not those that were committed"
        yield Finding("error", message, field=f"shards/{seen.shard.file}")
        return
    yield from seen.videos.findings(seen.shard)


def _flipped(root: Path, rng: Generator) -> Path:
    """One bit, as of a disk or a cable."""
    path = sorted((root / store.SHARDS).glob("*.h5"))[0]
    data = bytearray(path.read_bytes())
    data[int(rng.integers(len(data)))] ^= 1 << int(rng.integers(8))
    path.write_bytes(data)
    return root


CHECK = Check(
    name="bytes",
    reads="files",
    finds="shards and videos whose bytes are not those that were committed",
    reason="what is damaged gives wrong numbers, or crashes HDF5 itself: it stays closed",
    source="sha256; HDF5's own fletcher32 misses some corruption under gzip (docs/pitfalls.md)",
    find=find,
    faults={"a flipped bit": _flipped},
)
