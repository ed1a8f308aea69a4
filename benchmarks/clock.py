"""Where time goes: functions wrapped in a stopwatch, each charged for what it does itself."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy, as `cellwright` does


class Clock:
    """spent: part -> seconds of this thread's CPU time, without what inner parts took."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._inner: list[float] = []

    @contextmanager
    def part(self, name: str, settle: Callable[[], None] | None = None) -> Iterator[None]:
        """settle: finishes what was merely queued, so that it counts here."""
        start = time.thread_time()
        self._inner.append(0.0)
        try:
            yield
            if settle is not None:
                settle()
        finally:
            took = time.thread_time() - start
            self.spent[name] += took - self._inner.pop()
            if self._inner:
                self._inner[-1] += took

    @contextmanager
    def over(
        self, calls: dict[str, list[tuple[Any, str]]], settle: dict[str, Callable[[], None]]
    ) -> Iterator[None]:
        """Within the block, calls of (owner, attribute) are charged to the part that lists them."""
        places = [(part, owner, name) for part, some in calls.items() for owner, name in some]
        kept = [(owner, name, owner.__dict__[name]) for _, owner, name in places]
        for part, owner, name in places:
            setattr(owner, name, self._timed(part, getattr(owner, name), settle.get(part)))
        try:
            yield
        finally:
            for owner, name, call in kept:
                setattr(owner, name, call)

    def _timed(self, part: str, call: Any, settle: Callable[[], None] | None) -> Any:
        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.part(part, settle):
                return call(*args, **kwargs)

        return timed
