"""Where cells come from: one kind = one module here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from episodes.errors import NotNow, UserError

if TYPE_CHECKING:
    from generators.cell_sources.source import CellSource
    from generators.task import Task


def open_source(config: Mapping[str, Any], task: Task) -> CellSource:
    """What the cells of a recipe's episodes come from: the library that its `cells` names, or else
    its scene. NotNow for a library that is gone, or is another one than the recipe was made for.
    """
    from generators.cell_sources import records, sampled

    cells = config.get("cells")
    if cells is None:
        return sampled.Sampled(task)
    place = f"the cells come from {cells.get('library')}"
    try:
        source = records.Records(config)
    except UserError as error:
        raise NotNow(f"{place}: {error}; put it back there") from error
    if source.fingerprint != cells["content"]:
        raise NotNow(
            f"{place}, which is another library by now: put back the one that was there, or begin "
            "anew in another out="
        )
    return source
