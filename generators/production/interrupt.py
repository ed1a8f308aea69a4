"""Ctrl-C that cannot get lost, whenever it comes."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn


@dataclass
class Stops:
    """How often a run was told to stop. `first` is called once, at the first of them."""

    count: int = 0
    first: Callable[[], None] = lambda: None


_early = Stops()  # before anything ran that could be stopped


def listen() -> None:
    """For the whole process: Ctrl-C raises KeyboardInterrupt as ever, and is remembered too, since
    some libraries swallow every exception while they are imported."""

    def raised(_: int, __: FrameType | None) -> NoReturn:
        _early.count += 1
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, raised)


def pressed() -> bool:
    """Whether Ctrl-C was pressed since `listen`, outside of `stoppable`."""
    return _early.count > 0


@contextmanager
def stoppable() -> Iterator[Stops]:
    """SIGINT and SIGTERM are counted instead of interrupting between two statements. SIGTERM comes
    once and means at once: it counts twice."""
    stops = Stops()

    def count(number: int, _: FrameType | None) -> None:
        stops.count += 2 if number == signal.SIGTERM else 1
        if stops.count == 1:
            stops.first()

    before = {number: signal.signal(number, count) for number in (signal.SIGINT, signal.SIGTERM)}
    stops.count += _early.count
    try:
        yield stops
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
