"""What is known of arms and tools that no URDF says: the cards of `assets/`, parsed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from assets.part import Box
from assets.tools.shapes import Triple
from episodes.errors import unknown
from sim import user_folders
from sim.pose import Pose
from sim.robots import fields, link_card, pieces
from sim.robots.fields import Fields
from sim.robots.link_card import LinkCard
from sim.robots.tools import KINDS
from sim.robots.tools.base import Tool

CAMERA = "wrist_camera_mount"  # the link of the wrist camera's mount, where it is not built in


@dataclass(frozen=True)
class Mount:
    """A frame on a link: frame_to_link."""

    link: str
    pose: Pose


@dataclass(frozen=True)
class BuiltIn:
    """What an arm's URDF already has of its usual tool: its first link and that link's joint."""

    link: str
    joint: str


@dataclass(frozen=True)
class ArmCard:
    """An arm of `assets/robots`. Of its joints (J,), from the base to the wrist: limits and home
    [rad], velocity [rad/s], effort [N m]; reach [m].

    urdf, root: its model, as `urdf.resolve` takes it, and the link of it to begin at; flange: the
    frame that tools sit on; tool: its usual one; boxed_inertia: whether the URDF's inertia is of no
    use; colours: in place of the URDF's, by material; stand: what it stands on, of a height [m].
    """

    name: str
    title: str
    licence: str
    urdf: str
    root: str
    joints: tuple[str, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    velocity: tuple[float, ...]
    effort: tuple[float, ...]
    home: tuple[float, ...]
    reach: float
    flange: Mount
    tool: str
    boxed_inertia: bool
    colours: Mapping[str, Triple]
    stand: LinkCard | None
    foot: float  # the height of the stand, if any: where the first joint's foot is [m]
    built_in: BuiltIn | None
    file: Path


@dataclass(frozen=True)
class ToolCard:
    """A tool of `assets/tools`. palm: a box around its body, in the link of the TCP; clear: more
    boxes around it. Its geometry is a branch of a URDF, from link `root` on, or `links`."""

    name: str
    title: str
    licence: str
    tool: Tool
    tcp: Mount
    palm: Box
    clear: tuple[Box, ...]
    urdf: str
    root: str
    links: tuple[LinkCard, ...]
    file: Path


def arms() -> list[str]:
    """The names of the arms there are."""
    return sorted(_files("assets.robots"))


def tools() -> list[str]:
    """The names of the tools there are; each fits every arm."""
    return sorted(_files("assets.tools"))


def arm(name: str) -> ArmCard:
    """The card of an arm. UserError for an unknown one, and for a card that is not right."""
    return _arm_of(_found("robot", name, _files("assets.robots")))


def tool(name: str) -> ToolCard:
    """The card of a tool. UserError for an unknown one, and for a card that is not right."""
    return _tool_of(_found("tool", name, _files("assets.tools")))


@lru_cache(maxsize=1)
def wrist_camera() -> LinkCard:
    """The camera that rides on every tool that is not built in."""
    return fields.load(wrist_camera_file()).read(lambda card: link_card.body(card, CAMERA))


def wrist_camera_file() -> Path:
    return Path(str(files("assets.tools.mounts"))) / "wrist_camera.yaml"


def name_of(arm_name: str, tool_name: str | None = None) -> str:
    """How a Cell names an arm with a tool: "ur5+vacuum"; "panda" with the hand it is built with.

    tool_name None: the arm's usual tool. UserError for an unknown arm or tool.
    """
    body = arm(arm_name)
    chosen = tool(tool_name or body.tool).name
    return arm_name if body.built_in and chosen == body.tool else f"{arm_name}+{chosen}"


def _files(package: str) -> dict[str, Path]:
    """name -> the card, of ours and of the user's own."""
    folders = [Path(str(files(package))), *user_folders.folders(package.rpartition(".")[2])]
    return {file.stem: file for folder in folders for file in folder.glob("*.yaml")}


def _found(what: str, name: str, known: Mapping[str, Path]) -> Path:
    if name not in known:
        raise unknown(what, name, sorted(known))
    return known[name]


@lru_cache(maxsize=32)
def _arm_of(file: Path) -> ArmCard:
    return fields.load(file).read(_arm)


@lru_cache(maxsize=32)
def _tool_of(file: Path) -> ToolCard:
    return fields.load(file).read(_tool)


def _arm(card: Fields) -> ArmCard:
    joints = card.texts("arm_joints")

    def each(key: str) -> tuple[float, ...]:
        return card.numbers(key, len(joints))

    lower, upper, home = each("lower"), each("upper"), each("home")
    for i, name in enumerate(joints):
        if not lower[i] < upper[i]:
            card.refuse(f"upper[{i}]", f"{name} has a lower limit of {lower[i]:g}, not below it")
        if not lower[i] <= home[i] <= upper[i]:
            card.refuse(f"home[{i}]", f"{home[i]:g} is beyond the limits of {name}")
    velocity, effort = each("velocity"), each("effort")
    for key, values in (("velocity", velocity), ("effort", effort)):
        if values and min(values) <= 0.0:
            card.refuse(f"{key}[{values.index(min(values))}]", f"{min(values):g} is not above 0")
    if card.text("inertia", "urdf") not in ("urdf", "boxes"):
        card.refuse("inertia", "say boxes, or leave it out to use the URDF's")
    stand, foot = card.one("stand", _stand) if "stand" in card else (None, 0.0)
    return ArmCard(
        _name(card), card.text("title"), card.text("licence"), _urdf(card), card.text("root"),
        joints, lower, upper, velocity, effort, home, card.number("reach", above=0.0),
        card.one("flange", _mount), card.text("tool"), card.text("inertia", "urdf") == "boxes",
        card.table("colours", Fields.triple), stand, foot,
        card.one("built_in", _built_in) if "built_in" in card else None, card.file,
    )  # fmt: skip


def _tool(card: Fields) -> ToolCard:
    kind = card.text("kind")
    if kind not in KINDS:
        card.refuse("kind", str(unknown("kind of tool", kind, KINDS)))
    described = "urdf" not in card
    links = card.table("links", link_card.link)
    if described and (not links or next(iter(links.values())).parent):
        card.refuse("links", "give a urdf and its root, or links, of which the first has no parent")
    for link in links.values():
        if link.parent and link.parent not in links:
            card.refuse(f"links.{link.name}.parent", str(unknown("link", link.parent, links)))
    return ToolCard(
        _name(card), card.text("title"), card.text("licence"), KINDS[kind](card),
        card.one("tcp", _mount), card.one("palm", pieces.box), card.many("clear", pieces.box),
        "" if described else _urdf(card), "" if described else card.text("root"),
        tuple(links.values()), card.file,
    )  # fmt: skip


def _name(card: Fields) -> str:
    name = card.text("name")
    if name != card.file.stem:
        card.refuse("name", f"{name!r} is not the file's: {card.file.stem!r}")
    return name


def _urdf(card: Fields) -> str:
    """Without a package it is a file beside the card."""
    urdf = card.text("urdf")
    return urdf if ":" in urdf else str(card.file.parent / urdf)


def _mount(card: Fields) -> Mount:
    nothing = (0.0, 0.0, 0.0)
    pose = Pose.from_rpy(card.triple("position", nothing), card.triple("rpy", nothing))
    return Mount(card.text("link"), pose)


def _built_in(card: Fields) -> BuiltIn:
    return BuiltIn(card.text("link"), card.text("joint"))


def _stand(card: Fields) -> tuple[LinkCard, float]:
    height = card.number("height", above=0.0)
    return link_card.body(card, "stand"), height
