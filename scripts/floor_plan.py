"""The floor plan in docs/architecture.md, drawn from the imports: python scripts/floor_plan.py"""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "architecture.md"
FOLDERS = ("assets", "episodes", "sim", "scenes", "generators")
BEGIN, END = "<!-- floor plan -->\n", "<!-- end of the floor plan -->"


def room_of(module: str) -> str:
    """The folder or file right below a top-level folder that a module, or a name in it, is in."""
    top, _, inside = module.partition(".")
    first = inside.partition(".")[0]
    if (ROOT / top / first).is_dir() and first:
        return f"{top}/{first}/"
    return f"{top}/{first}" if (ROOT / top / f"{first}.py").is_file() else f"{top}/"


def arrows() -> set[tuple[str, str]]:
    """(who imports, what is imported) between rooms, from imports that run when a file is read."""
    found = set()
    for top in FOLDERS:
        for file in (ROOT / top).rglob("*.py"):
            here = room_of(".".join(file.relative_to(ROOT).with_suffix("").parts))
            for node in ast.parse(file.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ImportFrom) and node.module:
                    names = [f"{node.module}.{alias.name}" for alias in node.names]
                    names = [n for n in names if n.partition(".")[0] in FOLDERS]
                    found |= {(here, room_of(n)) for n in names}
    return {(a, b) for a, b in found if a != b}


def floors(pairs: set[tuple[str, str]]) -> list[list[str]]:
    """Rooms by how many stand below them at most; the ground floor first. ValueError: a circle."""
    below = {room: {b for a, b in pairs if a == room} for pair in pairs for room in pair}
    placed: list[list[str]] = []
    while below:
        done = {room for floor in placed for room in floor}
        floor = sorted(room for room, under in below.items() if under <= done)
        if not floor:
            raise ValueError(f"a circle of imports among {', '.join(sorted(below))}")
        placed.append(floor)
        below = {room: under for room, under in below.items() if room not in floor}
    return placed


def plan() -> str:
    """A table: each floor with its rooms, the top one first."""
    rows = [f"| {number} | {', '.join(f'`{room}`' for room in floor)} |"
            for number, floor in enumerate(floors(arrows()))]  # fmt: skip
    return "\n".join(["| floor | rooms |", "|---|---|", *reversed(rows)]) + "\n"


def page() -> str:
    text = PAGE.read_text(encoding="utf-8")
    return re.sub(f"({BEGIN}).*({END})", lambda m: m[1] + plan() + m[2], text, flags=re.S)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
