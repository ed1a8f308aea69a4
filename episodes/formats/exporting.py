"""Episodes go out in a format of others: whole, by one rename, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from episodes.errors import UserError
from episodes.format_names import READABLE
from episodes.formats import card, croissant, readback, registry, shapes, whole
from episodes.storage.library import Library
from episodes.storage.selection import Selection
from episodes.storage.selection import whole as all_of

MOST_TOLD = 8  # differences between libraries


@dataclass(frozen=True)
class Exported:
    """What an export made. losses: of the pictures of one episode that was read back. notes: what
    the user should know, one line each."""

    out: Path
    format: str
    episodes: int
    steps: int
    bytes: int
    losses: list[readback.Loss]
    notes: tuple[str, ...]


def export_library(format: str, src: Path, out: Path, **options: Any) -> Exported:
    """As `export`, of all episodes of the library at `src`."""
    registry.writer(format)
    return export(format, Selection(src, [all_of(Library(src))]), out, **options)


def export(
    format: str,
    chosen: Selection,
    out: Path,
    *,
    progress: Callable[[object], None] = lambda episode: None,
    **options: Any,
) -> Exported:
    """Write the chosen episodes to the new folder `out`, with a card and Croissant metadata.

    progress: called after each episode. options: of the format. One episode is read back and
    compared; a note says where there is no reader to do so. UserError: `out` in use, or episodes
    that the format cannot hold.
    """
    module = registry.writer(format)
    registry.check_options(format, module.write, ("progress",), options)
    with whole.growing(out) as work:
        differences = _compared(module, chosen)
        told = module.write(chosen, work, progress=progress, **options)
        losses = readback.compare(chosen, format, work) if format in READABLE else None
        found = card.licences(chosen)
        card.write(chosen, work, out.name, format, found, losses)
        croissant.write(chosen, work, out.name, card.describe(chosen), found)
        size = sum(path.stat().st_size for path in work.rglob("*") if path.is_file())
    summary = chosen.summary()
    unread = () if losses is not None else (f"{format}: {readback.NO_READER}",)
    notes = (*chosen.notes, *differences, *told, *unread)
    return Exported(out, format, summary.episodes, summary.steps, size, losses or [], notes)


def _compared(module: ModuleType, chosen: Selection) -> list[str]:
    """What differs between the libraries, a line each. UserError: the format cannot hold it."""
    found = shapes.differing(chosen)
    lines = [f"{what}: {values}" for what, values in found.items()]
    if len(lines) > MOST_TOLD:
        lines = [*lines[:MOST_TOLD], f"and {len(lines) - MOST_TOLD} more differences"]
    why, one_rate = getattr(module, "ONE_SHAPE", ""), getattr(module, "ONE_RATE", False)
    refused = why and (one_rate or any(what != shapes.RATE for what in found))
    if found and refused:
        raise UserError(f"{chosen.path}: {why}; {' | '.join(lines)}: export each library by itself")
    return [f"its libraries differ in {line}" for line in lines]
