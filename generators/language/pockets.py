"""Naming a place in a fixture, such as a pocket of a tray, by where the robot sees it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assets import catalogue
from episodes.errors import UserError
from generators.language.naming import Expression, expressions, fits, phrase
from sim.spec import Body, Cell

SAME_LINE = 0.006  # [m] pockets whose middles differ by less stand in one row or column


@dataclass(frozen=True)
class Pocket:
    """A pocket by its row (0 the farthest from the robot) and column (0 the leftmost) in a fixture
    that has so many of each."""

    fixture: Expression
    row: int
    rows: int
    column: int
    columns: int


def fits_pocket(cell: Cell, pocket: Pocket) -> list[str]:
    """The frames "body/frame" that the description fits."""
    return [
        f"{name}/{frame}"
        for name in fits(cell, pocket.fixture)
        for frame, place in _grid(cell, cell.body(name)).items()
        if place == (pocket.row, pocket.rows, pocket.column, pocket.columns)
    ]


def pocket_of(cell: Cell, place: str) -> Pocket:
    """The description of the frame "body/slot". Raises UserError if there is no such frame."""
    name, _, frame = place.partition("/")
    grid = _grid(cell, cell.body(name))
    if frame not in grid:
        raise UserError(f"{name!r} has no place {frame!r}; places: {', '.join(grid) or 'none'}")
    return Pocket(expressions(cell, name, 1)[0], *grid[frame])


def _grid(cell: Cell, body: Body) -> dict[str, tuple[int, int, int, int]]:
    """frame -> row, rows, column, columns of the slots of a fixture.

    Rows and columns run along the fixture's own sides, the ones nearest to the robot's axes.
    """
    part = catalogue.build(body.kind, body.params)
    slots = {name: part.frames[name][:2] for name in part.slots}
    if not slots:
        return {}
    turned = body.pose.rotation
    if cell.robots:
        turned = cell.robots[0].base.rotation.T @ turned
    quarter = np.round(np.arctan2(turned[1, 0], turned[0, 0]) / (np.pi / 2)) * np.pi / 2
    c, s = np.cos(quarter), np.sin(quarter)
    ahead = {name: c * x - s * y for name, (x, y) in slots.items()}
    left = {name: s * x + c * y for name, (x, y) in slots.items()}
    rows, columns = _lines(ahead), _lines(left)
    return {
        name: (rows[name], 1 + max(rows.values()), columns[name], 1 + max(columns.values()))
        for name in slots
    }


def _lines(along: dict[str, float]) -> dict[str, int]:
    """The line that each value falls on, the largest value first."""
    found: dict[str, int] = {}
    line, last = -1, np.inf
    for name, value in sorted(along.items(), key=lambda item: -item[1]):
        if last - value > SAME_LINE:
            line += 1
        found[name], last = line, value
    return found


_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_KO_ORDINALS = ("첫", "두", "세", "네", "다섯", "여섯", "일곱", "여덟")


def pocket_phrase(pocket: Pocket, lang: str, variant: int = 0) -> str:
    """The pocket as a noun phrase, such as "the far left slot of the tray"."""
    fixture = phrase(pocket.fixture, lang)
    if lang == "ko":
        return f"{fixture}의 {_korean(pocket)}"
    slot = ("slot", "pocket")[variant % 2]
    return f"the {_english(pocket, slot)} of {fixture}"


def _english(p: Pocket, slot: str) -> str:
    row, column = _side(p.row, p.rows, "far", "near"), _side(p.column, p.columns, "left", "right")
    if row == column == "middle":
        return f"centre {slot}"
    if row is not None and column is not None:
        return " ".join([*(w for w in (row, column) if w), slot])
    place = f"{column} {slot}".strip()
    if column is None:
        place = f"{_ORDINALS[p.column]} {slot} from the left"
    if row is None:
        return f"{place} in the {_ORDINALS[p.row]} row from the far side"
    return f"{place} in the {row} row" if row else place


def _korean(p: Pocket) -> str:
    row = _side(p.row, p.rows, "로봇 반대쪽", "로봇 쪽")
    column = _side(p.column, p.columns, "왼쪽", "오른쪽")
    if row is None:
        row = f"로봇 반대쪽에서 {_KO_ORDINALS[p.row]} 번째 줄"
    if column is None:
        column = f"왼쪽에서 {_KO_ORDINALS[p.column]} 번째"
    row, column = row.replace("middle", "가운데 줄"), column.replace("middle", "가운데")
    return " ".join(w for w in (row, column, "칸") if w)


def _side(index: int, count: int, first: str, last: str) -> str | None:
    """The word for the place of a line among `count`: "" for the only one, None for no word."""
    if count == 1:
        return ""
    names = {2: (first, last), 3: (first, "middle", last)}.get(count)
    return names[index] if names else None
