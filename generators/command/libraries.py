"""Finding libraries in folders, and one row of a table for each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from episodes.errors import UserError
from episodes.storage import store
from episodes.storage.below import below
from episodes.storage.summary import summary_of
from generators.text_table import share, size

HEAD = ("library", "task", "robot", "domain", "episodes", "success", "hours", "size")


def named(config: Mapping[str, Any], key: str = "src") -> list[Path]:
    """The libraries that config[key] names: itself, or those below it. UserError for none."""
    root = config[key]
    found = list(below(root))
    if not found:
        raise UserError(f"{key}={config[key]}: no library there; `cellwright list` finds them")
    return found


def simulated(config: Mapping[str, Any], key: str = "src") -> list[Path]:
    """As `named`, those that were simulated: where it is a folder, others are passed over with a
    line. UserError where none is left."""
    found = named(config, key)
    made = [path for path in found if "made_by" in store.describe(path)]
    if not made:
        raise UserError(f"{key}={config[key]}: imported data has no states to make or play again")
    for path in found:
        if path not in made:
            print(f"{path}: passed over, it was imported")
    return made


def summary_row(path: Path, name: Path) -> tuple[object, ...]:
    """A library in the columns of HEAD."""
    found = summary_of(path)
    whole = found.episodes + found.quarantined == found.asked
    return (
        name,
        " ".join(found.tasks) or "-",
        " ".join(found.robots) or "-",
        " ".join(found.domains) or "-",
        found.episodes if whole else f"{found.episodes} of {found.asked}",
        share(found.success_rate),
        f"{found.hours:.2f}",
        size(found.bytes),
    )
