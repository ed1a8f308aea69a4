"""Values from config: a number stays, [low, high] is drawn evenly, one of a list of words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from episodes.errors import UserError


def number(rng: np.random.Generator, value: Any, key: str) -> float:
    """A number, or one between the two of [low, high]. key: its place in the config, for errors."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    match value:
        case [int() | float() as low, int() | float() as high] if low <= high:
            return float(rng.uniform(low, high))
    raise UserError(f"{key}={value!r}: give a number, or [low, high] with low <= high")


def count(rng: np.random.Generator, value: Any, key: str) -> int:
    """A whole number of 0 or more, or one of [low, high], both ends included."""
    match value:
        case bool():
            pass
        case int() if value >= 0:
            return value
        case [int() as low, int() as high] if 0 <= low <= high:
            return int(rng.integers(low, high + 1))
    raise UserError(f"{key}={value!r}: give a whole number, or [low, high] with 0 <= low <= high")


def word(rng: np.random.Generator, value: Any, key: str) -> str:
    """A word, or one of a list of words."""
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence) and value and all(isinstance(v, str) for v in value):
        return str(value[int(rng.integers(len(value)))])
    raise UserError(f"{key}={value!r}: give a word, or a list of words to choose from")


def section(config: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """A part of a config by its dotted path; UserError if it is not there."""
    at: Any = config
    for name in key.split("."):
        if not isinstance(at, Mapping) or name not in at:
            raise UserError(f"the config has no {key!r}; `--cfg job` shows what it has")
        at = at[name]
    if not isinstance(at, Mapping):
        raise UserError(f"{key}={at!r}: this is a group of keys, not a value")
    return at
