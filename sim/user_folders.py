"""Folders of a user's own, beside our tree: tasks, scenes, robots, tools, parts and configs.

CELLWRIGHT_PATH names them, one after the other as PATH does. What lies there is run as our own
code is, so only the environment can name it: no config, library or data set can.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from episodes.errors import UserError

VARIABLE = "CELLWRIGHT_PATH"
OURS = Path(__file__).parents[1]
# what a folder may hold -> where we have ours
PLACES: Mapping[str, str] = {
    "tasks": "generators/tasks",
    "scenes": "scenes",
    "sentences": "generators/language/sentences",
    "robots": "assets/robots",
    "tools": "assets/tools",
    "conf": "conf",
    "parts": "",  # mesh files: we ship none
}
IMPORTED = ("tasks", "scenes")  # whose files are modules of the packages that ours are in
SUFFIXES = (".py", ".yaml")


def folders(place: str) -> tuple[Path, ...]:
    """Those of the user's folders of that name (a key of PLACES) that there are.

    None for another name. UserError for a folder that CELLWRIGHT_PATH names and that cannot be
    used.
    """
    if place not in PLACES:
        return ()
    return tuple(root / place for root in roots() if (root / place).is_dir())


def packages() -> dict[str, tuple[Path, ...]]:
    """package -> the folders of the user's whose modules are in it too."""
    return {PLACES[place].replace("/", "."): folders(place) for place in IMPORTED}


def extra_path(place: str) -> list[str]:
    """What to add to the `__path__` of the package of a place."""
    return [str(folder) for folder in folders(place)]


def environment() -> dict[str, str]:
    """What a process elsewhere needs in its environment to find the same folders."""
    return {VARIABLE: os.pathsep.join(map(str, roots()))}


def roots() -> tuple[Path, ...]:
    """The folders that CELLWRIGHT_PATH names; none where it is not set."""
    return _roots(os.environ.get(VARIABLE, ""))


@lru_cache(maxsize=8)
def _roots(names: str) -> tuple[Path, ...]:
    found = tuple(Path(name).expanduser().absolute() for name in names.split(os.pathsep) if name)
    taken: dict[str, Path] = {}
    for root in dict.fromkeys(found):
        if not root.is_dir():
            raise UserError(f"{VARIABLE}: no such folder: {root}")
        if not any((root / place).is_dir() for place in PLACES):
            raise UserError(
                f"{VARIABLE}: {root} has none of the folders {', '.join(PLACES)}; put in it what "
                "the page on adding a task shows"
            )
        for place, file in _files(root):
            if place in IMPORTED and not file.stem.isidentifier():
                raise UserError(f"{file}: Python cannot import that name; use letters and _ alone")
            inside = file.relative_to(root)
            ours = OURS / PLACES[place] / inside.relative_to(place)
            there = ours if ours.is_file() else taken.setdefault(str(inside), file)
            if there != file:
                raise UserError(f"{file}: the name is taken by {there}; rename yours")
    return tuple(dict.fromkeys(found))


def _files(root: Path) -> Iterator[tuple[str, Path]]:
    """(place, file) for every file that is found by its name."""
    for place in PLACES:
        below = (root / place).rglob("*") if place == "conf" else (root / place).glob("*")
        for file in sorted(below):
            if file.suffix in SUFFIXES and not file.name.startswith((".", "__")):
                yield place, file
