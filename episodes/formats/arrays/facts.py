"""What a file, its attributes and the JSON beside it tell of all its episodes."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from episodes.errors import UserError
from episodes.formats import guard, language
from episodes.formats.arrays.layout import ArrayLayout, there
from episodes.formats.arrays.nodes import Group
from episodes.storage.safe import attribute as attribute_of
from episodes.storage.safe import parse_json

RATES = ("control_freq", "control_hz", "control_frequency", "fps", "hz", "frequency", "sample_rate")
MAX_ATTRIBUTE = 1000  # characters or numbers of an attribute that goes along
UNNAMED = ("data", "episodes", "success_episodes", "fail_episodes", "success", "failure")  # folders
_DESCRIPTIONS = ("env_args", "env_info", "env_spec", "env_meta")


@dataclass(frozen=True)
class Facts:
    """rate [Hz]: 0 where nothing tells it. env: what describes the simulator. episodes: number of
    an episode -> what the JSON says of it. texts: name -> instruction."""

    file: Path
    env: Mapping[str, Any]
    task: str
    robot: str
    domain: str
    rate: float
    rate_source: str
    texts: Mapping[str, list[str]]
    episodes: Mapping[int, Mapping[str, Any]]
    upside_down: bool


def read(file: Path, root: Group, home: Group, layout: ArrayLayout, hz: float | None) -> Facts:
    """UserError: a rate that is none; JSON that is none."""
    notes = _notes(file, layout.notes)
    env: dict[str, Any] = {}
    texts: dict[str, list[str]] = {}
    for name in _DESCRIPTIONS:
        for told in (attribute(home, name, file), attribute(root, name, file), notes.get(name)):
            env = env or (_json(told, name, file) if isinstance(told, str) else _object(told))
    kwargs = {**_object(env.get("kwargs")), **_object(env.get("env_kwargs"))}
    problem = _json(attribute(home, "problem_info", file), "problem_info", file)  # LIBERO
    for texts_of in (problem, _plain_attributes(home), _plain_attributes(root)):
        texts |= {k: [str(v)] for k, v in texts_of.items() if language.is_instruction(k)}
    texts |= _instructions(file, layout)
    rate, source = _rate(env, kwargs, home, root, hz, file)
    named = (
        env.get("env_name") or env.get("env_id") or env.get("id") or attribute(home, "env", file)
    )
    robots = kwargs.get("robots") or kwargs.get("robot_uids") or env.get("robots") or "unknown"
    sim = attribute(root, "sim", file)
    simulated = bool(env) or any(there(root, mark) for mark in layout.sim)
    rows = notes.get("episodes")
    return Facts(
        file=file,
        env=env,
        task=str(named or _task(file, layout)),
        robot=str(robots[0] if isinstance(robots, list) and robots else robots).lower(),
        domain="sim" if (simulated if sim is None else bool(sim)) else "real",
        rate=rate,
        rate_source=source,
        texts=texts,
        episodes={
            row["episode_id"]: row
            for row in (rows if isinstance(rows, list) else [])
            if isinstance(row, dict) and isinstance(row.get("episode_id"), int)
        },
        upside_down=attribute(home, "macros_image_convention", file) == "opengl",
    )


def beside(file: Path, layout: ArrayLayout) -> Iterator[Path]:
    """The files that are read beside this one."""
    for name in (layout.notes, layout.instructions):
        if name and (path := _beside(file, name)).is_file():
            yield path


def _beside(file: Path, name: str) -> Path:
    return file.parent / name.replace("{stem}", file.stem)


def kept(group: Group) -> tuple[dict[str, Any], dict[str, str]]:
    """The attributes of a group that go along as they are; of the others, why they do not."""
    small: dict[str, Any] = {}
    lost: dict[str, str] = {}
    for name in getattr(group, "attrs", {}):
        value = _value(group, name)
        value = value.tolist() if isinstance(value, np.ndarray) else value
        if isinstance(value, h5py.Empty):
            continue
        if value is None:
            lost[name] = "a value of a type that is not read"
        elif len(str(value)) > MAX_ATTRIBUTE:
            lost[name] = "too long to go along"
        elif _plain(value):
            small[name] = value
        else:
            lost[name] = "no text, numbers or list of them"
    return small, lost


def texts_of(attributes: Mapping[str, Any], file: Path) -> dict[str, list[str]]:
    """The texts among an episode's attributes; RoboCasa has its in the JSON ep_meta."""
    meta = _json(attributes.get("ep_meta"), "ep_meta", file)
    return {k: [v] for k, v in {**attributes, **meta}.items() if isinstance(v, str)}


