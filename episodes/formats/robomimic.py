"""robomimic's HDF5 and its kin: MimicGen, Isaac Lab, LIBERO, ManiSkill; and a plain copy out.

All of them keep demos with `actions` and observations; what differs is told apart by names:
/data/demo_0/obs/... (robomimic, MimicGen, LIBERO), also with nested obs and `initial_state`
(Isaac Lab), /traj_0/obs/... with T + 1 observations beside a JSON (ManiSkill).
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from episodes.episode import CameraTrack, Episode
from episodes.errors import UserError
from episodes.finding import Report
from episodes.formats import guard, language
from episodes.storage import hdf5
from episodes.storage.library import Library
from episodes.storage.records import FORMAT
from episodes.storage.safe import open_hdf5, parse_json, plain
from episodes.storage.store import SHARDS

Array = NDArray[Any]

SUFFIXES = (".hdf5", ".h5")
DEMO = re.compile(r"(demo|traj|episode)_?(\d+)")
MAGIC = b"\x89HDF\r\n\x1a\n"
COLOUR = re.compile(r"[._]?(image|rgb|rgb_image)$")
MILLIMETRE = 1e-3  # ManiSkill's depth is int16 in mm (its documentation, "Observation")
MAX_DEPTH = 8


def read(
    path: Path, *, strict: bool = False, report: Report, hz: float | None = None
) -> Iterator[Episode]:
    """Every demo of every file, in the order of files and of demo numbers; memory holds one.

    hz: control rate, where neither env_args nor the file tells it. A file that cellwright wrote
    is read as what it is. strict: a demo without actions is refused, else it is left out.
    """
    index = 0
    for file in _files(path):
        with open_hdf5(file) as opened:
            home = opened["data"] if isinstance(opened.get("data"), h5py.Group) else opened
            names = sorted((n for n in home if DEMO.fullmatch(n)), key=_number)
            if not names:
                raise UserError(f"{file}: no demos in it (data/demo_0 or traj_0)")
            split = _split(opened)
            native = plain(opened.attrs.get("format")) == FORMAT
            told = None if native else _Told(file, home, hz)
            for name in names:
                place = f"{file.name}: {name}"
                demo = home[name]
                if told is None:
                    yield hdf5.get(demo)
                    continue
                if not isinstance(demo, h5py.Group) or not isinstance(
                    demo.get("actions"), h5py.Dataset | h5py.Group
                ):
                    if strict:
                        raise UserError(f"{place} has no actions; strict=false leaves it out")
                    report.add("warning", f"{place} has no actions and is left out")
                    continue
                yield _episode(told, demo, index, split.get(name), place, report)
                index += 1


def is_source(path: Path) -> bool:
    return (path.is_file() and _is_hdf5(path)) or (
        path.is_dir() and any(map(_is_hdf5, path.iterdir()))
    )


def sources(path: Path) -> tuple[Path, list[Path]]:
    """The folder, and the HDF5 files in it with the JSON beside them."""
    files = _files(path)
    beside = [file.with_suffix(".json") for file in files]
    return files[0].parent, [*files, *(file for file in beside if file.is_file())]


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise UserError(f"no such file or folder: {path}")
    files = sorted(file for file in path.iterdir() if _is_hdf5(file))
    if not files:
        raise UserError(f"{path}: no HDF5 files here (names end in .hdf5 or .h5)")
    return files


def write(library: Library, out: Path) -> None:
    """Copy the shards: robomimic reads them as they are."""
    for shard in library.shards:
        shutil.copyfile(library.path / SHARDS / shard.file, out / f"{Path(shard.file).stem}.hdf5")


def _is_hdf5(path: Path) -> bool:
    if path.suffix not in SUFFIXES or not path.is_file():
        return False
    with open(path, "rb") as stream:
        return stream.read(len(MAGIC)) == MAGIC


def _number(name: str) -> int:
    match = DEMO.fullmatch(name)
    assert match is not None
    return int(match[2])


class _Told:
    """What a file says of all its demos."""

    def __init__(self, file: Path, home: h5py.Group, hz: float | None) -> None:
        beside = file.with_suffix(".json")
        notes = guard.read_json(beside) if beside.is_file() else {}  # ManiSkill
        env = _attribute(home, "env_args", file) or _object(notes, "env_info")
        kwargs = _object(env, "env_kwargs")
        problem = _attribute(home, "problem_info", file)  # LIBERO
        robots = kwargs.get("robots") or kwargs.get("robot_uids") or "unknown"
        self.file = file.name
        self.env = env
        self.task = str(env.get("env_name") or env.get("env_id") or file.stem)
        self.robot = str(robots[0] if isinstance(robots, list) and robots else robots).lower()
        self.domain = "sim" if env else "real"  # these files name the simulator they come from
        self.rate, self.rate_source = _rate(env, kwargs, hz, file)
        self.instruction = str(
            problem.get("language_instruction") or plain(home.attrs.get("language_instruction", ""))
        )
        rows = notes.get("episodes")
        self.episodes = {
            int(row["episode_id"]): row
            for row in (rows if isinstance(rows, list) else [])
            if isinstance(row, dict) and isinstance(row.get("episode_id"), int)
        }


def _rate(
    env: Mapping[str, Any], kwargs: Mapping[str, Any], hz: float | None, file: Path
) -> tuple[float, str]:
    sim = _object(env, "sim_args")  # Isaac Lab
    try:
        if hz is not None:
            rate, told = float(hz), "given as hz"
        elif "control_freq" in kwargs:
            rate, told = float(kwargs["control_freq"]), "env_args"
        elif "dt" in sim and "decimation" in sim:
            rate, told = 1 / (float(sim["dt"]) * float(sim["decimation"])), "env_args"
        else:
            raise UserError(
                f"{file}: it does not tell its control rate; give it with options.hz=20"
            )
    except (TypeError, ValueError, ZeroDivisionError):
        rate, told = 0.0, "env_args"
    if not 0 < rate < 1e5:
        raise UserError(
            f"{file}: a control rate of {rate:g} Hz ({told}); give it with options.hz=20"
        )
    return rate, told


def _object(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _attribute(group: h5py.Group, name: str, file: Path) -> dict[str, Any]:
    """A JSON object in an attribute; empty if there is none."""
    text = plain(group.attrs.get(name, ""))
    if not isinstance(text, str) or not text.strip():
        return {}
    value = parse_json(text, f"{file}: attribute {name}")
    if isinstance(value, str):  # LIBERO quotes some twice
        value = parse_json(value, f"{file}: attribute {name}")
    return value if isinstance(value, dict) else {}


def _split(file: h5py.File) -> dict[str, str]:
    """demo -> "train" or "valid", of robomimic's filter keys."""
    out: dict[str, str] = {}
    for side in ("valid", "train"):
        names = file.get(f"mask/{side}")
        if isinstance(names, h5py.Dataset):
            out |= {str(plain(name)): side for name in names[()]}
    return out


