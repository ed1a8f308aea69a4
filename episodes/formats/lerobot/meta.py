"""The tables of a LeRobot data set: v2.0 and v2.1 (JSON lines), v3.0 (parquet).

Layout as in huggingface/lerobot, src/lerobot/datasets/utils.py, and its v2.1 to v3.0 converter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from episodes.errors import UserError
from episodes.formats import guard
from episodes.formats.lerobot import tables
from episodes.storage import safe

VERSIONS = ("v2.0", "v2.1", "v3.0")
DATA_V2 = "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet"
VIDEO_V2 = "videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4"
DATA_V3 = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
VIDEO_V3 = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
PLACE = re.compile(r"\{(\w+)(?::0?(\d{1,2})d)?\}")  # what a path template may hold
HEADER = "cellwright"  # of each episode in the table of episodes: what LeRobot has no place for
MAX_FEATURES = 1000


@dataclass(frozen=True)
class Clip:
    """Where a camera's frames of an episode are: a file, and first and last time in it [s]."""

    file: Path
    start: float = 0.0
    end: float = float("inf")


@dataclass(frozen=True)
class EpisodeEntry:
    """One episode as the tables tell of it."""

    index: int
    length: int
    tasks: tuple[str, ...]
    data: Path
    clips: Mapping[str, Clip]  # video key -> where
    header: Mapping[str, Any] | None  # of our own exports: see formats/flat.py


@dataclass(frozen=True)
class Dataset:
    """Everything the tables say. strayed: how a path template and the folder disagree."""

    root: Path
    version: str
    name: str
    robot: str
    fps: float
    features: Mapping[str, Mapping[str, Any]]
    entries: Sequence[EpisodeEntry]
    tasks: Mapping[int, str]
    subtasks: Mapping[int, str]
    splits: Mapping[str, str]
    totals: Mapping[str, int]
    modality: Mapping[str, Any]
    strayed: Sequence[str] = field(default=())

    @property
    def videos(self) -> list[str]:
        return [key for key, value in self.features.items() if value.get("dtype") == "video"]


def is_lerobot(root: Path) -> bool:
    """Whether there is a meta/info.json as LeRobot has it, of whatever version, or a broken one."""
    path = root / "meta" / "info.json"
    if not path.is_file():
        return False
    try:
        return "codebase_version" in guard.read_json(path)
    except UserError:
        return True


