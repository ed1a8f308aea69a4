"""What is known of an arm with its tool that no URDF says: the cards of `assets`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from episodes.errors import UserError, unknown
from sim import user_folders
from sim.pose import Pose, rotvec_to_matrix

Boxed = Mapping[str, tuple[float, ...]]  # "half" and "centre" of a box [m]
TIP = (
    0.1024  # how far behind a tool's tip the wrist camera's mount is: a Panda's hand has it so [m]
)


@dataclass(frozen=True)
class Cups:
    """The suction cups of a tool: all on one valve, their lips in the plane of the TCP.

    centres: x y in the TCP's frame; radius: that seals; press: how far a lip is pushed in to seal
    [m]; pressure: below the air's [Pa].
    """

    link: str
    centres: tuple[tuple[float, float], ...]
    radius: float
    pressure: float
    press: float


@dataclass(frozen=True)
class Card:
    """An arm of `assets/robots` with a tool of `assets/tools`; angles in rad, lengths in m, forces
    in N. A tool that is no gripper has no `gripper_joints`, one without cups has `cups` None."""

    name: str  # as a Cell names it: "panda", "ur5+vacuum"
    arm: str
    tool: str
    kind: str  # of the tool: "jaws", "vacuum" or "nozzle"
    title: str
    licence: str
    arm_joints: tuple[str, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    velocity: tuple[float, ...]
    effort: tuple[float, ...]
    home: tuple[float, ...]
    reach: float
    foot: float  # how high its own stand, if any, puts its first joint's foot [m]
    wrench_joint: str
    camera_link: str
    tcp_link: str
    tcp: Pose  # tcp_to_link
    palm: Boxed  # a box around the tool's body, in the TCP's link
    clear: tuple[Boxed, ...]  # more boxes around it
    gripper_joints: tuple[str, ...] = ()
    gripper_open: float = 0.0
    gripper_closed: float = 0.0
    gripper_width: float = 0.0
    gripper_force: float = 0.0
    gripper_couple: bool = False
    finger_mass: float = 0.0  # [kg] of each link with pads; 0: what its URDF says
    pads: Mapping[str, tuple[Boxed, ...]] = field(default_factory=dict)  # link -> boxes
    cups: Cups | None = None

    @property
    def camera(self) -> Pose:
        """Where the wrist camera's mount sits (mount_to_link), in the TCP's link."""
        return self.tcp @ Pose((0.0, 0.0, -TIP))

    @property
    def palm_above_tcp(self) -> float:
        """How far behind the tool centre point the palm begins [m]."""
        return self.tcp.position[2] - self.palm["centre"][2] - self.palm["half"][2]

    @property
    def jaw(self) -> float:
        """How thick a jaw is behind its pad [m]; 0 for a tool without jaws."""
        found = [box for link in self.pads.values() for box in link]
        return max((abs(box["centre"][1]) + box["half"][1] for box in found), default=0.0)

    @property
    def wrist(self) -> str:
        """Where a wrist camera rides, as `Camera.parent` names it."""
        return f"{self.arm}/{self.camera_link}"

    @property
    def tips(self) -> tuple[str, ...]:
        """The links that are there to touch things."""
        return (*self.pads, *((self.cups.link,) if self.cups else ()))


def arms() -> list[str]:
    """The names of the arms there are."""
    return _names("assets.robots")


def tools() -> list[str]:
    """The names of the tools there are; each fits every arm."""
    return _names("assets.tools")


def wrist_camera() -> dict[str, Any]:
    """The card of the camera that rides on every tool that is not built in."""
    return _read("assets.tools.mounts", "wrist_camera")


def _names(package: str) -> list[str]:
    found = [p.name for folder in _folders(package) for p in folder.iterdir()]
    return sorted(name[:-5] for name in found if name.endswith(".yaml"))


def _folders(package: str) -> list[Path]:
    """Where the cards of a package are: ours, then those of the user's own."""
    ours = Path(str(files(package)))
    return [ours, *user_folders.folders(package.rpartition(".")[2])]


def arm(name: str) -> dict[str, Any]:
    """The card of an arm, as written. UserError for an unknown one."""
    if name not in arms():
        raise unknown("robot", name, arms())
    return _read("assets.robots", name)


def tool(name: str) -> dict[str, Any]:
    """The card of a tool, as written. UserError for an unknown one."""
    if name not in tools():
        raise unknown("tool", name, tools())
    return _read("assets.tools", name)


def text(package: str, name: str) -> str:
    return _file(package, name).read_text(encoding="utf-8")


