"""export: a library in a format of others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from episodes import formats
from generators.text_table import size


def run(config: Mapping[str, Any]) -> int:
    done = formats.export_library(
        str(config["format"]),
        config["src"],
        config["out"],
        **(config["options"] or {}),
    )
    print(f"{done.out}: {done.episodes} episodes, {done.steps} steps, {size(done.bytes)}")
    for loss in done.losses:
        print(loss)
    return 0
