"""What is wrong with a LeRobot data set, told and left as it is."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from episodes.array_types import AnyArray, Floats
from episodes.errors import UserError
from episodes.finding import Report, spans
from episodes.formats.frames import SAME_TIME, Nearest, Video
from episodes.formats.lerobot import depth
from episodes.formats.lerobot.meta import Dataset, EpisodeEntry
from episodes.formats.promises import Promises

UNITS = {3: "milliseconds", 6: "microseconds", 9: "nanoseconds"}
IN_FILES = ("video", "audio")  # types of features that no table holds


class LeRobotFaults:
    """Collects faults while the episodes go by; holds counts, no data."""

    def __init__(self, report: Report, dataset: Dataset, strict: bool) -> None:
        self._report = report
        self._dataset = dataset
        self.lacks = Promises(dataset.root, strict, report).lacks
        self._frames = 0
        self._videos = 0
        self._no_video: dict[str, list[int]] = {}
        self._absent = {
            key for key, value in dataset.features.items() if value["dtype"] not in IN_FILES
        }

    def tables(self) -> None:
        if self._dataset.strayed:
            more = len(self._dataset.strayed) - 1
            self.lacks(
                self._dataset.strayed[0] + (f" (and {more} more)" if more else ""),
                field="meta/info.json",
            )

    def left_out(self, name: str, why: str, episode: int) -> None:
        """What is in the table and not in the episode."""
        self.lacks(f"left out: {why}", field=name, episode=episode)

    def columns(self, names: Sequence[str]) -> None:
        """Of the table of one episode."""
        self._absent -= set(names)

    def rows(self, entry: EpisodeEntry, index: int, found: int) -> None:
        self._frames += found
        if found != entry.length:
            self._report.add(
                "warning",
                f"the table of episodes gives it {entry.length} steps, its file has {found}",
                episode=index,
            )

    def stamps(self, index: int, stamps: Floats, told: bool) -> None:
        """The times of the rows [s]; told: they are in the table, not counted."""
        fps = self._dataset.fps
        if not told:
            self._report.add(
                "warning",
                f"it has no timestamps: counted at {self._dataset.fps:g} Hz",
                episode=index,
                field="time",
            )
        elif not np.isfinite(stamps).all():
            bad = int(np.flatnonzero(~np.isfinite(stamps))[0])
            raise UserError(
                f"{self._dataset.root}: episode {index}: the timestamp of step {bad} is no number"
            )
        elif abs(stamps[0]) > SAME_TIME:
            self._report.add(
                "warning",
                f"its timestamps start at {stamps[0]:.3f} s, not at 0",
                episode=index,
                step=0,
                field="time",
            )
        step, wanted = float(np.median(np.diff(stamps))) if len(stamps) > 1 else 0.0, 1 / fps
        if step and not 0.5 * wanted < step < 2 * wanted:
            unit = UNITS.get(round(math.log10(abs(step) / wanted)))
            self._report.add(
                "warning",
                f"its rows are {step:.4g} s apart by their timestamps, {fps:g} Hz make "
                f"{wanted:.4g} s{f'; are they {unit}?' if unit else ''}",
                episode=index,
                field="time",
            )

    def tasks(self, entry: EpisodeEntry, index: int, used: Sequence[str], told: bool) -> None:
        """Texts that are listed as tasks of the episode and that no step has; no text at all."""
        if not told:
            self._report.add("warning", "it has no task text", episode=index, field="language")
        for text in entry.tasks:
            if text not in used:
                self._report.add(
                    "warning",
                    f"{text!r} is listed among its tasks, but no step has it: "
                    "not taken for an instruction",
                    episode=index,
                    field="language",
                )

    def no_video(self, key: str, index: int) -> None:
        self._no_video.setdefault(key, []).append(index)

    def video(
        self,
        key: str,
        index: int,
        video: Video,
        shown: Nearest,
        stamps: Floats,
        by_row: bool,
    ) -> None:
        """One camera of one episode, as it was read."""
        self._videos += 1
        field = f"obs/{key.removeprefix('observation.images.')}_image"
        shape = self._dataset.features[key]["shape"]
        if len(shape) == 3 and (video.height, video.width) not in (shape[:2], shape[1:]):
            self._report.add(
                "warning",
                f"its frames are {video.height}x{video.width}, the table says {list(shape)}",
                episode=index,
                field=field,
            )
        rate = 1 / video.period if video.period else 0.0
        if abs(rate - self._dataset.fps) > 0.01 * self._dataset.fps:
            self._report.add(
                "warning",
                f"its frames come at {rate:.4g} Hz, the rows at {self._dataset.fps:g} Hz",
                episode=index,
                field=field,
            )
        if by_row:
            self._report.add(
                "warning",
                f"pictures are taken by row, as asked for: by their clocks the rows take "
                f"{np.ptp(stamps):.3f} s and the frames {np.ptp(shown.footage.seconds()):.3f} s",
                episode=index,
                field=field,
            )
        elif abs(stamps[0]) > SAME_TIME:
            self._report.add(
                "warning",
                f"the timestamps are {stamps[0]:+.3f} s against the video, which starts at 0; "
                f"pictures are taken by time: row 0 shows the frame of {stamps[0]:.3f} s",
                episode=index,
                field=field,
            )
        off = np.flatnonzero(np.abs(shown.late) > 0.25 * video.period + SAME_TIME)
        if len(off):
            worst = shown.late[off][np.argmax(np.abs(shown.late[off]))]
            self._report.add(
                "warning",
                f"no frame at the time of {len(off)} of {len(stamps)} rows; the nearest is up to "
                f"{abs(worst):.3f} s off",
                episode=index,
                step=(int(off[0]), int(off[-1]) + 1),
                field=field,
            )

    def depth(
        self, camera: str, index: int, feature: Mapping[str, Any], rows: AnyArray, video: bool
    ) -> None:
        """What a video of codes cannot tell: `rows` are its codes."""
        told = depth.quantiser(feature) if video else None
        if told is None:
            return
        near, far = float((rows == 0).mean()), float((rows >= depth.TOP).mean())
        for share, what in (
            (near, f"{told.low:g} m or nearer, or no return: all kept as 0, no return"),
            (far, f"{told.high:g} m or farther: all kept as {told.high:g} m"),
        ):
            if share:
                self._report.add(
                    "warning",
                    f"{100 * share:.2g} % of its pixels are {what}",
                    episode=index,
                    field=f"obs/{camera}_depth",
                )

    def no_unit(self, name: str, index: int) -> None:
        self._report.add(
            "warning",
            "its unit is not known: kept as it is, not as depth",
            episode=index,
            field=f"obs/{name}",
        )

    def finish(self, done: Collection[int]) -> None:
        """After the last episode; `done`: their numbers in the source."""
        found = len(done)
        ours = any(entry.header is not None for entry in self._dataset.entries)
        missing = sorted(e.index for e in self._dataset.entries if e.index not in done)
        if missing:
            self.lacks(
                f"{len(missing)} of {len(self._dataset.entries)} episodes have no data file: "
                f"{spans(missing)}"
            )
        for key, episodes in self._no_video.items():
            whole = "no episode has" if len(episodes) == found else f"{spans(episodes)} lack"
            self.lacks(f"{whole} its video, though the features tell of it", field=key)
        for key, feature in self._dataset.features.items():
            if feature["dtype"] == "audio":
                self.lacks("features of type audio are not read", field=key)
            elif key in self._absent and not ours:
                self.lacks("info.json tells of it, but no table has it", field=key)
        self._compare("total_episodes", found, "episodes")
        self._compare("total_frames", self._frames, "frames")
        self._compare("total_tasks", len(self._dataset.tasks), "tasks")
        if self._dataset.videos:
            self._compare("total_videos", self._videos, "videos")
        known = [entry.index for entry in self._dataset.entries]
        for name, span in self._dataset.splits.items():
            end = span.partition(":")[2]
            if end.isdigit() and known and int(end) > max(known) + 1:
                self.lacks(
                    f"split {name!r} is {span}, the table of episodes ends at {max(known)}",
                    field="meta/info.json",
                )

    def _compare(self, key: str, found: int, what: str) -> None:
        told = self._dataset.totals.get(key)
        if told is not None and told != found:
            self.lacks(f"{key} is {told}, there are {found} {what}", field="meta/info.json")
