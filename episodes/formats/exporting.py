"""Episodes go out in a format of others: whole, by one rename, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from episodes.errors import UserError
from episodes.formats import card, croissant, readback, registry, shapes, whole
from episodes.storage.library import Library
from episodes.storage.selection import Selection
from episodes.storage.selection import whole as all_of

# What may not differ between two episodes; the other formats have no such rule.
ONE_SHAPE = {"lerobot": "LeRobot wants one rate and one shape", "rlds": "TFDS wants one shape"}
ONE_RATE = ("lerobot",)
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
    compared. UserError: `out` in use, or episodes that the format cannot hold.
    """
    module = registry.writer(format)
    registry.check_options(format, module.write, ("progress",), options)
    with whole.growing(out) as work:
        differences = _compared(format, chosen)
        told = module.write(chosen, work, progress=progress, **options)
        losses = readback.compare(chosen, format, work)
        found = card.licences(chosen)
        card.write(chosen, work, out.name, format, found, losses)
        croissant.write(chosen, work, out.name, card.describe(chosen), found)
        size = sum(path.stat().st_size for path in work.rglob("*") if path.is_file())
    summary = chosen.summary()
    notes = (*chosen.notes, *differences, *told)
    return Exported(out, format, summary.episodes, summary.steps, size, losses, notes)


def _compared(format: str, chosen: Selection) -> list[str]:
    """What differs between the libraries, a line each. UserError: the format cannot hold it."""
    found = shapes.differing(chosen)
    lines = [f"{what}: {values}" for what, values in found.items()]
    if len(lines) > MOST_TOLD:
        lines = [*lines[:MOST_TOLD], f"and {len(lines) - MOST_TOLD} more differences"]
    refused = format in ONE_SHAPE and (
        format in ONE_RATE or any(what != shapes.RATE for what in found)
    )
    if found and refused:
        raise UserError(
            f"{chosen.path}: {ONE_SHAPE[format]}; {' | '.join(lines)}: export each library by "
            "itself"
        )
    return [f"its libraries differ in {line}" for line in lines]
