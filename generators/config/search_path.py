"""Where Hydra finds options besides ours: the `conf/` of the user's own folders."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from generators.config import vetting
from sim import user_folders


def search_path(more: Iterable[Path] = ()) -> list[str]:
    """The override that adds these folders and those of the user's, vetted; none without any.

    UserError for a file in them that may not be there.
    """
    folders = [*(Path(folder).absolute() for folder in more), *user_folders.folders("conf")]
    for folder in folders:
        vetting.vet_folder(folder)
    named = ",".join(_quoted(f"file://{folder}") for folder in folders)
    return [f"hydra.searchpath=[{named}]"] if folders else []


def _quoted(text: str) -> str:
    """A text as Hydra's grammar reads it: a backslash is doubled before a quote and at the end."""
    return "'" + re.sub(r"(\\*)('|$)", lambda m: 2 * m[1] + ("\\'" if m[2] else ""), text) + "'"
