"""Text tables and figures as a person reads them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from episodes.shown import shown
from episodes.text_width import padded, width

FIGURE = re.compile(r"-|-?[\d.,]+(/\d+| of \d+)?( (%|[kMGT]?B|s|min|h( \d+ min)?))?")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns as wide as they must be; those of numbers are aligned to the right."""
    lines = [[shown(cell) for cell in row] for row in rows]
    columns = list(zip(head, *lines, strict=True))
    widths = [max(map(width, column)) for column in columns]
    right = [bool(column[1:]) and all(_numeric(cell) for cell in column[1:]) for column in columns]
    out = []
    for line in [list(head), *lines]:
        cells = [
            padded(cell, room, to_right)
            for cell, room, to_right in zip(line, widths, right, strict=True)
        ]
        out.append("  ".join(cells).rstrip())
    return "\n".join(out)


def clock(seconds: float) -> str:
    """A duration, to the unit that matters."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def size(count: float) -> str:
    """Bytes, in powers of ten."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def share(part: float | None) -> str:
    """A ratio in per cent; a dash where there is none."""
    return "-" if part is None else f"{100 * part:.0f} %"


def _numeric(cell: str) -> bool:
    return FIGURE.fullmatch(cell) is not None
