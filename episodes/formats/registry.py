"""The module of each format, and what it does behind the gate of all imports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from inspect import Parameter, signature
from pathlib import Path
from types import ModuleType
from typing import Any

from episodes.episode import Episode
from episodes.errors import UserError, unknown
from episodes.finding import Report
from episodes.format_names import READABLE, WRITABLE
from episodes.formats import commands, pointers, rates
from episodes.formats.gate import Gate
from episodes.formats.promises import Promises
from episodes.storage import regular


def reader(format: str) -> ModuleType:
    """The module that reads a format. UserError: there is none."""
    return _module(format, READABLE, "read")


def detect(path: Path) -> str:
    """The format of what is at `path`. UserError: none that is known."""
    if not path.exists():
        raise UserError(f"no such file or folder: {path}")
    regular.check_below(path)
    with pointers.explained(path):
        for format in READABLE:
            if reader(format).is_source(path):
                return format
        raise UserError(
            f"{path}: no data set of a known kind; formats: {', '.join(READABLE)} "
            "(name it with format=)"
        )


def read(
    format: str,
    path: Path,
    *,
    strict: bool = False,
    report: Report | None = None,
    pictures: str = "decode",
    exact: Sequence[str] = (),
    **options: Any,
) -> Iterator[Episode]:
    """The episodes at `path`, one in memory at a time; faults go to the report.

    strict: a source that holds less than it promises is refused. pictures: "decode" those of video,
    or "copy", which leaves them there. exact: reserved names whose arrays are known to mean what
    the format means by them. options: of the format, e.g. hz.
    """
    from episodes.formats.pictures import checked, resolve_pictures

    way = checked(pictures)
    module = reader(format)
    check_options(format, module.read, ("strict", "report"), options)
    if "hz" in options:
        options["hz"] = rates.checked_rate(options["hz"])
    promises = Promises(path, strict, Report() if report is None else report)
    gate = Gate(promises, exact)
    episodes = module.read(path, strict=strict, report=promises.report, **options)
    whole = (resolve_pictures(episode, way, promises.report) for episode in episodes)
    return gate.admit(commands.apart(pointers.reported(whole, promises), promises))


def sources(format: str, path: Path) -> tuple[Path, list[Path]]:
    """The root of the data set at `path`, and the files in it that an import depends on."""
    regular.check_below(path)
    with pointers.explained(path):
        root, files = reader(format).sources(path)
        return root, files


def expected(format: str | None, path: Path) -> int | None:
    """How many episodes there will probably be at `path`; None where nothing tells beforehand.
    What is wrong with it is for `read` to say."""
    try:
        regular.check_below(path)
        module = reader(format or detect(path))
        return int(module.expected(path)) or None if hasattr(module, "expected") else None
    except (UserError, OSError, KeyError, TypeError, ValueError):
        return None


def writer(format: str) -> ModuleType:
    """The module that writes a format. UserError: there is none."""
    return _module(format, WRITABLE, "write")


def check_options(
    format: str, function: Callable[..., Any], ours: Sequence[str], options: Mapping[str, Any]
) -> None:
    """UserError for an option that `function` does not take; `ours` are not the user's."""
    known = [
        name
        for name, parameter in signature(function).parameters.items()
        if parameter.kind is Parameter.KEYWORD_ONLY and name not in ours
    ]
    for name in options:
        if name not in known:
            raise unknown(f"option of the format {format}:", name, known)


def _module(format: str, known: Sequence[str], what: str) -> ModuleType:
    if format not in known:
        raise unknown(f"format to {what}:", format, sorted(known))
    return import_module(f"episodes.formats.{format}")
