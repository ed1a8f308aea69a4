"""What a source of cells is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from sim.spec import Cell


@dataclass(frozen=True)
class Origin:
    """Where a cell came from. domain: of the episode that is made in it; lineage: what else the
    episode's record says of it."""

    domain: str
    lineage: Mapping[str, Any]


class CellSource(Protocol):
    """Pure: the same source, index and rng give the same cell in any process and order."""

    @property
    def count(self) -> int | None:
        """How many cells there are; None: as many as are asked for."""
        ...

    @property
    def fingerprint(self) -> str:
        """Of all that its cells depend on beside the recipe; it enters `spec_id`."""
        ...

    def cell(self, index: int, rng: np.random.Generator) -> Cell:
        """The cell of episode `index`, goal and all. UserError, for the quarantine's note: there is
        none, and why."""
        ...

    def origin(self, index: int) -> Origin: ...
