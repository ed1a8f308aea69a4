"""HDF5 written straight to a file: for what is too large for memory, and is published later.

The HDF5 library crashes the process when the disk refuses a write, in the middle or at the end. So
it is never told: from the first refusal on its writes are dropped, and we raise.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py


class _Unrefused(io.FileIO):
    refusal: OSError | None = None

    def write(self, data: Any, /) -> int:
        view, done = memoryview(data).cast("B"), 0
        while self.refusal is None and done < len(view):
            try:
                done += super().write(view[done:]) or 0
            except OSError as error:
                self.refusal = error
        return len(view)

    def truncate(self, size: int | None = None, /) -> int:
        try:
            return super().truncate(size)
        except OSError as error:
            self.refusal = self.refusal or error
            return size or 0


@contextmanager
def writing(path: Path, **options: Any) -> Iterator[h5py.File]:
    """A new file at `path`. Raises OSError where not all of it is there; options: of h5py.File."""
    with _Unrefused(path, "w+") as raw:
        try:
            with h5py.File(raw, "w", **options) as file:
                yield file
        except Exception:  # perhaps since what was dropped cannot be read again
            if raw.refusal is None:
                raise
        if raw.refusal is not None:
            raise raw.refusal
