"""Cells drawn anew from the ranges of a scene: what a task does by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generators.cell_sources.source import Origin
from generators.task import Task
from sim.spec import Cell


@dataclass(frozen=True)
class Sampled:
    """The cells that a task samples. The recipe says all that they depend on."""

    task: Task
    count = None
    fingerprint = ""

    def cell(self, index: int, rng: np.random.Generator) -> Cell:
        return self.task.cell(rng)

    def origin(self, index: int) -> Origin:
        return Origin("sim", {"source": "generate"})
