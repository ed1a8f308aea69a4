"""The files that mixes keep open: one bound for the process, however many sources there are.

To open a shard anew for each row would cost more than the row. So files stay open, and the one
that was used longest ago makes room for the next. They may take half of the process's descriptors;
where none is left all the same, since others took them, they give way.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import OrderedDict, deque
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Generic, TypeVar

import h5py

from episodes.storage.descriptors import OutOfDescriptors, allowed, opening

MOST = 4096  # descriptors; more of them bring little
MOST_HDF5 = 64  # of files that are open as HDF5: each takes memory, too

T = TypeVar("T")
Key = tuple[int, str]  # owner, path


class File:
    """A descriptor that is open as long as anyone holds it."""

    def __init__(self, path: str, ahead: bool) -> None:
        """ahead: the file will be read in full; the system may fetch it in one go."""
        with opening(path):
            self.number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        if ahead and hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self.number, 0, 0, os.POSIX_FADV_WILLNEED)

    def __del__(self) -> None:
        if "number" in self.__dict__:
            os.close(self.number)


class RecentFiles(Generic[T]):
    """The files that were used last. One that is dropped closes when nobody holds it any more."""

    def __init__(self, most: Callable[[], int]) -> None:
        self._most = most
        self._kept: OrderedDict[Key, T] = OrderedDict()
        self._ceiling = MOST
        self._gone: deque[int] = deque()  # owners that are no more
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Key, opened: Callable[[], T]) -> T:
        """The file of a key, opened if it is not here."""
        file = self._kept.get(key)
        if file is not None:
            # Without the lock, for which threads would wait at every row; one may drop it just now.
            with suppress(KeyError):
                self._kept.move_to_end(key)
            return file
        with self._lock:
            self._sweep()
            most = min(self._most(), self._ceiling)
            while len(self._kept) >= most:
                self._kept.popitem(last=False)
        file = opened()
        with self._lock:
            return self._kept.setdefault(key, file)

    def halve(self) -> bool:
        """Keep half as many from now on, as others need room; False if there is nothing to drop."""
        with self._lock:
            before = len(self._kept)
            self._ceiling = max(1, before // 2)
            while len(self._kept) > before // 2:
                self._kept.popitem(last=False)
        return before > 0

    def forget(self, owner: int) -> None:
        """Drop the files of an owner. It may be collected while this very thread holds the lock;
        then it is left to the next `get`."""
        self._gone.append(owner)
        if self._lock.acquire(blocking=False):
            try:
                self._sweep()
            finally:
                self._lock.release()

    def _sweep(self) -> None:
        while self._gone:
            owner = self._gone.popleft()
            for key in [key for key in self._kept if key[0] == owner]:
                del self._kept[key]


class OpenFiles:
    """Of one process, for all of its threads: files to `pread` from, and files open as HDF5.

    hdf5_lock: to be held while a file that is open as HDF5 is used, so that none closes meanwhile.
    """

    def __init__(self) -> None:
        self._owners = count()
        self._begin()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._begin)  # a lock may be held, HDF5 is not ours

    def _begin(self) -> None:
        self.raw: RecentFiles[File] = RecentFiles(bound)
        self.hdf5: RecentFiles[h5py.File] = RecentFiles(
            lambda: max(1, min(MOST_HDF5, bound() // 8))
        )
        self.hdf5_lock = threading.Lock()

    def owner(self, reader: object) -> int:
        """A number for a reader, whose files are dropped when it is collected."""
        number = next(self._owners)
        weakref.finalize(reader, self._forget, number).atexit = False
        return number

    def descriptor(self, owner: int, path: str, ahead: bool) -> File:
        return self.raw.get((owner, path), lambda: self._opened(lambda: File(path, ahead)))

    def as_hdf5(self, owner: int, path: str, opened: Callable[[], h5py.File]) -> h5py.File:
        return self.hdf5.get((owner, path), lambda: self._opened(opened))

    def _opened(self, opened: Callable[[], T]) -> T:
        while True:
            try:
                return opened()
            except OutOfDescriptors:
                if not self.raw.halve():
                    raise

    def _forget(self, owner: int) -> None:
        self.raw.forget(owner)
        self.hdf5.forget(owner)


def bound() -> int:
    """Descriptors that may stay open."""
    most = allowed()
    return MOST if most is None else max(1, min(MOST, most // 2))


FILES = OpenFiles()