def _file(package: str, name: str) -> Path:
    return next(f for p in _folders(package) if (f := p / f"{name}.yaml").is_file())


@lru_cache(maxsize=32)
def _read(package: str, name: str) -> dict[str, Any]:
    """A card; a `urdf` without a package is a file beside it."""
    try:
        found: dict[str, Any] = yaml.safe_load(text(package, name))
    except yaml.YAMLError as error:
        why = " ".join(str(error).split())
        raise UserError(f"{_file(package, name)}: not plain YAML: {why}") from error
    if not isinstance(found, dict):
        raise UserError(f"{_file(package, name)}: a card maps keys to values")
    if ":" not in str(found.get("urdf", ":")):
        found["urdf"] = str(_file(package, name).parent / found["urdf"])
    return found


def name_of(arm_name: str, tool_name: str | None = None) -> str:
    """How a Cell names an arm with a tool: "ur5+vacuum"; "panda" with the hand it is built with.

    tool_name None: the arm's usual tool. UserError for an unknown arm or tool.
    """
    body = arm(arm_name)
    chosen = tool_name or str(body["tool"])
    tool(chosen)
    return arm_name if "built_in" in body and chosen == body["tool"] else f"{arm_name}+{chosen}"


def card(name: str) -> Card:
    """The card of "arm" or "arm+tool". UserError for an unknown arm or tool, and for a card that
    lacks something."""
    arm_name, _, tool_name = name.partition("+")
    try:
        return _card(arm_name, tool_name)
    except KeyError as missing:
        raise UserError(f"robot {name}: its card, or its tool's, has no {missing}") from None


def _card(arm_name: str, tool_name: str) -> Card:
    name = name_of(arm_name, tool_name)
    body = arm(arm_name)
    held = tool(tool_name or body["tool"])
    whole = "+" not in name
    gripper = held.get("gripper", {})
    built_in = body["built_in"] if whole else {"link": "wrist_camera_mount", "joint": "tool_mount"}
    return Card(
        name=name,
        arm=arm_name,
        tool=held["name"],
        kind=held["kind"],
        title=body["title"] if whole else f"{body['title']}, {held['title']}",
        licence=body["licence"] if whole else f"{body['licence']}; tool: {held['licence']}",
        arm_joints=tuple(body["arm_joints"]),
        lower=tuple(body["lower"]),
        upper=tuple(body["upper"]),
        velocity=tuple(body["velocity"]),
        effort=tuple(body["effort"]),
        home=tuple(body["home"]),
        reach=body["reach"],
        foot=body.get("stand", {}).get("height", 0.0),
        wrench_joint=built_in["joint"],
        camera_link=built_in["link"],
        tcp_link=held["tcp"]["link"],
        tcp=pose(held["tcp"]),
        palm=held["palm"],
        clear=(*held.get("clear", ()), *(() if whole else _camera_boxes(held))),
        gripper_joints=tuple(gripper.get("joints", ())),
        gripper_open=gripper.get("open", 0.0),
        gripper_closed=gripper.get("closed", 0.0),
        gripper_width=gripper.get("width", 0.0),
        gripper_force=gripper.get("force", 0.0),
        gripper_couple=gripper.get("couple", False),
        finger_mass=gripper.get("finger_mass", 0.0),
        pads=held.get("pads", {}),
        cups=_cups(held.get("vacuum")),
    )


def _camera_boxes(held: Mapping[str, Any]) -> list[Boxed]:
    """The boxes of the wrist camera, in the link of the tool's TCP."""
    mount = pose(held["tcp"]) @ Pose((0.0, 0.0, -TIP))
    return [{**box, "centre": (mount @ Pose(tuple(box["centre"]))).position}
            for box in wrist_camera()["collide"]]  # fmt: skip


def pose(entry: Mapping[str, Any]) -> Pose:
    """The pose that a card's `position` [m] and `rpy` [rad] give."""
    roll, pitch, yaw = entry.get("rpy", (0.0, 0.0, 0.0))
    turned = (
        rotvec_to_matrix([0, 0, yaw])
        @ rotvec_to_matrix([0, pitch, 0])
        @ rotvec_to_matrix([roll, 0, 0])
    )
    return Pose.at(entry.get("position", (0.0, 0.0, 0.0)), turned)


def _cups(entry: Mapping[str, Any] | None) -> Cups | None:
    if entry is None:
        return None
    centres = tuple((float(x), float(y)) for x, y in entry["cups"])
    return Cups(entry["link"], centres, entry["radius"], entry["pressure"], entry["press"])
