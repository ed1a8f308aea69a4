"""The config groups: folders of conf/ with a file for each option, ours and the user's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from episodes.errors import unknown
from episodes.value_types import ValueType
from generators.config.conf_folder import CONF
from sim import user_folders


def options(group: str) -> list[str]:
    """The names in a config group; none where there is no such group."""
    return sorted(files_of(group))


def files_of(group: str) -> dict[str, Path]:
    """name -> file of every option of a config group."""
    folders = [CONF / group, *(conf / group for conf in user_folders.folders("conf"))]
    found = [p for folder in folders if folder.is_dir() for p in folder.iterdir()]
    return {p.name[:-5]: p for p in found if p.name.endswith(".yaml")}


@dataclass(frozen=True)
class Option(ValueType):
    """The name of an option of a config group."""

    group: str
    verbatim = True

    def read(self, key: str, value: Any) -> Any:
        if value not in self.offers():
            raise unknown(self.group, value, self.offers())
        return value

    def offers(self) -> tuple[str, ...]:
        return tuple(options(self.group))
