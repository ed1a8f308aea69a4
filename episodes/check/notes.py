"""Where the checks of one episode put what they find."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from episodes.array_types import Bools
from episodes.finding import Finding, Severity


@dataclass(frozen=True)
class Notes:
    """The findings of one episode.

    A fault is an error in data that we made, and a warning in data that we were given: what was
    recorded or imported keeps its faults, and its user hears of them. What we simulated ourselves
    (`ours`) has states, a cell and every kind of command, to the last bit.
    """

    episode: int | None
    given: bool = False
    ours: bool = False
    findings: list[Finding] = field(default_factory=list)

    def error(
        self, message: str, step: int | tuple[int, int] | None = None, field: str = ""
    ) -> None:
        self._add("error", message, step, field)

    def fault(
        self, message: str, step: int | tuple[int, int] | None = None, field: str = ""
    ) -> None:
        self._add("warning" if self.given else "error", message, step, field)

    def warn(
        self, message: str, step: int | tuple[int, int] | None = None, field: str = ""
    ) -> None:
        self._add("warning", message, step, field)

    def _add(
        self, severity: Severity, message: str, step: int | tuple[int, int] | None, field: str
    ) -> None:
        self.findings.append(Finding(severity, message, self.episode, step, field))


def span(rows: Bools) -> int | tuple[int, int]:
    """The first marked step, or the half-open range from the first to the last."""
    marked = np.flatnonzero(rows)
    first, last = int(marked[0]), int(marked[-1])
    return first if first == last else (first, last + 1)


def runs(rows: Bools) -> list[tuple[int, int]]:
    """The half-open ranges in which rows (T,) are marked."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], rows, [False]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def ranges(steps: Sequence[tuple[int, int]], most: int = 6) -> str:
    """Ranges of steps in words: "3, 7..9, 12 and 4 more"."""
    words = [str(a) if b == a + 1 else f"{a}..{b - 1}" for a, b in steps[:most]]
    more = f" and {len(steps) - most} more" if len(steps) > most else ""
    return ", ".join(words) + more


def share(rows: Bools) -> str:
    """How many of the steps are marked: "12 of 100 (12 %)"."""
    return f"{int(rows.sum())} of {len(rows)} ({100 * rows.mean():.0f} %)"
