"""import: a data set of others becomes a library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from episodes import formats
from episodes.errors import Exit
from generators.command.libraries import HEAD, summary_row
from generators.progress import Progress
from generators.text_table import table

OVERRIDES = ("domain", "robot", "task", "licence")
TOLD = 10  # findings printed; check prints the rest


def run(config: Mapping[str, Any]) -> Exit:
    format, src = None if config["format"] == "auto" else config["format"], config["src"]
    with Progress("import", formats.expected(format, src)) as progress:
        done = formats.import_library(
            format,
            src,
            config["out"],
            shard_size=config["shard_size"],
            strict=config["strict"],
            compression=config["compression"],
            pictures=config["pictures"],
            overrides={k: config[k] for k in OVERRIDES if config[k] is not None},
            options=config["options"] or {},
            exact=config["exact"] or (),
            progress=progress.step,
        )
    if done.already:
        print(f"{done.out} is imported already; nothing to do")
    print(table(HEAD, [summary_row(done.out, done.out)]))
    findings = list(done.report)
    for finding in findings[:TOLD]:
        print(finding)
    if len(findings) > TOLD:
        print(f"... and {len(findings) - TOLD} more: cellwright check src={done.out}")
    return Exit.DONE
