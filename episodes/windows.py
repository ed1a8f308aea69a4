"""The arrays of one draw: a few steps of what was sensed, and of what was done from there on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from episodes.align import DEPTH, FROM_JOINTS, FROM_POSE, IMAGE, SEGMENTATION
from episodes.direct import Reader
from episodes.errors import UserError
from episodes.library import Library
from episodes.manifest import Key, View
from episodes.motion import deltas, resample
from episodes.records import Row
from episodes.resize import nearest, smooth

Array = NDArray[Any]
Scales = Mapping[str, tuple[Array, Array]]  # key -> mean, std (D,)

# (N, J) joint positions [rad] -> (N, 7) TCP poses in the base frame, x y z [m], quaternion xyzw.
Kinematics = Callable[[Array], Array]

_DELTA = "action/ee_delta"
_COMMANDS = ("action/ee_pose", "obs/ee_pose", "action/joint_position", "obs/joint_position")
_NEARLY = 1e-9  # steps: times such as 3 * (20 / 60) are not exact in floating point


def blank(keys: Sequence[Key], view: View, count: int) -> dict[str, Array]:
    """Room for `count` windows, to be filled one by one.

    obs/* (count, history, ...), other keys (count, horizon, ...); mask/obs, mask/actions: which
    steps are real; has/KEY where a source lacks KEY or some of its numbers.
    """
    out: dict[str, Array] = {
        "mask/obs": np.empty((count, view.history), bool),
        "mask/actions": np.empty((count, view.horizon), bool),
    }
    for key in keys:
        steps = view.history if key.name.startswith("obs/") else view.horizon
        out[key.name] = np.empty((count, steps, *key.shape), key.dtype)
        if key.partial:
            shape = key.shape if len(key.shape) == 1 else ()
            out[f"has/{key.name}"] = np.empty((count, *shape), bool)
    return out


class Windows:
    """Windows of one source, with the keys of the mix. May be pickled, and used after a fork.

    hz resamples: what was sensed is the last known reading; a motion is added up or split; any
    other command is the one in force at the end of the period.
    """

    def __init__(
        self,
        library: Library,
        name: str,
        keys: Sequence[Key],
        view: View,
        kinematics: Mapping[str, Kinematics],
        ahead: bool = False,
    ) -> None:
        self._name, self._keys, self._view = name, tuple(keys), view
        self._kinematics = dict(kinematics)
        arrays = {array for key in keys for array in key.origin.get(name, ())}
        if arrays & {FROM_POSE, FROM_JOINTS}:
            arrays.update(_COMMANDS)
        self._reader = Reader(library, sorted(arrays), ahead)
        self._back = np.arange(view.history - 1, -1, -1)
        self._ahead = np.arange(view.horizon + 1)

    def fill(self, out: Mapping[str, Array], row: Row, step: int, scales: Scales) -> None:
        """history steps up to `step`, horizon steps from it, and masks of what is real.

        out: one window of what `blank` made. Before its start an episode repeats its first reading,
        after its end its last command, without motion.
        """
        ratio = self.ratio(row)
        sensed = np.floor(step - ratio * self._back + _NEARLY).astype(int)
        edges = step + ratio * self._ahead
        out["mask/obs"][...] = sensed >= 0
        out["mask/actions"][...] = edges[:-1] < row.steps - _NEARLY
        sensed = np.maximum(sensed, 0)
        for key in self._keys:
            value, has = out[key.name], out.get(f"has/{key.name}")
            self._write(key, row, sensed, edges, value, has)
            if key.name in scales:
                mean, std = scales[key.name]
                value[...] = (value - mean) / std
                if has is not None:
                    value *= has

    def whole(self, row: Row, names: Sequence[str]) -> dict[str, Array]:
        """Some keys over a whole episode, at the rate of the mix; those that the source has."""
        edges = np.arange(0.0, row.steps + self.ratio(row) - _NEARLY, self.ratio(row))
        sensed = np.minimum(np.floor(edges[:-1] + _NEARLY).astype(int), row.steps - 1)
        return {
            key.name: self._key(key, row, sensed, edges)
            for key in self._keys
            if key.name in names and self._name in key.origin
        }

    def ratio(self, row: Row) -> float:
        """Steps of the episode in one step of the mix."""
        if self._view.hz is None:
            return 1.0
        return round(row.steps / row.seconds / self._view.hz, 9)

    def _write(
        self, key: Key, row: Row, sensed: Array, edges: Array, out: Array, has: Array | None
    ) -> None:
        """Rows of a key into `out`, padded to its width; `has`: which of their numbers are real."""
        if self._name not in key.origin:
            assert has is not None
            out[...], has[...] = 0, False
            return
        array = key.origin[self._name][0]
        if key.name.startswith("obs/") and self._reader.shape(row.index, array) == key.shape:
            self._take(row, array, sensed, out)  # pictures: no copy on the way
            if has is not None:
                has[...] = True
            return
        value = self._key(key, row, sensed, edges)
        if has is None or len(key.shape) != 1:
            out[...] = value
            if has is not None:
                has[...] = True
            return
        flat = value.reshape(len(value), -1)
        width = flat.shape[1]
        out[:, :width], out[:, width:] = flat, 0
        has[:width], has[width:] = True, False

    def _key(self, key: Key, row: Row, sensed: Array, edges: Array) -> Array:
        """Rows of a key as its source has them, images in the size of the mix.

        sensed: (H,) steps to read obs at. edges: (K + 1,) times [steps] that bound the actions.
        """
        if key.name.startswith("obs/"):
            (array,) = key.origin[self._name]
            value = self._take(row, array, sensed)
            if value.shape[1:] != key.shape and len(key.shape) > 1:
                pick = nearest if key.name.endswith((DEPTH, SEGMENTATION)) else smooth
                value = pick(value, key.shape[0], key.shape[1])
            return value
        last = np.minimum(np.ceil(edges[1:] - _NEARLY).astype(int), row.steps) - 1
        parts = [
            self._moves(row, array, edges)
            if array in (_DELTA, FROM_POSE, FROM_JOINTS)
            else self._take(row, array, last)
            for array in key.origin[self._name]
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def _take(self, row: Row, array: str, at: Array, out: Array | None = None) -> Array:
        """Rows `at`, which rise or stay; a picture is unpacked once."""
        first, last = int(at[0]), int(at[-1])
        if len(at) == 1 or (np.diff(at) == 1).all():
            return self._reader.rows(row.index, array, first, last + 1, out)
        if array.endswith((IMAGE, DEPTH, SEGMENTATION)):
            steps, places = np.unique(at, return_inverse=True)
            frames = [self._reader.rows(row.index, array, int(t), int(t) + 1) for t in steps]
            found = np.concatenate(frames)[places]
        else:
            found = self._reader.rows(row.index, array, first, last + 1)[at - first]
        if out is not None:
            out[...] = found
        return found

    def _moves(self, row: Row, array: str, edges: Array) -> Array:
        """(K, 6) motion between the edges; none beyond the end of the episode."""
        start = int(edges[0] + _NEARLY)
        stop = min(int(np.ceil(edges[-1] - _NEARLY)), row.steps)
        if array == _DELTA:
            moves = self._reader.rows(row.index, array, start, stop)
        else:
            moves = self._converted(row, array, start, stop)
        if edges[1] - edges[0] == 1.0:
            out = np.zeros((len(edges) - 1, 6), np.float32)
            out[: len(moves)] = moves
            return out
        return resample(moves, edges - start).astype(np.float32)

    def _converted(self, row: Row, array: str, start: int, stop: int) -> Array:
        """(stop - start, 6): steps between commanded poses, the first one from what was sensed."""
        name = "ee_pose" if array == FROM_POSE else "joint_position"
        if start:
            values = self._reader.rows(row.index, f"action/{name}", start - 1, stop)
        else:
            before = self._reader.rows(row.index, f"obs/{name}", 0, 1)
            commands = self._reader.rows(row.index, f"action/{name}", 0, stop)
            values = np.concatenate([before[:, : commands.shape[1]], commands])
        if array == FROM_POSE:
            return deltas(values)
        if row.robot not in self._kinematics:
            raise UserError(
                f"source {self._name!r} needs the kinematics of {row.robot!r} for its TCP motion: "
                f"Mix(path, kinematics={{{row.robot!r}: joints_to_poses}})"
            )
        return deltas(self._kinematics[row.robot](values))
