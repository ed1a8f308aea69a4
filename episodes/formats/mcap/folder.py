"""Which files are bags, in which order they were recorded, and where their topic map is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from episodes.errors import UserError
from episodes.formats.extra import need
from episodes.formats.mcap import storage, topics
from episodes.formats.mcap.topics import Topics

METADATA = "metadata.yaml"
MARK = b"rosbag2_bagfile_information"
MAX_BYTES = 16 << 20  # of metadata.yaml
KINDS = ".mcap, .db3, .mcap.zstd or .db3.zstd"


@dataclass(frozen=True)
class Bag:
    """One recording. files: in the order in which they were recorded.

    packed: each message is packed by itself. messages: how many metadata.yaml tells of; None where
    there is none. lacks: what the folder does not hold of what it promises.
    """

    name: str
    files: tuple[Path, ...]
    packed: bool = False
    messages: int | None = None
    lacks: tuple[str, ...] = ()


def is_source(path: Path) -> bool:
    if path.is_file():
        return storage.is_bag(path) or path.suffix == ".bag"
    return path.is_dir() and (any(_listed(folder) for folder in _folders(path)) or _ros1(path))


def sources(path: Path) -> tuple[Path, list[Path]]:
    """The folder; the bags with their metadata, and the topic map where it lies beside them."""
    root = path if path.is_dir() else path.parent
    files = {file for bag in bags(path) for file in bag.files}
    files |= {file.parent / METADATA for file in files}
    files |= {root / name for name in topics.NAMES}
    return root, sorted(file for file in files if file.is_file())


def read_map(file: Path, hz: float | None) -> Topics:
    plan = topics.read(file, hz)
    if not plan.sampled:
        raise UserError(f"{file}: it names no topic of cameras, joints, obs or actions")
    return plan


def map_file(path: Path, given: str | None) -> Path:
    if given is not None:
        if not isinstance(given, str) or not given:
            raise UserError(f"topics is to name a file, not {given!r:.60}")
        return Path(given)
    root = path if path.is_dir() else path.parent
    for name in topics.NAMES:
        if (root / name).is_file():
            return root / name
    raise UserError(
        f"{root}: no {topics.NAMES[0]}, which says what the topics are; "
        "give it with options.topics=path/to/map.yaml"
    )


def bags(path: Path) -> list[Bag]:
    """The recordings at `path`: a bag file, a bag's folder, or a folder of either.

    A folder with metadata.yaml is one bag, its files in the order that it tells. Without one, files
    that rosbag2 named after their folder (bag/bag_0.mcap, ...) are one bag, any other file is one.
    """
    if path.is_file() and storage.is_bag(path):
        return [Bag(_stem(path), (path,), packed=_metadata(path.parent).packed)]
    found = [bag for folder in _folders(path) for bag in _bags(folder)] if path.is_dir() else []
    if not found:
        old = ""
        if path.suffix == ".bag" or (path.is_dir() and _ros1(path)):
            old = "; those of ROS 1 are converted with: rosbags-convert --src X.bag --dst X"
        raise UserError(f"{path}: no bags here (files that end in {KINDS}){old}")
    return found


def _folders(path: Path) -> list[Path]:
    return [path, *sorted((sub for sub in path.iterdir() if sub.is_dir()), key=_natural)]


def _listed(folder: Path) -> bool:
    return bool(_files(folder)) or _has_metadata(folder)


def _files(folder: Path) -> list[Path]:
    return sorted((f for f in folder.iterdir() if storage.is_bag(f) and f.is_file()), key=_natural)


def _ros1(path: Path) -> bool:
    return any(folder.glob("*.bag") for folder in _folders(path) if any(folder.glob("*.bag")))


def _has_metadata(folder: Path) -> bool:
    file = folder / METADATA
    if not file.is_file() or file.stat().st_size > MAX_BYTES:
        return False
    return MARK in file.read_bytes()


def _bags(folder: Path) -> Iterator[Bag]:
    files = _files(folder)
    if _has_metadata(folder):
        yield _recorded(folder, files)
        return
    name = folder.resolve().name
    split = re.compile(rf"{re.escape(name)}_\d+")
    if len(files) > 1 and all(split.fullmatch(_stem(file)) for file in files):
        lacks = (
            f"{name}: it has no {METADATA} (`ros2 bag reindex` makes it): its {len(files)} files "
            "are taken for one bag, in the order of their numbers"
        )
        yield Bag(name, tuple(files), lacks=(lacks,))
        return
    for file in files:
        yield Bag(_stem(file), (file,))


def _recorded(folder: Path, files: list[Path]) -> Bag:
    """The bag of a folder with metadata.yaml. UserError: none of its files is there."""
    name, told = folder.resolve().name, _metadata(folder)
    there = {_stem(file): file for file in files} | {file.name: file for file in files}
    order = [there.get(file.name) or there.get(_stem(file)) for file in told.files]
    found = tuple(dict.fromkeys(file for file in order if file is not None))
    lost = [told.files[i].name for i, file in enumerate(order) if file is None]
    if not found:
        raise UserError(
            f"{folder / METADATA}: none of the {len(lost)} files that it lists is there: "
            f"{_some(lost)}"
        )
    lacks = []
    if lost:
        lacks.append(
            f"{name}: {len(lost)} of the {len(order)} files that {METADATA} lists are missing: "
            f"{_some(lost)}"
        )
    known = set(map(_stem, found))  # a packed copy beside a file is no other file
    if spare := [file.name for file in files if _stem(file) not in known]:
        lacks.append(f"{name}: not listed in {METADATA} and left out: {_some(spare)}")
    return Bag(name, found, told.packed, told.messages, tuple(lacks))


@dataclass(frozen=True)
class _Metadata:
    files: tuple[Path, ...] = ()
    packed: bool = False
    messages: int | None = None


def _metadata(folder: Path) -> _Metadata:
    """What metadata.yaml says; nothing where there is none. UserError: it cannot be read.

    Keys as in ros2/rosbag2, rosbag2_storage/src/rosbag2_storage/yaml.hpp; up to version 3 the paths
    begin with the name of the folder.
    """
    if not _has_metadata(folder):
        return _Metadata()
    file = folder / METADATA
    yaml = need("yaml", "reading the metadata of a bag")
    try:
        info = yaml.safe_load(file.read_text("utf-8"))[MARK.decode()]
        names = [PurePosixPath(str(name)).name for name in info["relative_file_paths"]]
        mode, count = str(info.get("compression_mode") or ""), info.get("message_count")
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, AttributeError) as e:
        reason = " ".join(str(e).split())[:100]
        raise UserError(
            f"{file}: it cannot be read ({reason}); `ros2 bag reindex` makes it anew"
        ) from None
    files = tuple(folder / name for name in names if name)
    return _Metadata(files, mode.upper() == "MESSAGE", count if isinstance(count, int) else None)


def _stem(file: Path) -> str:
    """bag_0 of bag_0.mcap, bag_0.mcap.zstd and bag_0.db3."""
    return Path(file.name.removesuffix(storage.PACKED)).stem


def _natural(file: Path) -> list[Any]:
    """bag_2 before bag_10."""
    return [
        (int(part), "") if part.isdecimal() else (-1, part)
        for part in re.split(r"(\d+)", file.name)
    ]


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