def _episode(
    told: _Told, demo: h5py.Group, index: int, split: str | None, place: str, report: Report
) -> Episode:
    source = _number(demo.name.rpartition("/")[2])
    found = dict(_datasets(demo))
    actions, action = _actions(found, place)
    steps = len(actions)
    cameras: dict[str, CameraTrack] = {}
    obs: dict[str, Array] = {}
    depths: dict[str, Array] = {}
    left_out = []
    for name, item in found.items():
        key = name.removeprefix("obs.")
        if not name.startswith("obs.") or item.dtype.kind not in "fiub":
            if name.partition(".")[0] not in ("actions", "rewards", "dones", "success"):
                left_out.append(name)
            continue
        if len(item.shape) < 1 or item.shape[0] not in (steps, steps + 1):
            report.add(
                "warning",
                f"{item.shape[:1]} rows for {steps} steps: left out",
                episode=index,
                field=f"obs/{key}",
            )
            continue
        rows = item[:steps]  # row T is what was sensed after the last action
        camera = COLOUR.sub("", key).removeprefix("sensor_data.").removeprefix("images.")
        if rows.ndim == 4 and rows.shape[3] == 3 and rows.dtype == np.uint8:
            cameras[camera or key] = CameraTrack(rgb=rows)
        elif rows.ndim == 4 and key.startswith("sensor_data.") and key.endswith(".depth"):
            name_of = key.removeprefix("sensor_data.").removesuffix(".depth")
            depths[name_of] = rows[..., 0].clip(0).astype(np.uint16)
        else:
            obs[key] = rows.reshape(steps, -1) if rows.ndim < 3 else rows
    for camera, depth in depths.items():
        track = cameras.get(camera, CameraTrack())
        cameras[camera] = replace(track, depth=depth, unit_m=MILLIMETRE)
    texts = [told.instruction, str(plain(demo.attrs.get("language_instruction", "")))]
    words = language.phrasings(texts)
    rewards, dones = found.get("rewards"), found.get("dones")
    return Episode(
        index=index,
        seed=0,
        task=told.task,
        robot=told.robot,
        domain=told.domain,
        control_hz=told.rate,
        instruction=language.instruction(words),
        success=_success(demo, found, told.episodes.get(source, {})),
        failure="",
        time=np.arange(steps + 1) / told.rate,
        actions=actions,
        action=action,
        obs=obs,
        rewards=_scalar_rows(rewards, steps, np.float32),
        dones=_scalar_rows(dones, steps, np.uint8),
        cameras=cameras,
        language=words,
        licence="unknown",
        lineage={
            "format": "robomimic",
            "file": told.file,
            "demo": demo.name.rpartition("/")[2],
            "rate": f"{told.rate:g} Hz: {told.rate_source}",
            "env_args": dict(told.env),
            "left_out": left_out,
        },
        extra={"source_episode": source, **({"split": split} if split else {})},
    )


