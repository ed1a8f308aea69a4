"""XML of others, read as plain elements: nothing in it may reach out or explode."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

from episodes.errors import UserError

MOST_BYTES, DEEPEST = 16 << 20, 200


class _Refused(Exception):
    pass


def root_of(path: Path) -> ET.Element:
    """The root element of a file. UserError for a document type, which could declare entities that
    grow or name other files, for what is too large or nested too deep, and for what is no XML."""
    try:
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise _Refused(f"over {MOST_BYTES >> 20} MB")
        _look_through(data)
        return ET.fromstring(data)
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error
    except _Refused as error:
        raise UserError(f"{path} is refused, it is not safe to read: {error}") from None
    except (expat.ExpatError, ET.ParseError, LookupError, ValueError) as error:
        raise UserError(f"{path} is not XML: {error}") from error


def _look_through(data: bytes) -> None:
    """Raises _Refused before anything is expanded or built."""
    depth = 0

    def doctype(*_: object) -> NoReturn:
        raise _Refused("a document type, which may declare entities")

    def deeper(*_: object) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise _Refused(f"elements nested over {DEEPEST} deep")

    def higher(_: str) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = deeper
    parser.EndElementHandler = higher
    parser.Parse(data, True)
