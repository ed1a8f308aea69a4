"""The video files of a library, `videos/`: each under the hash of its bytes, whoever refers to it.

One file may hold the pictures of many episodes, in several shards. It is put there before the first
of these is committed, and every commit record names those that its shard needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from episodes.episode import Episode
from episodes.errors import UserError
from episodes.storage.folder import Folder, sha256_of
from episodes.storage.records import VideoFile
from episodes.storage.video_group import VIDEOS

_SUFFIX = re.compile(r"\.[a-z0-9]{1,5}")


class ShardVideos:
    """Takes the files of episodes on their way into one shard."""

    def __init__(self, root: Path) -> None:
        self._folder = Folder(root / VIDEOS)
        self._taken: dict[str, VideoFile] = {}

    @property
    def taken(self) -> tuple[VideoFile, ...]:
        return tuple(self._taken[name] for name in sorted(self._taken))

    def take(self, episodes: Iterable[Episode]) -> Iterator[Episode]:
        """The episodes, whose video then is in the library. Raises UserError where a file cannot be
        read, WriteFailed where the storage refuses."""
        for episode in episodes:
            cameras = {
                name: track if track.video is None
                else replace(track, video=replace(track.video, file=self._take(track.video.file)))
                for name, track in episode.cameras.items()
            }  # fmt: skip
            yield replace(episode, cameras=cameras)

    def _take(self, file: Path) -> Path:
        try:
            stat = file.stat()
            digest = _sha256(file, stat.st_mtime_ns, stat.st_size)
        except OSError as error:
            raise UserError(f"{file}: {error.strerror or error}") from None
        suffix = file.suffix.lower()
        name = digest + (suffix if _SUFFIX.fullmatch(suffix) else "")
        if name not in self._taken:
            if self._folder.sha256(name) != digest:
                self._folder.copy(name, file, digest)
            self._taken[name] = VideoFile(name, stat.st_size, digest)
        return self._folder.root / name


class Verified:
    """Whether video files are as they were committed; each is read once."""

    def __init__(self, root: Path) -> None:
        self._folder = Folder(root / VIDEOS)
        self._found: dict[str, bool] = {}

    def __call__(self, video: VideoFile) -> bool:
        if video.file not in self._found:
            self._found[video.file] = self._folder.sha256(video.file) == video.sha256
        return self._found[video.file]


@lru_cache(maxsize=64)
def _sha256(file: Path, _changed: int, _size: int) -> str:
    with open(file, "rb") as stream:
        return sha256_of(stream)
