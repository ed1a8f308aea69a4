"""Layouts that are drawn again until they will do, before physics starts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np

from episodes.errors import UserError

T = TypeVar("T")


def tried(
    draw: Callable[[np.random.Generator], T],
    wrong: Callable[[T], str],
    rng: np.random.Generator,
    remedy: str,
    *,
    attempts: int = 50,
) -> T:
    """The first draw with which nothing is wrong.

    wrong: says what is, "" for nothing. After `attempts` draws a UserError names what was wrong
    with the last of them, and the remedy: which config keys to change.
    """
    why = ""
    for _ in range(attempts):
        drawn = draw(rng)
        why = wrong(drawn)
        if not why:
            return drawn
    raise UserError(f"{why} in each of {attempts} layouts: {remedy}")
