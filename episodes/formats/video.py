"""A folder of MP4 files with a table of what they show: recordings without a data set around them.

The table is the only .csv, .json or .jsonl file there. A row is an episode: `video` (a path in the
folder; or `video.{camera}` for several cameras), `instruction`, and if known `instruction_ko` (or
another language), `task`, `robot`, `success`, `split`, `actions` (a .csv or .npy file with a row a
step). A CSV of actions may have a header, which then names the columns. Steps are the frames of
the first camera; those of the others are taken by time.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from episodes.array_types import AnyArray
from episodes.episode import CameraTrack, Episode
from episodes.errors import UserError
from episodes.finding import Report
from episodes.formats import frames, guard, language
from episodes.formats.promises import Promises
from episodes.storage import safe
from episodes.storage.descriptors import opening

Row = Mapping[str, Any]

TABLES = (".csv", ".json", ".jsonl")
VIDEOS = (".mp4", ".mkv", ".mov", ".webm")
MAX_TABLE_BYTES = 64 << 20
MAX_ACTION_BYTES = 1 << 30
LANGUAGE = re.compile(r"instruction_([a-z]{2})")
YES, NO = ("1", "true", "yes"), ("0", "false", "no")


def read(
    path: Path, *, strict: bool = False, report: Report, hz: float | None = None
) -> Iterator[Episode]:
    """Every row of the table, numbered in its order; memory holds one.

    hz: the rate at which actions and frames are taken; None: the frames as they are. strict: a row
    without its video, and a video without its row, are refused. UserError: a table or file that
    cannot be read, actions that do not fit the frames.
    """
    table = find(path)
    promises = Promises(table.parent, strict, report)
    rows = _rows(table)
    index = 0
    used: set[Path] = set()
    for number, row in enumerate(rows, start=1):
        place = f"{table.name}, row {number}"
        files = _videos(table.parent, row, place)
        used |= set(files.values())
        missing = [file.name for file in files.values() if not file.is_file()]
        if missing:
            promises.lacks(f"{place}: {missing[0]} is missing; left out")
            continue
        yield _episode(table, row, files, index, hz, place, report)
        index += 1
    spare = sorted(file.name for file in _all_videos(table.parent) - used)
    if spare:
        named = ", ".join(spare[:5]) + (" ..." if len(spare) > 5 else "")
        promises.lacks(f"{len(spare)} videos are in no row of the table: {named}")
    if not index:
        raise UserError(f"{table}: none of its rows has a video")


def find(path: Path) -> Path:
    """The table of a folder, or the table itself."""
    if path.is_file() and path.suffix in TABLES:
        return path
    if not path.is_dir():
        raise UserError(f"no such folder: {path}")
    found = sorted(file for file in path.iterdir() if file.suffix in TABLES)
    if len(found) != 1:
        raise UserError(
            f"{path}: a folder of videos has one table ({', '.join(TABLES)}); there are "
            f"{len(found)}: name the one to take"
        )
    return found[0]


def is_source(path: Path) -> bool:
    if path.is_file():
        return path.suffix in TABLES and bool(_all_videos(path.parent))
    return (
        path.is_dir()
        and bool(_all_videos(path))
        and any(file.suffix in TABLES for file in path.iterdir())
    )


def sources(path: Path) -> tuple[Path, list[Path]]:
    """The folder; the table and every file that it names."""
    table = find(path)
    files = {table}
    for number, row in enumerate(_rows(table), start=1):
        place = f"{table.name}, row {number}"
        files |= set(_videos(table.parent, row, place).values())
        if row.get("actions"):
            files.add(guard.inside(table.parent, str(row["actions"])))
    return table.parent, sorted(file for file in files if file.is_file())


def _episode(
    table: Path,
    row: Row,
    files: Mapping[str, Path],
    index: int,
    hz: float | None,
    place: str,
    report: Report,
) -> Episode:
    first = frames.look(next(iter(files.values())))
    rate = hz or (1 / first.period if first.period else first.rate)
    if not 0 < rate < 1e5:
        raise UserError(f"{place}: the rate of its video is not known; give it with options.hz=10")
    start, end = float(first.pts[0]), float(first.pts[-1])
    times = first.pts if hz is None else start + np.arange(int((end - start) * hz) + 1) / hz
    cameras = {}
    for camera, file in files.items():
        video = frames.look(file)
        shown = frames.nearest(file, times, float(video.pts[0]), float(video.pts[-1]))
        off = np.flatnonzero(np.abs(shown.late) > 0.5 * video.period + frames.SAME_TIME)
        if len(off):
            report.add(
                "warning",
                f"no frame at the time of {len(off)} of {len(times)} steps; the nearest is taken",
                episode=index,
                step=(int(off[0]), int(off[-1]) + 1),
                field=f"obs/{camera}_image",
            )
        cameras[camera] = CameraTrack(video=shown.footage)
    actions, names = _actions(table.parent, row, len(times), place)
    texts = {
        match[1]: (str(text),)
        for key, text in row.items()
        if (match := LANGUAGE.fullmatch(key)) and str(text).strip()
    }
    words = language.phrasings([str(row.get("instruction") or "")]) | texts
    return Episode(
        index=index,
        seed=0,
        task=str(row.get("task") or table.parent.resolve().name),
        robot=str(row.get("robot") or "unknown"),
        domain="real",
        control_hz=rate,
        instruction=language.instruction(words),
        success=_as_bool(row.get("success"), place),
        failure="",
        time=np.append(times, times[-1] + 1 / rate) - start,
        actions=actions,
        action={"native": actions} if actions.size else {},
        obs={},
        cameras=cameras,
        language=words,
        licence=str(row.get("licence") or row.get("license") or "unknown"),
        lineage={
            "format": "video",
            "files": {camera: file.name for camera, file in files.items()},
            "columns": {"actions": names} if names else {},
        },
        extra={"split": str(row["split"])} if row.get("split") else {},
    )


def _rows(table: Path) -> list[Row]:
    text = _text(table, MAX_TABLE_BYTES)
    rows: Any
    if table.suffix == ".csv":
        rows = list(csv.DictReader(io.StringIO(text)))
    elif table.suffix == ".jsonl":
        rows = guard.read_json_lines(table)
    else:
        rows = safe.parse_json(text, str(table))
        if isinstance(rows, dict):
            rows = rows.get("episodes")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise UserError(f"{table}: it has no rows; each is an episode with a video")
    return rows


def _videos(folder: Path, row: Row, place: str) -> dict[str, Path]:
    """camera -> file."""
    named = {
        key.partition(".")[2] or "camera": guard.inside(folder, str(value))
        for key, value in row.items()
        if key and (key == "video" or key.startswith("video.")) and value
    }
    if not named:
        raise UserError(f"{place}: no column video (or video.CAMERA) with a file name")
    return named


def _all_videos(folder: Path) -> set[Path]:
    return {file for file in folder.rglob("*") if file.suffix in VIDEOS and file.is_file()}


def _actions(folder: Path, row: Row, steps: int, place: str) -> tuple[AnyArray, list[str]]:
    """(T, A) and the names of its columns; (T, 0) where the row names no file."""
    if not row.get("actions"):
        return np.zeros((steps, 0), np.float32), []
    file = guard.inside(folder, str(row["actions"]))
    names: list[str] = []
    try:
        if file.suffix == ".npy":
            if file.stat().st_size > MAX_ACTION_BYTES:
                raise UserError(f"{file}: over {MAX_ACTION_BYTES >> 20} MB of actions")
            with opening(file):
                values = guard.npy(file.read_bytes())
        else:
            lines = list(csv.reader(io.StringIO(_text(file, MAX_TABLE_BYTES))))
            if lines and not _is_number(lines[0][0]):
                names = [name.strip() for name in lines.pop(0)]
            values = np.array([[float(cell) for cell in line] for line in lines if line])
    except (OSError, ValueError, IndexError) as error:
        reason = str(error).replace("\n", " ")[:100]
        raise UserError(f"{place}: {file.name} cannot be read as actions ({reason})") from None
    if values.ndim != 2 or values.dtype.kind not in "fiu" or len(values) != steps:
        raise UserError(
            f"{place}: {file.name} is {list(values.shape)}, the video has {steps} steps; "
            "one row of actions a frame (or give options.hz=10)"
        )
    return values.astype(np.float32), names


def _text(file: Path, cap: int) -> str:
    try:
        if file.stat().st_size > cap:
            raise UserError(f"{file}: over {cap >> 20} MB")
        with opening(file):
            return file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file}: it cannot be read ({error})") from None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _as_bool(value: Any, place: str) -> bool | None:
    text = "" if value is None else str(value).strip().lower()
    if text in YES or text in NO:
        return text in YES
    if text:
        raise UserError(f"{place}: success is {text[:40]!r}; write true, false or nothing")
    return None
