"""A library goes out in a format of others: whole, by one rename, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from episodes import formats
from episodes.errors import UserError
from episodes.formats import whole
from episodes.library import Library


def export_library(format: str, src: Path, out: Path, **options: Any) -> None:
    """Write the library at `src` to the new folder `out`, with a card and Croissant metadata.

    options: of the format. UserError: an unfinished library, `out` in use, a library that the
    format cannot hold.
    """
    module = formats.writer(format)
    formats.check_options(format, module.write, (), options)
    library = Library(src)
    if len(library) < library.info["episodes"]:
        raise UserError(
            f"{src} is not finished: {len(library)} of {library.info['episodes']} episodes; "
            "finish it first"
        )
    with whole.growing(out) as work:
        module.write(library, work, **options)
