"""An episode as an HDF5 group, laid out as FORMAT.md says, and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import h5py
import numpy as np

from episodes.array_types import AnyArray
from episodes.episode import CameraTrack, Episode, Subtask
from episodes.storage import pack, video_group
from episodes.storage.records import episode_id
from episodes.storage.safe import parse_json, plain

CHANNELS = ("image", "depth", "segmentation")
VALID_SHARE = 0.1


def is_train(episode: Episode) -> bool:
    """The side of the split: what the source says in extra["split"], else a draw of 9 in 10.

    The draw hashes (seed, index), so the same episode under another look or camera, with other
    neighbours or in another library, stays on its side.
    """
    told = episode.extra.get("split")
    if told is not None:
        return str(told) == "train"
    digest = hashlib.sha256(f"split {episode.seed} {episode.index}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >= VALID_SHARE * 2**64


def canonical(episode: Episode) -> Episode:
    """The same episode in the types of FORMAT.md, as it will be read back."""

    def cast(value: AnyArray | None, kind: str) -> Any:
        return None if value is None else np.ascontiguousarray(value, kind)

    def sensed(value: AnyArray) -> AnyArray:
        array = np.ascontiguousarray(value)
        return array.astype("<f4") if array.dtype.kind == "f" else array

    cameras = {
        name: replace(
            track,
            intrinsics=cast(track.intrinsics, "<f8"),
            camera_to_world=cast(track.camera_to_world, "<f8"),
        )
        for name, track in episode.cameras.items()
    }
    return replace(
        episode,
        time=cast(episode.time, "<f8"),
        states=cast(episode.states, "<f8"),
        actions=cast(episode.actions, "<f4"),
        action={name: cast(value, "<f4") for name, value in episode.action.items()},
        obs={name: sensed(value) for name, value in episode.obs.items()},
        rewards=cast(episode.rewards, "<f4"),
        dones=cast(episode.dones, "u1"),
        objects=cast(episode.objects, "<f8"),
        cameras=cameras,
    )


def put(data: h5py.Group, episode: Episode, spec_id: str, compression: str) -> str:
    """Write a canonical episode under `data`; its demo's name. `compression`: of the frames."""
    name = f"demo_{episode.index}"
    demo = data.create_group(name)
    for key, value in _attributes(episode, spec_id).items():
        demo.attrs[key] = value
    pack.put(demo, "time", episode.time)
    pack.put(demo, "actions", episode.actions)
    for key, array in episode.action.items():
        item = pack.put(demo, _path("action", key), array)
        if key == "joint_position":
            item.attrs["units"] = "rad"
    if episode.states is not None:
        item = pack.put_packed(demo, "states", episode.states)
        item.attrs["layout"] = _json({k: list(v) for k, v in episode.layout.items()})
    for key, optional in (("rewards", episode.rewards), ("dones", episode.dones)):
        if optional is not None:
            pack.put(demo, key, optional)
    demo.require_group("obs")
    for key, array in episode.obs.items():
        pack.put(demo, _path("obs", key), array)
    for path in ("action/joint_position", "obs/joint_position"):
        if path in demo:
            _put_names(demo[path], episode.joint_names)
    for key, track in episode.cameras.items():
        _put_camera(demo, key, track, compression)
    if episode.objects is not None:
        pack.put_packed(demo, "objects/pose", episode.objects)
        _put_names(demo["objects"], episode.object_names)
    if episode.subtasks:
        for key in ("start", "end"):
            rows = np.array([getattr(s, key) for s in episode.subtasks], "<i4")
            pack.put(demo, f"subtasks/{key}", rows)
        for key in ("name", "instruction"):
            pack.put_text(demo, f"subtasks/{key}", [getattr(s, key) for s in episode.subtasks])
        flags = np.array([s.recovery for s in episode.subtasks], "|u1")
        pack.put(demo, "subtasks/recovery", flags)
    for language, phrases in episode.language.items():
        pack.put_text(demo, _path("language", language), phrases)
    return name


def relabel(demo: h5py.Group, episode: Episode) -> None:
    """Give a copied demo the number, lineage and extra of `episode`."""
    demo.attrs["index"] = episode.index
    demo.attrs["lineage"] = _json(episode.lineage)
    demo.attrs["extra"] = _json(episode.extra)


def get(demo: h5py.Group, images: bool = True) -> Episode:
    """The episode of a demo; without `images`, what the cameras saw stays None. Colours that are in
    a video file stay there in any case.

    Raises KeyError, OSError, ValueError or UserError where the group breaks the format.
    """
    attrs = {key: plain(value) for key, value in demo.attrs.items()}
    attrs.pop("episode_id", None)
    steps = int(attrs.pop("num_samples"))
    cameras = {key: _get_camera(demo, key, images) for key in demo.get("cameras", ())}
    views = {f"{key}_{channel}" for key in cameras for channel in CHANNELS}
    place = f"{demo.file.filename} {demo.name}"
    success = attrs.pop("success", None)
    extra = dict(parse_json(attrs.pop("extra", "{}"), place))
    episode = Episode(
        index=int(attrs.pop("index")),
        seed=int(attrs.pop("seed")),
        task=str(attrs.pop("task")),
        robot=str(attrs.pop("robot")),
        domain=str(attrs.pop("domain")),
        control_hz=float(attrs.pop("control_hz")),
        instruction=str(attrs.pop("instruction")),
        success=None if success is None else bool(success),
        failure=str(attrs.pop("failure")),
        cell=str(attrs.pop("cell", "")),
        renderer=str(attrs.pop("renderer", "none")),
        licence=str(attrs.pop("licence", "")),
        lineage=parse_json(attrs.pop("lineage", "{}"), place),
        time=demo["time"][()],
        actions=demo["actions"][()],
        action={key: item[()] for key, item in demo.get("action", {}).items()},
        obs={key: item[()] for key, item in demo["obs"].items() if key not in views},
        states=_get(demo, "states"),
        layout=_get_layout(demo, place),
        rewards=_get(demo, "rewards"),
        dones=_get(demo, "dones"),
        cameras=cameras,
        objects=_get(demo, "objects/pose"),
        object_names=_get_names(demo.get("objects")),
        joint_names=_get_names(demo.get("action/joint_position"))
        or _get_names(demo.get("obs/joint_position")),
        subtasks=_get_subtasks(demo),
        language={key: tuple(text(item)) for key, item in demo.get("language", {}).items()},
        extra={**attrs, **extra},
    )
    if episode.steps != steps:
        raise ValueError(f"num_samples is {steps}, actions has {episode.steps} rows")
    return episode


