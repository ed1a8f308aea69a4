"""Named random streams of one episode."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Streams:
    """Where every draw of episode `index` under `root` comes from.

    Each stream is keyed by its name, so that a new draw in one never shifts another, and made
    from (root, index, name) alone, so that neither order nor workers matter.
    """

    root: int
    index: int

    def rng(self, name: str) -> np.random.Generator:
        """A fresh generator at the start of the named stream."""
        key = (self.index, zlib.crc32(name.encode()))
        return np.random.Generator(
            np.random.PCG64(np.random.SeedSequence(self.root, spawn_key=key))
        )
