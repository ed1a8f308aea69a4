"""Ctrl-C, and what else asks a run to end, that cannot get lost, whenever it comes."""

from __future__ import annotations

import signal
import sys
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


STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
AGAIN_S = 0.02
_early = Stops()  # before anything ran that could be stopped


def listen() -> None:
    """For the whole process: Ctrl-C raises KeyboardInterrupt as ever, SIGTERM and SIGHUP too, so
    that whoever writes tidies up. It is remembered, since some libraries swallow every exception
    while they are imported."""

    def raised(_: int, __: FrameType | None) -> NoReturn:
        _early.count += 1
        raise KeyboardInterrupt

    for number in (*_heeded(), signal.SIGALRM):
        signal.signal(number, raised)
    sys.unraisablehook = _swallowed


def pressed() -> bool:
    """Whether Ctrl-C was pressed since `listen`, outside of `stoppable`."""
    return _early.count > 0


@contextmanager
def stoppable() -> Iterator[Stops]:
    """The signals are counted instead of interrupting between two statements. All but SIGINT come
    once and mean at once: they count twice."""
    stops = Stops()

    def count(number: int, _: FrameType | None) -> None:
        stops.count += 1 if number == signal.SIGINT else 2
        if stops.count == 1:
            stops.first()

    before = {number: signal.signal(number, count) for number in _heeded()}
    stops.count += _early.count
    try:
        yield stops
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _heeded() -> list[signal.Signals]:
    """All but the hang-up that `nohup` keeps from its command."""
    return [
        number
        for number in STOPPING
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN
    ]


def _swallowed(what: sys.UnraisableHookArgs) -> None:
    """An interruption that came in a destructor or a callback, where Python lets none out, comes
    once more, a moment later."""
    if issubclass(what.exc_type, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, AGAIN_S)
    else:
        sys.__unraisablehook__(what)
