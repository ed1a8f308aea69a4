"""export: libraries, or episodes of them, in a format of others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from episodes import formats
from episodes.choose import choose
from episodes.errors import Exit
from episodes.shown import shown
from generators.progress import Progress
from generators.text_table import size


def run(config: Mapping[str, Any]) -> Exit:
    chosen = choose(config["src"], config["filter"], config["episodes"])
    with Progress("export", len(chosen)) as progress:
        done = formats.export(
            config["format"],
            chosen,
            config["out"],
            progress=progress.step,
            **(config["options"] or {}),
        )
    print(shown(f"{done.out}: {done.episodes} episodes, {done.steps} steps, {size(done.bytes)}"))
    for line in (*done.notes, *done.losses):
        print(shown(line))
    return Exit.DONE
