"""A library goes out in a format of others: whole, by one rename, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from episodes.errors import UserError
from episodes.formats import card, croissant, readback, registry, whole
from episodes.storage.library import Library


@dataclass(frozen=True)
class Exported:
    """What an export made. losses: of the pictures of one episode that was read back."""

    out: Path
    format: str
    episodes: int
    steps: int
    bytes: int
    losses: list[readback.Loss]


def export_library(
    format: str,
    src: Path,
    out: Path,
    *,
    progress: Callable[[object], None] = lambda episode: None,
    **options: Any,
) -> Exported:
    """Write the library at `src` to the new folder `out`, with a card and Croissant metadata.

    progress: called after each episode. options: of the format. One episode is read back and
    compared. UserError: an unfinished library, `out` in use, a library that the format cannot hold.
    """
    module = registry.writer(format)
    registry.check_options(format, module.write, ("progress",), options)
    library = Library(src)
    if len(library) < library.info["episodes"]:
        raise UserError(
            f"{src} is not finished: {len(library)} of {library.info['episodes']} episodes; "
            "finish it first"
        )
    with whole.growing(out) as work:
        module.write(library, work, progress=progress, **options)
        losses = readback.compare(library, format, work)
        found = card.licences(library)
        card.write(library, work, out.name, format, found, losses)
        croissant.write(library, work, out.name, card.describe(library), found)
        size = sum(path.stat().st_size for path in work.rglob("*") if path.is_file())
    summary = library.summary()
    return Exported(out, format, summary.episodes, summary.steps, size, losses)
