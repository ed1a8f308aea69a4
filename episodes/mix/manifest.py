"""A mix at rest: a small JSON file that says what is mixed, how, and of which exact libraries."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from episodes.errors import UserError
from episodes.mix.keys import UNITS
from episodes.storage.folder import Folder
from episodes.storage.safe import read_json

FORMAT = "cellwright-mix-1"
TEXT = "str"  # the dtype of a key that is text
_MOST_EPISODES = 100_000_000


@dataclass(frozen=True)
class Source:
    """One library of a mix.

    path: relative to the manifest's folder, or absolute. share: of the draws, exact. part: of the
    whole in the unit of `by`, as asked. items: what an epoch draws one by one. starts: the
    different (episode, step) pairs behind them. steps, seconds: of the `chosen` episodes.
    """

    name: str
    path: str
    fingerprint: str
    domain: str
    weight: str
    part: Fraction
    share: Fraction
    filter: Mapping[str, Any]
    chosen: tuple[int, ...] = field(repr=False)
    items: int
    starts: int
    steps: int
    seconds: float


@dataclass(frozen=True)
class Key:
    """One array that training sees. shape: of one step. dtype: TEXT for a text, one a sample.

    origin: source -> the arrays of its demos that are joined on the last axis; a source that lacks
    it is missing there. partial: a source lacks it or some of its numbers, and gets zeros and a
    mask.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    origin: Mapping[str, tuple[str, ...]]
    partial: bool


@dataclass(frozen=True)
class TrainingView:
    """What training sees of every source: the keys of `align.py`, as they were asked for."""

    horizon: int
    history: int
    keys: tuple[str, ...]
    cameras: Mapping[str, tuple[str, ...]]
    image_size: tuple[int, int] | None
    action_space: str
    hz: float | None
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
    draws: int
    shards: int | None
    max_repeats: float | None
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
        manifest = Manifest(
            by=plain["by"],
            seed=int(plain["seed"]),
            draws=int(plain["draws"]),
            shards=plain["shards"],
            max_repeats=plain["max_repeats"],
            view=_view(plain["view"]),
            sources=tuple(_source(source) for source in plain["sources"]),
            keys=tuple(_key(key) for key in plain["keys"]),
            statistics=plain["statistics"],
            notes=tuple(plain["notes"]),
        )
        _verify(manifest)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{path} is a damaged mix manifest ({error!r}); make it again") from error
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
        raise ValueError("sources")
    if sum(source.share for source in manifest.sources) != 1:
        raise ValueError("shares do not sum to 1")
    if manifest.by not in UNITS:
        raise ValueError(f"by {manifest.by!r}")
    least = (manifest.draws, manifest.shards or 1, manifest.view.horizon, manifest.view.history)
    if min(least) < 1:
        raise ValueError("draws, shards, horizon or history below 1")


def _view(plain: dict[str, Any]) -> TrainingView:
    size = plain["image_size"]
    return TrainingView(
        **{
            **plain,
            "keys": tuple(plain["keys"]),
            "cameras": {name: tuple(names) for name, names in plain["cameras"].items()},
            "image_size": None if size is None else (int(size[0]), int(size[1])),
        }
    )


def _source(plain: dict[str, Any]) -> Source:
    return Source(
        **{
            **plain,
            "chosen": tuple(_indices(plain["chosen"])),
            "part": _fraction(plain["part"]),
            "share": _fraction(plain["share"]),
        }
    )


def _key(plain: dict[str, Any]) -> Key:
    return Key(
        name=plain["name"],
        dtype=plain["dtype"],
        shape=tuple(int(n) for n in plain["shape"]),
        origin={name: tuple(arrays) for name, arrays in plain["origin"].items()},
        partial=bool(plain["partial"]),
    )


def _fraction(text: str) -> Fraction:
    numerator, _, denominator = text.partition("/")
    return Fraction(int(numerator), int(denominator or 1))


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


def _indices(text: str) -> Iterable[int]:
    for run in text.split():
        first, _, last = run.partition("-")
        found = range(int(first), int(last or first) + 1)
        if len(found) > _MOST_EPISODES:
            raise ValueError(f"{run} are too many episodes")
        yield from found
