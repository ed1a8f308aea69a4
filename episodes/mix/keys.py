"""Every key of a mix beside `sources` and `out`: what it may be, and what it is by default."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from episodes.errors import unknown
from episodes.value_types import Choice, Exact, Maybe, Names, Size, Table, ValueType, WholeNumber

UNITS = ("frame", "window", "episode", "hour")
ACTION_SPACES = ("ee_delta", "joint_position", "native")
MISSING = ("error", "mask", "drop")
SCOPES = ("per_source", "per_embodiment", "global", "none")  # of statistics
MOST_STEPS = 100_000  # of a window

KEYS: Mapping[str, ValueType] = {
    "ratio": ValueType(),  # read with the sources that it names
    "by": Choice(UNITS),
    "seed": WholeNumber(0, 2**63),
    "draws": Maybe(WholeNumber(1, 10**15)),
    "shards": Maybe(WholeNumber(1, 10**6)),
    "max_repeats": Maybe(Exact()),
    "horizon": WholeNumber(1, MOST_STEPS),
    "history": WholeNumber(1, MOST_STEPS),
    "keys": Maybe(Names()),
    "cameras": Maybe(Table(other=Names())),
    "image_size": Maybe(Size()),
    "action_space": Choice(ACTION_SPACES),
    "hz": Maybe(Exact(above=Fraction(0), most=Fraction(10_000))),
    "missing_keys": Choice(MISSING),
    "normalize": Maybe(Choice(SCOPES)),
}
DEFAULTS: Mapping[str, Any] = {
    "ratio": None,
    "by": "frame",
    "seed": 0,
    "draws": None,
    "shards": None,
    "max_repeats": None,
    "horizon": 16,
    "history": 1,
    "keys": None,
    "cameras": None,
    "image_size": None,
    "action_space": "ee_delta",
    "hz": None,
    "missing_keys": "drop",
    "normalize": "none",
}


def read(config: Mapping[str, Any]) -> dict[str, Any]:
    """Every key but `sources` and `out`, read by its type. UserError for another one, or a value
    that cannot be."""
    for key in config:
        if key not in DEFAULTS and key not in ("sources", "out"):
            raise unknown("key", key, (*DEFAULTS, "sources"))
    return {key: KEYS[key].read(key, config.get(key, default)) for key, default in DEFAULTS.items()}
