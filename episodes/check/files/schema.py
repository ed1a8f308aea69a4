"""Is a demo laid out as FORMAT.md says? Names, dtypes, shapes and rows; no values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.random import Generator

from episodes.check.files.damage import edited, first_demo
from episodes.check.kind import Check, Limits
from episodes.check.recording import EpisodeOrigin
from episodes.errors import UserError
from episodes.finding import Finding
from episodes.reserved import RESERVED
from episodes.storage import video_group
from episodes.storage.records import Row
from episodes.storage.safe import parse_json, plain

# path -> dtype, rows over T (None: any number), shape of a row (None: anything)
_DATASETS: Mapping[str, tuple[str, int | None, tuple[int | None, ...] | None]] = {
    "time": ("<f8", 1, ()),
    "states": ("<f8", 1, (None,)),
    "actions": ("<f4", 0, (None,)),
    "rewards": ("<f4", 0, ()),
    "dones": ("|u1", 0, ()),
    **{path: ("<f4", 0, (kept.width,)) for path, kept in RESERVED.items()},
    "objects/pose": ("<f8", 1, (None, 7)),
    "subtasks/start": ("<i4", None, ()),
    "subtasks/end": ("<i4", None, ()),
    "subtasks/recovery": ("|u1", None, ()),
}
_ALWAYS = ("time", "actions", "obs")
_SIMULATED = ("states", "objects/pose", *(k for k in _DATASETS if k.split("/")[0] == "action"))
_CHANNELS: Mapping[str, tuple[str, tuple[int | None, ...]]] = {
    "image": ("|u1", (None, None, 3)),
    "depth": ("<u2", (None, None)),
    "segmentation": ("<u2", (None, None)),
}
_ATTRIBUTES: Mapping[str, tuple[type, ...]] = {
    "num_samples": (int,),
    "episode_id": (str,),
    "index": (int,),
    "seed": (int,),
    "domain": (str,),
    "task": (str,),
    "robot": (str,),
    "control_hz": (int, float),
    "instruction": (str,),
    "failure": (str,),
    "renderer": (str,),
    "licence": (str,),
    "lineage": (str,),
}
DOMAINS = ("sim", "real", "upcycled", "world_model")


@dataclass(frozen=True)
class OpenDemo:
    demo: h5py.Group
    row: Row
    origin: EpisodeOrigin


@dataclass(frozen=True)
class _Errors:
    """Where the parts of the check put what they find: an episode with any cannot be read."""

    origin: EpisodeOrigin
    findings: list[Finding] = field(default_factory=list)

    def error(self, message: str, field: str) -> None:
        self.findings.append(self.origin.error(message, field=field))


def find(seen: OpenDemo, limits: Limits) -> list[Finding]:
    demo, notes = seen.demo, _Errors(seen.origin)
    attrs = {key: plain(value) for key, value in demo.attrs.items()}
    _attributes(attrs, seen.row, notes)
    steps = attrs.get("num_samples")
    if not isinstance(steps, int):
        return notes.findings
    if steps < 1:
        notes.error("it has no steps", field="num_samples")
    needed = _ALWAYS + (_SIMULATED if seen.origin.ours else ())
    for path in needed:
        if path not in demo:
            notes.error("it is missing", field=path)
    for path, (dtype, more, tail) in _DATASETS.items():
        if path in demo:
            rows = None if more is None else steps + more
            _dataset(demo[path], path, dtype, rows, tail, notes)
    if "obs" in demo and isinstance(demo["obs"], h5py.Group):
        _observations(demo, steps, notes)
    return notes.findings


def imported(demo: h5py.Group) -> bool:
    """Whether the lineage of a demo tells of a format of others: a simulator's data, too, may come
    without the states and commands that ours have."""
    try:
        lineage = parse_json(plain(demo.attrs.get("lineage", "{}")), "lineage")
    except (UserError, AttributeError):
        return False
    return isinstance(lineage, dict) and "format" in lineage


def _attributes(attrs: Mapping[str, Any], row: Row, notes: _Errors) -> None:
    for name, kinds in _ATTRIBUTES.items():
        value = attrs.get(name)
        if value is None:
            notes.error("the attribute is missing", field=name)
        elif not isinstance(value, kinds):
            notes.error(f"the attribute is of type {type(value).__name__}", field=name)
    for name in ("lineage", "extra"):
        _json(attrs.get(name, "{}"), name, notes)
    if row.domain not in DOMAINS:
        notes.error(f"{row.domain!r} is none of {', '.join(DOMAINS)}", field="domain")
    if notes.origin.ours:
        _json(attrs.get("cell"), "cell", notes)
    told: dict[str, Any] = {"num_samples": row.steps, "success": row.success}
    for name in ("episode_id", "index", "seed", "task", "robot", "domain", "instruction"):
        told[name] = getattr(row, name)
    told["failure"] = row.failure
    for name, value in told.items():
        if attrs.get(name) != value:
            notes.error(
                f"the shard says {attrs.get(name)!r:.80}, its record {value!r:.80}", field=name
            )


def _json(text: Any, name: str, notes: _Errors) -> None:
    try:
        if isinstance(parse_json(text if isinstance(text, str) else "", name), dict):
            return
    except UserError:
        pass
    notes.error("the attribute is no JSON object", field=name)


def _observations(demo: h5py.Group, steps: int, notes: _Errors) -> None:
    cameras = list(demo.get("cameras", ()))
    views = {f"{c}_{channel}": channel for c in cameras for channel in _CHANNELS}
    for name, item in demo["obs"].items():
        path = f"obs/{name}"
        if name in views:
            dtype, tail = _CHANNELS[views[name]]
            _dataset(item, path, dtype, steps, tail, notes)
        elif path not in _DATASETS:
            _dataset(item, path, "", steps, None, notes)
            if name.endswith(tuple(f"_{channel}" for channel in _CHANNELS)):
                notes.error("its camera is not among cameras/", field=path)
    videos = {n: _video(demo, n, cameras, steps, notes) for n in video_group.names(demo)}
    for name in cameras:
        group = demo["cameras"][name]
        sizes = {videos[f"{name}_image"]} if videos.get(f"{name}_image") else set()
        sizes |= {
            demo["obs"][f"{name}_{channel}"].shape[1:3]
            for channel in _CHANNELS
            if isinstance(demo["obs"].get(f"{name}_{channel}"), h5py.Dataset)
        }
        if len(sizes) > 1:
            notes.error(f"its channels differ in size: {sorted(sizes)}", field=f"cameras/{name}")
        if "intrinsics" in group:
            path = f"cameras/{name}/intrinsics"
            _dataset(group["intrinsics"], path, "<f8", 3, (3,), notes)
        if "camera_to_world" in group:
            item = group["camera_to_world"]
            path = f"cameras/{name}/camera_to_world"
            rows = 1 if item.shape[:1] == (1,) else steps
            _dataset(item, path, "<f8", rows, (4, 4), notes)
        if f"{name}_depth" in demo["obs"] and "unit_m" not in demo[f"obs/{name}_depth"].attrs:
            notes.error("attribute unit_m is missing", field=f"obs/{name}_depth")


def _video(
    demo: h5py.Group, name: str, cameras: list[str], steps: int, notes: _Errors
) -> tuple[int, ...]:
    """Pictures that are in a video file: the size of one, () where that is not known."""
    path = f"{video_group.GROUP}/{name}"
    if name not in {f"{camera}_image" for camera in cameras}:
        notes.error("its camera is not among cameras/", field=path)
    if name in demo["obs"]:
        notes.error("its pictures are in obs/ too", field=path)
    try:
        shape = video_group.get(demo, name).shape
    except (KeyError, ValueError, TypeError) as error:
        notes.error(f"it tells of no video: {error!s:.120}", field=path)
        return ()
    if shape[0] != steps:
        notes.error(f"it has {shape[0]} pictures for {steps} steps", field=path)
    return shape[1:3]


def _dataset(
    item: Any,
    path: str,
    dtype: str,
    rows: int | None,
    tail: tuple[int | None, ...] | None,
    notes: _Errors,
) -> None:
    if not isinstance(item, h5py.Dataset):
        notes.error("it is not a dataset", field=path)
        return
    if dtype and item.dtype != np.dtype(dtype):
        notes.error(f"its dtype is {item.dtype}, not {np.dtype(dtype)}", field=path)
    shape = item.shape or ()
    wanted = (rows, *(tail if tail is not None else shape[1:]))
    if len(shape) != len(wanted) or any(
        w is not None and w != n for n, w in zip(shape, wanted, strict=True)
    ):
        words = ", ".join("any" if w is None else str(w) for w in wanted)
        notes.error(f"its shape is {shape}, not ({words})", field=path)


def _without_actions(root: Path, rng: Generator) -> Path:
    def edit(file: h5py.File) -> None:
        del first_demo(file)["actions"]

    return edited(root, edit)


def _row_short(root: Path, rng: Generator) -> Path:
    """The last reading was never written."""

    def edit(file: h5py.File) -> None:
        obs = first_demo(file)["obs"]
        names = [name for name, item in sorted(obs.items()) if item.ndim == 2]
        name = names[int(rng.integers(len(names)))]
        rows = obs[name][:-1]
        del obs[name]
        obs[name] = rows

    return edited(root, edit)


def _other_words(root: Path, rng: Generator) -> Path:
    """A copy of a shard that kept the record of another."""

    def edit(file: h5py.File) -> None:
        first_demo(file).attrs["instruction"] = "dance"

    return edited(root, edit)


CHECK = Check(
    name="schema",
    reads="files",
    finds="arrays that are missing, of another type, or of other lengths than the format has them",
    reason="every reader relies on it; what is read in spite of it is shifted or cut",
    source="docs/library-format.md",
    find=find,
    faults={
        "no actions": _without_actions,
        "a row short": _row_short,
        "another instruction": _other_words,
    },
)
