"""How wide text is on a terminal, where Hangul and its like take two columns a letter."""

from __future__ import annotations

from unicodedata import category, east_asian_width

NO_ROOM = ("Mn", "Me", "Cf")  # marks over the letter before, and what is not seen


def width(text: str) -> int:
    """Columns that `text` takes in a fixed-width font (Unicode Standard Annex 11)."""
    return sum(
        0 if category(letter) in NO_ROOM else 2 if east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def padded(text: str, room: int, right: bool = False) -> str:
    """`text` with spaces to `room` columns, before it where it stands to the right."""
    spaces = " " * (room - width(text))
    return spaces + text if right else text + spaces
