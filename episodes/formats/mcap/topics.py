"""The topic map: a YAML file that says what of a bag becomes what of an episode.

hz: 10                                   # control rate of the episode
robot: ur10
task: assembly
instruction: turn the valve              # or a topic of std_msgs/String: /instruction
cameras: {front: /front/image_raw, wrist: /wrist/image/compressed}
joints: {topic: /joint_states, names: [a, b, c]}   # obs/joint_position, joint_velocity
tcp: {parent: base_link, child: tool0}   # obs/ee_pose, from /tf and /tf_static
obs: {wrench: /wrench}                   # any message of numbers
actions: /forward_position_controller/commands

What is listed under obs and is a command by its name or topic becomes action/NAME, not obs/NAME.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from episodes.errors import UserError, unknown
from episodes.formats import commands
from episodes.formats.extra import need
from episodes.storage.descriptors import opening

NAMES = ("topics.yaml", "topics.yml")
MAX_BYTES = 1 << 20
TF = ("/tf", "/tf_static")
KEYS = ("hz", "robot", "task", "instruction", "cameras", "joints", "tcp", "obs", "actions")


@dataclass(frozen=True)
class Sampled:
    """A topic of which each step takes one message: the last one that was logged at or before its
    time, of a command the last one before the next step."""

    topic: str
    command: bool = False


@dataclass(frozen=True)
class Topics:
    """A topic map that was read. joint_names: () takes all, in the order of the first message.

    obs, commands: name -> topic, of what the map lists under obs.
    """

    hz: float
    robot: str = "unknown"
    task: str = ""
    instruction: str = ""
    cameras: Mapping[str, str] = field(default_factory=dict)
    joints: str = ""
    joint_names: tuple[str, ...] = ()
    tcp: tuple[str, str] | None = None  # parent frame, child frame
    obs: Mapping[str, str] = field(default_factory=dict)
    commands: Mapping[str, str] = field(default_factory=dict)
    actions: str = ""

    @property
    def sampled(self) -> list[Sampled]:
        """What each step takes, each once."""
        readings = [*self.cameras.values(), self.joints, *self.obs.values()]
        commands = [*self.commands.values(), self.actions]
        named = [Sampled(topic) for topic in readings] + [Sampled(t, True) for t in commands]
        return list(dict.fromkeys(one for one in named if one.topic))

    @property
    def instruction_is_topic(self) -> bool:
        """Whether the instruction is a topic, not the text itself."""
        return self.instruction.startswith("/")

    @property
    def topics(self) -> set[str]:
        """Every topic that is made use of."""
        more = [*TF] if self.tcp else []
        return {
            *(one.topic for one in self.sampled),
            *more,
            *([self.instruction] * self.instruction_is_topic),
        }

    def uses(self, topic: str) -> list[str]:
        """The keys of the map that take a topic and want messages of a certain type."""
        found = {
            "cameras": topic in self.cameras.values(),
            "joints": topic == self.joints,
            "instruction": self.instruction_is_topic and topic == self.instruction,
            "tcp": self.tcp is not None and topic in TF,
        }
        return [use for use, takes in found.items() if takes]


def read(path: Path, hz: float | None) -> Topics:
    """The map in a YAML file; `hz` goes over the one in it. UserError: it cannot be read."""
    yaml = need("yaml", "reading a topic map")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UserError(f"{path}: over {MAX_BYTES >> 20} MB; that is no topic map")
        with opening(path):
            value = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())[:120]
        raise UserError(f"{path}: the topic map cannot be read ({reason})") from None
    if not isinstance(value, dict):
        raise UserError(f"{path}: a topic map has keys: {', '.join(KEYS)}")
    for key in value:
        if key not in KEYS:
            raise unknown(f"key in {path}:", key, KEYS)
    try:
        return _topics(value, hz)
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path}: the topic map cannot be used ({error})") from None


def _topics(value: Mapping[str, Any], hz: float | None) -> Topics:
    rate = hz if hz is not None else value.get("hz")
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate < 1e5:
        raise ValueError(f"hz is {rate}; a rate above 0 is needed")
    joints = value.get("joints") or ""
    names: tuple[str, ...] = ()
    if isinstance(joints, dict):
        names = tuple(str(name) for name in joints.get("names") or ())
        joints = joints.get("topic")
    tcp = value.get("tcp")
    if tcp and not (isinstance(tcp, dict) and {"parent", "child"} <= tcp.keys()):
        raise ValueError("tcp is to be {parent: base_link, child: tool0}")
    listed = _named(value, "obs")
    ordered = {name: t for name, t in listed.items() if commands.named(name) or commands.named(t)}
    return Topics(
        hz=float(rate),
        robot=str(value.get("robot") or "unknown"),
        task=str(value.get("task") or ""),
        instruction=_text("instruction", value.get("instruction") or ""),
        cameras=_named(value, "cameras"),
        joints=_text("joints", joints),
        joint_names=names,
        tcp=(str(tcp["parent"]), str(tcp["child"])) if tcp else None,
        obs={name: topic for name, topic in listed.items() if name not in ordered},
        commands=ordered,
        actions=_text("actions", value.get("actions") or ""),
    )


def _named(value: Mapping[str, Any], key: str) -> dict[str, str]:
    """Name -> topic. ValueError: it is written in another way."""
    found = value.get(key) or {}
    if not isinstance(found, dict):
        raise ValueError(f"{key} is to be {{NAME: TOPIC, ...}}, not {found!r:.60}")
    return {str(name): _text(f"{key}.{name}", topic) for name, topic in found.items()}


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{key} is to be one topic, not {value!r:.60}")
    return value
