"""How the rows of an episode are named and typed in a LeRobot data set."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from episodes.array_types import AnyArray
from episodes.errors import UserError
from episodes.formats import commands
from episodes.formats.extra import need
from episodes.formats.flat import Flat, encode_png

STATE = "observation.state"
# What observation.state is made of, in this order, where the source has no state of its own.
STATE_PARTS = ("joint_position", "ee_pose", "gripper_position")
POSE = ("x", "y", "z", "qx", "qy", "qz", "qw")
DELTA = ("dx", "dy", "dz", "drx", "dry", "drz")
COUNTERS = {
    "timestamp": "float32",
    "frame_index": "int64",
    "episode_index": "int64",
    "index": "int64",
    "task_index": "int64",
}


@dataclass(frozen=True)
class Schema:
    """The features of a data set, fixed by its first episode.

    columns: feature -> row of `Flat.numbers`. pictures: feature -> row of `Flat.pictures`.
    parts: what observation.state is made of, (name, columns); empty if the source has its own.
    """

    features: Mapping[str, Mapping[str, Any]]
    columns: Mapping[str, str]
    pictures: Mapping[str, str]
    parts: Sequence[tuple[str, int]]

    @property
    def videos(self) -> list[str]:
        return [key for key, value in self.features.items() if value["dtype"] == "video"]


def feature_of(name: str) -> str:
    """The feature of a row: "action/gripper" -> "action.gripper"."""
    group, _, rest = name.partition("/")
    if name == "actions":
        return "action"
    if name in ("rewards", "dones"):
        return f"next.{name[:-1]}"
    if group in ("obs", "action"):
        return f"{'observation' if group == 'obs' else group}.{rest}"
    return "cellwright." + name.replace("/", ".")


def is_whole(name: str, chosen: Sequence[str]) -> bool:
    """Whether a column is `actions` itself, and not one part of it or beside it."""
    return [name] == chosen and name in commands.ACTIONS


def key_of(name: str) -> str:
    """The name of a column under obs/ or action/."""
    return re.sub(r"^(observation|actions?)\.", "", name).replace("/", ".")


def names_of(
    features: Mapping[str, Mapping[str, Any]], actions: Sequence[str]
) -> dict[str, list[str]]:
    """Array of the episode -> the names of its columns, where the features give one each.

    actions: the columns that `actions` is made of.
    """
    out: dict[str, list[str]] = {}
    for key, feature in features.items():
        if (names := _axes(feature)) and not is_whole(key, actions):
            out[f"{'action' if commands.named(key) else 'obs'}/{key_of(key)}"] = names
    parts = [(name, _axes(features.get(name, {}))) for name in actions]
    if parts and all(names for _, names in parts):
        alone = len(parts) == 1
        out["actions"] = [n if alone else f"{key_of(k)}.{n}" for k, names in parts for n in names]
    return out


def _axes(feature: Mapping[str, Any]) -> list[str]:
    """The names of a feature's columns; none where it does not name each."""
    names: Any = feature.get("names")
    if isinstance(names, dict) and len(names) == 1:
        names = next(iter(names.values()))
    if isinstance(names, list) and len(names) == 1 and isinstance(names[0], list):
        names = names[0]
    if isinstance(names, list) and (len(names),) == feature["shape"]:
        return [str(name) for name in names]
    return []


def picture_of(name: str) -> tuple[str, str]:
    """(feature, channel) of a picture row: colour goes where policies look, the rest does not."""
    camera, _, channel = name.removeprefix("obs/").rpartition("_")
    if channel == "image":
        return f"observation.images.{camera}", channel
    return f"observation.{channel}.{camera}", channel


def schema_of(flat: Flat, video: bool) -> Schema:
    """What a data set whose first episode is this one looks like."""
    features: dict[str, dict[str, Any]] = {}
    columns = {}
    for name, value in flat.numbers.items():
        key = feature_of(name)
        width = int(np.prod(value.shape[1:], dtype=int))
        if not width:
            continue
        columns[key] = name
        dtype = "bool" if name == "dones" else str(value.dtype)
        features[key] = {
            "dtype": dtype,
            "shape": [width],
            "names": _names(name, width, flat.header),
        }
    parts = []
    if STATE not in features:
        parts = [
            (name, int(flat.numbers[f"obs/{name}"].shape[1]))
            for name in STATE_PARTS
            if f"obs/{name}" in flat.numbers
        ]
    if parts:
        names = [
            f"{name}.{axis}"
            for name, width in parts
            for axis in _names(f"obs/{name}", width, flat.header) or range(width)
        ]
        features[STATE] = {"dtype": "float32", "shape": [len(names)], "names": names}
    pictures = {}
    rate = float(flat.header["control_hz"])
    for name, frames in flat.pictures.items():
        key, channel = picture_of(name)
        height, width = frames.shape[1:3]
        pictures[key] = name
        features[key] = {
            "dtype": "video" if video and channel == "image" else "image",
            "shape": [height, width, 3 if frames.ndim == 4 else 1],
            "names": ["height", "width", "channels"],
        }
        if features[key]["dtype"] == "video":
            features[key]["info"] = {
                "video.height": height,
                "video.width": width,
                "video.channels": 3,
                "video.fps": rate,
                "video.is_depth_map": False,
                "has_audio": False,
            }
    for key, dtype in COUNTERS.items():
        features[key] = {"dtype": dtype, "shape": [1], "names": None}
    return Schema(features, columns, pictures, parts)


