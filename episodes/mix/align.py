"""Which arrays of each source training sees, so that every sample has the same keys and shapes.

Nothing is converted behind anyone's back: an array is taken as it is, converted as `action_space`
asks, or missing; and what is missing is an error, a mask of zeros, or left out with a note.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import h5py
import numpy as np

from episodes.errors import UserError, unknown
from episodes.mix.cameras import (
    DEPTH,
    IMAGE,
    INTRINSICS,
    NAMES,
    PARTS,
    POSE,
    SEGMENTATION,
    chosen,
)
from episodes.mix.keys import ACTION_SPACES
from episodes.mix.manifest import TEXT, Key, TrainingView
from episodes.storage import video_group
from episodes.storage.library import Library
from episodes.storage.records import Row

FROM_POSE, FROM_JOINTS = "deltas of action/ee_pose", "kinematics of action/joint_position"
SAMPLE = 32  # episodes of a source that are looked at

Schema = Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]]  # array -> type, shape of one row


@dataclass(frozen=True)
class _Found:
    """An array as one source has it."""

    origin: tuple[str, ...]
    dtype: np.dtype[Any]
    shape: tuple[int, ...]


def schema(library: Library, rows: Sequence[Row]) -> tuple[Schema, tuple[str, ...]]:
    """The arrays with one row a step that the episodes have in common, from a spread of them, and
    what is told of their cameras.

    And the names of those that only some have, or that differ in type or shape.
    """
    places = np.unique(np.linspace(0, len(rows) - 1, SAMPLE).astype(int))
    common: dict[str, tuple[np.dtype[Any], tuple[int, ...]]] | None = None
    seen: set[str] = set()
    for row in (rows[place] for place in places):
        group = library.group(row.index)
        names = ["actions", "rewards", "dones"]
        names += [f"{part}/{name}" for part in ("action", "obs") for name in group.get(part, ())]
        found = {
            name: (group[name].dtype, tuple(group[name].shape[1:]))
            for name in names
            if name in group
            and group[name].dtype.kind in "fiub"
            and group[name].shape[:1] == (row.steps,)
        }
        found |= _camera_columns(group)
        for name in video_group.names(group):
            shape = video_group.shape(group, name)
            if shape[:1] == (row.steps,):
                found[f"obs/{name}"] = np.dtype(np.uint8), shape[1:]
        if common is None:
            common = found
        common = {name: kind for name, kind in common.items() if found.get(name) == kind}
        seen.update(found)
    return common or {}, tuple(sorted(seen.difference(common or {})))


def _camera_columns(group: h5py.Group) -> dict[str, tuple[np.dtype[Any], tuple[int, ...]]]:
    """Calibration and the names of ids, as what a step has of them."""
    found: dict[str, tuple[np.dtype[Any], tuple[int, ...]]] = {}
    for name, camera in group.get("cameras", {}).items():
        for part, shape in ((INTRINSICS, (3, 3)), (POSE, (4, 4))):
            item = camera.get(part[1:])
            if item is not None and item.shape[-2:] == shape:
                found[f"cameras/{name}{part}"] = (item.dtype, shape)
        if "names" in getattr(group.get(f"obs/{name}{SEGMENTATION}"), "attrs", ()):
            found[f"cameras/{name}{NAMES}"] = (np.dtype(TEXT), ())
    return found


def resolve(
    view: TrainingView, schemas: Mapping[str, Schema], kinematic: Iterable[str] = ()
) -> tuple[tuple[Key, ...], tuple[str, ...]]:
    """The keys that training sees, in name order, and notes of what was left out.

    schemas: source -> what it has. kinematic: sources whose joint commands can be converted.
    Raises UserError where sources do not fit together.
    """
    patterns = view.keys or ("actions", "obs/*")
    candidates = {
        **_actions(view, schemas, set(kinematic)),
        **_views(view, schemas),
        **_vectors(schemas),
    }
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in candidates):
            raise unknown("key", pattern, candidates)
    keys: list[Key] = []
    dropped: dict[str, list[str]] = {}  # why -> names
    for name, found in sorted(candidates.items()):
        if not any(fnmatchcase(name, pattern) for pattern in patterns):
            continue
        if not view.keys and name.startswith("obs/") and name.endswith((DEPTH, SEGMENTATION)):
            continue  # costly, and few trainings want them: only when asked for
        if name == "actions" and len(found) < len(schemas) and view.missing_keys != "mask":
            raise _no_actions(view, schemas, found)
        fitted = _fit(name, found, schemas, view)
        if isinstance(fitted, Key):
            keys.append(fitted)
        elif view.missing_keys == "error" or name == "actions":
            raise UserError(f"{name}: {fitted}; missing_keys=mask or missing_keys=drop goes on")
        else:
            dropped.setdefault(fitted, []).append(name)
    blind = not any(key.name.endswith((IMAGE, DEPTH, SEGMENTATION)) for key in keys)
    if view.cameras and blind:
        views = {n: why for why, names in dropped.items() for n in names if n.endswith(IMAGE)}
        told = "; ".join(f"{name}: {why}" for name, why in views.items())
        raise UserError(f"no common camera: {told or 'none was asked for in keys'}")
    if blind and any(name.endswith(IMAGE) for names in dropped.values() for name in names):
        _require_pictures(schemas, dropped)
    notes = [f"left out {', '.join(names)}: {why}" for why, names in dropped.items()]
    if not keys:
        raise UserError(f"the sources have no array in common: {'; '.join(notes)}")
    if view.action_space == "native" and len(schemas) > 1:
        notes.append("actions are native: nothing says that those of the sources mean the same")
    return tuple(keys), tuple(notes)


def _require_pictures(schemas: Mapping[str, Schema], dropped: Mapping[str, Sequence[str]]) -> None:
    """UserError where every source has pictures and nothing is left of them: nobody wants that
    without saying so. A source that has none (states alone) leaves a note instead."""
    own = {
        source: sorted(
            name.removeprefix("obs/").removesuffix(IMAGE)
            for name, (_, shape) in there.items()
            if _is_view(name, IMAGE, shape)
        )
        for source, there in schemas.items()
    }
    if not all(own.values()):
        return
    told = ", ".join(f"{source} has {' '.join(names)}" for source, names in own.items())
    common = set.intersection(*(set(names) for names in own.values()))
    firsts = ",".join(dict.fromkeys(names[0] for names in own.values()))
    way = f'"cameras.main=[{firsts}]" makes one'
    if common:  # the same name, in different sizes or types
        why = next(w for w, names in dropped.items() if f"obs/{min(common)}{IMAGE}" in names)
        told, way = f"obs/{min(common)}{IMAGE}: {why}", "that makes it one"
    raise UserError(
        f"no common camera: {told}; {way}, missing_keys=mask delivers each source's own, "
        'and "keys=[actions,obs/ee_pose]" does without pictures'
    )


def _fit(
    name: str, found: Mapping[str, _Found], schemas: Mapping[str, Schema], view: TrainingView
) -> Key | str:
    """The key, or why there is none."""
    kinds = {np.dtype(one.dtype) for one in found.values()}
    shapes = {one.shape for one in found.values()}
    image = name.endswith((IMAGE, DEPTH, SEGMENTATION)) and all(len(s) > 1 for s in shapes)
    lacking = [source for source in schemas if source not in found]
    if lacking and view.missing_keys != "mask":
        asked = view.cameras.get(name.removeprefix("obs/").removesuffix(IMAGE))
        if asked and name.endswith(IMAGE):  # it is not that they have no cameras
            return "; ".join(
                f"{source} has no camera {' or '.join(asked)}, its cameras are: "
                f"{' '.join(_cameras(schemas[source])) or 'none'}"
                for source in lacking
            )
        return f"{', '.join(lacking)} {'lack' if len(lacking) > 1 else 'lacks'} it"
    if image and view.image_size:
        width, height = view.image_size
        shapes = {(height, width, *shape[2:]) for shape in shapes}
    partial = bool(lacking) or len(shapes) > 1
    if len(shapes) > 1:
        sizes = " and ".join(
            f"{'x'.join(map(str, one.shape)) or '1'} in {source}" for source, one in found.items()
        )
        if image:
            return f'it is {sizes}: give "image_size=[W,H]"'
        if view.missing_keys != "mask" or any(len(shape) > 1 for shape in shapes):
            return f"it is {sizes}"
        shapes = {(max(shape[0] if shape else 1 for shape in shapes),)}
    if len(kinds) > 1 or (len(kinds) == 1 and next(iter(kinds)).kind == "f"):
        if image:
            return "its type differs between the sources"
        kinds = {np.dtype(np.float32)}
    origin = {source: one.origin for source, one in found.items()}
    return Key(name, next(iter(kinds)).name, next(iter(shapes)), origin, partial)


def _actions(
    view: TrainingView, schemas: Mapping[str, Schema], kinematic: set[str]
) -> dict[str, dict[str, _Found]]:
    """`actions` in the space that was asked for: motion and, where there is one, the gripper."""
    found: dict[str, _Found] = {}
    for source, there in schemas.items():
        motion: tuple[str, int] | None = None
        space = f"action/{view.action_space}"
        if view.action_space == "native":
            if "actions" in there:
                dtype, shape = there["actions"]
                found[source] = _Found(("actions",), dtype, shape)
            continue
        if space in there:
            motion = (space, there[space][1][0])
        elif view.action_space == "ee_delta" and {"action/ee_pose", "obs/ee_pose"} <= set(there):
            motion = (FROM_POSE, 6)
        elif view.action_space == "ee_delta" and source in kinematic:
            motion = (FROM_JOINTS, 6)
        if motion is not None:
            gripper = there.get("action/gripper")
            origin = (motion[0], "action/gripper") if gripper else (motion[0],)
            width = motion[1] + (gripper[1][0] if gripper else 0)
            found[source] = _Found(origin, np.dtype(np.float32), (width,))
    return {"actions": found}


def _no_actions(
    view: TrainingView, schemas: Mapping[str, Schema], found: Mapping[str, _Found]
) -> UserError:
    """Why a source has no actions in the space that was asked for."""
    source = next(name for name in schemas if name not in found)
    there = schemas[source]
    space = view.action_space
    if space == "ee_delta" and {"action/joint_position", "obs/joint_position"} <= set(there):
        why = "its joint commands need the robot's kinematics to become TCP motion"
    elif space == "joint_position" and "action/ee_delta" in there:
        why = "TCP motion has no one answer in joints, so it is not converted"
    elif "actions" in there:
        why = f"its actions are {there['actions'][1][0]} numbers in a space of their own"
    else:
        why = "it has no actions at all"
    others = [s for s in ACTION_SPACES[:2] if all(f"action/{s}" in x for x in schemas.values())]
    if all("actions" in x for x in schemas.values()):
        others.append("native")
    way = " or ".join(f"action_space={s}" for s in others if s != space)
    return UserError(
        f"source {source!r} has no action/{space}: {why}; choose "
        f"{way + ', ' if way else ''}missing_keys=mask, or leave it out"
    )


def _views(view: TrainingView, schemas: Mapping[str, Schema]) -> dict[str, dict[str, _Found]]:
    """obs/{camera}_image and so on, under the names that `cameras` gives or under their own."""
    own = {source: _cameras(there) for source, there in schemas.items()}
    every = {camera: camera for cameras in own.values() for camera in cameras}
    called = {
        source: chosen(view.cameras, cameras) if view.cameras else every
        for source, cameras in own.items()
    }
    for camera, aliases in view.cameras.items():
        if not any(camera in names for names in called.values()):
            raise unknown(f"camera for {camera!r}:", " ".join(aliases) or camera, every)
    out: dict[str, dict[str, _Found]] = {}
    for part in PARTS:
        for source, names in called.items():
            there = schemas[source]
            for camera, theirs in names.items():
                array = part.format(theirs)
                if array not in there or not _is_part(array, part, there[array][1]):
                    continue
                origin: tuple[str, ...] = (array,)
                if part.endswith(INTRINSICS):  # they change with the size of the pictures
                    pictures = (one.format(theirs) for one in PARTS[:3])
                    origin += tuple(one for one in pictures if one in there)[:1]
                found = _Found(origin, *there[array])
                out.setdefault(part.format(camera), {})[source] = found
    return out


def _cameras(there: Schema) -> list[str]:
    """The cameras of a source by name."""
    found = set()
    for part in PARTS:
        before, after = part.split("{}")
        found |= {
            name.removeprefix(before).removesuffix(after)
            for name, (_, shape) in there.items()
            if name.startswith(before) and name.endswith(after) and _is_part(name, part, shape)
        }
    return sorted(found)


def _is_part(name: str, part: str, shape: tuple[int, ...]) -> bool:
    return not part.startswith("obs/") or _is_view(name, part.partition("}")[2], shape)


def _is_view(name: str, channel: str, shape: tuple[int, ...]) -> bool:
    dimensions = 3 if channel == IMAGE else 2
    return name.startswith("obs/") and name.endswith(channel) and len(shape) == dimensions


def _vectors(schemas: Mapping[str, Schema]) -> dict[str, dict[str, _Found]]:
    """Everything else, under its own name."""
    out: dict[str, dict[str, _Found]] = {}
    for source, there in schemas.items():
        for name, (dtype, shape) in there.items():
            view = any(_is_view(name, c, shape) for c in (IMAGE, DEPTH, SEGMENTATION))
            if not view and name != "actions" and not name.startswith("cameras/"):
                out.setdefault(name, {})[source] = _Found((name,), dtype, shape)
    return out
