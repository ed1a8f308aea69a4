"""A process that has no file descriptor left says so, and does not call a file damaged."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from episodes.errors import NotNow

USUAL = 512  # descriptors of a process where the system does not tell: what Windows' C library has


class OutOfDescriptors(NotNow):
    """No file can be opened before another is closed; nothing is wrong with the file."""


def allowed() -> int | None:
    """Files that this process may have open; None: no bound of its own."""
    try:
        import resource
    except ImportError:  # Windows
        return USUAL
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


@contextmanager
def opening(path: object) -> Iterator[None]:
    """Around whatever opens a file to read it. Raises OutOfDescriptors; other errors pass."""
    try:
        yield
    except Exception as error:
        if found := out_of_descriptors(error, path):
            raise found from error
        raise


def out_of_descriptors(error: BaseException, path: object) -> OutOfDescriptors | None:
    """What to raise for an error in opening a file that comes of there being no descriptor left.

    Some libraries keep the system's error number, others its words alone.
    """
    numbers = (errno.EMFILE, errno.ENFILE)
    number = getattr(error, "errno", None)
    if number not in numbers:
        number = next((n for n in numbers if os.strerror(n) in str(error)), None)
    if number is None:
        return None
    most = allowed()
    if number == errno.ENFILE or most is None:
        return OutOfDescriptors(
            f"{path} cannot be opened: {os.strerror(number)}; close other programs, or raise "
            "fs.file-max"
        )
    return OutOfDescriptors(
        f"{path} cannot be opened: this process has as many files open as it may, {most}; "
        f"`ulimit -n {4 * most}` before the command allows more"
    )
