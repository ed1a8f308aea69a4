"""What episodes and libraries were when they were last meant to change. `make.py` writes it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

HASHES = Path(__file__).parent / "hashes.json"
LIBRARY = Path(__file__).parent / "library"


def numerics() -> str:
    """How this machine computes what standards leave open: sums, sines, a factorisation.

    Episodes are the same bit for bit on machines of one class only; where this differs, golden
    hashes tell nothing.
    """
    rng = np.random.default_rng(0)
    matrix, angles = rng.normal(size=(24, 24)), rng.uniform(-9.0, 9.0, 4096)
    parts = (
        np.sin(angles), np.cos(angles), np.exp(angles), np.arctan2(angles, angles[::-1]),
        matrix @ matrix.T, np.linalg.solve(matrix, matrix.T), np.linalg.eigvalsh(matrix @ matrix.T),
    )  # fmt: skip
    digest = hashlib.sha256(np.__version__.encode())
    for part in parts:
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()[:16]
