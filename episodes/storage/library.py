"""A library as training code sees it: rows in memory, episodes opened when asked for."""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py

from episodes.episode import Episode
from episodes.errors import UserError
from episodes.storage import decode, hdf5, store
from episodes.storage.records import Row, Shard
from episodes.storage.safe import follow, open_unseen
from episodes.storage.summary import Summary, summarized

MAX_OPEN_FILES = 16


class Library:
    """A folder of shards. Iterates rows by index; `group` and `read` open episodes lazily.

    Files are opened anew in every process, so a library may be used on both sides of a fork and
    may be pickled. Raises UserError for a folder that is no library of this version, and for
    commit records that are broken.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.info: dict[str, Any] = store.describe(self.path)
        self.shards: tuple[Shard, ...] = tuple(store.shards(self.path, self.info["spec_id"]))
        self.rows: tuple[Row, ...] = tuple(
            sorted((row for shard in self.shards for row in shard.rows), key=lambda row: row.index)
        )
        for one, two in zip(self.rows, self.rows[1:], strict=False):
            if one.index == two.index:
                raise UserError(
                    f"{self.path}: episode {one.index} is in shards {one.shard} and {two.shard}; "
                    f"`cellwright check src={path}` tells more"
                )
        self._files: OrderedDict[int, h5py.File] = OrderedDict()
        self._pid = os.getpid()
        self._inspected: set[int] = set()

    def __repr__(self) -> str:
        return f"Library({str(self.path)!r}, {len(self.rows)} of {self.info['episodes']} episodes)"

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_files": OrderedDict()}

    @property
    def quarantined(self) -> tuple[dict[str, Any], ...]:
        """The episodes that could not be made, by index: seed, attempts, signal or error, log."""
        return tuple(store.quarantined(self.path))

    def row(self, index: int) -> Row:
        """The row of an episode. Raises KeyError for one that is not there."""
        return self.rows[self._place(index)]

    def group(self, index: int) -> h5py.Group:
        """The open demo of an episode, read only; valid while few other shards are opened.

        Raises KeyError for an index that is not there, UserError if its shard is damaged.
        """
        return self.demo(self._file(self.row(index).shard), index)

    def shard(self, number: int) -> Shard:
        """A committed shard. Raises KeyError for one that is not there."""
        return self._by_number[number]

    def shard_path(self, number: int) -> Path:
        """Of a shard's file. Raises UserError if it is not as long as its record says."""
        shard = self._by_number[number]
        path = self.path / store.SHARDS / shard.file
        self._check_size(path, shard.bytes)
        return path

    def demo(self, file: h5py.File, index: int) -> h5py.Group:
        """The demo of an episode in its shard, after a look at all that is in it. Raises UserError
        if it is not there, or not safe to read."""
        place = f"data/demo_{index}"
        try:
            if index not in self._inspected:
                follow(file, place)
                self._inspected.add(index)
            return file[place]
        except KeyError:
            raise UserError(f"{file.filename} has no demo_{index}; {self._repair()}") from None

    def read(self, index: int, images: bool = True) -> Episode:
        """An episode in memory; without `images`, pictures are None, or stay in their video.

        Raises as `group`.
        """
        group = self.group(index)
        try:
            episode = hdf5.get(group, images)
            return self._seen(episode) if images else episode
        except (OSError, KeyError, ValueError, TypeError, AttributeError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise UserError(
                f"episode {index} in {group.file.filename} is damaged ({reason}); {self._repair()}"
            ) from error

    def check_video(self, file: Path) -> None:
        """UserError: it is no file of a shard of this library, or not of the size of that."""
        size = self._video_bytes.get(file.name)
        if size is None:
            raise UserError(f"no commit record names {file}; {self._repair()}")
        self._check_size(file, size)

    def _seen(self, episode: Episode) -> Episode:
        """The same with the pictures of its videos."""
        cameras = dict(episode.cameras)
        for name, track in cameras.items():
            if track.video is not None:
                self.check_video(track.video.file)
                with decode.reading(track.video) as read:
                    rgb = decode.whole(track.video, read)
                cameras[name] = replace(track, rgb=rgb, video=None)
        return replace(episode, cameras=cameras)

    def episodes(self, images: bool = True) -> Iterator[Episode]:
        """Every episode in order of its index, one in memory at a time."""
        return (self.read(row.index, images) for row in self.rows)

    def fingerprint(self) -> str:
        """sha256 over the hashes of the shards: what a mix stores, to notice a changed library."""
        digest = hashlib.sha256()
        for shard in self.shards:
            digest.update(f"{shard.number} {shard.sha256}\n".encode())
        return digest.hexdigest()

    def content(self) -> str:
        """sha256 over what the episodes were made by, and the states and actions of each, however
        they were compressed."""
        digest = hashlib.sha256(f"{self.info['spec_id']}\n".encode())
        for row in self.rows:
            digest.update(f"{row.index} {row.content_hash}\n".encode())
        return digest.hexdigest()

    def summary(self) -> Summary:
        return summarized(self.info, self.shards, len(self.quarantined))

    def close(self) -> None:
        """Close the files that this process has open; they open again when asked for."""
        for file in self._own_files().values():
            file.close()
        self._files.clear()

    @cached_property
    def _places(self) -> dict[int, int]:
        return {row.index: place for place, row in enumerate(self.rows)}

    def _place(self, index: int) -> int:
        try:
            return self._places[index]
        except KeyError:
            raise KeyError(f"{self.path} has no episode {index}") from None

    @cached_property
    def _video_bytes(self) -> dict[str, int]:
        return {video.file: video.bytes for shard in self.shards for video in shard.videos}

    @cached_property
    def _by_number(self) -> dict[int, Shard]:
        return {shard.number: shard for shard in self.shards}

    def _own_files(self) -> OrderedDict[int, h5py.File]:
        if self._pid != os.getpid():  # forked or unpickled: HDF5 handles do not survive that
            self._files, self._pid = OrderedDict(), os.getpid()
        return self._files

    def _file(self, number: int) -> h5py.File:
        files = self._own_files()
        if number not in files:
            files[number] = open_unseen(self.shard_path(number))
            while len(files) > MAX_OPEN_FILES:
                files.popitem(last=False)[1].close()
        files.move_to_end(number)
        return files[number]

    def _check_size(self, path: Path, wanted: int) -> None:
        size = path.stat().st_size if path.is_file() else None
        if size != wanted:
            state = "missing" if size is None else f"{size} bytes long, not {wanted}"
            raise UserError(f"{path} is {state}; {self._repair()}")

    def _repair(self) -> str:
        return f"`cellwright check src={self.path}` tells what is wrong"
