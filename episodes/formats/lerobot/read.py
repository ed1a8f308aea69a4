"""LeRobot data sets, v2.0, v2.1 and v3.0, with their video."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from episodes.episode import CameraTrack, Episode
from episodes.errors import UserError
from episodes.finding import Report
from episodes.formats import language
from episodes.formats.flat import unflatten
from episodes.formats.lerobot import columns, meta, pictures, tables
from episodes.formats.lerobot.faults import Search
from episodes.formats.lerobot.meta import Dataset, Entry

Array = NDArray[Any]

# columns that have a place of their own in an episode, or only count
ELSEWHERE = (
    "timestamp", "frame_index", "episode_index", "index", "task_index",
    "action", "next.reward", "next.done", "next.success",
)  # fmt: skip


def read(
    path: Path, *, strict: bool = False, report: Report, hz: float | None = None
) -> Iterator[Episode]:
    """Every episode whose rows are there, in the order of the files; memory holds one.

    Numbered from 0; extra["source_episode"] is the number in the source. Pictures are those shown
    at a row's timestamp. strict: a folder that holds less than it promises is refused. hz: only
    what info.json says is possible. UserError: no data set, files that are damaged or contradict.
    """
    dataset = meta.read(find(path))
    if hz is not None and hz != dataset.fps:
        raise UserError(
            f"{dataset.root}: it is recorded at {dataset.fps:g} Hz; leave hz={hz:g} away"
        )
    search = Search(report, dataset, strict)
    search.tables()
    index = 0
    entries = {entry.index: entry for entry in dataset.entries}
    done: set[int] = set()
    files = list(dict.fromkeys(entry.data for entry in dataset.entries))
    for file in files:
        if not file.is_file():
            continue
        for number, table in tables.by_episode(file):
            place = f"{file.relative_to(dataset.root)}, episode {number}"
            if number not in entries:
                search.lacks(f"{place} is in no table of episodes and is left out")
                continue
            entry = entries[number]
            if entry.data != file or number in done:
                raise UserError(
                    f"{place}: the table of episodes has it once, in "
                    f"{entry.data.relative_to(dataset.root)}; files and table contradict"
                )
            done.add(number)
            search.rows(entry, index, len(table))
            if entry.header is None:
                yield _episode(dataset, entry, table, index, place, search)
            else:
                yield _exported(dataset, entry, table, index, place, search)
            index += 1
    search.finish(done)
    if not index:
        raise UserError(f"{dataset.root}: none of its episodes has a data file")


def find(path: Path) -> Path:
    """The folder that holds meta/info.json: `path` or the only one right below it."""
    if not path.is_dir():
        raise UserError(f"no such folder: {path}")
    found = _candidates(path)
    if len(found) > 1:
        names = ", ".join(folder.name for folder in found)
        raise UserError(f"{path} holds several data sets; name one of: {names}")
    if not found:
        raise UserError(f"{path}: no LeRobot data set here: no meta/info.json")
    return found[0]


def is_source(path: Path) -> bool:
    return path.is_dir() and bool(_candidates(path))


def sources(path: Path) -> tuple[Path, list[Path]]:
    """The folder, and the files in it that an import depends on."""
    root = find(path)
    dataset = meta.read(root)
    files = {file for file in (root / "meta").rglob("*") if file.is_file()}
    for entry in dataset.entries:
        files |= {entry.data, *(clip.file for clip in entry.clips.values())}
    return root, sorted(file for file in files if file.is_file())


def _candidates(path: Path) -> list[Path]:
    if (path / "meta" / "info.json").is_file():
        return [path]
    return sorted(file.parent.parent for file in path.glob("*/meta/info.json"))


def _episode(
    dataset: Dataset, entry: Entry, table: Any, index: int, place: str, search: Search
) -> Episode:
    numbers = {
        name: tables.column(table, name, place)
        for name in table.column_names
        if _is_numeric(table, name)
    }
    steps = len(table)
    stamps = _stamps(numbers, steps, dataset.fps)
    search.stamps(index, stamps, "timestamp" in numbers)
    texts = _tasks(dataset, entry, numbers)
    search.tasks(entry, index, texts)
    annotations = _annotations(dataset, numbers)
    seen = {
        **pictures.videos(dataset, entry, stamps, index, search),
        **pictures.images(dataset, table, place),
    }
    actions = numbers.get("action")
    if actions is None:
        actions = np.zeros((steps, 0), np.float32)
    actions = actions.reshape(steps, -1)
    action = {"native": actions.astype(np.float32)} if actions.size else {}
    obs: dict[str, Array] = {}
    for name, value in numbers.items():
        rows = value.reshape(steps, -1) if value.ndim < 3 else value
        if name.startswith("action."):
            action[name.removeprefix("action.").replace("/", ".")] = rows.astype(np.float32)
        elif name not in (*ELSEWHERE, *annotations):
            obs[name.removeprefix("observation.").replace("/", ".")] = rows
    obs |= {pictures.camera(key): rows for key, rows in seen.items() if rows.ndim == 3}
    words = language.phrasings(texts)
    success = numbers.get("next.success")
    reward, done = numbers.get("next.reward"), numbers.get("next.done")
    return Episode(
        index=index,
        seed=0,
        task=dataset.name,
        robot=dataset.robot,
        domain="real",
        control_hz=dataset.fps,
        instruction=language.instruction(words),
        success=None if success is None else bool(np.any(success)),
        failure="",
        time=np.append(stamps, stamps[-1] + 1 / dataset.fps),
        actions=actions.astype(np.float32),
        action=action,
        obs=obs,
        rewards=None if reward is None else reward.reshape(steps).astype(np.float32),
        dones=None if done is None else done.reshape(steps).astype(np.uint8),
        cameras={
            pictures.camera(key): CameraTrack(rgb=rows)
            for key, rows in seen.items()
            if rows.ndim == 4
        },
        subtasks=language.subtasks(texts),
        language=words,
        licence="unknown",
        lineage={
            "format": f"lerobot {dataset.version}",
            "dataset": dataset.name,
            "file": entry.data.relative_to(dataset.root).as_posix(),
            "episode": entry.index,
            "columns": _names(dataset),
            **({"modality": dict(dataset.modality)} if dataset.modality else {}),
        },
        extra={
            "source_episode": entry.index,
            **({"annotations": annotations} if annotations else {}),
            **_split(dataset, entry.index),
        },
    )


def _exported(
    dataset: Dataset, entry: Entry, table: Any, index: int, place: str, search: Search
) -> Episode:
    """An episode that cellwright wrote: its header says what the columns were."""
    assert entry.header is not None
    named: dict[str, Array] = {}
    stamps = np.arange(len(table)) / dataset.fps
    tracks = {
        **pictures.videos(dataset, entry, stamps, index, search),
        **pictures.images(dataset, table, place),
    }
    try:
        numbers = {
            name: tables.column(table, columns.feature_of(name), place)
            for name in entry.header["arrays"]
            if columns.feature_of(name) in table.column_names
        }
        for camera, told in entry.header["cameras"].items():
            for channel in told["channels"]:
                name = f"obs/{camera}_{channel}"
                named[name] = tracks[columns.picture_of(name)[0]]
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{place}: its header does not fit its columns ({error!r})") from None
    return unflatten(numbers, named, entry.header)


def _is_numeric(table: Any, name: str) -> bool:
    kind = table.schema.field(name).type
    while hasattr(kind, "value_type"):
        kind = kind.value_type
    return str(kind) in (
        "bool", "float", "double", "halffloat",
        "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    )  # fmt: skip


def _stamps(numbers: Mapping[str, Array], steps: int, fps: float) -> NDArray[np.float64]:
    """(T,) the time of each row [s]; counted where the table has none."""
    if "timestamp" in numbers:
        return numbers["timestamp"].reshape(steps).astype(np.float64)
    return np.arange(steps) / fps


def _tasks(dataset: Dataset, entry: Entry, numbers: Mapping[str, Array]) -> list[str]:
    """The task of each step, or of the episode where the rows do not tell."""
    if "task_index" in numbers and dataset.tasks:
        return [dataset.tasks.get(int(i), "") for i in numbers["task_index"].reshape(-1)]
    return list(entry.tasks)


def _annotations(dataset: Dataset, numbers: Mapping[str, Array]) -> dict[str, str]:
    """GR00T's annotation.* columns that hold one number, that of a task: column -> its text."""
    return {
        name: dataset.tasks.get(int(value.flat[0]), str(value.flat[0]))
        for name, value in numbers.items()
        if name.startswith("annotation.") and value.dtype.kind in "iu" and not np.ptp(value)
    }


def _names(dataset: Dataset) -> dict[str, list[str]]:
    """Array of the episode -> the names of its columns, where the features give one each."""
    out = {}
    for key, feature in dataset.features.items():
        names: Any = feature.get("names")
        if isinstance(names, dict) and len(names) == 1:
            names = next(iter(names.values()))
        if isinstance(names, list) and len(names) == 1 and isinstance(names[0], list):
            names = names[0]
        if isinstance(names, list) and (len(names),) == feature["shape"]:
            kept = "actions" if key == "action" else f"obs/{key.removeprefix('observation.')}"
            out[kept] = [str(name) for name in names]
    return out


def _split(dataset: Dataset, number: int) -> dict[str, str]:
    """The split whose range "start:end" holds the episode."""
    for name, span in dataset.splits.items():
        start, _, end = span.partition(":")
        if start.isdigit() and end.isdigit() and int(start) <= number < int(end):
            return {"split": name}
    return {}
