"""What `src`, `filter` and `episodes` of an export name: episodes of libraries, as one set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from episodes.errors import UserError
from episodes.mix.mix import drawn_from
from episodes.storage.below import below
from episodes.storage.filters import matching
from episodes.storage.library import Library
from episodes.storage.records import Row
from episodes.storage.selection import LibraryPart, Selection, whole


def choose(
    src: Path, filter: Mapping[str, Any] | None = None, episodes: Sequence[int] | None = None
) -> Selection:
    """The episodes of a library, of all libraries below a folder, or of the sources of a mix.

    filter: as of a source of a mix. episodes: their indices, of one library. An episode that is
    there twice counts once. UserError: no library, an unfinished one, or nothing is left.
    """
    drawn = _mixed(src) if src.is_file() else None
    parts = _below(src) if drawn is None else [part for part, _ in drawn]
    notes: list[str] = []
    if episodes is not None:
        parts = [_listed(src, parts, episodes)]
    if filter:
        total = sum(len(part.rows) for part in parts)
        parts = [
            replace(part, rows=matching(part.library, part.rows, filter, part.name))
            for part in parts
        ]
        if not any(part.rows for part in parts):
            raise UserError(
                f"filter {dict(filter)!r} lets none of the {total} episodes of {src} through; "
                f"`cellwright list root={src.parent if src.is_file() else src}` tells what is there"
            )
        if len(parts) > 1:
            notes += [
                f"{part.name}: the filter lets none of its episodes through"
                for part in parts
                if not part.rows
            ]
    chosen = Selection(src, *_without_copies(parts, notes))
    if drawn is None or len(drawn) < 2:
        return chosen
    have = ", ".join(f"{len(part.rows)} of {part.name}" for part in chosen.parts)
    drawing = ", ".join(f"{share:.1%} of {part.name}" for part, share in drawn)
    told = f"an export has no weights: it holds {have}, where the mix draws {drawing}"
    return Selection(src, chosen.parts, [*chosen.notes, told])


def _below(src: Path) -> list[LibraryPart]:
    """Every library at or below a folder, whole, named by its place there."""
    paths = list(below(src)) if src.is_dir() else []
    if not paths:
        Library(src)  # says what is wrong where it is a folder, or not there
    parts = []
    for path in paths:
        part = whole(Library(path))
        part.library.close()
        parts.append(part if path == src else replace(part, name=path.relative_to(src).as_posix()))
    return parts


def _mixed(src: Path) -> list[tuple[LibraryPart, float]]:
    """The episodes that each source of a mix draws from, and its share of the draws."""
    found = []
    for source, library in drawn_from(src):
        library.close()
        rows = tuple(library.row(index) for index in sorted(source.chosen))
        found.append((LibraryPart(source.name, library, rows), float(source.share)))
    return found


def _listed(src: Path, parts: Sequence[LibraryPart], episodes: Sequence[int]) -> LibraryPart:
    if len(parts) > 1:
        numbers = ",".join(map(str, episodes))
        raise UserError(
            f"episodes= are numbers in one library, {src} has {len(parts)}; give one of them as "
            f"src=, or 'filter={{index:[{numbers}]}}' for all of them"
        )
    [part] = parts
    rows = {row.index: row for row in part.rows}
    absent = sorted(set(episodes) - rows.keys())
    if absent:
        raise UserError(
            f"{src} has no episode {', '.join(map(str, absent[:5]))}; it has "
            f"{len(rows)}, from {min(rows)} to {max(rows)}"
        )
    return replace(part, rows=tuple(rows[index] for index in sorted(set(episodes))))


def _without_copies(
    parts: Sequence[LibraryPart], notes: Sequence[str]
) -> tuple[list[LibraryPart], list[str]]:
    """Without the episodes of which an earlier part has the same: a copied library, or two sources
    of a mix that draw from one."""
    seen: dict[Row, str] = {}
    left, told = [], list(notes)
    for part in parts:
        new = []
        for row in part.rows:
            known = row._replace(shard=0)
            if known not in seen:
                new.append(row)
            seen.setdefault(known, part.name)
        doubles = len(part.rows) - len(new)
        if doubles:
            told.append(f"{part.name}: {doubles} of its episodes came before, and stand once")
        left.append(replace(part, rows=tuple(new)))
    return left, told
