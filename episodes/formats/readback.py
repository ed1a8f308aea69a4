"""Is what was written what is read? The first episode of an export, against its source."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from episodes.array_types import AnyArray
from episodes.episode import Episode
from episodes.errors import UserError
from episodes.finding import Report
from episodes.formats import registry
from episodes.formats.flat import flatten
from episodes.formats.pictures import resolve_pictures
from episodes.storage.selection import Selection

NO_READER = "there is no reader of this format, so nothing was read back and compared"


@dataclass(frozen=True)
class Loss:
    """One picture row of one episode. psnr: dB, infinite where every value is the same."""

    name: str
    psnr: float
    worst: int  # largest difference of a value

    def __str__(self) -> str:
        if not self.worst:
            return f"{self.name}: the same, bit for bit"
        return f"{self.name}: PSNR {self.psnr:.1f} dB, largest error {self.worst}"


def compare(chosen: Selection, format: str, out: Path) -> list[Loss]:
    """Reads one episode back.

    UserError: a number differs, or depth, or an id: the export is wrong.
    """
    # Not through the gate of imports: whatever stands in the library is what has to come back.
    report = Report()
    theirs = resolve_pictures(
        next(registry.reader(format).read(out, report=report)), "decode", report
    )
    ours = chosen.read(theirs.index)
    _same_numbers(ours, theirs)
    one, two = flatten(ours).pictures, flatten(theirs).pictures
    losses = []
    for name, frames in two.items():
        loss = Loss(name, *_difference(one[name], frames))
        if loss.worst and frames.dtype != np.uint8:
            raise UserError(f"{out}: {name} changed on the way; this is a fault of the export")
        losses.append(loss)
    return losses


def _same_numbers(ours: Episode, theirs: Episode) -> None:
    one, two = flatten(ours).numbers, flatten(theirs).numbers
    for name in sorted(one.keys() | two.keys()):
        if name not in one or name not in two or not np.array_equal(one[name], two[name], True):
            raise UserError(f"{name} changed on the way; this is a fault of the export")


def _difference(one: AnyArray, two: AnyArray) -> tuple[float, int]:
    """(PSNR [dB], largest difference) over all frames, one frame in memory at a time."""
    square, worst = 0.0, 0
    for left, right in zip(one, two, strict=True):
        gap = left.astype(np.int32) - right
        square += float(np.square(gap, dtype=np.float64).mean())
        worst = max(worst, int(np.abs(gap).max(initial=0)))
    top = float(np.iinfo(one.dtype).max)
    return (10 * np.log10(top**2 * len(one) / square) if square else float("inf")), worst
