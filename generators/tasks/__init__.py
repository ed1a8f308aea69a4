"""The tasks: one file each, found by name."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any

from episodes.errors import UserError
from generators.task import Task


def names() -> list[str]:
    """Every task there is: the modules of this folder."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__))


def class_name(name: str) -> str:
    """bench_place -> BenchPlace: the class in the task's file, and its gymnasium id."""
    return "".join(word.capitalize() for word in name.split("_"))


def make(config: Mapping[str, Any]) -> Task:
    """The task that a resolved config asks for (`config["task"]["name"]`)."""
    name = config["task"]["name"]
    if name not in names():
        close = difflib.get_close_matches(name, names(), 1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise UserError(f"unknown task {name!r}; {hint}tasks: {', '.join(names())}")
    module = importlib.import_module(f"generators.tasks.{name}")
    task: Task = getattr(module, class_name(name))(config)
    return task
