"""ROS 2 bags in MCAP, sampled at a control rate. One bag is one episode.

A step's reading is the last message logged at or before its time: what was known then. Its action
is the last one logged before the next step. Time is that of logging.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from episodes.episode import CameraTrack, Episode
from episodes.errors import UserError
from episodes.finding import Report
from episodes.formats import guard, language
from episodes.formats.extra import need
from episodes.formats.mcap import folder, messages
from episodes.formats.mcap.topics import Topics
from episodes.formats.promises import Promises

Array = NDArray[Any]

TF = ("/tf", "/tf_static")
STRING = "std_msgs/msg/String"
NANO = 1e-9
STALE = 3.0  # periods of its own after which a reading is called stale


def read(
    path: Path,
    *,
    strict: bool = False,
    report: Report,
    hz: float | None = None,
    topics: str | None = None,
) -> Iterator[Episode]:
    """Every bag at `path` (a file, a bag's folder, or a folder of bags); memory holds one episode.

    topics: the topic map, by default topics.yaml beside the bags. strict: a bag that lacks a topic
    of the map is refused. UserError: no map, no bags, damaged bags, unknown encodings.
    """
    table = folder.map_file(path, topics)
    plan = folder.read_map(table, hz)
    for index, bag in enumerate(folder.bags(path)):
        yield _Bag(bag, plan, report, strict, index).episode()


class _Bag:
    """One bag: which message each step takes is decided before anything is decoded."""

    def __init__(
        self, files: list[Path], plan: Topics, report: Report, strict: bool, index: int
    ) -> None:
        self._files, self._plan, self._report = files, plan, report
        self._promises, self._index = Promises(files[0], strict, report), index
        self._name = files[0].stem if len(files) == 1 else files[0].parent.name

    def episode(self) -> Episode:
        stamps = self._stamps()
        sampled = [topic for topic in self._plan.sampled if topic in stamps]
        for topic in self._plan.sampled:
            if topic not in stamps:
                self._promises.lacks(f"topic {topic} has no messages", episode=self._index)
        if not sampled:
            raise UserError(f"{self._files[0]}: it has none of the topics of the map")
        times = self._times(stamps, sampled)
        chosen = {topic: self._choose(topic, stamps[topic], times) for topic in sampled}
        return self._assemble(times, self._decode(times, chosen))

    def _stamps(self) -> dict[str, Array]:
        """topic -> log times of its messages [ns]."""
        out: dict[str, list[int]] = {}
        for _, channel, message, _ in self._messages(None):
            out.setdefault(channel.topic, []).append(message.log_time)
        return {topic: np.array(found, np.int64) for topic, found in out.items()}

    def _messages(self, wanted: list[str] | None) -> Iterator[tuple[Any, Any, Any, Any]]:
        """(schema, channel, message, factory) in order of time, file after file."""
        reader = need("mcap.reader", "reading bags")
        decoder = need("mcap_ros2.decoder", "reading bags")
        for file in self._files:
            factory = decoder.DecoderFactory()
            try:
                with open(file, "rb") as stream:
                    opened = reader.make_reader(stream, validate_crcs=True)
                    for schema, channel, message in opened.iter_messages(topics=wanted):
                        yield schema, channel, message, factory
            except Exception as error:  # the parser raises many kinds for damaged files
                reason = " ".join(str(error).split())[:100] or type(error).__name__
                raise UserError(f"{file}: not a bag that can be read ({reason})") from None

    def _times(self, stamps: Mapping[str, Array], sampled: list[str]) -> Array:
        """(T,) ns: from when every topic has been heard until the first falls silent."""
        start = max(int(stamps[topic][0]) for topic in sampled)
        end = min(int(stamps[topic][-1]) for topic in sampled)
        steps = int((end - start) * NANO * self._plan.hz) + 1 if end >= start else 0
        if not 1 < steps <= guard.MAX_STEPS:
            raise UserError(
                f"{self._files[0]}: its topics overlap for {max(0, end - start) * NANO:.3f} s, "
                f"{steps} steps at {self._plan.hz:g} Hz; leave the topics that end early out"
            )
        return start + np.rint(np.arange(steps) / self._plan.hz / NANO).astype(np.int64)

    def _choose(self, topic: str, stamps: Array, times: Array) -> Array:
        """(T,) which message of the topic each step takes."""
        action = topic == self._plan.actions
        until = times + (round(1 / self._plan.hz / NANO) - 1 if action else 0)
        chosen = np.searchsorted(stamps, until, side="right") - 1
        age = (until - stamps[chosen]) * NANO
        period = float(np.median(np.diff(stamps))) * NANO if len(stamps) > 1 else np.inf
        stale = np.flatnonzero(age > STALE * period)
        if len(stale) and not action:
            self._report.add(
                "warning",
                f"{topic} is silent for up to {age.max():.3f} s (usually {period:.3f}): "
                f"{len(stale)} steps repeat an old message",
                episode=self._index,
                step=(int(stale[0]), int(stale[-1]) + 1),
            )
        return np.asarray(chosen)

    def _decode(self, times: Array, chosen: Mapping[str, Array]) -> dict[str, list[Any]]:
        """topic -> T decoded messages; of cameras, pictures. "tcp" -> T poses or None."""
        rows: dict[str, dict[int, list[int]]] = {}
        for topic, numbers in chosen.items():
            for step, number in enumerate(numbers):
                rows.setdefault(topic, {}).setdefault(int(number), []).append(step)
        out: dict[str, list[Any]] = {topic: [None] * len(times) for topic in chosen}
        out["tcp"] = [None] * len(times)
        wanted = [*chosen, *(TF if self._plan.tcp else ())]
        said = self._plan.instruction if self._plan.instruction.startswith("/") else ""
        frames, step = messages.Frames(), 0
        heard = dict.fromkeys(chosen, -1)
        for schema, channel, message, factory in self._messages([*wanted, said or wanted[0]]):
            while step < len(times) and message.log_time > times[step]:
                self._note_tcp(out, frames, step)
                step += 1
            topic = channel.topic
            if topic in TF and self._plan.tcp:
                frames.hear(self._decoded(schema, channel, message, factory))
            if topic == said:
                text = self._decoded(schema, channel, message, factory)
                out.setdefault("said", []).append(str(getattr(text, "data", "")))
            if topic in heard:
                heard[topic] += 1
                steps = rows[topic].get(heard[topic])
                if steps:
                    value = self._decoded(schema, channel, message, factory)
                    if topic in self._plan.cameras.values():
                        value = messages.picture(value, f"{self._name}: {topic}")
                    for at in steps:
                        out[topic][at] = value
        for at in range(step, len(times)):
            self._note_tcp(out, frames, at)
        return out

    def _note_tcp(self, out: dict[str, list[Any]], frames: messages.Frames, step: int) -> None:
        if self._plan.tcp:
            out["tcp"][step] = frames.child_to_parent(*self._plan.tcp)

    def _decoded(self, schema: Any, channel: Any, message: Any, factory: Any) -> Any:
        place = f"{self._name}: {channel.topic}"
        decode = factory.decoder_for(channel.message_encoding, schema)
        if decode is None:
            raise UserError(f"{place}: only CDR messages with a ros2msg schema are read")
        try:
            return decode(message.data)
        except Exception as error:  # the decoder raises many kinds for damaged messages
            reason = " ".join(str(error).split())[:100]
            raise UserError(f"{place}: a message cannot be decoded ({reason})") from None

    def _assemble(self, times: Array, rows: Mapping[str, list[Any]]) -> Episode:
        plan, steps = self._plan, len(times)
        cameras: dict[str, CameraTrack] = {}
        for camera, topic in plan.cameras.items():
            if topic in rows:
                cameras[camera] = _track(rows[topic], f"{self._name}: {topic}")
        obs: dict[str, Array] = {}
        columns: dict[str, list[str]] = {}
        joint_names = plan.joint_names
        if plan.joints in rows:
            first = rows[plan.joints][0]
            joint_names = joint_names or tuple(str(name) for name in first.name)
            place = f"{self._name}: {plan.joints}"
            pairs = [messages.joints(m, joint_names, place) for m in rows[plan.joints]]
            obs["joint_position"] = np.array([p for p, _ in pairs])
            if all(len(v) for _, v in pairs):
                obs["joint_velocity"] = np.array([v for _, v in pairs])
            columns["obs/joint_position"] = list(joint_names)
        for name, topic in plan.obs.items():
            if topic in rows:
                obs[name], columns[f"obs/{name}"] = self._numbers(rows[topic], topic)
        poses = rows["tcp"]
        if plan.tcp and all(pose is not None for pose in poses):
            obs["ee_pose"] = np.array(poses)
        elif plan.tcp:
            self._promises.lacks(
                f"no transform leads from {plan.tcp[1]} to {plan.tcp[0]} at every step",
                episode=self._index,
            )
        actions: Array = np.zeros((steps, 0))
        if plan.actions in rows:
            actions, columns["actions"] = self._numbers(rows[plan.actions], plan.actions)
        said = rows.get("said") or [plan.instruction]
        words = language.phrasings(text for text in said if not text.startswith("/"))
        native = actions.astype(np.float32)
        return Episode(
            index=self._index,
            seed=0,
            task=plan.task or self._name,
            robot=plan.robot,
            domain="real",
            control_hz=plan.hz,
            instruction=language.instruction(words),
            success=None,
            failure="",
            time=np.append(times - times[0], times[-1] - times[0] + 1e9 / plan.hz) * NANO,
            actions=native,
            action={"native": native} if native.size else {},
            obs=obs,
            cameras=cameras,
            language=words,
            joint_names=joint_names,
            licence="unknown",
            lineage={
                "format": "mcap",
                "files": [file.name for file in self._files],
                "start": f"{int(times[0])} ns since the epoch",
                "columns": columns,
                "sampled": "readings: last message at or before the time of a step; actions: last "
                "one before the next step",
            },
        )

    def _numbers(self, rows: list[Any], topic: str) -> tuple[Array, list[str]]:
        """(T, N) the numbers of T messages, and their names."""
        found = [messages.numbers(message) for message in rows]
        names = found[0][1]
        if any(other != names for _, other in found):
            raise UserError(f"{self._name}: the messages of {topic} change their size")
        return np.array([values for values, _ in found]), names


def _track(pictures: list[Array], place: str) -> CameraTrack:
    guard.check_frames(len(pictures), pictures[0], place)
    if any(picture.shape != pictures[0].shape for picture in pictures):
        raise UserError(f"{place}: its pictures change their size")
    frames = np.stack(pictures)
    if frames.dtype == np.uint16:
        return CameraTrack(depth=frames, unit_m=messages.MILLIMETRE)
    return CameraTrack(rgb=frames)
