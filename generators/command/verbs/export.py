"""export: a library in a format of others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from episodes import formats
from episodes.storage.library import Library
from generators.progress import Progress
from generators.text_table import size


def run(config: Mapping[str, Any]) -> int:
    with Progress("export", len(Library(config["src"]))) as progress:
        done = formats.export_library(
            config["format"],
            config["src"],
            config["out"],
            progress=progress.step,
            **(config["options"] or {}),
        )
    print(f"{done.out}: {done.episodes} episodes, {done.steps} steps, {size(done.bytes)}")
    for loss in done.losses:
        print(loss)
    return 0
