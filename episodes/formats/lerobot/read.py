"""LeRobot data sets, v2.0, v2.1 and v3.0, with their video."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from episodes.array_types import AnyArray, Floats
from episodes.episode import Episode
from episodes.errors import UserError, unknown
from episodes.finding import Report
from episodes.footage import Footage
from episodes.formats import commands, guard
from episodes.formats.flat import unflatten
from episodes.formats.lerobot import columns, meta, pictures, tables
from episodes.formats.lerobot import words as words_of
from episodes.formats.lerobot.faults import LeRobotFaults
from episodes.formats.lerobot.meta import Dataset, EpisodeEntry

ELSEWHERE = (
    "timestamp", "frame_index", "episode_index", "index", "task_index",
    "next.reward", "next.done", "next.success",
)  # fmt: skip


IMAGES = (".jpeg", ".jpg", ".png", ".tif", ".tiff")
FRAMES = ("by_time", "by_row")


def read(
    path: Path,
    *,
    strict: bool = False,
    report: Report,
    hz: float | None = None,
    frames: str = FRAMES[0],
) -> Iterator[Episode]:
    """Every episode whose rows are there, in the order of the files; memory holds one.

    Numbered from 0; extra["source_episode"] is the number in the source. frames: a row has the
    picture that is shown at its timestamp, or "by_row" the one of its number. strict: a folder that
    holds less than it promises is refused. hz: only what info.json says is possible. UserError: no
    data set, files that are damaged or contradict.
    """
    if frames not in FRAMES:
        raise unknown("options.frames", frames, FRAMES)
    by_row = frames == "by_row"
    dataset = meta.read(find(path))
    if hz is not None and hz != dataset.fps:
        raise UserError(
            f"{dataset.root}: it is recorded at {dataset.fps:g} Hz; leave options.hz={hz:g} away"
        )
    search = LeRobotFaults(report, dataset, strict)
    search.tables()
    index = 0
    entries = {entry.index: entry for entry in dataset.entries}
    done: set[int] = set()
    for file, number, table in _in_order(dataset):
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
            search.columns(table.column_names)
            yield _episode(dataset, entry, table, index, place, search, by_row)
        else:
            yield _exported(dataset, entry, table, index, place, search)
        index += 1
    search.finish(done)
    if not index:
        raise UserError(f"{dataset.root}: none of its episodes has a data file")


def _in_order(dataset: Dataset) -> Iterator[tuple[Path, int, Any]]:
    """File, number and rows of every episode as they lie there; of our own exports, in which those
    to validate with come last, in the order of the library they are from."""
    headers = [entry.header for entry in dataset.entries if entry.header is not None]
    ours = [h["index"] for h in headers if type(h.get("index")) is int]
    numbers = [entry.index for entry in dataset.entries]
    turns = [n for n, (a, b) in enumerate(pairwise(ours), start=1) if b <= a]
    if len(ours) < len(numbers) or len(turns) != 1:
        yield from _lying(dataset, lambda number: True)
        return
    order = dict(zip(numbers, ours, strict=True))
    last = set(numbers[turns[0] :])
    yield from heapq.merge(
        _lying(dataset, lambda number: number not in last),
        _lying(dataset, lambda number: number in last),
        key=lambda found: order.get(found[1], -1),
    )


def _lying(dataset: Dataset, wanted: Callable[[int], bool]) -> Iterator[tuple[Path, int, Any]]:
    for file in dict.fromkeys(entry.data for entry in dataset.entries if wanted(entry.index)):
        if file.is_file():
            for number, table in tables.by_episode(file):
                if wanted(number):
                    yield file, number, table


def find(path: Path) -> Path:
    """The folder that holds meta/info.json: `path` or the only one right below it."""
    if not path.is_dir():
        raise UserError(f"no such folder: {path}")
    found = _candidates(path)
    if len(found) > 1:
        names = ", ".join(folder.name for folder in found)
        raise UserError(f"{path} holds several data sets; name one of: {names}")
    if not found:
        info = path / "meta" / "info.json"
        why = "its meta/info.json is of another program: it names no codebase_version"
        why = why if info.is_file() else "no meta/info.json"
        raise UserError(f"{path}: no LeRobot data set here: {why}")
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
    if any(feature["dtype"] == "image" for feature in dataset.features.values()):
        # what a table's pictures are may be told by path
        files |= {file for file in root.rglob("*") if file.suffix.lower() in IMAGES}
    return root, sorted(file for file in files if file.is_file())


def expected(path: Path) -> int:
    """How many episodes it promises."""
    return int(guard.read_json(find(path) / "meta" / "info.json")["total_episodes"])


def _candidates(path: Path) -> list[Path]:
    if meta.is_lerobot(path):
        return [path]
    return sorted(folder for folder in path.glob("*") if meta.is_lerobot(folder))


def _episode(
    dataset: Dataset,
    entry: EpisodeEntry,
    table: Any,
    index: int,
    place: str,
    search: LeRobotFaults,
    by_row: bool,
) -> Episode:
    numbers = _numbers(dataset, table, index, place, search)
    steps = len(table)
    stamps = _stamps(numbers, steps, dataset.fps)
    search.stamps(index, stamps, "timestamp" in numbers)
    words = words_of.read(dataset, entry, table, numbers, stamps, index, search)
    cameras, plain = pictures.tracks(
        dataset,
        {
            **pictures.videos(dataset, entry, stamps, index, search, by_row),
            **pictures.images(dataset, table, place),
            **{name: rows for name, rows in numbers.items() if pictures.is_colour(rows)},
        },
        index,
        search,
    )
    ordered = {name: rows for name, rows in numbers.items() if commands.named(name)}
    actions, chosen = commands.actions(ordered, steps)
    action = {"native": actions} if actions.size else {}
    for name, rows in ordered.items():
        if not columns.is_whole(name, chosen):
            action[columns.key_of(name)] = rows.reshape(steps, -1).astype(np.float32)
    obs: dict[str, AnyArray] = {}
    for name, rows in numbers.items():
        if name not in (*ELSEWHERE, *ordered, *words.used) and not pictures.is_colour(rows):
            obs[columns.key_of(name)] = rows.reshape(steps, -1) if rows.ndim < 3 else rows
    obs |= plain
    success = numbers.get("next.success")
    reward, done = numbers.get("next.reward"), numbers.get("next.done")
    return Episode(
        index=index,
        seed=0,
        task=dataset.name,
        robot=dataset.robot,
        domain="real",
        control_hz=dataset.fps,
        instruction=words.texts.instruction,
        success=None if success is None else bool(np.any(success)),
        failure="",
        time=np.append(stamps, stamps[-1] + 1 / dataset.fps),
        actions=actions,
        action=action,
        obs=obs,
        rewards=None if reward is None else reward.reshape(steps).astype(np.float32),
        dones=None if done is None else done.reshape(steps).astype(np.uint8),
        cameras=cameras,
        subtasks=words.texts.subtasks,
        language=words.texts.language,
        licence="unknown",
        lineage={
            "format": f"lerobot {dataset.version}",
            "dataset": dataset.name,
            "file": entry.data.relative_to(dataset.root).as_posix(),
            "episode": entry.index,
            "columns": columns.names_of(dataset.features, chosen),
            **({"modality": dict(dataset.modality)} if dataset.modality else {}),
        },
        extra={
            "source_episode": entry.index,
            **({"annotations": dict(words.annotations)} if words.annotations else {}),
            **({"texts": dict(words.texts.rest)} if words.texts.rest else {}),
            **_split(dataset, entry.index),
        },
    )


def _exported(
    dataset: Dataset, entry: EpisodeEntry, table: Any, index: int, place: str, search: LeRobotFaults
) -> Episode:
    """An episode that cellwright wrote: its header says what the columns were."""
    assert entry.header is not None
    named: dict[str, AnyArray | Footage] = {}
    stamps = np.arange(len(table)) / dataset.fps
    tracks: dict[str, AnyArray | Footage] = {
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


def _numbers(
    dataset: Dataset, table: Any, index: int, place: str, search: LeRobotFaults
) -> dict[str, AnyArray]:
    """The columns of numbers; what is neither that, nor text, nor pictures is told."""
    out = {}
    for name in table.column_names:
        kind = tables.kind(table, name)
        if kind == "numbers":
            try:
                out[name] = tables.column(table, name, place)
            except tables.UnevenColumn as error:
                if name in ELSEWHERE or commands.named(name):
                    raise
                search.left_out(name, error.why, index)
        elif kind == "other" and name not in (words_of.PERSISTENT, words_of.EVENTS):
            search.left_out(name, f"columns of {table.schema.field(name).type}", index)
        elif kind == "pictures" and name not in dataset.features:
            search.left_out(name, "pictures of no feature of info.json", index)
    return out


def _stamps(numbers: Mapping[str, AnyArray], steps: int, fps: float) -> Floats:
    """(T,) the time of each row [s]; counted where the table has none."""
    if "timestamp" in numbers:
        return numbers["timestamp"].reshape(steps).astype(np.float64)
    return np.arange(steps) / fps


def _split(dataset: Dataset, number: int) -> dict[str, str]:
    """The split whose range "start:end" holds the episode."""
    for name, span in dataset.splits.items():
        start, _, end = span.partition(":")
        if start.isdigit() and end.isdigit() and int(start) <= number < int(end):
            return {"split": name}
    return {}
