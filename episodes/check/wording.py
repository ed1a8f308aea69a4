"""Steps and shares in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from episodes.array_types import Bools


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


def steps_off(lag: int) -> str:
    """A lag in words: "2 steps late"."""
    count = "1 step" if abs(lag) == 1 else f"{abs(lag)} steps"
    return f"{count} {'late' if lag > 0 else 'early'}"
