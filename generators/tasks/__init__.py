"""The tasks: one file each, found by name; ours, and those in the user's own folders."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from episodes.errors import UserError, unknown
from sim import user_folders

if TYPE_CHECKING:  # physics is imported where a task is made
    from generators.task import Task

__path__.extend(user_folders.extra_path("tasks"))


def names() -> list[str]:
    """Every task there is: the modules of this package, but for those that begin with _."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))


def class_name(name: str) -> str:
    """bench_place -> BenchPlace: the class in the task's file, and its gymnasium id."""
    return "".join(word.capitalize() for word in name.split("_"))


def make(config: Mapping[str, Any]) -> Task:
    """The task that a resolved config asks for (`config["task"]["name"]`).

    UserError for an unknown one, and for a file that holds no such task.
    """
    name = known(config["task"]["name"])
    from generators.configured import Configured

    try:
        module = importlib.import_module(f"generators.tasks.{name}")
    except SyntaxError as error:
        raise UserError(f"{error.filename}:{error.lineno}: {error.msg}") from error
    except ImportError as error:
        raise UserError(f"task {name!r} cannot be imported: {error}") from error
    found = getattr(module, class_name(name), None)
    if found is None:
        raise UserError(
            f"{module.__file__} has no class {class_name(name)}; a task's class has the name of "
            "its file in camel case"
        )
    if not (isinstance(found, type) and issubclass(found, Configured)):
        raise UserError(
            f"{module.__file__}: {class_name(name)} is no task: make it a dataclass on "
            "generators.configured.Configured, as docs/adding-a-task.md has it"
        )
    return cast("Task", found.from_config(config))


def known(name: str) -> str:
    """The name itself. UserError where it is no task's."""
    if name not in names():
        own = f"; one of your own is found with {user_folders.VARIABLE}=FOLDER"
        raise UserError(f"{unknown('task', name, names())}{own}")
    return name
