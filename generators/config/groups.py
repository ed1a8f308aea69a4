"""The config groups: folders of conf/ with a file for each option, ours and the user's."""

from __future__ import annotations

from importlib.abc import Traversable
from importlib.resources import files

from sim import user_folders


def options(group: str) -> list[str]:
    """The names in a config group; none where there is no such group."""
    return sorted(files_of(group))


def files_of(group: str) -> dict[str, Traversable]:
    """name -> file of every option of a config group."""
    folders = [files("conf") / group, *(conf / group for conf in user_folders.folders("conf"))]
    found = [p for folder in folders if folder.is_dir() for p in folder.iterdir()]
    return {p.name[:-5]: p for p in found if p.name.endswith(".yaml")}
