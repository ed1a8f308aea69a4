"""Where Hydra finds options besides ours: the `conf/` of the user's own folders."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from generators.config import vetting
from sim import user_folders

OVERRIDE = "hydra.searchpath="


def search_path(more: Iterable[Path] = ()) -> list[str]:
    """The override that adds these folders and those of the user's, vetted; none without any.

    UserError for a file in them that may not be there.
    """
    folders = [*(Path(folder).absolute() for folder in more), *user_folders.folders("conf")]
    for folder in folders:
        vetting.vet_folder(folder)
    named = ",".join(vetting.quoted(f"file://{folder}") for folder in folders)
    return [f"{OVERRIDE}[{named}]"] if folders else []