def _plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(_plain(inner) for inner in value)
    return isinstance(value, str | int) or (isinstance(value, float) and bool(np.isfinite(value)))


def attribute(group: Group, name: str, file: Path) -> Any:
    """A scalar attribute as plain Python; None if there is none."""
    if name not in getattr(group, "attrs", {}):
        return None
    value = _value(group, name)
    return None if isinstance(value, np.ndarray) else value


def _value(group: Any, name: str) -> Any:
    return attribute_of(group, name) if isinstance(group, h5py.Group) else group.attrs.get(name)


def _plain_attributes(group: Group) -> dict[str, Any]:
    return {name: _value(group, name) for name in getattr(group, "attrs", {})}


def _json(text: Any, name: str, file: Path) -> dict[str, Any]:
    if not isinstance(text, str) or not text.strip().startswith(("{", '"')):
        return {}
    value = parse_json(text, f"{file}: attribute {name}")
    if isinstance(value, str) and value.strip():  # LIBERO quotes some twice
        value = parse_json(value, f"{file}: attribute {name}")
    return _object(value)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _notes(file: Path, name: str) -> dict[str, Any]:
    """The JSON of that name beside the file; empty if there is none."""
    path = _beside(file, name)
    return guard.read_json(path) if name and path.is_file() else {}


def _instructions(file: Path, layout: ArrayLayout) -> dict[str, list[str]]:
    """Of a JSON of lists of phrasings."""
    lists = [
        texts for texts in _notes(file, layout.instructions).values() if isinstance(texts, list)
    ]
    texts_of = [text for texts in lists for text in texts if isinstance(text, str)]
    return {"instructions": texts_of} if texts_of else {}


def _task(file: Path, layout: ArrayLayout) -> str:
    """The name of the file or store; of a file an episode, that of a folder that has a name."""
    if layout.episodes or layout.ends or layout.flags or file.is_dir() or file.suffix == ".zip":
        return file.name.partition(".")[0]
    named = (p.name for p in file.absolute().parents if re.search("[a-z]", p.name.lower()))
    return next((name for name in named if name not in UNNAMED), file.stem)


def _rate(
    env: Mapping[str, Any],
    kwargs: Mapping[str, Any],
    home: Group,
    root: Group,
    hz: float | None,
    file: Path,
) -> tuple[float, str]:
    sim = _object(env.get("sim_args"))  # Isaac Lab
    told: tuple[Any, str] = (0.0, "")
    try:
        if hz is not None:
            told = (float(hz), "given as hz")
        elif "control_freq" in kwargs:
            told = (float(kwargs["control_freq"]), "env_args")
        elif "dt" in sim and "decimation" in sim:
            told = (1 / (float(sim["dt"]) * float(sim["decimation"])), "env_args")
        else:
            for group in (root, home):
                told = attribute_rate(_plain_attributes(group)) or told
    except (TypeError, ValueError, ZeroDivisionError):
        told = (-1.0, "what the file tells")
    if told[1] and not 0 < told[0] < 1e5:
        raise UserError(f"{file}: a control rate of {told[0]:g} Hz ({told[1]}); give another: hz")
    return told


def attribute_rate(attributes: Mapping[str, Any]) -> tuple[float, str] | None:
    """The rate [Hz] that an attribute tells, and its name; None if none is a number."""
    for name in RATES:
        value = attributes.get(name)
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            with contextlib.suppress(ValueError):
                return float(value), f"the attribute {name}"
    return None


def measured(stamps: Any) -> tuple[float, Any]:
    """(rate [Hz], times [s] from 0 (T + 1,)) of time stamps (T,) in seconds, or whole ones since
    1970 in milli-, micro- or nanoseconds; (0, None) of any other."""
    rows = np.asarray(stamps).reshape(-1)
    if len(rows) < 2:
        return 0.0, None
    unit = 1.0
    for scale in (1e-3, 1e-6, 1e-9):
        if 1e9 < float(rows[0]) * scale < 1e10:  # the years 2001 to 2286
            unit = scale
    times = (rows - rows[0]).astype(np.float64) * unit
    steps = np.diff(times)
    if not np.isfinite(steps).all() or not (steps > 0).all():
        return 0.0, None
    period = float(np.median(steps))
    if not 1e-4 < period <= 1:
        return 0.0, None
    return round(1 / period, 3), np.append(times, times[-1] + period)
