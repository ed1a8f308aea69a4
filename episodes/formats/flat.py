"""An episode as rows and a header: what every written format carries, each in its own way.

Rows are arrays with one entry a step; the header is JSON and holds the rest, so that reading our
own exports gives the very same episode.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np

from episodes.array_types import AnyArray
from episodes.episode import CameraTrack, Episode, Subtask
from episodes.errors import UserError
from episodes.footage import Footage
from episodes.storage.selection import Selection

VERSION = 1
CHANNELS = {"image": "rgb", "depth": "depth", "segmentation": "segmentation"}
SIMPLE: Mapping[str, type] = {
    "index": int,
    "seed": int,
    "task": str,
    "robot": str,
    "domain": str,
    "control_hz": float,
    "instruction": str,
    "success": bool,
    "failure": str,
    "cell": str,
    "renderer": str,
    "licence": str,
}


@dataclass(frozen=True)
class Flat:
    """numbers: name -> (T, ...), names as in FORMAT.md ("obs/ee_pose", "states", "time").

    pictures: "obs/{camera}_{channel}" -> (T, H, W, 3) u1 or (T, H, W) u2. header: see `flatten`.
    """

    numbers: Mapping[str, AnyArray]
    pictures: Mapping[str, AnyArray]
    header: Mapping[str, Any]


def flatten(episode: Episode) -> Flat:
    """Of arrays with T + 1 entries the last goes to the header, as does what does not change."""
    numbers: dict[str, AnyArray] = {"time": episode.time[:-1], "actions": episode.actions}
    last: dict[str, Any] = {"time": episode.time[-1:].tolist()}
    for name in ("states", "objects"):
        value = getattr(episode, name)
        if value is not None:
            numbers[name] = value[:-1]
            last[name] = value[-1:].tolist()
    for name in ("rewards", "dones"):
        if getattr(episode, name) is not None:
            numbers[name] = getattr(episode, name)
    numbers |= {f"action/{name}": value for name, value in episode.action.items()}
    numbers |= {f"obs/{name}": value for name, value in episode.obs.items()}
    pictures: dict[str, AnyArray] = {}
    cameras: dict[str, Any] = {}
    for name, track in episode.cameras.items():
        cameras[name] = {
            "intrinsics": None if track.intrinsics is None else track.intrinsics.tolist(),
            "unit_m": track.unit_m,
            "names": {str(key): value for key, value in track.names.items()},
            "channels": [c for c, field in CHANNELS.items() if getattr(track, field) is not None],
        }
        for channel in cameras[name]["channels"]:
            pictures[f"obs/{name}_{channel}"] = getattr(track, CHANNELS[channel])
        pose = track.camera_to_world
        if pose is not None and len(pose) == episode.steps and len(pose) > 1:
            numbers[f"cameras/{name}"] = pose
        elif pose is not None:
            cameras[name]["camera_to_world"] = pose.tolist()
    header = {
        "cellwright": VERSION,
        "steps": episode.steps,
        **{name: getattr(episode, name) for name in SIMPLE},
        "last": last,
        "layout": {name: list(span) for name, span in episode.layout.items()},
        "cameras": cameras,
        "object_names": list(episode.object_names),
        "joint_names": list(episode.joint_names),
        "subtasks": [list(astuple(s)) for s in episode.subtasks],
        "language": {language: list(texts) for language, texts in episode.language.items()},
        "lineage": dict(episode.lineage),
        "extra": dict(episode.extra),
        "arrays": {name: [v.dtype.str, list(v.shape[1:])] for name, v in numbers.items()},
    }
    return Flat(numbers, pictures, header)


def widths(chosen: Selection) -> dict[str, int]:
    """The entries a row of `states` and `objects` in the largest episode, where they differ: no
    two cells need have the same number of bodies."""
    seen: dict[str, set[int]] = {}
    for row in chosen.rows:
        demo = chosen.group(row.index)
        for name, place in (("states", "states"), ("objects", "objects/pose")):
            if place in demo:
                seen.setdefault(name, set()).add(int(demo[place].shape[1]))
    return {name: max(found) for name, found in seen.items() if len(found) > 1}


def padded(flat: Flat, to: Mapping[str, int]) -> Flat:
    """Rows as wide as `widths` tells, for formats that want one shape: zeros behind, which
    `unflatten` takes off again."""
    numbers = dict(flat.numbers)
    for name, width in to.items():
        if name in numbers:
            rest = [(0, 0)] * (numbers[name].ndim - 2)
            more = width - numbers[name].shape[1]
            numbers[name] = np.pad(numbers[name], [(0, 0), (0, more), *rest])
    return Flat(numbers, flat.pictures, flat.header)


def unflatten(
    numbers: Mapping[str, AnyArray],
    pictures: Mapping[str, AnyArray | Footage],
    header: Mapping[str, Any],
) -> Episode:
    """The episode; `numbers` may be of other dtypes, flat or padded: the header knows better.
    Colours may still be in a video.

    UserError: the header does not fit the rows.
    """
    try:
        if header["cellwright"] != VERSION:
            raise UserError(
                f"it was exported by another version of cellwright ({header['cellwright']!r})"
            )
        steps = int(header["steps"])
        arrays = {
            name: _trimmed(numbers.get(name), steps, shape).astype(dtype).reshape(steps, *shape)
            for name, (dtype, shape) in header["arrays"].items()
        }
        last = header["last"]
        cameras = {
            name: _camera(name, told, arrays, pictures) for name, told in header["cameras"].items()
        }
        simple: dict[str, Any] = {
            name: None if header[name] is None else kind(header[name])
            for name, kind in SIMPLE.items()
        }
        return Episode(
            **simple,
            time=_whole("time", arrays, last),
            actions=arrays["actions"],
            states=_whole("states", arrays, last),
            objects=_whole("objects", arrays, last),
            rewards=arrays.get("rewards"),
            dones=arrays.get("dones"),
            action=_under("action/", arrays),
            obs=_under("obs/", arrays),
            cameras=cameras,
            layout={name: (int(a), int(b)) for name, (a, b) in header["layout"].items()},
            object_names=tuple(header["object_names"]),
            joint_names=tuple(header["joint_names"]),
            subtasks=tuple(Subtask(*subtask) for subtask in header["subtasks"]),
            language={key: tuple(texts) for key, texts in header["language"].items()},
            lineage=dict(header["lineage"]),
            extra=dict(header["extra"]),
        )
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise UserError(f"its header does not fit its rows ({error!r})") from None


def _trimmed(rows: Any, steps: int, shape: Sequence[int]) -> AnyArray:
    """(steps, entries) without what `padded` put behind."""
    entries = int(np.prod(shape, dtype=int))
    if not entries:
        return np.empty((steps, 0))
    return np.asarray(rows).reshape(steps, -1)[:, :entries]


def _camera(
    name: str,
    told: Mapping[str, Any],
    arrays: Mapping[str, AnyArray],
    pictures: Mapping[str, AnyArray | Footage],
) -> CameraTrack:
    seen: dict[str, Any] = {}
    for channel in told["channels"]:
        found = pictures[f"obs/{name}_{channel}"]
        seen["video" if isinstance(found, Footage) else CHANNELS[channel]] = found
    pose = arrays.get(f"cameras/{name}")
    if pose is None and "camera_to_world" in told:
        pose = np.array(told["camera_to_world"], np.float64)
    return CameraTrack(
        **seen,
        intrinsics=None if told["intrinsics"] is None else np.array(told["intrinsics"], float),
        camera_to_world=pose,
        unit_m=float(told["unit_m"]),
        names={int(key): str(value) for key, value in told["names"].items()},
    )


def _whole(name: str, arrays: Mapping[str, AnyArray], last: Mapping[str, Any]) -> Any:
    """(T + 1, ...) the rows and the last one of the header; None where there are no rows."""
    if name not in arrays:
        return None
    rows = arrays[name]
    return np.concatenate([rows, np.asarray(last[name], rows.dtype).reshape(1, *rows.shape[1:])])


def _under(prefix: str, arrays: Mapping[str, AnyArray]) -> dict[str, AnyArray]:
    return {
        name.removeprefix(prefix): value
        for name, value in arrays.items()
        if name.startswith(prefix)
    }


def to_json(header: Mapping[str, Any]) -> str:
    return json.dumps(header, sort_keys=True, ensure_ascii=False, allow_nan=False)


def encode_png(picture: AnyArray) -> bytes:
    """A lossless PNG of (H, W, 3) u1, or 16-bit grey of (H, W) u2."""
    from PIL import Image

    out = io.BytesIO()
    # Level 1: pictures of a simulator barely shrink further, and encoding takes half the time.
    Image.fromarray(np.ascontiguousarray(picture)).save(out, "PNG", compress_level=1)
    return out.getvalue()
