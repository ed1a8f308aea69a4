"""Text of others, harmless where people see it.

What stands in records, data sets and file names was written by anybody. On a terminal it must not
clear the screen, turn the reading direction or pass for a line of ours; in a README it must not be
markup; as a file's name it must not lead anywhere.
"""

from __future__ import annotations

import re
from typing import Any, TextIO
from unicodedata import category

LONGEST_NAME = 80  # letters
# controls, formats (which turn the direction of reading), surrogates, separators of lines and
# paragraphs, what has no meaning
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp", "Cn", "Co")
_JOINERS = "\u00ad\u200c\u200d"  # formats that scripts need
# markup of Markdown and HTML, and what GitHub and others make links and mentions of
_MARKUP = re.compile(
    r"[\\`*{}\[\]<>#|~&$@!]|(?<![^\W_])_|_(?![^\W_])|:(?=//)|(?<=www)\.|^[-+=]|(?<=^\d)[.)]", re.I
)
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_UNSAFE = re.compile(r"[^A-Za-z0-9가-힣._-]+")


def shown(text: object) -> str:
    """One line of printable text: what is not, as an escape that can be read (\\x1b, \\u202e)."""
    told = str(text)
    if told.isascii() and told.isprintable():
        return told
    return "".join(c if _harmless(c) else _escape(c) for c in told)


def markdown(text: object) -> str:
    """One line as Markdown and HTML show it, with no markup of its own."""
    return _MARKUP.sub(_neutral, shown(text).strip()) or "(none)"


def file_name(text: object) -> str:
    """A name for a file: letters, digits, `.`, `_` and `-` alone, and no way out of its folder."""
    return _UNSAFE.sub("-", str(text)).strip(".-_")[:LONGEST_NAME] or "unnamed"


class Harmless:
    """A stream whose lines come out as `shown` has them, whatever is written."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, text: str) -> int:
        self._out.write("\n".join(map(shown, text.split("\n"))))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._out, name)


def _harmless(letter: str) -> bool:
    return letter in _JOINERS or category(letter) not in _UNSEEN


def _escape(letter: str) -> str:
    number = ord(letter)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _neutral(found: re.Match[str]) -> str:
    """HTML is read inside Markdown, and takes no backslashes."""
    return _ENTITIES.get(found[0], f"\\{found[0]}")
