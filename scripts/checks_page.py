"""Writes docs/checks.md, and the thresholds of conf/check.yaml: every check of the registry.

python scripts/checks_page.py
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

from episodes.check import registry
from episodes.check.kind import Threshold

ROOT = Path(__file__).parents[1]
PAGE, CONF = ROOT / "docs" / "checks.md", ROOT / "conf" / "check.yaml"
READS = {
    "files": ("Files", "What a library is on disk. `records_only=true` runs the first alone."),
    "numbers": ("Numbers", "One episode without its pictures."),
    "pictures": ("Pictures", "What the cameras of one episode saw, read once, frame by frame."),
    "library": ("Libraries", "All episodes against each other, by some numbers of each."),
}
HEAD = """# Checks

`cellwright check src=runs/a` runs all of these. A finding names its check in brackets, and episode,
steps and field. What is wrong in data that we made is an error; in data that was given to us it is
a warning: a source keeps its faults, and its user hears of them. What the format allows to be
absent is never a finding.

A threshold is a key: `cellwright check src=runs/real thresholds.clock_share=0.05`. In Python it is
`cellwright.check("runs/real", thresholds={"clock_share": 0.05})`, and a finding has `check`,
`measured` and `threshold`.

Every check brings the faults that it finds, and puts them into clean episodes by itself: a test
does so with each, and `python benchmarks/checks.py` measures how many are found and how often clean
episodes are accused. [Adding a check](adding-a-check.md) shows how. This page is written by
`python scripts/checks_page.py`.
"""


def page() -> str:
    """The text of docs/checks.md."""
    out = [HEAD]
    for reads, (title, says) in READS.items():
        out += [f"## {title}", "", says, ""]
        out += ["| check | finds | why | source | thresholds | faults that prove it |"]
        out += ["|---|---|---|---|---|---|"]
        for one in registry.CHECKS:
            if one.reads == reads:
                limits = "<br>".join(map(_told, one.thresholds))
                faults = ", ".join(one.faults)
                cells = (f"`{one.name}`", one.finds, one.reason, one.source, limits, faults)
                out.append(f"| {' | '.join(cells)} |")
        out.append("")
    return "\n".join(out)


def _told(one: Threshold) -> str:
    return f"`{one.name}` {one.value:g}: {one.means}"


def thresholds() -> str:
    """The lines of conf/check.yaml from `thresholds:` on."""
    lines = ["thresholds:  # from which on something is a fault (docs/checks.md)"]
    for one in registry.CHECKS:
        lines += [line for limit in one.thresholds for line in _key(limit)]
    return "\n".join(lines) + "\n"


def _key(limit: Threshold) -> Iterator[str]:
    line = f"  {limit.name}: {limit.value:g}"
    comment = f"  # {limit.means}"
    if len(line + comment) <= 100:
        yield line + comment
    else:
        yield from (f"  # {part}" for part in textwrap.wrap(limit.means, 94))
        yield line


def conf() -> str:
    """The text of conf/check.yaml."""
    return CONF.read_text(encoding="utf-8").partition("thresholds:")[0] + thresholds()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    CONF.write_text(conf(), encoding="utf-8")
