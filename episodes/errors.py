"""The errors that a user is meant to read."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class UserError(Exception):
    """Bad input. The message is one line: the thing, the place, a way out. The CLI prints it."""

    exit_code = 2


class BadValue(UserError, ValueError):
    """A value that a caller of the Python API got wrong; other libraries expect ValueError."""


def unknown(what: str, name: object, known: Iterable[str]) -> UserError:
    """The error for a name that does not exist: the closest one, then all of them."""
    names = sorted(known)
    hint = near(name, names)
    return UserError(f"unknown {what} {name!r}{hint} there are: {', '.join(names) or 'none'}")


def near(name: object, known: Sequence[str]) -> str:
    """What follows a name that does not exist: the closest one that does, if any is close."""
    close = difflib.get_close_matches(str(name), known, 1, 0.5)
    return f"; did you mean {close[0]!r}?" if close else ";"


class NotInstalled(UserError):
    """Something optional is not there. The message says what installs it."""
