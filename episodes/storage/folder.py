"""The few operations that a library needs of its storage, here on a folder of a file system.

An object store can take this place: docs/scaling.md says what each operation becomes there.
"""

from __future__ import annotations

import errno
import hashlib
import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from episodes.errors import Exit, NotNow, UserError
from episodes.storage import regular

TEMPORARY = ".tmp-"
_PIECE = 1 << 20  # bytes of a large file that are in memory at a time
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class WriteFailed(NotNow):
    """The file system refused; what was committed before is intact."""

    code = Exit.WRITE_FAILED


def sha256_of(file: BinaryIO) -> str:
    """The hash of what is left to read of an open file."""
    digest = hashlib.sha256()
    while piece := file.read(1 << 20):
        digest.update(piece)
    return digest.hexdigest()


@dataclass(frozen=True)
class Folder:
    """Whole, immutable files by name. A file is seen complete or not at all."""

    root: Path

    def put(self, name: str, data: bytes) -> bool:
        """Create the file; False if one of that name exists, which is then left as it is.

        On return the file and its name are on disk. Raises WriteFailed.
        """
        with self._written(name, [data]) as temporary:
            try:
                os.link(temporary, self.root / name)
            except FileExistsError:
                return False
        return True

    def replace(self, name: str, data: bytes) -> None:
        """Put the file in the place of one that is known to be broken. Raises WriteFailed."""
        with self._written(name, [data]) as temporary:
            os.replace(temporary, self.root / name)

    def copy(self, name: str, source: Path, sha256: str) -> None:
        """Copy a file whose content the name stands for: what has that name is the same, or broken.

        Raises WriteFailed; UserError where the source is not of that hash, or cannot be read.
        """
        with self._written(name, _verified(source, sha256)) as temporary:
            os.replace(temporary, self.root / name)

    def size(self, name: str) -> int | None:
        """Bytes of the file; None if there is none."""
        try:
            return (self.root / name).stat().st_size
        except FileNotFoundError:
            return None

    def sha256(self, name: str) -> str | None:
        """The hash of the file's bytes; None if there is none."""
        try:
            found, _ = regular.descriptor(self.root / name)
            with open(found, "rb") as file:
                return sha256_of(file)
        except FileNotFoundError:
            return None

    def names(self, suffix: str) -> list[str]:
        """The names that end so, numbers in order; temporaries are not among them."""
        try:
            entries = os.listdir(self.root)
        except FileNotFoundError:
            return []
        found = [n for n in entries if n.endswith(suffix) and not n.startswith(".")]
        return sorted(found, key=lambda name: (len(name), name))

    def clean(self) -> list[str]:
        """Remove temporaries whose writer is dead on this host; the names of those removed."""
        removed = []
        for path in self.root.glob(f"{TEMPORARY}*"):
            with suppress(OSError):  # another was faster, or may write here and we may not
                if _abandoned(path):
                    path.unlink()
                    removed.append(path.name)
        return sorted(removed)

    @contextmanager
    def filling(self, name: str) -> Iterator[Path]:
        """A temporary that others may write to: it takes the place of the file when the block ends
        well, and is gone when not. Raises WriteFailed for what the storage refuses in the block."""
        with self._temporary(name) as temporary:
            yield temporary
            sync(temporary)
            os.replace(temporary, self.root / name)

    @contextmanager
    def _written(self, name: str, pieces: Iterable[bytes]) -> Iterator[Path]:
        """A temporary that holds the data on disk; the folder is synced after the block."""
        with self._temporary(name) as temporary:
            _write_synced(temporary, pieces)
            yield temporary

    @contextmanager
    def _temporary(self, name: str) -> Iterator[Path]:
        """A name that nothing has, and nothing has after the block; the folder is synced then."""
        temporary = self.root / f"{TEMPORARY}{socket.gethostname()}-{os.getpid()}-{Path(name).stem}"
        try:
            self._make()
            temporary.unlink(missing_ok=True)  # of a dead process that had our id
            try:
                yield temporary
            finally:
                temporary.unlink(missing_ok=True)
            sync(self.root)
        except Exception as error:
            found = no_space(error, self.root / name)
            if found is None and isinstance(error, OSError):
                found = explained(error, "write", self.root / name)
            if found is None:
                raise
            raise found from error

    def _make(self) -> None:
        if not self.root.is_dir():
            self.root.mkdir(parents=True, exist_ok=True)
            sync(self.root.parent)


def _verified(source: Path, sha256: str) -> Iterator[bytes]:
    """The bytes of a file. UserError, at its end at the latest: it is another than that hash."""
    digest = hashlib.sha256()
    try:
        with open(source, "rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
                yield piece
    except OSError as error:
        raise UserError(f"{source} cannot be read: {error.strerror or error}") from error
    if digest.hexdigest() != sha256:
        raise UserError(f"{source} changed while it was read; run this again when it is at rest")


def _write_synced(path: Path, pieces: Iterable[bytes]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        for piece in pieces:
            rest = memoryview(piece)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_below(root: Path) -> None:
    """All files and folders at or below a folder are on disk on return. Raises OSError."""
    for folder, _, files in os.walk(root):
        for name in files:
            sync(Path(folder, name))
        sync(Path(folder))


def sync(path: Path) -> None:
    """The file, or the names in the folder, are on disk on return. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def no_space(error: Exception, path: Path) -> WriteFailed | None:
    """What to raise for an error in writing a path that comes of there being no space left; None
    for another. Some libraries keep the system's error number, others its words alone."""
    if isinstance(error, UserError):
        return None
    for number in _NO_SPACE:
        if getattr(error, "errno", None) == number or os.strerror(number) in str(error):
            return explained(OSError(number, os.strerror(number)), "write", path)
    return None


def explained(error: OSError, what: str, path: Path) -> WriteFailed:
    """What the file system refused to do with a path, and the way out."""
    if error.errno in _NO_SPACE:
        way = "free some space there (or lift the quota), then run the same command to go on"
    elif error.errno in (errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOENT):
        way = "that is no place for it; choose another out="
    elif error.errno in (errno.EPERM, errno.ENOTSUP, errno.EACCES, errno.EROFS):
        way = "a library needs a writable file system with hard links; choose another out="
    else:
        way = "when the cause is gone, run the same command to go on"
    reason = error.strerror or " ".join(str(error).split()) or type(error).__name__
    return WriteFailed(f"cannot {what} {path}: {reason}; {way}")


def _abandoned(path: Path) -> bool:
    """True if the temporary's writer ran on this host and is no more.

    A process id may have been given again: a file older than the process of that id is not its own.
    """
    ours = f"{TEMPORARY}{socket.gethostname()}-"
    pid = path.name.removeprefix(ours).partition("-")[0]
    if not path.name.startswith(ours) or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        pass
    started = _started(int(pid))
    return started is not None and path.stat().st_mtime < started - 2.0


def _started(pid: int) -> float | None:
    """When a process began [s since the epoch]; None where /proc does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        lines = Path("/proc/stat").read_text().splitlines()
    except OSError:
        return None
    boot = next(float(line.split()[1]) for line in lines if line.startswith("btime "))
    return boot + float(fields[19]) / os.sysconf("SC_CLK_TCK")
