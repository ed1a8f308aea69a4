"""How many draws of a block each source gets: exact for ever, off by less than one at any time.

A share that is a multiple of 1/1000 gets the same whole number in every block. Of any other share
the whole part is given in every block; the fractions of all the sources add up to a whole number R
of draws left over in each block, and the question is which R sources get one more this time. That
is proportionate ("Pfair") scheduling of periodic tasks on R processors. Its algorithm PF (Baruah,
Cohen, Plaxton and Varvel, "Proportionate progress", Algorithmica 15, 1996) always finds an answer
in which no source, after any number of blocks, is a whole draw ahead or behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cmp_to_key
from math import lcm

BLOCK = 1_000
GRID = 10_000_000  # shares that need a longer period than this many draws are rounded to it


def shares(weights: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """Relative weights as shares that sum to 1, exact unless their period exceeds GRID draws.

    Then they are rounded to multiples of 1 / GRID by largest remainder. A positive weight never
    becomes 0: ValueError where it is too small for the grid.
    """
    total = sum(weights, Fraction(0))
    if total <= 0 or min(weights) <= 0:
        raise ValueError("weights must be positive")
    exact = tuple(weight / total for weight in weights)
    if BLOCK * lcm(*((share * BLOCK).denominator for share in exact)) <= GRID:
        return exact
    units = [int(share * GRID) for share in exact]
    by_remainder = sorted(range(len(units)), key=lambda s: units[s] - exact[s] * GRID)
    for s in by_remainder[: GRID - sum(units)]:
        units[s] += 1
    if min(units) == 0:
        raise ValueError(f"a weight is below one part in {GRID:,}")
    return tuple(Fraction(unit, GRID) for unit in units)


class Quotas:
    """Draws of each source in each block of 1,000, and before it."""

    def __init__(self, parts: Sequence[Fraction]) -> None:
        """parts: shares as `shares` returns them, summing to 1."""
        self._parts = tuple(parts)
        expected = [part * BLOCK for part in parts]
        self._whole = [int(value) for value in expected]
        self._period = lcm(*(value.denominator for value in expected))
        self._rates = [int(value % 1 * self._period) for value in expected]
        self._extras = _pfair(self._rates, self._period)
        # Row b: extra draws of each source in the first b blocks of a period; filled as needed.
        self._so_far = [tuple(0 for _ in parts)]

    def __reduce__(self) -> tuple[type[Quotas], tuple[Sequence[Fraction]]]:
        return Quotas, (self._parts,)  # for workers: the generator cannot be pickled

    def before(self, block: int) -> list[int]:
        """Draws of each source in blocks [0, block)."""
        periods, rest = divmod(block, self._period)
        while len(self._so_far) <= rest:
            chosen = next(self._extras)
            last = self._so_far[-1]
            self._so_far.append(tuple(n + (s in chosen) for s, n in enumerate(last)))
        extra = self._so_far[rest]
        return [
            block * whole + periods * rate + more
            for whole, rate, more in zip(self._whole, self._rates, extra, strict=True)
        ]

    def within(self, block: int) -> list[int]:
        """Draws of each source in this block; they sum to 1,000."""
        start, end = self.before(block), self.before(block + 1)
        return [b - a for a, b in zip(start, end, strict=True)]


def _pfair(rates: Sequence[int], period: int) -> Iterator[frozenset[int]]:
    """For slot 0, 1, ...: which sources get one more. Source s gets rates[s] in `period` slots."""
    active = [s for s, rate in enumerate(rates) if rate]
    places = sum(rates) // period
    given = dict.fromkeys(active, 0)
    slot = 0
    while True:
        urgent, contending = [], []
        for s in active:
            lag = slot * rates[s] - period * given[s]  # in draws / period; always within one draw
            crossing, exact = _crossing(rates[s], slot, period)
            if lag > 0 and crossing == slot:
                urgent.append(s)  # left out now, it would fall a whole draw behind
            elif lag >= 0 or (crossing == slot and not exact):
                contending.append(s)  # the others, served now, would be a whole draw ahead
        contending.sort(key=cmp_to_key(_more_pressed(rates, slot, period)))
        chosen = frozenset(urgent + contending[: places - len(urgent)])
        for s in chosen:
            given[s] += 1
        yield chosen
        slot += 1


def _crossing(rate: int, start: int, period: int) -> tuple[int, bool]:
    """First slot >= start whose end brings the due total to the next integer; is it exact?"""
    target = rate * start // period + 1
    slot = -(-target * period // rate) - 1
    return slot, rate * (slot + 1) == target * period


def _more_pressed(rates: Sequence[int], slot: int, period: int):  # type: ignore[no-untyped-def]
    """Sort order of contenders: who has to be served sooner after `slot`; ties by position."""

    def compare(a: int, b: int) -> int:
        if rates[a] == rates[b]:
            return a - b
        at_a = at_b = slot
        while True:
            at_a, exact_a = _crossing(rates[a], at_a + 1, period)
            at_b, exact_b = _crossing(rates[b], at_b + 1, period)
            if at_a != at_b:
                return at_a - at_b
            if exact_a or exact_b:
                return int(exact_a) - int(exact_b) or a - b

    return compare
