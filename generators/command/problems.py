"""Every exception that is somebody's bad input, worded in one line. The rest are bugs."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Any

from episodes import errors
from episodes.errors import Exit, UserError, unknown
from generators.command import hydra_app
from generators.command.spelling import original
from generators.config import groups


def describe(error: BaseException, words: Sequence[str]) -> tuple[str, Exit] | None:
    """The line to print for `cellwright WORDS`, and how it ends; None for a bug, which deserves its
    traceback."""
    if described := errors.describe(_cause(error)):
        return described
    line = _of_hydra(error, words)
    return None if line is None else (line, Exit.BAD_INPUT)


def _cause(error: BaseException) -> BaseException:
    """What Hydra wrapped in an exception of its own, where that was meant for the user."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, UserError):
        cause = cause.__cause__
    return cause if cause is not None and _is_hydras(error) else error


def _is_hydras(error: BaseException) -> bool:
    if "omegaconf" not in sys.modules:
        return False
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    return isinstance(error, HydraException | OmegaConfBaseException)


def _of_hydra(error: BaseException, words: Sequence[str]) -> str | None:
    if isinstance(error, ValueError) and str(error).startswith("Config group override must"):
        return "a group cannot be null or a number; name one of its options, as in task=NAME"
    if _is_hydras(error):
        return _composition(str(error) or str(error.__cause__), words)
    return None


def _composition(message: str, words: Sequence[str]) -> str:
    """What Hydra says over several lines, in one, with the closest name."""
    if found := re.match(r"In '.*': Could not find '(.+)'", message):
        group, _, option = found[1].rpartition("/")
        if group == "task" and _has_file(option):
            return f"task {option!r} has a file in tasks/, but no conf/task/{option}.yaml beside it"
        return str(unknown(group, option, _available(message) or groups.options(group)))
    if found := re.match(r"You must specify '(.+?)'", message):
        return f"say which {found[1]}: {found[1]}=NAME; there are: {', '.join(_available(message))}"
    if found := re.match(r"Could not override '(.+)'", message):
        wrong = original(found[1])
        return _unknown_key(wrong, _flat(hydra_app.tentative(words[0], words[1:], wrong)))
    if found := re.match(r"Ambiguous value for argument '(.+)'", message):
        return (
            f'{found[1]}: several values are a sweep: add -m, or write a list: "{found[1]}=[a,b]"'
        )
    if found := re.match(r"Sweep parameters '(.+)' requires", message):
        return f"{found[1]}: several values are a sweep: add -m"
    lines = [line for line in message.splitlines() if line and "hydra.cc" not in line]
    first = " ".join(" ".join(lines).split())
    if "parsing override" in message or "input" in message or "Exception" in first:
        return f"cannot read an argument as key=value: {first}; is a bracket or a quote left open?"
    return first


def _has_file(task: str) -> bool:
    from generators import tasks  # may raise what is to be worded here: a folder that is none

    return task in tasks.names()


def _unknown_key(wrong: str, keys: Sequence[str]) -> str:
    """The closest of all keys; to choose from, those beside it."""
    parent = wrong.rpartition(".")[0]
    beside = [key for key in keys if parent and key.startswith(f"{parent}.")]
    shown = beside or sorted({key.partition(".")[0] for key in keys})
    return str(unknown("key", wrong, keys, shown))


def _available(message: str) -> list[str]:
    lines = message.partition("Available options")[2].splitlines()[1:]
    return [line.strip() for line in lines if line.startswith("\t") and "=" not in line]


def _flat(value: Any, prefix: str = "") -> list[str]:
    if not isinstance(value, dict) or not value:
        return [prefix] if prefix else []
    return [k for key, v in value.items() for k in _flat(v, f"{prefix}.{key}" if prefix else key)]
