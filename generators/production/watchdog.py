"""An end for what hangs in compiled code, which heeds nothing gentler."""

from __future__ import annotations

import faulthandler
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


@contextmanager
def watchdog(seconds: float, log: TextIO | None = None) -> Iterator[None]:
    """Kills this process, with a stack trace in the log (else on standard error), where the block
    takes longer."""
    faulthandler.dump_traceback_later(seconds, exit=True, file=log or sys.stderr)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
