"""How a cell looks, apart from what happens in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sim.spec import Cell


def redraw(cell: Cell, look: Mapping[str, Any], rng: np.random.Generator) -> Cell:
    """The cell in a look of the config. `plain` is the cell as its scene made it."""
    return cell