def _names(name: str, width: int, header: Mapping[str, Any]) -> list[str] | None:
    told = header["lineage"].get("columns", {}).get(name)
    if isinstance(told, list) and len(told) == width:
        return [str(entry) for entry in told]
    joints = list(header["joint_names"])
    if name.endswith(("joint_position", "joint_velocity")) and len(joints) == width:
        return joints
    if name.endswith("ee_pose") and width == len(POSE):
        return list(POSE)
    if name == "action/ee_delta" and width == len(DELTA):
        return list(DELTA)
    if name == "actions" and "action/ee_delta" in header["arrays"] and width == len(DELTA) + 1:
        return [*DELTA, "gripper"]
    if name.rpartition("/")[2] in ("gripper", "gripper_position") and width == 1:
        return ["gripper"]
    return None


def check(schema: Schema, flat: Flat, video: bool, episode: int) -> None:
    """UserError unless the episode has the same features as the first one."""
    ours = {key: (f["dtype"], f["shape"]) for key, f in schema.features.items()}
    theirs = {key: (f["dtype"], f["shape"]) for key, f in schema_of(flat, video).features.items()}
    for key in sorted(ours.keys() | theirs.keys()):
        if ours.get(key) != theirs.get(key):
            raise UserError(
                f"episode {episode}: {key} is {theirs.get(key, 'absent')}, in the first episode "
                f"{ours.get(key, 'absent')}; LeRobot wants one shape: export those apart"
            )


def numbers(schema: Schema, flat: Flat) -> dict[str, AnyArray]:
    """feature -> (T, D) of every numeric feature but the counters."""
    steps = int(flat.header["steps"])
    out = {key: flat.numbers[name].reshape(steps, -1) for key, name in schema.columns.items()}
    if schema.parts:
        rows = [flat.numbers[f"obs/{name}"] for name, _ in schema.parts]
        out[STATE] = np.concatenate(rows, axis=1).astype(np.float32)
    return out


def counters(steps: int, rate: float, episode: int, first: int, task: int) -> dict[str, AnyArray]:
    """feature -> (T, 1): LeRobot's own columns. `first`: rows of the data set before these."""
    frame = np.arange(steps, dtype=np.int64)
    return {
        "timestamp": (frame / rate).astype(np.float32)[:, None],
        "frame_index": frame[:, None],
        "episode_index": np.full((steps, 1), episode, np.int64),
        "index": (first + frame)[:, None],
        "task_index": np.full((steps, 1), task, np.int64),
    }


def table(schema: Schema, rows: Mapping[str, AnyArray], flat: Flat) -> Any:
    """The pyarrow table of an episode, with the metadata that Hugging Face datasets reads."""
    pa = need("pyarrow", "writing LeRobot data")
    arrays, fields = [], []
    hints: dict[str, Any] = {}
    for key, feature in schema.features.items():
        if feature["dtype"] == "video":
            continue
        if feature["dtype"] == "image":
            cells = [
                {"bytes": encode_png(picture), "path": None}
                for picture in flat.pictures[schema.pictures[key]]
            ]
            kind = pa.struct({"bytes": pa.binary(), "path": pa.string()})
            arrays.append(pa.array(cells, kind))
            hints[key] = {"_type": "Image"}
        else:
            width = feature["shape"][0]
            kind = pa.from_numpy_dtype(np.dtype(feature["dtype"]))
            flat_values = pa.array(rows[key].astype(feature["dtype"]).reshape(-1), kind)
            value_hint = {"dtype": feature["dtype"], "_type": "Value"}
            if width == 1:
                arrays.append(flat_values)
                hints[key] = value_hint
            else:
                kind = pa.list_(kind, width)
                arrays.append(pa.FixedSizeListArray.from_arrays(flat_values, width))
                hints[key] = {"feature": value_hint, "length": width, "_type": "Sequence"}
        fields.append(pa.field(key, kind))
    metadata = {b"huggingface": json.dumps({"info": {"features": hints}}).encode()}
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata=metadata))