def _attributes(episode: Episode, spec_id: str) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "num_samples": episode.steps,
        "episode_id": episode_id(spec_id, episode.index),
        "index": episode.index,
        "seed": episode.seed,
        "domain": episode.domain,
        "task": episode.task,
        "robot": episode.robot,
        "control_hz": float(episode.control_hz),
        "instruction": episode.instruction,
        "failure": episode.failure,
        "cell": episode.cell,
        "renderer": episode.renderer,
        "licence": episode.licence,
        "lineage": _json(episode.lineage),
    }
    if episode.success is not None:
        attributes["success"] = bool(episode.success)
    if episode.extra:
        attributes["extra"] = _json(episode.extra)
    return attributes


def _put_camera(demo: h5py.Group, name: str, track: CameraTrack, compression: str) -> None:
    group = demo.create_group(_path("cameras", name))
    for key in ("intrinsics", "camera_to_world"):
        value = getattr(track, key)
        if value is not None:
            pack.put(group, key, value)
    if track.video is not None:
        if track.rgb is not None:
            raise ValueError(f"camera {name}: its colours are both in memory and in a video")
        video_group.put(demo, f"{name}_image", track.video)
    for channel, frames, kind in (
        ("image", track.rgb, "u1"),
        ("depth", track.depth, "<u2"),
        ("segmentation", track.segmentation, "<u2"),
    ):
        if frames is None:
            continue
        if frames.dtype != np.dtype(kind):
            raise TypeError(f"camera {name}: {channel} is {frames.dtype}, not {np.dtype(kind)}")
        item = pack.put_frames(demo, _path("obs", f"{name}_{channel}"), frames, compression)
        if channel == "depth":
            item.attrs["unit_m"] = float(track.unit_m)
        if channel == "segmentation":
            item.attrs["names"] = _json({str(k): v for k, v in sorted(track.names.items())})


def _get_camera(demo: h5py.Group, name: str, images: bool) -> CameraTrack:
    group, view = demo["cameras"][name], f"{name}_image"
    views = {channel: demo["obs"].get(f"{name}_{channel}") for channel in CHANNELS}
    rgb, depth, segmentation = (
        item[()] if images and item is not None else None for item in views.values()
    )
    unit_m = 1e-4
    if views["depth"] is not None:
        unit_m = float(views["depth"].attrs["unit_m"])
    names: dict[int, str] = {}
    if views["segmentation"] is not None:
        text = plain(views["segmentation"].attrs.get("names", "{}"))
        names = {int(k): str(v) for k, v in parse_json(text, views["segmentation"].name).items()}
    return CameraTrack(
        rgb=rgb,
        depth=depth,
        segmentation=segmentation,
        intrinsics=_get(group, "intrinsics"),
        camera_to_world=_get(group, "camera_to_world"),
        unit_m=unit_m,
        names=names,
        video=video_group.get(demo, view) if view in video_group.names(demo) else None,
    )


def _get_subtasks(demo: h5py.Group) -> tuple[Subtask, ...]:
    group = demo.get("subtasks")
    if group is None:
        return ()
    columns = (
        group["start"][()],
        group["end"][()],
        text(group["name"]),
        text(group["instruction"]),
        group["recovery"][()] if "recovery" in group else [0] * len(group["start"]),
    )
    return tuple(
        Subtask(int(start), int(end), name, instruction, bool(recovery))
        for start, end, name, instruction, recovery in zip(*columns, strict=True)
    )


def _get_layout(demo: h5py.Group, place: str) -> dict[str, tuple[int, int]]:
    if "states" not in demo or "layout" not in demo["states"].attrs:
        return {}
    layout = parse_json(plain(demo["states"].attrs["layout"]), f"{place} layout")
    return {str(name): (int(start), int(stop)) for name, (start, stop) in layout.items()}


def _get(group: h5py.Group, name: str) -> Any:
    return group[name][()] if name in group else None


def text(item: h5py.Dataset) -> list[str]:
    return [bytes(v).decode() if isinstance(v, bytes) else str(v) for v in item[()]]


def _put_names(item: h5py.Group | h5py.Dataset, names: Sequence[str]) -> None:
    if names:
        item.attrs["names"] = list(names)


def _get_names(item: h5py.Group | h5py.Dataset | None) -> tuple[str, ...]:
    if item is None or "names" not in item.attrs:
        return ()
    return tuple(str(plain(name)) for name in item.attrs["names"])


def _path(folder: str, name: str) -> str:
    if not name or "/" in name or name in (".", ".."):
        raise ValueError(f"{name!r} cannot name an entry of {folder}/")
    return f"{folder}/{name}"


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
