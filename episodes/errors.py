"""The errors that a user is meant to read, and how the command ends. Every folder may import it."""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable
from enum import IntEnum
from typing import ClassVar


class Exit(IntEnum):
    """The command's exit codes, as docs/commands.md explains them."""

    DONE = 0
    FOUND = 1  # something to look at; Python's own code for a bug of ours
    BAD_INPUT = 2
    DIVERGED = 3
    WRITE_FAILED = 4
    QUARANTINED = 5
    STOPPED = 130


class UserError(Exception):
    """Bad input. The message is one line: the thing, the place, a way out. The CLI prints it."""

    code: ClassVar[Exit] = Exit.BAD_INPUT


class BadValue(UserError, ValueError):
    """A value that a caller of the Python API got wrong; other libraries expect ValueError."""


class NotNow(UserError):
    """Nothing is wrong with what was asked for: the same goes on when the cause is gone."""


class NotInstalled(UserError):
    """Something optional is not there. The message says what installs it."""


class NeedsFreshProcess(RuntimeError):
    """This process cannot go on with it; another one can: no input is to blame."""


# the machine's fault, not the program's: one line says it all
_OF_THE_MACHINE = {
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO,
    errno.EMFILE, errno.ENFILE, errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.ELOOP,
    errno.ENXIO,
}  # fmt: skip


def describe(error: BaseException) -> tuple[str, Exit] | None:
    """The line that tells a user of an error, and how the command ends; None for a bug, which
    deserves its traceback."""
    if isinstance(error, UserError):
        return " ".join(str(error).split()), error.code
    if isinstance(error, OSError) and error.errno in _OF_THE_MACHINE:
        return f"{error.filename or 'the disk'}: {error.strerror}", Exit.WRITE_FAILED
    if isinstance(error, FileNotFoundError) and "temporary directory" in str(error):
        line = "no folder for temporary files can be written to; free some space, or set TMPDIR"
        return line, Exit.WRITE_FAILED
    return None


def unknown(
    what: str, name: object, known: Iterable[str], shown: Iterable[str] | None = None
) -> BadValue:
    """The error for a name that does not exist."""
    return BadValue(f"unknown {what} {name!r}{choices(name, known, shown)}")


def choices(name: object, known: Iterable[str], shown: Iterable[str] | None = None) -> str:
    """What follows a name that does not exist: the nearest of those that do, then those to choose
    from (`shown`, where all known ones are too many)."""
    names = sorted(known) if isinstance(known, set | frozenset) else list(known)
    near = nearest(name, names)
    hint = f"did you mean {near!r}? " if near else ""
    listed = ", ".join(names if shown is None else shown)
    return f"; {hint}there are: {listed or 'none'}"


def nearest(name: object, known: Iterable[str], least: float = 0.5) -> str | None:
    """The known name that is most like another one; None where none is like it by `least`, a share
    of letters in common (Ratcliff and Obershelp's)."""
    return next(iter(difflib.get_close_matches(str(name), list(known), 1, least)), None)
