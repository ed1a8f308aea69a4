"""check: what is wrong with a library, place by place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from episodes.check.check import check
from episodes.errors import Exit
from episodes.finding import Report
from episodes.shown import shown
from episodes.storage import growth, store
from generators.command.libraries import named
from generators.progress import Progress


def run(config: Mapping[str, Any]) -> Exit:
    records_only, most = config["records_only"], config["most"]
    thresholds = config["thresholds"]
    errors = 0
    for path in named(config):
        name = shown(path)
        shards = growth.shards(store.ends(path), store.describe(path)["shard_size"])
        with Progress(f"check {path.name}", shards, "shards") as progress:
            findings = check(
                path,
                records_only=records_only,
                thresholds=thresholds,
                progress=progress.step,
            )
        lines = sorted(Report(findings).grouped(most is not None), key=lambda f: f.severity)
        for line in lines[:most]:
            print(f"{name}: {line}" + (f" [{shown(line.check)}]" if line.check else ""))
        if most is not None and len(lines) > most:
            print(f"{name}: ... and {len(lines) - most} more (most=null prints them all)")
        elif len(lines) < len(Report(findings).grouped()):
            print(f"{name}: most=null names every pair of episodes that are alike")
        kinds = Counter(finding.severity for finding in findings)
        errors += kinds["error"]
        verdict = (
            "sound" if not findings else f"{kinds['error']} errors, {kinds['warning']} warnings"
        )
        print(f"{name}: {verdict}")
    return Exit.FOUND if errors else Exit.DONE
