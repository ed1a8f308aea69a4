"""Which files are bags, and where their topic map is."""

from __future__ import annotations

from pathlib import Path

from episodes.errors import UserError
from episodes.formats.mcap import topics
from episodes.formats.mcap.topics import Topics


def is_source(path: Path) -> bool:
    return path.suffix == ".mcap" if path.is_file() else path.is_dir() and bool(_files(path))


def sources(path: Path) -> tuple[Path, list[Path]]:
    """The folder; the bags, and the topic map where it lies beside them."""
    root = path if path.is_dir() else path.parent
    files = [file for bag in bags(path) for file in bag]
    return root, sorted({*files, *(root / n for n in topics.NAMES if (root / n).is_file())})


def read_map(file: Path, hz: float | None) -> Topics:
    plan = topics.read(file, hz)
    if not plan.sampled:
        raise UserError(f"{file}: it names no topic of cameras, joints, obs or actions")
    return plan


def map_file(path: Path, given: str | None) -> Path:
    if given:
        return Path(given)
    root = path if path.is_dir() else path.parent
    for name in topics.NAMES:
        if (root / name).is_file():
            return root / name
    raise UserError(
        f"{root}: no {topics.NAMES[0]}, which says what the topics are; give it with topics="
    )


def _files(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.mcap"), *folder.glob("*/*.mcap")])


def bags(path: Path) -> list[list[Path]]:
    """The files of each bag: a folder with metadata.yaml is one, any other file is."""
    files = [path] if path.is_file() else _files(path) if path.is_dir() else []
    if not files:
        raise UserError(f"{path}: no bags here (files that end in .mcap)")
    found: dict[Path, list[Path]] = {}
    for file in files:
        whole = path.is_dir() and (file.parent / "metadata.yaml").is_file()
        found.setdefault(file.parent if whole else file, []).append(file)
    return list(found.values())
