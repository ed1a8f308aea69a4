"""Rows of a shard's arrays straight from its bytes, at the places that h5py names once.

A training run reads a few rows of ten arrays from a random episode thousands of times a second, and
from more shards than may be open as HDF5 files. So each array is looked up once, through h5py and
after its safety checks; later reads are one `pread` and one unpacking. Nothing but places is kept:
about 12 bytes a frame, 21 of one in a video. Arrays that are laid out in another way are read
through h5py.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import h5py
import numpy as np

from episodes.array_types import AnyArray
from episodes.errors import UserError
from episodes.footage import Footage
from episodes.mix.open_files import FILES, File
from episodes.mix.row_layout import BROKEN, Chunks, RowLayout, layout_of
from episodes.storage import decode, hdf5
from episodes.storage.library import Library
from episodes.storage.safe import open_unseen, plain

MAX_EPISODES = 20_000  # whose places are remembered

_DAMAGED: tuple[type[Exception], ...] = (OSError, ValueError, *BROKEN)


class _EpisodeRows(NamedTuple):
    path: str  # of its shard
    arrays: Mapping[str, RowLayout]
    names: Mapping[str, str]  # array -> its attribute of names
    language: Mapping[str, tuple[str, ...]]  # language -> ways to say the instruction


class Reader:
    """Rows of any array of any episode of one library.

    May be pickled, used after a fork, and by several threads: the costly part, unpacking, runs in
    parallel.
    """

    def __init__(
        self,
        library: Library,
        arrays: Sequence[str],
        ahead: bool = False,
        named: Sequence[str] = (),
        words: bool = False,
    ) -> None:
        """arrays: paths inside a demo that will be asked for; others do not exist to it.

        ahead: a shard that is touched will be read in full; the system may fetch it in one go.
        named: arrays whose attribute of names will be asked for. words: so will `Demo.language`.
        """
        self.library, self.ahead = library, ahead
        self.arrays, self.named, self.words = tuple(arrays), tuple(named), words
        self._shards: dict[int, list[int]] = {}
        for row in library.rows:
            self._shards.setdefault(row.shard, []).append(row.index)
        self._forget()

    def _forget(self) -> None:
        self._episodes: OrderedDict[int, _EpisodeRows] = OrderedDict()
        self._owner = FILES.owner(self)

    def __getstate__(self) -> dict[str, Any]:
        found = ("_episodes", "_owner")
        return {name: value for name, value in self.__dict__.items() if name not in found}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()

    def demo(self, index: int) -> Demo:
        """The arrays of an episode."""
        episode = self._episodes.get(index) or self._look_up(index)
        return Demo(self, index, episode)

    def file(self, path: str) -> File:
        """A shard that is open as long as the answer is held."""
        return FILES.descriptor(self._owner, path, self.ahead)

    def by_h5py(self, index: int, array: str, start: int, stop: int) -> AnyArray:
        """For what is laid out in another way: slower, and one thread at a time."""
        with FILES.hdf5_lock:
            demo = self.library.demo(self._as_hdf5(self.library.row(index).shard), index)
            return np.asarray(demo[array][start:stop])

    def _as_hdf5(self, shard: int) -> h5py.File:
        return FILES.as_hdf5(
            self._owner, str(shard), lambda: open_unseen(self.library.shard_path(shard))
        )

    def _look_up(self, index: int) -> _EpisodeRows:
        shard = self.library.row(index).shard
        with FILES.hdf5_lock:
            file = self._as_hdf5(shard)
            # Opening a shard costs far more than looking up its episodes: take all of them.
            for other in self._shards[shard]:
                if other in self._episodes:
                    continue
                group = self.library.demo(file, other)
                arrays = self._laid_out(other, group)
                names = {
                    name: str(plain(group[name].attrs.get("names", "")))
                    for name in self.named
                    if name in group
                }
                said = group.get("language", {}) if self.words else {}
                language = {name: tuple(hdf5.text(item)) for name, item in said.items()}
                self._episodes[other] = _EpisodeRows(file.filename, arrays, names, language)
            found = self._episodes[index]
            while len(self._episodes) > MAX_EPISODES:
                self._episodes.popitem(last=False)
            return found

    def _laid_out(self, index: int, group: h5py.Group) -> dict[str, RowLayout]:
        try:
            found = {array: layout_of(group, array) for array in self.arrays}
        except (KeyError, ValueError, TypeError) as error:
            raise UserError(
                f"episode {index} of {self.library.path}: what it says of a video is damaged "
                f"({error}); `cellwright check src={self.library.path}` tells more"
            ) from error
        for layout in found.values():
            if layout is not None and layout.video is not None:
                self.library.check_video(layout.video.file)
        return {array: layout for array, layout in found.items() if layout is not None}


class Demo:
    """The arrays of one episode, for a draw or a few. What is damaged, or not there, raises
    UserError."""

    __slots__ = ("_arrays", "_index", "_names", "_path", "_reader", "language")

    def __init__(self, reader: Reader, index: int, episode: _EpisodeRows) -> None:
        self._reader, self._index = reader, index
        self._path, self._arrays, self._names, self.language = episode

    def __str__(self) -> str:
        return f"episode {self._index} of {self._reader.library.path}"

    def shape(self, array: str) -> tuple[int, ...]:
        """Of one row."""
        return self._layout(array).shape[1:]

    def length(self, array: str) -> int:
        """How many rows there are."""
        return self._layout(array).shape[0]

    def names(self, array: str) -> str:
        """The attribute of names of an array; empty if it has none."""
        return self._names.get(array, "")

    def rows(self, array: str, steps: Sequence[int]) -> AnyArray:
        """Rows of an array at steps that rise or stay."""
        layout = self._layout(array)
        out = np.empty((len(steps), *layout.shape[1:]), layout.dtype)
        packed = PackedRows()
        self.fill(out, array, steps, packed)
        packed.unpack()
        return out

    def fill(self, out: AnyArray, array: str, steps: Sequence[int], packed: PackedRows) -> None:
        """Rows of an array at steps that rise or stay, into the rows of `out`; what is packed, and
        needs no more than that, is left to `packed`."""
        layout = self._layout(array)
        self._check(array, layout, steps)
        chunks = layout.chunks
        if layout.video is not None:
            packed.add_video(self, array, layout.video, steps, out)
        elif chunks is not None and out.dtype == layout.dtype and out.flags.c_contiguous:
            for n, t in enumerate(steps):
                if n and t == steps[n - 1]:
                    packed.repeat(out[n - 1], out[n])
                else:
                    packed.add(self, array, chunks, t, out[n])
        elif chunks is not None:
            out[...] = self.rows(array, steps)
        elif list(steps) == list(range(steps[0], steps[-1] + 1)):
            out[...] = self._plain(array, layout, steps[0], steps[-1] + 1)
        else:
            for n, t in enumerate(steps):
                out[n] = self._plain(array, layout, t, t + 1)[0]

    def bytes(self, offset: int, count: int, video: Footage | None = None) -> bytes:
        """Of its shard, or of a video, which is held open no longer: a batch may be of more than
        can be open."""
        file = self._reader.file(self._path if video is None else str(video.file))
        data = os.pread(file.number, count, offset)
        if len(data) != count:
            raise ValueError("the file ends before them")
        return data

    def damaged(self, array: str, start: int, stop: int, error: Exception) -> UserError:
        return UserError(
            f"{self}: {array} rows {start}..{stop - 1} are damaged ({error}); "
            f"`cellwright check src={self._reader.library.path}` tells more"
        )

    def _layout(self, array: str) -> RowLayout:
        found = self._arrays.get(array)
        if found is None:
            raise UserError(
                f"{self} has no {array}, which others of its source have; leave it out with a "
                "filter"
            )
        return found

    def _check(self, array: str, layout: RowLayout, steps: Sequence[int]) -> None:
        if not 0 <= steps[0] <= steps[-1] < layout.shape[0]:
            raise UserError(
                f"{self}: {array} has {layout.shape[0]} rows, not {steps[-1] + 1}; "
                f"`cellwright check src={self._reader.library.path}` tells more"
            )

    def _plain(self, array: str, layout: RowLayout, start: int, stop: int) -> AnyArray:
        try:
            if layout.offset is None:
                return self._reader.by_h5py(self._index, array, start, stop)
            size = layout.row_bytes
            data = self.bytes(layout.offset + start * size, (stop - start) * size)
            return np.frombuffer(data, layout.dtype).reshape(stop - start, *layout.shape[1:])
        except _DAMAGED as error:
            raise self.damaged(array, start, stop, error) from error


class _Chunk(NamedTuple):
    demo: Demo
    array: str
    step: int
    chunks: Chunks
    out: AnyArray  # bytes, in the order in which they were packed


class _Film(NamedTuple):
    demo: Demo
    array: str
    video: Footage
    steps: Sequence[int]
    out: AnyArray  # (len(steps), H, W, 3)

    def packet(self, number: int) -> bytes:
        place, size = int(self.video.places[number]), int(self.video.sizes[number])
        return self.demo.bytes(place, size, self.video)


class PackedRows:
    """Rows that are still packed, to be read and unpacked one after the other.

    Python has next to nothing to do between one and the next, so that threads seldom wait for its
    lock: two of them read 3 % more than where each window is finished before the next.
    """

    def __init__(self) -> None:
        self._chunks: list[_Chunk] = []
        self._repeats: list[tuple[AnyArray, AnyArray]] = []
        self._films: list[_Film] = []

    def add(self, demo: Demo, array: str, chunks: Chunks, step: int, out: AnyArray) -> None:
        """out: a row, contiguous."""
        raw: AnyArray = out.reshape(-1).view(np.uint8)
        if chunks.shuffled:
            raw = raw.reshape(-1, out.itemsize).T
        self._chunks.append(_Chunk(demo, array, step, chunks, raw))

    def add_video(
        self, demo: Demo, array: str, video: Footage, steps: Sequence[int], out: AnyArray
    ) -> None:
        """out: its rows, one for each of the steps."""
        self._films.append(_Film(demo, array, video, steps, out))

    def repeat(self, row: AnyArray, out: AnyArray) -> None:
        """The same once more."""
        self._repeats.append((row, out))

    def unpack(self) -> None:
        """Raises UserError for what is damaged."""
        for demo, array, t, chunks, out in self._chunks:
            try:
                data = demo.bytes(int(chunks.places[t]), int(chunks.sizes[t]))
                out[...] = np.frombuffer(chunks.unpack(data, out.size), np.uint8).reshape(out.shape)
            except _DAMAGED as error:
                raise demo.damaged(array, t, t + 1, error) from error
        for row, out in self._repeats:
            out[...] = row
        for film in self._films:
            try:
                for rows, picture in decode.pictures(film.video, film.steps, film.packet):
                    film.out[rows] = picture
            except _DAMAGED as error:
                raise film.demo.damaged(
                    film.array, film.steps[0], film.steps[-1] + 1, error
                ) from error
