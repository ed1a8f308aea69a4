"""LeRobot data sets out: v3.0 (many episodes a file) and v2.1 with GR00T's modality.json."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from episodes.episode import Episode
from episodes.errors import UserError
from episodes.footage import Footage
from episodes.formats.extra import need
from episodes.formats.flat import Flat, flatten, padded, widths
from episodes.formats.lerobot import columns, copies, meta, stats
from episodes.formats.lerobot.columns import Schema
from episodes.formats.lerobot.copies import Copies
from episodes.formats.lerobot.files import CHUNK, DATA_MB, VIDEO_MB, Clips, ParquetTables
from episodes.storage.selection import Selection

EPISODES_V3 = "meta/episodes/chunk-000/file-000.parquet"


def write(
    chosen: Selection,
    out: Path,
    *,
    progress: Callable[[object], None],
    version: str = "v3.0",
    codec: str | None = None,
    depth: bool = True,
) -> Sequence[str]:
    """Write every chosen episode into the folder `out`: first those to train with, then those to
    validate with, since a split is a range of episodes here.

    codec: of colour pictures, "h264", "av1" or "png" (lossless, in the table); None: video that was
    imported stays as it is where LeRobot can read it so, all else is "h264". depth: depth and
    segmentation go along, as 16-bit PNG; LeRobot's policies take every picture for an input
    unless they are told which. UserError: episodes of different shapes or rates.
    """
    if version not in ("v3.0", "v2.1"):
        raise UserError(f"LeRobot version {version!r} is not written; versions: v3.0, v2.1")
    one_width = widths(chosen)
    train = [row.index for row in chosen if row.index not in chosen.valid]
    kept = copies.steady(chosen, version == "v3.0") if codec is None else set()
    with ExitStack() as open_files:
        target = _Target(out, codec or "h264", version, kept, open_files)
        for index in [*train, *sorted(chosen.valid)]:
            episode = chosen.read(index)
            flat = padded(flatten(episode if depth else _colour_only(episode)), one_width)
            target.add(flat, _films(chosen, index, kept))
            progress(episode)
    robots = sorted({row.robot for row in chosen})
    target.finish(len(train), ", ".join(robots))
    return ()


def _colour_only(episode: Episode) -> Episode:
    cameras = {
        name: replace(track, depth=None, segmentation=None)
        for name, track in episode.cameras.items()
    }
    return replace(episode, cameras=cameras)


def _films(chosen: Selection, index: int, cameras: Set[str]) -> dict[str, Footage]:
    """Row of `Flat.pictures` -> the video that it is in."""
    if not cameras:
        return {}
    tracks = chosen.read(index, images=False).cameras
    films = {f"obs/{name}_image": tracks[name].video for name in cameras}
    return {name: film for name, film in films.items() if film is not None}


class _Target:
    """A data set that grows by episodes; holds one of them, and small rows of the others."""

    def __init__(
        self, out: Path, codec: str, version: str, kept: Set[str], open_files: ExitStack
    ) -> None:
        """kept: the cameras whose video goes out as it is."""
        self._out = out
        self._codec = codec
        self._v3 = version == "v3.0"
        self._version = version
        self._open = open_files
        self._schema: Schema | None = None
        self._head: Mapping[str, Any] = {}
        self._rows: list[dict[str, Any]] = []
        self._stats: list[dict[str, stats.Stats]] = []
        self._tasks: dict[str, int] = {}
        self._frames = 0
        self._data = ParquetTables(out)
        self._kept = {f"obs/{camera}_image" for camera in kept}
        self._videos: dict[str, Clips | Copies] = {}

    def add(self, flat: Flat, films: Mapping[str, Footage]) -> None:
        """films: of the cameras that are kept, row of `flat.pictures` -> its video."""
        video = self._codec != "png"
        header, number = flat.header, len(self._rows)
        if self._schema is None:
            self._schema = columns.schema_of(flat, video)
            self._head = header
            for key in self._schema.videos:
                if self._schema.pictures[key] in self._kept:
                    self._videos[key] = Copies(self._out, key, self._v3)
                else:
                    clips = Clips(self._out, key, self._codec, self._v3)
                    self._videos[key] = self._open.enter_context(clips)
        schema = self._schema
        columns.check(schema, flat, video, header["index"])
        if header["control_hz"] != self._head["control_hz"]:
            raise UserError(
                f"episode {header['index']} is of {header['control_hz']:g} Hz, the first one of "
                f"{self._head['control_hz']:g} Hz; LeRobot has one rate: export those apart"
            )
        steps, rate = int(header["steps"]), float(header["control_hz"])
        task = self._tasks.setdefault(header["instruction"], len(self._tasks))
        rows = columns.numbers(schema, flat)
        rows |= columns.counters(steps, rate, number, self._frames, task)
        found = {key: stats.of_numbers(value) for key, value in rows.items()}
        found |= {key: stats.of_pictures(flat.pictures[n]) for key, n in schema.pictures.items()}
        self._stats.append(found)
        row: dict[str, Any] = {"episode_index": number, "tasks": [header["instruction"]]}
        row |= {
            "length": steps,
            meta.HEADER: json.dumps(header, ensure_ascii=False, allow_nan=False),
        }
        table = columns.table(schema, rows, flat)
        if self._v3:
            row |= self._data.append(table)
            row |= {"dataset_from_index": self._frames, "dataset_to_index": self._frames + steps}
        else:
            self._data.alone(table, number)
        for key, files in self._videos.items():
            name = schema.pictures[key]
            if isinstance(files, Copies):
                row |= files.add(number, rate, films[name])
            else:
                row |= files.add(number, rate, flat.pictures[name])
        self._rows.append(row)
        self._frames += steps

    def finish(self, train: int, robots: str) -> None:
        """Write the tables, after all video files are closed. train: episodes, the first ones."""
        assert self._schema is not None  # a selection has episodes
        self._data.close()
        total = stats.merged(self._stats)
        _write_json(self._out / "meta" / "stats.json", stats.plain(total))
        _write_json(self._out / "meta" / "info.json", self._info(self._schema, train, robots))
        if self._v3:
            self._write_v3()
        else:
            self._write_v2()
            _write_json(self._out / "meta" / "modality.json", modality(self._schema))

    def _info(self, schema: Schema, train: int, robots: str) -> dict[str, Any]:
        count = len(self._rows)
        chunks = -(-count // CHUNK)
        splits = {"train": (0, train), "val": (train, count)}
        info: dict[str, Any] = {
            "codebase_version": self._version,
            "robot_type": robots,
            "total_episodes": count,
            "total_frames": self._frames,
            "total_tasks": len(self._tasks),
            "chunks_size": CHUNK,
            "fps": _whole(float(self._head["control_hz"])),
            "splits": {name: f"{a}:{b}" for name, (a, b) in splits.items() if a < b},
            "data_path": meta.DATA_V3 if self._v3 else meta.DATA_V2,
            "video_path": (meta.VIDEO_V3 if self._v3 else meta.VIDEO_V2) if schema.videos else None,
            "features": {key: dict(feature) for key, feature in schema.features.items()},
        }
        for key in schema.videos:
            told = info["features"][key]["info"]
            told |= {
                "video.codec": self._videos[key].codec,
                "video.pix_fmt": self._videos[key].pix_fmt,
            }
        if self._v3:
            return info | {"data_files_size_in_mb": DATA_MB, "video_files_size_in_mb": VIDEO_MB}
        return info | {"total_chunks": chunks, "total_videos": count * len(schema.videos)}

    def _write_v3(self) -> None:
        pa, pq = need("pyarrow", "writing"), need("pyarrow.parquet", "writing LeRobot data")
        rows = []
        for row, found in zip(self._rows, self._stats, strict=True):
            flat_stats = {
                f"stats/{key}/{name}": value
                for key, one in stats.plain(found).items()
                for name, value in one.items()
            }
            place = {"meta/episodes/chunk_index": 0, "meta/episodes/file_index": 0}
            rows.append(row | place | flat_stats)
        path = self._out / EPISODES_V3
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows), path)
        pq.write_table(_tasks_table(self._tasks), self._out / "meta" / "tasks.parquet")

    def _write_v2(self) -> None:
        rows = [{**row, meta.HEADER: json.loads(row[meta.HEADER])} for row in self._rows]
        _write_lines(self._out / "meta" / "episodes.jsonl", rows)
        tasks = [{"task_index": number, "task": text} for text, number in self._tasks.items()]
        _write_lines(self._out / "meta" / "tasks.jsonl", tasks)
        found = [
            {"episode_index": number, "stats": stats.plain(one)}
            for number, one in enumerate(self._stats)
        ]
        _write_lines(self._out / "meta" / "episodes_stats.jsonl", found)


def modality(schema: Schema) -> dict[str, Any]:
    """GR00T's meta/modality.json: what the columns of state and action are."""
    state, at = {}, 0
    for name, width in schema.parts:
        state[name] = {"start": at, "end": at + width}
        at += width
    if not state and columns.STATE in schema.features:
        state["state"] = {"start": 0, "end": schema.features[columns.STATE]["shape"][0]}
    width = schema.features["action"]["shape"][0] if "action" in schema.features else 0
    names = schema.features["action"]["names"] if width else None
    action: dict[str, Any] = {"action": {"start": 0, "end": width}} if width else {}
    if names == [*columns.DELTA, "gripper"]:
        action = {"ee_delta": {"start": 0, "end": 6}, "gripper": {"start": 6, "end": 7}}
    return {
        "state": state,
        "action": action,
        "video": {
            key.removeprefix("observation.images."): {"original_key": key} for key in schema.videos
        },
        "annotation": {"human.task_description": {"original_key": "task_index"}},
    }


def _tasks_table(tasks: Mapping[str, int]) -> Any:
    """As pandas writes a frame that is indexed by the text."""
    pa = need("pyarrow", "writing LeRobot data")
    index = "__index_level_0__"
    kinds = {"task_index": "int64", index: "unicode"}
    described = {
        "index_columns": [index],
        "column_indexes": [],
        "columns": [
            {
                "name": None if name == index else name,
                "field_name": name,
                "pandas_type": kind,
                "numpy_type": "object" if kind == "unicode" else kind,
                "metadata": None,
            }
            for name, kind in kinds.items()
        ],
        "creator": {"library": "pyarrow", "version": pa.__version__},
        "pandas_version": "2.2.0",
    }
    table = pa.table({"task_index": list(tasks.values()), index: list(tasks)})
    return table.replace_schema_metadata({b"pandas": json.dumps(described).encode()})


def _whole(rate: float) -> int | float:
    return int(rate) if rate == int(rate) else rate


def _write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    lines = [json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows]
    path.write_text("\n".join(lines) + "\n")
