"""What a check is: what it finds and why that matters, its thresholds, the faults that prove it.

A check is a module with a `CHECK`. `registry` has them all; from it come the walk over a library,
the table of docs/checks.md, and the proof: every fault is put into clean data, and must be found.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, Literal, TypeVar

from numpy.random import Generator

from episodes.errors import UserError, unknown
from episodes.finding import Finding

Reads = Literal["files", "numbers", "pictures", "library"]
Limits = Mapping[str, float]  # the value of every threshold, by its name

Seen = TypeVar("Seen")  # what a check looks at
Clean = TypeVar("Clean")  # what its faults are put into


@dataclass(frozen=True)
class Threshold:
    """A number that decides what is a fault. `name` ends in its unit, and is the key that sets it:
    `thresholds.NAME=VALUE`. Its default stands in conf/check.yaml too."""

    name: str
    value: float
    means: str
    most: float = math.inf


@dataclass(frozen=True)
class Check(Generic[Seen, Clean]):
    """A kind of fault that can be found.

    reads: "files" (a library on disk), "numbers" or "pictures" (one episode), "library" (all of
    them). reason: what goes wrong in training if nobody finds it, or why the data cannot be right.
    source: who measured or defined that. faults: name -> what puts the fault into clean data, or
    None where that has no room for it (no depth, nothing moves). gate: nothing more is read of
    numbers in which this is found.
    """

    name: str
    reads: Reads
    finds: str
    reason: str
    source: str
    find: Callable[[Seen, Limits], Iterable[Finding]]
    faults: Mapping[str, Callable[[Clean, Generator], Clean | None]]
    thresholds: Sequence[Threshold] = field(default=())
    gate: bool = False

    def __call__(self, seen: Seen, limits: Limits) -> Iterator[Finding]:
        """The findings, with the check's name."""
        for finding in self.find(seen, limits):
            yield replace(finding, check=self.name)


def limits(
    thresholds: Iterable[Threshold], changed: Mapping[str, float] | None = None
) -> dict[str, float]:
    """The value of each, `changed` ones as told. UserError: no such threshold, no such value."""
    known = {one.name: one for one in thresholds}
    values = {name: one.value for name, one in known.items()}
    for name, value in (changed or {}).items():
        if name not in known:
            raise unknown("threshold", name, known)
        if not 0 <= value <= known[name].most or not math.isfinite(value):
            upto = f" to {known[name].most:g}" if math.isfinite(known[name].most) else " or more"
            raise UserError(f"thresholds.{name}={value:g}: it must be 0{upto}")
        values[name] = float(value)
    return values