def _datasets(group: h5py.Group, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """("obs.robot0_eef_pos", dataset) of everything below; not what only repeats obs a step on."""
    for name in group:
        item = group[name]
        path = f"{prefix}.{name}" if prefix else str(name)
        if isinstance(item, h5py.Dataset):
            yield path, item
        elif depth < MAX_DEPTH and path != "next_obs":
            yield from _datasets(item, path, depth + 1)


def _actions(found: Mapping[str, Any], place: str) -> tuple[Array, dict[str, Array]]:
    """(T, A) the actions; several agents' side by side in the order of their names."""
    if "actions" in found:
        parts = {"native": found["actions"][()]}
    else:
        parts = {
            name.removeprefix("actions."): item[()]
            for name, item in sorted(found.items())
            if name.startswith("actions.")
        }
    lengths = {len(value) for value in parts.values() if value.ndim and value.dtype.kind in "fiub"}
    if len(lengths) != 1 or not min(lengths):
        raise UserError(f"{place}: its actions are empty or of different lengths")
    steps = lengths.pop()
    parts = {name: value.reshape(steps, -1).astype(np.float32) for name, value in parts.items()}
    return np.concatenate(list(parts.values()), axis=1), parts


def _success(demo: h5py.Group, found: Mapping[str, Any], row: Mapping[str, Any]) -> bool | None:
    """What the file says: an attribute (Isaac Lab), a column or the JSON (ManiSkill)."""
    if "success" in demo.attrs:
        return bool(plain(demo.attrs["success"]))
    if "success" in found and len(found["success"].shape) == 1 and len(found["success"]):
        return bool(found["success"][-1])
    return bool(row["success"]) if isinstance(row.get("success"), bool) else None


def _scalar_rows(item: Any, steps: int, dtype: type) -> Any:
    if item is None or item.shape not in ((steps,), (steps, 1)):
        return None
    return item[()].reshape(steps).astype(dtype)
