"""The config groups: folders of conf/ with a file for each option, ours and the user's."""

from __future__ import annotations

from importlib.resources import files

from sim import user_folders


def options(group: str) -> list[str]:
    """The names in a config group; none where there is no such group."""
    folders = [files("conf") / group, *(conf / group for conf in user_folders.folders("conf"))]
    found = [p.name for folder in folders if folder.is_dir() for p in folder.iterdir()]
    return sorted(name[:-5] for name in found if name.endswith(".yaml"))
