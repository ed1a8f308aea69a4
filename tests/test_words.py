"""One noun a thing, one thing a noun; and words that a textbook has."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FLOORS = ("assets", "cellwright", "episodes", "generators", "scenes", "sim")
# acts of the code, where a name is to say what a thing is: reported, feasible, resolved, ...
DIALECT = {"again", "around", "beyond", "cramped", "settled", "told", "tried"}
ALONE = {"way", "ways"}  # `way_in` and `give_way` say which


def definitions() -> Iterator[tuple[str, ast.AST, str]]:
    """(name, node, file:line) of every class and function of the product."""
    for floor in FLOORS:
        for file in sorted((ROOT / floor).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef | ast.FunctionDef):
                    place = f"{file.relative_to(ROOT).as_posix()}:{node.lineno}"
                    yield node.name.lstrip("_"), node, place


def test_no_class_name_stands_for_two_things() -> None:
    places = defaultdict(list)
    for name, node, place in definitions():
        if isinstance(node, ast.ClassDef):
            places[name].append(place)
    assert len(places) > 200
    assert not {name: found for name, found in places.items() if len(found) > 1}


def test_names_say_what_a_thing_is() -> None:
    assert not [
        f"{place} {name}"
        for name, _, place in definitions()
        if name in ALONE or DIALECT & {*name.lower().split("_")}
    ]
