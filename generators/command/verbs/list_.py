"""list: what libraries there are, and what is in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from episodes.errors import Exit, UserError
from episodes.shown import shown
from episodes.storage.below import below
from generators.command.libraries import HEAD, summary_row
from generators.text_table import table


def run(config: Mapping[str, Any]) -> Exit:
    root = config["root"]
    rows, broken = [], []
    for path in below(root):
        try:
            rows.append(summary_row(path, path.relative_to(root)))
        except UserError as error:
            broken.append(f"{path.relative_to(root)}: {error}")
    if not rows and not broken:
        print(f"no library under {root}; `cellwright generate task=... out=...` makes one")
    if rows:
        print(table(HEAD, rows))
    for line in broken:
        print(shown(line))
    return Exit.FOUND if broken else Exit.DONE
