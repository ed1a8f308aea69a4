"""Silence for what C libraries print while they are imported."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

STREAMS = (1, 2)


@contextmanager
def quiet() -> Iterator[None]:
    """Nothing that this process prints in here is seen; exceptions pass as ever."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(stream) for stream in STREAMS]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in STREAMS:
        os.dup2(nowhere, stream)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        ctypes.CDLL(None).fflush(None)  # C holds back what it prints to a file or a pipe
        for stream, copy in zip(STREAMS, kept, strict=True):
            os.dup2(copy, stream)
            os.close(copy)
        os.close(nowhere)
