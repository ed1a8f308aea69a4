"""Who may write to a place: one alone, or several who can work together.

Shards are committed so that writers need not know of one another. A folder that is published whole
(an import, an export), and shards that are taken back (`repair`), want nobody else at work there.
The kernel releases a lock when its process ends, however it ends. Readers take none.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from episodes.errors import NotNow
from episodes.storage.folder import explained

# A file system that knows no locks, or a folder above that is another's: then none is taken.
_IMPOSSIBLE = {
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL,
    errno.EBADF,
}  # fmt: skip
_PATIENCE_S, _PAUSE_S = 0.3, 0.01  # for one that is just going


class InUse(NotNow):
    """Another run is at work there."""


class Lock:
    """On a place, until `release`. Raises InUse at once where others do not allow it.

    shared: with others who share it. The lock is on a hidden file beside the place, which is there
    as long as somebody holds it, or was killed.
    """

    def __init__(self, place: Path, shared: bool = False) -> None:
        place = Path(os.path.realpath(place))  # one lock, by whatever links it is come to
        self._file = place.with_name(f".{place.name}.lock")
        self._made = [one for one in self._file.parents if not one.exists()]
        self._descriptor: int | None = None
        try:
            self._descriptor = _taken(self._file, shared)
        except BlockingIOError:
            raise InUse(
                f"another run is at work on {place}; wait for it to end, or choose another folder"
            ) from None
        except OSError as error:
            if error.errno not in _IMPOSSIBLE:
                raise explained(error, "write to", place) from error

    def release(self) -> None:
        """Leaves nothing behind that it made itself. Nothing happens the second time."""
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        try:
            self._tidy(descriptor)
        except BaseException:  # told to end in the midst of it: that can wait so long
            self._tidy(descriptor)
            raise
        finally:
            os.close(descriptor)

    def _tidy(self, descriptor: int) -> None:
        with suppress(OSError):  # where others share it, the last one tidies up
            _flock(descriptor, shared=False)
            self._file.unlink(missing_ok=True)
            for folder in self._made:
                folder.rmdir()  # unless something was written into it


@contextmanager
def alone(place: Path) -> Iterator[None]:
    """Nobody else writes there in the block. Raises InUse."""
    lock = Lock(place)
    try:
        yield
    finally:
        lock.release()


def _taken(file: Path, shared: bool) -> int:
    """The descriptor of the locked file that has the name: another may remove it, and its folder,
    meanwhile."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            try:
                _flock(descriptor, shared)
                if os.path.samestat(os.fstat(descriptor), os.stat(file)):
                    return os.dup(descriptor)  # the lock is on all copies
            finally:
                os.close(descriptor)
        except (FileNotFoundError, BlockingIOError):
            if time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE_S)


def _flock(descriptor: int, shared: bool) -> None:
    try:
        import fcntl
    except ImportError:  # Windows
        raise OSError(errno.ENOLCK, "no locks here") from None
    mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