def read(root: Path) -> Dataset:
    """The tables in root/meta. UserError: not there, of another version, contradictory."""
    path = root / "meta" / "info.json"
    if not path.is_file():
        raise UserError(f"{root}: no LeRobot data set: it has no meta/info.json")
    info = guard.read_json(path)
    version = str(info.get("codebase_version", ""))
    if version not in VERSIONS:
        way = "; lerobot converts older ones" * version.startswith("v1")
        raise UserError(
            f"{path}: LeRobot version {version!r} is not read; versions: {', '.join(VERSIONS)}{way}"
        )
    features = info.get("features")
    if not isinstance(features, dict) or not 0 < len(features) <= MAX_FEATURES:
        raise UserError(f"{path}: its features are missing or too many")
    try:
        fps = float(info["fps"])
        features = {str(key): _feature(value) for key, value in features.items()}
        splits = {str(key): str(value) for key, value in (info.get("splits") or {}).items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{path}: it cannot be read ({error!r})") from None
    if not 0 < fps < 1e5:
        raise UserError(f"{path}: fps is {fps:g}; a rate above 0 is needed")
    strayed: list[str] = []
    keys = [key for key, value in features.items() if value["dtype"] == "video"]
    try:
        if version == "v3.0":
            entries = _entries_v3(root, info, keys, strayed)
        else:
            entries = _entries_v2(root, info, keys, strayed)
        tasks = _texts(root, version, "task")
        subtasks = _texts(root, version, "subtask")
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{root}/meta: its tables cannot be read ({error!r})") from None
    modality = root / "meta" / "modality.json"
    return Dataset(
        root=root,
        version=version,
        name=_name(root.absolute()),
        robot=str(info.get("robot_type") or "unknown"),
        fps=fps,
        features=features,
        entries=entries,
        tasks=tasks,
        subtasks=subtasks,
        splits=splits,
        totals={
            key: value
            for key, value in info.items()
            if key.startswith("total_") and isinstance(value, int)
        },
        modality=guard.read_json(modality) if modality.is_file() else {},
        strayed=strayed,
    )


def _name(root: Path) -> str:
    """Of the data set: its folder's, or of a Hugging Face cache, whose folders are revisions
    (datasets--OWNER--NAME/snapshots/REVISION), that of the repository."""
    if root.parent.name == "snapshots":
        return root.parents[1].name.rpartition("--")[2]
    return root.resolve().name


def _feature(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **value,
        "dtype": str(value["dtype"]),
        "shape": tuple(int(size) for size in value.get("shape") or ()),
    }


def fill(template: str, values: Mapping[str, int | str]) -> str:
    """A path template with its places filled. Only {name} and {name:03d}: never str.format,
    which would reach into objects. KeyError: a place that has no value."""

    def place(match: re.Match[str]) -> str:
        value = values[match[1]]
        return f"{value:0{match[2]}d}" if match[2] and isinstance(value, int) else str(value)

    return PLACE.sub(place, template)


def _entries_v2(
    root: Path, info: Mapping[str, Any], keys: Sequence[str], strayed: list[str]
) -> list[EpisodeEntry]:
    size = max(1, int(info.get("chunks_size") or 1000))
    out = []
    for row in guard.read_json_lines(root / "meta" / "episodes.jsonl"):
        index = int(row["episode_index"])
        values: dict[str, int | str] = {"episode_index": index, "episode_chunk": index // size}
        data = _resolve_file(root, info, "data_path", DATA_V2, values, strayed)
        clips = {}
        for key in keys:
            here = {**values, "video_key": key}
            clips[key] = Clip(_resolve_file(root, info, "video_path", VIDEO_V2, here, strayed))
        tasks = row.get("tasks") or ([row["task"]] if "task" in row else [])
        header = row.get(HEADER)
        out.append(
            EpisodeEntry(index, int(row["length"]), tuple(map(str, tasks)), data, clips, header)
        )
    return out


def _resolve_file(
    root: Path,
    info: Mapping[str, Any],
    name: str,
    standard: str,
    values: Mapping[str, int | str],
    strayed: list[str],
) -> Path:
    """The file that a template of info.json names; where it is not there, or the template holds
    places that this version does not know, that of the standard layout.

    UserError: it holds such places, and there is no file in the standard layout either.
    """
    template = str(info.get(name) or standard)
    usual = guard.inside(root, fill(standard, values))
    there = usual.relative_to(root)
    unknown = [match[1] for match in PLACE.finditer(template) if match[1] not in values]
    if unknown:
        known = ", ".join(f"{{{place}}}" for place in values)
        why = f"its {name} holds {{{unknown[0]}}}, for which the tables have no value"
        if not usual.is_file():
            raise UserError(
                f"{root}/meta/info.json: {why} (they have: {known}), and there is no {there} either"
            )
        strayed.append(f"{why}: the file is taken to be {there}")
        return usual
    told = guard.inside(root, fill(template, values))
    if told.is_file() or not usual.is_file():
        return told
    strayed.append(f"its path template leads to {told.relative_to(root)}, the file is {there}")
    return usual


def _entries_v3(
    root: Path, info: Mapping[str, Any], keys: Sequence[str], strayed: list[str]
) -> list[EpisodeEntry]:
    files = sorted((root / "meta" / "episodes").glob("*/*.parquet"))
    if not files:
        raise UserError(f"{root}: no meta/episodes/*/*.parquet")
    size = max(1, int(info.get("chunks_size") or 1000))
    out = []
    for file in files:
        for row in tables.rows(file, without="stats/"):
            index = int(row["episode_index"])
            values: dict[str, int | str]
            if row.get("data/chunk_index") is None:
                # of v3.0 by its name, with a file for each episode as v2.1 has it
                values = {"episode_index": index, "episode_chunk": index // size}
                data = _resolve_file(root, info, "data_path", DATA_V2, values, strayed)
            else:
                values = {
                    "chunk_index": int(row["data/chunk_index"]),
                    "file_index": int(row["data/file_index"]),
                }
                data = _resolve_file(root, info, "data_path", DATA_V3, values, strayed)
            clips = {}
            here: dict[str, int | str]
            for key in keys:
                if row.get(f"videos/{key}/chunk_index") is None:
                    if "episode_index" in values:
                        here = {**values, "video_key": key}
                        file = _resolve_file(root, info, "video_path", VIDEO_V2, here, strayed)
                        clips[key] = Clip(file)
                    continue
                here = {
                    "video_key": key,
                    "chunk_index": int(row[f"videos/{key}/chunk_index"]),
                    "file_index": int(row[f"videos/{key}/file_index"]),
                }
                clips[key] = Clip(
                    _resolve_file(root, info, "video_path", VIDEO_V3, here, strayed),
                    float(row[f"videos/{key}/from_timestamp"]),
                    float(row[f"videos/{key}/to_timestamp"]),
                )
            tasks = tuple(str(task) for task in row.get("tasks") or ())
            header = row.get(HEADER)
            if header is not None:
                header = safe.parse_json(str(header), f"{file}, column {HEADER}")
            out.append(EpisodeEntry(index, int(row["length"]), tasks, data, clips, header))
    return sorted(out, key=lambda entry: entry.index)


def _texts(root: Path, version: str, name: str) -> dict[int, str]:
    """Number -> text, of the table of tasks or of subtasks; empty where there is none."""
    if version == "v3.0":
        file = root / "meta" / f"{name}s.parquet"
        rows = tables.rows(file) if file.is_file() else []
    else:
        file = root / "meta" / f"{name}s.jsonl"
        rows = guard.read_json_lines(file) if file.is_file() else []
    out = {}
    for row in rows:
        # pandas keeps the text as the index, under this name
        text = row[name] if name in row else row["__index_level_0__"]
        out[int(row[f"{name}_index"])] = str(text)
    return out
