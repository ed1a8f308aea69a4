"""Which source files a module reaches through its imports, read without running any of them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from episodes.errors import UserError
from sim import user_folders

FLOORS = ("assets", "generators", "scenes", "sim")


def reached(root: Path, modules: Iterable[str]) -> dict[str, Path]:
    """module -> its file, for `modules` of the tree at `root` and all that they import from our
    floors, at the top or inside a function, with the packages above them.

    A module that is found by name at run time is not seen: it must be among `modules`. UserError
    for a file that is not Python.
    """
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name in found or name.partition(".")[0] not in FLOORS:
            continue
        file = _file(root, name)
        if file is not None:  # else a name in a module, not a module
            found[name] = file
            waiting += [name.rpartition(".")[0], *_imports(file, name)]
    return dict(sorted(found.items()))


def _file(root: Path, module: str) -> Path | None:
    package, _, name = module.rpartition(".")
    for folder in (root / Path(*package.split(".")), *user_folders.packages().get(package, ())):
        for file in (folder / f"{name}.py", folder / name / "__init__.py"):
            if file.is_file():
                return file
    return None


@cache
def _imports(file: Path, module: str) -> tuple[str, ...]:
    """Every module that the file may name in an import; some are names inside of one."""
    try:
        tree = ast.parse(file.read_bytes())
    except SyntaxError as error:
        raise UserError(f"{file}:{error.lineno}: {error.msg}") from error
    except ValueError as error:  # null bytes
        raise UserError(f"{file}: {error}") from error
    return tuple(_named(tree, module if file.name == "__init__.py" else module.rpartition(".")[0]))


def _named(tree: ast.Module, package: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            parts = [*(above if node.level else ()), *([node.module] if node.module else ())]
            yield ".".join(parts)
            yield from (".".join([*parts, alias.name]) for alias in node.names)
