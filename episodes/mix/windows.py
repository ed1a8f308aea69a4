"""The arrays of one draw: a few steps of what was sensed, and of what was done from there on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from episodes.array_types import AnyArray
from episodes.mix.calibration import Calibration
from episodes.mix.cameras import DEPTH, SEGMENTATION
from episodes.mix.lowdim import COMMANDS, CONVERTED, Kinematics, LowDim, Scales
from episodes.mix.manifest import Key, TrainingView
from episodes.mix.resize import nearest, smooth
from episodes.mix.row_reader import Demo, PackedRows, Reader
from episodes.mix.spans import NEARLY, Span, is_sensed, room, spans
from episodes.storage.library import Library
from episodes.storage.records import Row


def blank(keys: Sequence[Key], view: TrainingView, count: int) -> dict[str, AnyArray]:
    """Room for `count` windows: their keys as in `spans.room`; mask/obs (count, history) and
    mask/actions (count, horizon): which steps are real."""
    return {
        "mask/obs": np.empty((count, view.history), bool),
        "mask/actions": np.empty((count, view.horizon), bool),
        **room(keys, count, view.history, view.horizon),
    }


class SourceWindows:
    """Windows of one source, with the keys of the mix. May be pickled, and used after a fork.

    hz resamples: what was sensed is the last known reading; a motion is added up or split; any
    other command is the one in force at the end of the period.
    """

    def __init__(
        self,
        library: Library,
        name: str,
        keys: Sequence[Key],
        view: TrainingView,
        kinematics: Mapping[str, Kinematics],
        ahead: bool = False,
        words: bool = False,
    ) -> None:
        """words: `language` will be asked for."""
        self._name, self._keys, self._view = name, tuple(keys), view
        of_cameras = [key for key in keys if key.name.startswith("cameras/")]
        self._calibration = Calibration(of_cameras, name, view)
        arrays = [key for key in keys if key not in of_cameras]
        self._pictures = tuple(key for key in arrays if is_sensed(key) and len(key.shape) > 1)
        self._numbers = LowDim([k for k in arrays if k not in self._pictures], name, kinematics)
        read = {array for key in keys for array in key.origin.get(name, ())}
        if read & CONVERTED:
            read.update(COMMANDS)
        self._reader = Reader(library, sorted(read), ahead, self._calibration.named, words)
        self._back = np.arange(view.history - 1, -1, -1)
        self._ahead = np.arange(view.horizon + 1)

    def fill(
        self,
        out: Mapping[str, AnyArray],
        places: Sequence[int],
        rows: Sequence[Row],
        steps: Sequence[int],
        scales: Sequence[Scales],
    ) -> None:
        """Windows of some draws: history steps up to each of `steps`, horizon steps from it, and
        masks of what is real.

        out: what `blank` made, of which rows `places` are filled. Before its start an episode
        repeats its first reading, after its end its last command, without motion.
        """
        here, at = list(places), np.asarray(steps)[:, None]
        ratios = [self.ratio(row) for row in rows]
        ratio = np.array(ratios)[:, None]
        length = np.array([row.steps for row in rows])[:, None]
        sensed = np.floor(at - ratio * self._back + NEARLY).astype(int)
        edges = at + ratio * self._ahead
        out["mask/obs"][here] = sensed >= 0
        out["mask/actions"][here] = edges[:, :-1] < length - NEARLY
        packed = PackedRows()
        for n, span in enumerate(spans(sensed, edges, length)):
            window = {name: value[here[n], ...] for name, value in out.items()}
            demo = self._reader.demo(rows[n].index)
            step = steps[n] if ratios[n] == 1.0 else None
            self._numbers.fill(window, demo, rows[n], step, span, scales[n])
            self._see(window, demo, span, packed)
            self._calibration.fill(window, demo, span)
        packed.unpack()

    def texts(self, row: Row) -> dict[str, str]:
        """The keys of an episode that are text."""
        return self._calibration.texts(self._reader.demo(row.index))

    def language(self, row: Row) -> Mapping[str, Sequence[str]]:
        """Language -> the ways to say the instruction of an episode."""
        return self._reader.demo(row.index).language

    def whole(self, row: Row, names: Sequence[str]) -> dict[str, AnyArray]:
        """Some keys over a whole episode, at the rate of the mix; those that the source has."""
        edges = np.arange(0.0, row.steps + self.ratio(row) - NEARLY, self.ratio(row))
        sensed = np.minimum(np.floor(edges[:-1] + NEARLY).astype(int), row.steps - 1)
        (span,) = spans(sensed[None], edges[None], row.steps)
        demo = self._reader.demo(row.index)
        return {
            key.name: self._numbers.values(key, demo, row, span)
            for key in self._keys
            if key.name in names and self._name in key.origin
        }

    def ratio(self, row: Row) -> float:
        """Steps of the episode in one step of the mix."""
        if self._view.hz is None:
            return 1.0
        return round(row.steps / row.seconds / self._view.hz, 9)

    def _see(self, out: Mapping[str, AnyArray], demo: Demo, span: Span, packed: PackedRows) -> None:
        """The pictures of a window."""
        for key in self._pictures:
            value, there = out[key.name], self._name in key.origin
            if key.partial:
                out[f"has/{key.name}"][...] = there
            if not there:
                value[...] = 0
                continue
            (array,) = key.origin[self._name]
            if demo.shape(array) == key.shape:
                demo.fill(value, array, span.sensed, packed)
            else:
                pick = nearest if key.name.endswith((DEPTH, SEGMENTATION)) else smooth
                value[...] = pick(demo.rows(array, span.sensed), key.shape[0], key.shape[1])
