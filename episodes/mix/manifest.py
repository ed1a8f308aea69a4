"""A mix at rest: a small JSON file that says what is mixed, how, and of which exact libraries."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

from episodes import fields
from episodes.errors import UserError
from episodes.fields import By, Count, Finite, Like, Positive, Within
from episodes.mix.keys import UNITS
from episodes.storage.folder import Folder
from episodes.storage.safe import read_json

FORMAT = "cellwright-mix-1"
TEXT = "str"  # the dtype of a key that is text
_MOST_EPISODES = 10_000_000
MOST_STEPS = 1_000_000  # of a window


def _fraction(text: str) -> Fraction:
    numerator, _, denominator = text.partition("/")
    found = Fraction(int(numerator), int(denominator or 1))
    if found < 0:
        raise ValueError("a share is not less than 0")
    return found


def _indices(text: str) -> tuple[int, ...]:
    """What `_ranges` wrote."""
    found: list[int] = []
    for run in text.split():
        first, _, last = run.partition("-")
        numbers = range(int(first), int(last or first) + 1)
        if not numbers or numbers[0] < 0 or (found and numbers[0] <= found[-1]):
            raise ValueError(f"{run!r} is no range after those before it")
        if len(found) + len(numbers) > _MOST_EPISODES:
            raise ValueError(f"over {_MOST_EPISODES} episodes")
        found += numbers
    if not found:
        raise ValueError("it chooses no episode")
    return tuple(found)


Name = Annotated[str, Like(r"(?s).{1,4096}", "a name")]
Pixels = Annotated[int, Within(1, 8192)]
Share = Annotated[Fraction, By(str, _fraction)]
Chosen = Annotated[tuple[int, ...], By(str, _indices)]


@dataclass(frozen=True)
class Source:
    """One library of a mix.

    path: relative to the manifest's folder, or absolute. share: of the draws, exact. part: of the
    whole in the unit of `by`, as asked. items: what an epoch draws one by one. starts: the
    different (episode, step) pairs behind them. steps, seconds: of the `chosen` episodes.
    """

    name: Name
    path: Name
    fingerprint: str
    domain: str
    weight: str
    part: Share
    share: Share
    filter: Mapping[str, Any]
    chosen: Chosen = field(repr=False)
    items: Positive
    starts: Positive
    steps: Positive
    seconds: Finite


@dataclass(frozen=True)
class Key:
    """One array that training sees. shape: of one step. dtype: TEXT for a text, one a sample.

    origin: source -> the arrays of its demos that are joined on the last axis; a source that lacks
    it is missing there. partial: a source lacks it or some of its numbers, and gets zeros and a
    mask.
    """

    name: Name
    dtype: str
    shape: tuple[Count, ...]
    origin: Mapping[str, tuple[str, ...]]
    partial: bool


@dataclass(frozen=True)
class TrainingView:
    """What training sees of every source: the keys of `align.py`, as they were asked for."""

    horizon: Annotated[int, Within(1, MOST_STEPS)]
    history: Annotated[int, Within(1, MOST_STEPS)]
    keys: tuple[str, ...]
    cameras: Mapping[str, tuple[str, ...]]
    image_size: tuple[Pixels, Pixels] | None
    action_space: str
    hz: Annotated[float, Within(1e-6, 1e6)] | None
    missing_keys: str
    normalize: str


@dataclass(frozen=True)
class Manifest:
    """draws: the length that was planned for. shards: of a source that are read at a time; None for
    all of them. notes: what was left out, one line each.

    statistics: scope (a source, a robot or "all") -> key -> {mean, std, min, max}: (D,) lists.
    """

    by: str
    seed: int
    draws: Positive
    shards: Positive | None
    max_repeats: Finite | None
    view: TrainingView
    sources: tuple[Source, ...]
    keys: tuple[Key, ...]
    statistics: Mapping[str, Mapping[str, Mapping[str, list[float]]]] = field(repr=False)
    notes: tuple[str, ...] = ()

    def to_json(self) -> str:
        """The text of the file: the same manifest, the same bytes."""
        plain = asdict(self)
        plain["format"] = FORMAT
        for source in plain["sources"]:
            source["chosen"] = _ranges(source["chosen"])
            source["part"], source["share"] = str(source["part"]), str(source["share"])
        return _text(plain) + "\n"


def read(path: Path) -> Manifest:
    """Raises UserError for what is no manifest of this version."""
    if path.is_dir() or not path.exists():
        raise UserError(f"no manifest at {path}; `cellwright mix out={path} sources=...` makes one")
    plain = read_json(path)
    if not isinstance(plain, dict) or plain.pop("format", None) != FORMAT:
        raise UserError(f"{path} is no mix of format {FORMAT!r}; `cellwright mix` makes one")
    try:
        manifest = fields.read(Manifest, plain, f"{path}:")
        _verify(manifest)
    except UserError as error:
        raise UserError(f"{error}: a damaged mix manifest; make it again") from error
    except ValueError as error:
        raise UserError(f"{path}: {error}: a damaged mix manifest; make it again") from error
    return manifest


def write(path: Path, manifest: Manifest) -> bool:
    """Write the file whole or not at all; False if the same is there. Never over another one."""
    data = manifest.to_json().encode()
    if Folder(path.parent).put(path.name, data):
        return True
    if path.is_file() and path.read_bytes() == data:
        return False
    raise UserError(f"{path} exists and is another file; choose a new out=, or remove it first")


def stored_path(library: Path, manifest: Path) -> str:
    """A library's path as the manifest keeps it: relative if both lie under one folder, not `/`."""
    library, folder = library.resolve(), manifest.parent.resolve()
    if os.path.commonpath([library, folder]) == folder.anchor:
        return str(library)
    return Path(os.path.relpath(library, folder)).as_posix()


def library_path(source: Source, manifest: Path) -> Path:
    """Where a source's library is; an absolute `source.path` stays what it is."""
    return Path(os.path.normpath(manifest.parent.resolve() / source.path))


def _verify(manifest: Manifest) -> None:
    """ValueError for what no mix can be."""
    names = [source.name for source in manifest.sources]
    if len(set(names)) != len(names) or not names:
        raise ValueError("sources have one name twice, or there are none")
    if sum(source.share for source in manifest.sources) != 1:
        raise ValueError("the shares of the sources do not sum to 1")
    if manifest.by not in UNITS:
        raise ValueError(f"by is {manifest.by[:40]!r}")


def _text(value: Any, margin: str = "") -> str:
    """JSON to be read by people: a line for each entry, but lists of plain values on one."""
    inner = margin + " "
    if isinstance(value, dict) and value:
        lines = (f"{inner}{_plain(key)}: {_text(value[key], inner)}" for key in sorted(value))
        return "{\n" + ",\n".join(lines) + f"\n{margin}}}"
    if isinstance(value, list | tuple) and any(isinstance(entry, dict) for entry in value):
        return "[\n" + ",\n".join(inner + _text(entry, inner) for entry in value) + f"\n{margin}]"
    return _plain(value)


def _plain(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)


def _ranges(indices: Iterable[int]) -> str:
    """0 1 2 5 -> "0-2 5"."""
    runs: list[list[int]] = []
    for index in indices:
        if runs and index == runs[-1][1] + 1:
            runs[-1][1] = index
        else:
            runs.append([index, index])
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)
