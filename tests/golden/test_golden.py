"""A library of the format's first version is read by every later one."""

from __future__ import annotations

import json

from episodes import Library
from episodes.check.check import check
from tests.golden import LIBRARY


def test_a_library_of_version_1_is_read_as_it_was_written() -> None:
    told = json.loads((LIBRARY.parent / "library.json").read_text())
    library = Library(LIBRARY)
    assert len(library.rows) == len(told) == 2
    for row in library.rows:
        episode = library.read(row.index)
        assert episode.content_hash() == row.content_hash == told[str(row.index)]
        assert {name: track.rgb.shape for name, track in episode.cameras.items()} == {
            "front": (4, 12, 16, 3),
            "wrist": (4, 12, 16, 3),
        }


def test_it_is_sound() -> None:
    assert check(LIBRARY) == []
