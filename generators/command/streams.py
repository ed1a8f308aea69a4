"""Standard output and error that may be closed, full, or read by nobody: the work goes on."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Any, TextIO

INPUT, OUTPUT, ERROR = 0, 1, 2


class _Outlet(io.FileIO):
    """A descriptor; from its first refusal on, what is written is dropped."""

    refusal: OSError | None = None

    def write(self, data: Any, /) -> int:
        if self.refusal is None:
            try:
                return super().write(data) or 0
            except OSError as error:
                self.refusal = error
        return memoryview(data).nbytes


class StandardStreams:
    """The process's own streams, made so that printing never fails."""

    def __init__(self) -> None:
        for number in (INPUT, OUTPUT, ERROR):
            _hold_open(number)
        self._out = _Outlet(OUTPUT, "w", closefd=False)
        if sys.stdout is None or sys.stdout is sys.__stdout__:  # else a caller's own
            sys.stdout = _text(self._out, sys.stdout)
        if sys.stderr is None or sys.stderr is sys.__stderr__:
            sys.stderr = _text(_Outlet(ERROR, "w", closefd=False), sys.stderr)

    def lost(self) -> str:
        """Why not all of the output was written, where that matters: nobody reads on after
        `cellwright list | head`, but a full disk has half a file."""
        sys.stdout.flush()
        refusal = self._out.refusal
        if refusal is None or refusal.errno == errno.EPIPE:
            return ""
        return f"standard output: {refusal.strerror}; what was done stands"


def _hold_open(number: int) -> None:
    """A closed descriptor would be given to the next file that is opened, and get what C libraries
    print."""
    try:
        os.fstat(number)
    except OSError:
        nowhere = os.open(os.devnull, os.O_RDWR)
        if nowhere != number:
            os.dup2(nowhere, number)
            os.close(nowhere)


def _text(outlet: _Outlet, before: TextIO | None) -> TextIO:
    """As Python makes its own streams; what the encoding lacks is escaped."""
    errors = getattr(before, "errors", "strict")
    return io.TextIOWrapper(
        io.BufferedWriter(outlet),
        encoding=getattr(before, "encoding", "utf-8"),
        errors="backslashreplace" if errors == "strict" else errors,
        line_buffering=outlet.isatty() or outlet.fileno() == ERROR,
    )
