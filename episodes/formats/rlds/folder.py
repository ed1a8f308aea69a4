"""A TFDS version folder: its tables, and the record files of each split."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from episodes.errors import UserError
from episodes.formats import guard
from episodes.formats.rlds import features
from episodes.formats.rlds.features import Feature

# {dataset}-{split}.{format}-{shard}-of-{shards}, the naming of tensorflow_datasets
SHARD = re.compile(
    r"(?P<dataset>.+)-(?P<split>[^-.]+)\.(?P<kind>tfrecord|array_record)"
    r"-(?P<at>\d{5,9})-of-(?P<of>\d{5,9})"
)
EXAMPLE = "NAME-train.tfrecord-00000-of-00001"
MAX_SHARDS = 100_000


@dataclass(frozen=True)
class DatasetVersion:
    """One version of a data set.

    shards: (split, file) in reading order. promised: split -> number of episodes that
    dataset_info.json tells of. missing: files that the names of the others imply.
    """

    folder: Path
    name: str
    version: str
    licence: str
    features: Mapping[str, Feature]
    shards: tuple[tuple[str, Path], ...]
    promised: Mapping[str, int]
    missing: tuple[str, ...]


def find(path: Path) -> DatasetVersion:
    """The version folder at `path` or up to two levels below it. UserError: none, or several."""
    folder = _folder(path)
    table = folder / "dataset_info.json"
    info = guard.read_json(table) if table.is_file() else {}
    splits, missing = _shards(folder)
    if not splits:
        raise UserError(f"{folder}: no records here (files like {EXAMPLE})")
    promised = _promised(info, table)
    order = [split for split in promised if split in splits]
    order += sorted(set(splits) - set(order))
    missing += [f"split {split!r}" for split in promised if split not in splits]
    first = SHARD.fullmatch(splits[order[0]][0].name)
    licence = info.get("redistributionInfo")
    return DatasetVersion(
        folder=folder,
        name=str(info.get("name") or (first["dataset"] if first else folder.parent.name)),
        version=str(info.get("version") or folder.name),
        licence=str(licence.get("license", "")) if isinstance(licence, dict) else "",
        features=features.read(folder / "features.json"),
        shards=tuple((split, file) for split in order for file in splits[split]),
        promised=promised,
        missing=tuple(missing),
    )


def expected(path: Path) -> int:
    """How many episodes it promises."""
    return sum(find(path).promised.values())


def is_source(path: Path) -> bool:
    """Whether there is an RLDS folder, of whatever state, at `path` or below it."""
    return path.is_dir() and bool(_candidates(path))


def sources(path: Path) -> tuple[Path, list[Path]]:
    """The folder, and the files in it that an import depends on."""
    source = find(path)
    tables = [source.folder / name for name in ("features.json", "dataset_info.json")]
    files = [table for table in tables if table.is_file()]
    return source.folder, files + [file for _, file in source.shards]


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise UserError(f"no such folder: {path}")
    found = _candidates(path)
    if not found:
        raise UserError(
            f"{path}: no RLDS data set here: neither features.json nor records ({EXAMPLE})"
        )
    if len(found) > 1:
        names = ", ".join(str(folder.relative_to(path)) for folder in found)
        raise UserError(f"{path} holds several data sets; name one of: {names}")
    return found[0]


def _candidates(path: Path) -> list[Path]:
    if _holds_tfds(path):
        return [path]
    for pattern in ("*", "*/*"):
        found = [folder for folder in sorted(path.glob(pattern)) if _holds_tfds(folder)]
        if found:
            return found
    return []


def _holds_tfds(folder: Path) -> bool:
    if not folder.is_dir():
        return False
    if (folder / "features.json").is_file():
        return True
    return any(SHARD.fullmatch(file.name) for file in folder.glob("*-of-*"))


def _shards(folder: Path) -> tuple[dict[str, list[Path]], list[str]]:
    """The record files of each split in order, and those that are not there."""
    splits: dict[str, list[Path]] = {}
    missing: list[str] = []
    for file in sorted(folder.iterdir()):
        match = SHARD.fullmatch(file.name)
        if match is None or not file.is_file():
            continue
        count = int(match["of"])
        if count > MAX_SHARDS:
            raise UserError(f"{file}: a split of {count} files; at most {MAX_SHARDS} are read")
        if match["split"] not in splits:
            stem = f"{match['dataset']}-{match['split']}.{match['kind']}"
            names = (f"{stem}-{at:05d}-of-{count:05d}" for at in range(count))
            missing += [name for name in names if not (folder / name).is_file()]
        splits.setdefault(match["split"], []).append(file)
    return splits, missing


def _promised(info: Mapping[str, Any], table: Path) -> dict[str, int]:
    try:
        return {
            str(split["name"]): sum(int(n) for n in split.get("shardLengths", ()))
            for split in info.get("splits", ())
        }
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{table}: its splits cannot be read ({error!r})") from None
