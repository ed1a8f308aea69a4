"""The progress line: alive on a terminal, one line a minute elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

from episodes.storage import store
from generators.production.plan import Plan
from generators.production.shard import Journal
from generators.text_table import clock, share, size

QUIET_S, LIVE_S = 60.0, 0.5


class Progress:
    """Counts episodes over all libraries of a run and says so now and then."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        self._live = self._out.isatty()
        self._start = self._last = time.monotonic()
        self._wanted = 0  # episodes of this run: those that are not there yet
        self._done = self._good = self._bytes = self._before = 0

    def expect(self, plan: Plan, missing: Sequence[int]) -> None:
        """Tells how much of a library is still to be made."""
        self._wanted += sum(len(plan.indices(number)) for number in missing)
        self._before += sum(
            s.bytes for s in store.records(plan.out) if not isinstance(s, Exception)
        )

    def committed(self, record: Mapping[str, Any]) -> None:
        """Counts a shard that is done."""
        self._done += len(record["episodes"])
        self._good += sum(bool(row["success"]) for row in record["episodes"])
        self._bytes += record["bytes"]

    def show(self, in_hand: Iterable[Journal]) -> None:
        """The line, if it is time for one."""
        now = time.monotonic()
        if now - self._last < (LIVE_S if self._live else QUIET_S):
            return
        self._last = now
        journals = list(in_hand)
        line = self._line(
            self._done + sum(j.done for j in journals),
            self._good + sum(j.succeeded for j in journals),
            now - self._start,
        )
        self._out.write(f"\r{line}\x1b[K" if self._live else f"{line}\n")
        self._out.flush()

    def say(self, line: str) -> None:
        self._out.write(f"\r{line}\x1b[K\n" if self._live else f"{line}\n")
        self._out.flush()

    def close(self) -> None:
        """Leaves the terminal's line clean."""
        if self._live:
            self._out.write("\r\x1b[K")
            self._out.flush()

    def _line(self, done: int, good: int, seconds: float) -> str:
        rate = done / seconds if seconds > 0 else 0.0
        parts = [f"{done}/{self._wanted} episodes"]
        if done:
            left = (self._wanted - done) / rate
            parts += [
                f"{share(good / done)} succeed",
                f"{3600 * rate:.0f}/h",
                f"{clock(left)} left",
            ]
        parts.append(f"{size(self._before + self._bytes)} on disk")
        return ", ".join(parts)
