"""How far the making of libraries is: episodes, how many of them succeed, bytes on disk."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from episodes.storage import store
from generators.production.plan import Plan
from generators.production.shard import Journal
from generators.progress import Progress
from generators.text_table import share, size


class Tally:
    """Counts episodes over all libraries of a run."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._start = time.monotonic()
        self._done = self._good = self._bytes = 0

    def expect(self, plan: Plan, missing: Sequence[int]) -> None:
        """Tells how much of a library is still to be made."""
        wanted = sum(len(plan.indices(number)) for number in missing)
        self._progress.total = (self._progress.total or 0) + wanted
        self._bytes += sum(s.bytes for s in store.records(plan.out) if not isinstance(s, Exception))

    def committed(self, record: Mapping[str, Any]) -> None:
        """Counts a shard that is done."""
        self._done += len(record["episodes"])
        self._good += sum(bool(row["success"]) for row in record["episodes"])
        self._bytes += record["bytes"]

    def show(self, in_hand: Iterable[Journal]) -> None:
        """How it stands with what is committed and what is in hand, now."""
        journals = list(in_hand)
        done = self._done + sum(j.done for j in journals)
        good = self._good + sum(j.succeeded for j in journals)
        note = f"{size(self._bytes)} on disk"
        if done:
            rate = 3600 * done / max(time.monotonic() - self._start, 1e-6)
            note = f"{share(good / done)} succeed, {rate:.0f}/h, {note}"
        self._progress.at(done, note)

    def say(self, line: str) -> None:
        self._progress.say(line)

    def close(self) -> None:
        self._progress.close()
