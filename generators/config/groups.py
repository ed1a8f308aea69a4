"""The config groups: folders of conf/ with a file for each option."""

from __future__ import annotations

from importlib.resources import files


def options(group: str) -> list[str]:
    """The names in a config group; none where there is no such group."""
    folder = files("conf") / group
    if not folder.is_dir():
        return []
    return sorted(p.name[:-5] for p in folder.iterdir() if p.name.endswith(".yaml"))
