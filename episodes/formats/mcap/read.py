"""ROS 2 bags, sampled at a control rate. One bag is one episode.

A step's reading is the last message logged at or before its time: what was known then. Its action
is the last one logged before the next step. Time is that of logging.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from episodes.array_types import AnyArray
from episodes.episode import CameraTrack, Episode
from episodes.errors import UserError
from episodes.finding import Report
from episodes.formats import guard, language
from episodes.formats.mcap import folder, messages, sampling, storage
from episodes.formats.mcap.folder import Bag
from episodes.formats.mcap.storage import Message
from episodes.formats.mcap.topics import TF, Sampled, Topics
from episodes.formats.promises import Promises
from episodes.reserved import MEANING

WRENCHES = ("geometry_msgs/msg/Wrench", "geometry_msgs/msg/WrenchStamped")
TEXT = "std_msgs/msg/String"
NO_WORDS = ("/rosout", "/robot_description")  # texts that every robot publishes


def read(
    path: Path,
    *,
    strict: bool = False,
    report: Report,
    hz: float | None = None,
    topics: str | None = None,
) -> Iterator[Episode]:
    """Every bag at `path` (a file, a bag's folder, or a folder of bags); memory holds one episode.

    topics: the topic map, by default topics.yaml beside the bags. strict: a bag that lacks a file
    or a topic of the map is refused. UserError: no map, no bags, damaged bags, topics of a type
    that the map cannot take.
    """
    table = folder.map_file(path, topics)
    plan = folder.read_map(table, hz)
    for index, bag in enumerate(folder.bags(path)):
        with storage.unpacked(bag.files) as files:
            yield _BagReader(bag, files, plan, report, strict, index).episode()


@dataclass(frozen=True)
class _Rows:
    """What was decoded: T messages (of cameras, pictures) of each topic, T poses of the TCP or
    None, and the texts of the topic of instructions by their times [ns]."""

    taken: Mapping[Sampled, list[Any]]
    tcp: list[AnyArray | None]
    said: dict[int, str]


class _BagReader:
    """One bag: which message each step takes is decided before anything is decoded."""

    def __init__(
        self,
        bag: Bag,
        files: Sequence[Path],
        plan: Topics,
        report: Report,
        strict: bool,
        index: int,
    ) -> None:
        self._bag, self._files, self._plan, self._report = bag, files, plan, report
        self._promises, self._index = Promises(bag.files[0], strict, report), index
        self._kinds: dict[str, str] = {}  # topic -> type

    def episode(self) -> Episode:
        for message in self._bag.lacks:
            self._promises.lacks(message, episode=self._index)
        stamps = self._stamps()
        self._report_missing(stamps)
        sampled = [one for one in self._plan.sampled if one.topic in stamps]
        if not sampled:
            there = ", ".join(sorted(self._kinds)) or "none"
            raise UserError(
                f"{self._bag.files[0]}: it has none of the topics of the map; its topics: {there}"
            )
        spans = [stamps[one.topic] for one in sampled]
        times = sampling.times(spans, self._plan.hz, self._bag.files[0])
        chosen = {one: self._choose(one, stamps[one.topic], times) for one in sampled}
        return self._assemble(times, self._decode(times, chosen))

    def _stamps(self) -> dict[str, AnyArray]:
        """topic -> log times of its messages [ns], in the order of the files."""
        out: dict[str, list[int]] = {}
        for message in self._messages(None):
            out.setdefault(message.topic, []).append(message.time)
            self._kinds[message.topic] = message.kind
        return {topic: np.array(found, np.int64) for topic, found in out.items()}

    def _report_missing(self, stamps: Mapping[str, AnyArray]) -> None:
        """What the metadata or the map promise and the bag does not hold; text that is left."""
        plan = self._plan
        promised, found = self._bag.messages, sum(map(len, stamps.values()))
        if promised is not None and promised != found:
            self._promises.lacks(
                f"{self._bag.name}: {folder.METADATA} tells of {promised} messages, the files hold "
                f"{found}",
                episode=self._index,
            )
        spoken = [plan.instruction] if plan.instruction_is_topic else []
        named = list(dict.fromkeys([*(one.topic for one in plan.sampled), *spoken]))
        for topic in named:
            if topic not in stamps:
                self._promises.lacks(f"topic {topic} has no messages", episode=self._index)
        texts = [t for t, kind in self._kinds.items() if kind == TEXT and t not in NO_WORDS]
        if texts and not plan.instruction:
            self._promises.lacks(
                f"text that the map does not take: {', '.join(sorted(texts))}; it becomes the "
                f"instruction with a line `instruction: {sorted(texts)[0]}`",
                field="language",
                episode=self._index,
            )
        for name, topic in plan.commands.items():
            self._report.add(
                "warning",
                f"{topic} is a command, which is no observation: kept as action/{name}",
                field=f"action/{name}",
                episode=self._index,
            )

    def _messages(self, topics: Sequence[str] | None) -> Iterator[Message]:
        for file in self._files:
            yield from storage.messages(file, topics, self._bag.packed)

    def _choose(self, one: Sampled, stamps: AnyArray, times: AnyArray) -> AnyArray:
        """(T,) which message of the topic, in the order of the files, each step takes."""
        chosen, stale = sampling.chosen(stamps, times, self._plan.hz, one.command)
        if stale is not None:
            self._report.add(
                "warning",
                f"{one.topic} is silent for up to {stale.longest:.3f} s (usually "
                f"{stale.period:.3f}): {stale.count} steps repeat an old message",
                episode=self._index,
                step=stale.steps,
            )
        return chosen

    def _decode(self, times: AnyArray, chosen: Mapping[Sampled, AnyArray]) -> _Rows:
        """The messages that the steps take; each is decoded once, pictures at once."""
        wanted: dict[str, dict[int, list[tuple[Sampled, int]]]] = {}
        for one, numbers in chosen.items():
            for step, number in enumerate(numbers):
                wanted.setdefault(one.topic, {}).setdefault(int(number), []).append((one, step))
        rows = _Rows({one: [None] * len(times) for one in chosen}, [None] * len(times), {})
        plan, frames, step = self._plan, messages.Frames(), 0
        said = plan.instruction if plan.instruction_is_topic else ""
        heard = dict.fromkeys(wanted, -1)
        topics = {*wanted, *(TF if plan.tcp else ()), *([said] if said else [])}
        for message in self._messages(sorted(topics)):
            while step < len(times) and message.time > times[step]:
                self._note_tcp(rows, frames, step)
                step += 1
            if message.topic in TF and plan.tcp:
                frames.receive(self._decoded(message))
            if message.topic == said:
                rows.said[message.time] = self._decoded(message).data
            if message.topic in heard:
                heard[message.topic] += 1
                if takers := wanted[message.topic].get(heard[message.topic]):
                    value = self._decoded(message)
                    for one, at in takers:
                        rows.taken[one][at] = value
        for at in range(step, len(times)):
            self._note_tcp(rows, frames, at)
        return rows

    def _note_tcp(self, rows: _Rows, frames: messages.Frames, step: int) -> None:
        if self._plan.tcp:
            rows.tcp[step] = frames.child_to_parent(*self._plan.tcp)

    def _decoded(self, message: Message) -> Any:
        """What the message holds; of a camera, its picture."""
        place = self._place(message.topic)
        try:
            value = message.decode()
        except UserError as error:
            raise UserError(f"{place}: {error}") from None
        uses = self._plan.uses(message.topic)
        for use in uses:
            messages.check_kind(value, message.kind, use, place)
        return messages.picture(value, place) if "cameras" in uses else value

    def _place(self, topic: str) -> str:
        return f"{self._bag.name}: {topic}"

    def _assemble(self, times: AnyArray, rows: _Rows) -> Episode:
        plan, taken = self._plan, rows.taken
        cameras = {
            camera: _track(taken[Sampled(topic)], self._place(topic))
            for camera, topic in plan.cameras.items()
            if Sampled(topic) in taken
        }
        obs: dict[str, AnyArray] = {}
        columns: dict[str, list[str]] = {}
        meaning: dict[str, str] = {}
        joint_names = plan.joint_names
        if (states := taken.get(Sampled(plan.joints))) is not None:
            joint_names = joint_names or tuple(str(name) for name in states[0].name)
            pairs = [messages.joints(m, joint_names, self._place(plan.joints)) for m in states]
            obs["joint_position"] = np.array([p for p, _ in pairs])
            if all(len(v) for _, v in pairs):
                obs["joint_velocity"] = np.array([v for _, v in pairs])
            columns["obs/joint_position"] = list(joint_names)
            told = f"sensor_msgs/JointState of {plan.joints}, [rad"
            meaning |= {"obs/joint_position": f"{told}]", "obs/joint_velocity": f"{told}/s]"}
        for name, topic in plan.obs.items():
            if Sampled(topic) in taken:
                obs[name], columns[f"obs/{name}"] = self._numbers(taken, Sampled(topic))
                meaning.pop(f"obs/{name}", None)  # the map has something else for it
                if name == "wrench" and self._kinds[topic] in WRENCHES:
                    meaning["obs/wrench"] = f"{self._kinds[topic]} of {topic}, [N] and [N m]"
        if plan.tcp and all(pose is not None for pose in rows.tcp):
            obs["ee_pose"] = np.array(rows.tcp)
            meaning["obs/ee_pose"] = f"transforms from {plan.tcp[1]} to {plan.tcp[0]}, [m]"
        elif plan.tcp:
            self._promises.lacks(
                f"no transform leads from {plan.tcp[1]} to {plan.tcp[0]} at every step",
                episode=self._index,
            )
        actions: AnyArray = np.zeros((len(times), 0), np.float32)
        action: dict[str, AnyArray] = {}
        if Sampled(plan.actions, True) in taken:
            found, columns["actions"] = self._numbers(taken, Sampled(plan.actions, True))
            actions = action["native"] = found.astype(np.float32)
        for name, topic in plan.commands.items():
            if Sampled(topic, True) in taken:
                found, columns[f"action/{name}"] = self._numbers(taken, Sampled(topic, True))
                action[name] = found.astype(np.float32)
        texts = self._texts(times, rows.said)
        words = language.phrasings(texts[:1])
        return Episode(
            index=self._index,
            seed=0,
            task=plan.task or self._bag.name,
            robot=plan.robot,
            domain="real",
            control_hz=plan.hz,
            instruction=language.instruction(words),
            success=None,
            failure="",
            time=np.append(times - times[0], times[-1] - times[0] + 1e9 / plan.hz) * sampling.NANO,
            actions=actions,
            action=action,
            obs=obs,
            cameras=cameras,
            subtasks=language.subtasks(texts),
            language=words,
            joint_names=joint_names,
            licence="unknown",
            lineage={
                "format": "mcap",
                "files": [file.name for file in self._bag.files],
                "start": f"{int(times[0])} ns since the epoch",
                "columns": columns,
                MEANING: meaning,
                "left_out": sorted(set(self._kinds) - plan.topics),
                "sampled": "readings: last message at or before the time of a step; actions: last "
                "one before the next step",
            },
        )

    def _texts(self, times: AnyArray, said: Mapping[int, str]) -> list[str]:
        """(T,) the instruction at each step: the last one said, before that the first."""
        if not self._plan.instruction_is_topic:
            return [self._plan.instruction] * len(times)
        if not said:
            return []
        stamps = sorted(said)
        last = np.searchsorted(stamps, times, side="right") - 1
        return [said[stamps[max(0, int(at))]] for at in last]

    def _numbers(
        self, taken: Mapping[Sampled, list[Any]], one: Sampled
    ) -> tuple[AnyArray, list[str]]:
        """(T, N) the numbers of T messages, and their names."""
        place = self._place(one.topic)
        found = [
            messages.numbers(message, f"{place} ({self._kinds[one.topic]})")
            for message in taken[one]
        ]
        names = found[0][1]
        if any(other != names for _, other in found):
            raise UserError(f"{place}: its messages change their size")
        return np.array([values for values, _ in found]), names


def _track(pictures: list[AnyArray], place: str) -> CameraTrack:
    guard.check_frames(len(pictures), pictures[0], place)
    if any(picture.shape != pictures[0].shape for picture in pictures):
        raise UserError(f"{place}: its pictures change their size")
    frames = np.stack(pictures)
    if frames.dtype == np.uint16:
        return CameraTrack(depth=frames, unit_m=messages.MILLIMETRE)
    return CameraTrack(rgb=frames)
