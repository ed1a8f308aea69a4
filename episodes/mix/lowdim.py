"""What is numbers in a window: readings and actions, all but pictures ("low_dim" in robomimic)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from episodes.array_types import AnyArray
from episodes.errors import UserError
from episodes.mix.align import FROM_JOINTS, FROM_POSE
from episodes.mix.episode_cache import EpisodeCache, Table
from episodes.mix.manifest import Key
from episodes.mix.resample import deltas, resample
from episodes.mix.row_reader import Demo
from episodes.mix.spans import NEARLY, Span, is_sensed, room, spans
from episodes.storage.records import Row

Scales = Mapping[str, tuple[AnyArray, AnyArray]]  # key -> mean, std (D,)

# (N, J) joint positions [rad] -> (N, 7) TCP poses in the base frame, x y z [m], quaternion xyzw.
Kinematics = Callable[[AnyArray], AnyArray]

# What conversions read, beside what they are named after.
COMMANDS = ("action/ee_pose", "obs/ee_pose", "action/joint_position", "obs/joint_position")
CONVERTED = frozenset({FROM_POSE, FROM_JOINTS})
_DELTA = "action/ee_delta"
KEPT = 64 << 20  # bytes of a source's numbers that stay in memory


class LowDim:
    """The numbers of one source's windows. Those of whole episodes are kept, as long as there is
    room: a window at their own rate is then a few rows.

    Conversions are not among them. They are worked out for each window, since rounding might
    depend on how many steps are converted together, and a window must not depend on what is kept.
    """

    def __init__(
        self, keys: Sequence[Key], name: str, kinematics: Mapping[str, Kinematics]
    ) -> None:
        """keys: of the mix, without its pictures. name: of the source."""
        self._keys, self._name, self._kinematics = tuple(keys), name, dict(kinematics)
        self._each_time = tuple(key for key in keys if CONVERTED & set(key.origin.get(name, ())))
        self._kept = tuple(key for key in keys if key not in self._each_time)
        self._step_bytes = sum(one.nbytes for one in room(self._kept, 1, 1, 1).values())
        self._tables = EpisodeCache(KEPT)

    def fill(
        self,
        out: Mapping[str, AnyArray],
        demo: Demo,
        row: Row,
        step: int | None,
        span: Span,
        scales: Scales,
    ) -> None:
        """out: of one window. step: where it is, if it has the rate of its episode."""
        table = None if step is None else self._table(demo, row, scales)
        if step is None or table is None:
            self._read(self._keys, out, demo, row, span, scales)
            return
        for key in self._kept:
            value, whole = out[key.name], table[key.name]
            stop = step + (1 if is_sensed(key) else len(value))
            start = stop - len(value)
            if start >= 0 and stop <= len(whole):
                value[...] = whole[start:stop]
            else:
                value[...] = whole[np.arange(start, stop).clip(0, len(whole) - 1)]
            if key.partial:
                out[f"has/{key.name}"][...] = table[f"has/{key.name}"]
        if self._each_time:
            self._read(self._each_time, out, demo, row, span, scales)

    def values(self, key: Key, demo: Demo, row: Row, span: Span) -> AnyArray:
        """Rows of a key as its source has them."""
        if is_sensed(key):
            (array,) = key.origin[self._name]
            return demo.rows(array, span.sensed)
        parts = [
            self._moves(demo, row, array, span.edges)
            if array in (_DELTA, *CONVERTED)
            else demo.rows(array, span.commands)
            for array in key.origin[self._name]
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def _table(self, demo: Demo, row: Row, scales: Scales) -> Table | None:
        """The numbers of an episode, and of a step beyond its end; None if there is no room."""
        found = self._tables.get(row.index)
        if found is not None:
            return found
        count = row.steps + 1
        if not self._tables.fits(count * self._step_bytes):
            return None
        table = {name: value[0] for name, value in room(self._kept, 1, count, count).items()}
        sensed, edges = np.arange(count), np.arange(count + 1.0)
        (span,) = spans(sensed[None].clip(0, row.steps - 1), edges[None], row.steps)
        self._read(self._kept, table, demo, row, span, scales)
        self._tables.keep(row.index, table)
        return table

    def _read(
        self,
        keys: Sequence[Key],
        out: Mapping[str, AnyArray],
        demo: Demo,
        row: Row,
        span: Span,
        scales: Scales,
    ) -> None:
        """Some keys, padded to their width, and which of their numbers are real."""
        for key in keys:
            value, has = out[key.name], out.get(f"has/{key.name}")
            if self._name not in key.origin:
                assert has is not None
                value[...], has[...] = 0, False
            elif has is None or len(key.shape) != 1:
                value[...] = self.values(key, demo, row, span)
                if has is not None:
                    has[...] = True
            else:
                found = self.values(key, demo, row, span).reshape(len(value), -1)
                width = found.shape[1]
                value[:, :width], value[:, width:] = found, 0
                has[:width], has[width:] = True, False
            if key.name in scales:
                mean, std = scales[key.name]
                value[...] = (value - mean) / std
                if has is not None:
                    value *= has

    def _moves(self, demo: Demo, row: Row, array: str, edges: Sequence[float]) -> AnyArray:
        """(K, 6) motion between the edges; none beyond the end of the episode."""
        start = int(edges[0] + NEARLY)
        stop = min(math.ceil(edges[-1] - NEARLY), row.steps)
        if array == _DELTA:
            moves = demo.rows(array, range(start, stop))
        else:
            moves = self._converted(demo, row, array, start, stop)
        if edges[1] - edges[0] == 1.0:
            out = np.zeros((len(edges) - 1, 6), np.float32)
            out[: len(moves)] = moves
            return out
        return resample(moves, np.asarray(edges) - start).astype(np.float32)

    def _converted(self, demo: Demo, row: Row, array: str, start: int, stop: int) -> AnyArray:
        """(stop - start, 6): steps between commanded poses, the first one from what was sensed."""
        name = "ee_pose" if array == FROM_POSE else "joint_position"
        if start:
            values = demo.rows(f"action/{name}", range(start - 1, stop))
        else:
            before = demo.rows(f"obs/{name}", range(1))
            commands = demo.rows(f"action/{name}", range(stop))
            values = np.concatenate([before[:, : commands.shape[1]], commands])
        if array == FROM_POSE:
            return deltas(values)
        if row.robot not in self._kinematics:
            raise UserError(
                f"source {self._name!r} needs the kinematics of {row.robot!r} for its TCP motion: "
                f"Mix(path, kinematics={{{row.robot!r}: joints_to_poses}})"
            )
        return deltas(self._kinematics[row.robot](values))
