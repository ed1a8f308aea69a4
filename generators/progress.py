"""How far a long verb is: a bar with the time left on a terminal, a line now and then in a log."""

from __future__ import annotations

import io
import os
import sys
import threading
import time
from collections.abc import Collection
from concurrent.futures import Future, as_completed
from contextlib import suppress
from typing import Any, Self, TextIO

from tqdm import tqdm

from episodes.shown import shown
from generators.text_table import clock

FIRST_S, LAST_S = 10.0, 300.0  # a log's first line; from then on after as long again, at most this
# what matters most stands first: a narrow terminal cuts off the rest
BAR = "{desc} {percentage:3.0f} %, {remaining} left |{bar}| {n_fmt} of {total_fmt} {unit}{postfix}"
OPEN_BAR = "{desc} {n_fmt} {unit}, {elapsed}{postfix}"  # where nobody knows how many there are
REDRAW_S = 0.5

tqdm.monitor_interval = 0  # a thread to redraw bars that stand still: workers are spawned beside it
tqdm.set_lock(threading.RLock())  # its own would be shared with processes


class Progress:
    """Counts what is done and says so on standard error, which results are not mixed with.

    what: the verb. total: how many `unit` there are to do, None where nobody knows; it may be set
    later. Used as a context, it leaves the terminal's line clean.
    """

    def __init__(
        self, what: str, total: int | None, unit: str = "episodes", out: TextIO | None = None
    ) -> None:
        self._what, self._unit, self.total = shown(what), unit, total
        self._out = out or sys.stderr or io.StringIO()  # closed: nobody listens
        self._done, self._start = 0, time.monotonic()
        self._drawn, self._next = self._start, FIRST_S
        self._bar: tqdm[Any] | None = None
        if self._out.isatty():
            with suppress(OSError):
                self._bar = tqdm(
                    total=total, desc=self._what, unit=unit, file=self._out, leave=False,
                    bar_format=OPEN_BAR if total is None else BAR, **_width(self._out),
                )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def step(self, *_: object) -> None:
        """One more is done. Takes whatever a callback is handed."""
        self.at(self._done + 1)

    def at(self, done: int, note: str = "") -> None:
        """So many are done. note: what else there is to tell."""
        advance, self._done = done - self._done, done
        with suppress(OSError):  # a full disk under a log is no reason to stop the work
            self._show(advance, note)

    def _show(self, advance: int, note: str) -> None:
        now = time.monotonic()
        if self._bar is not None:
            self._bar.total = self.total
            if note:
                self._bar.set_postfix_str(note, refresh=False)
            self._bar.update(advance)
            if now - self._drawn >= REDRAW_S:
                self._drawn = now
                self._bar.refresh()
        elif now - self._start >= self._next:
            self._next = (now - self._start) + min(now - self._start, LAST_S)
            self._out.write(self._line(now - self._start, note) + "\n")
            self._out.flush()

    def say(self, line: str) -> None:
        """A line of its own, beside the bar."""
        with suppress(OSError):
            if self._bar is not None:
                self._bar.clear()
            self._out.write(f"{shown(line)}\n")
            self._out.flush()

    def close(self) -> None:
        """Leaves the terminal's line clean."""
        if self._bar is not None:
            with suppress(OSError):
                self._bar.close()

    def _line(self, seconds: float, note: str) -> str:
        if self.total is None:
            counted = f"{self._done} {self._unit} in {clock(seconds)}"
        elif not self._done:
            counted = f"0 of {self.total} {self._unit}"
        else:
            left = (self.total - self._done) * seconds / self._done
            counted = f"{self._done} of {self.total} {self._unit}, {clock(left)} left"
        return f"{self._what}: {counted}" + (f", {note}" if note else "")


def _width(out: TextIO) -> dict[str, Any]:
    """How wide the bar is: as wide as the terminal at any time, if that says how wide it is."""
    try:
        known = os.get_terminal_size(out.fileno()).columns > 0
    except OSError:
        known = False
    return {"dynamic_ncols": True} if known else {"ncols": 80}


def waited(what: str, asked: Collection[Future[Any]]) -> None:
    """Waits for all of them, an episode each, whatever becomes of it."""
    with Progress(what, len(asked)) as progress:
        for _ in as_completed(asked):
            progress.step()
