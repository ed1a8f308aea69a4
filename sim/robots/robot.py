"""A robot as its cards and its URDF describe it: links, joints, looks, kinematics. No physics."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from assets.part import Box
from episodes.array_types import Floats
from sim.pose import Pose, rotvec_to_matrix
from sim.robots import card, compose
from sim.robots.card import ArmCard, Mount, ToolCard
from sim.robots.kinematics import Kinematics
from sim.robots.links import Link, links_of, mesh_files
from sim.robots.tools.base import Tool


@dataclass(frozen=True)
class RobotModel:
    """An arm with a tool on its flange: their cards, the links in topological order, and the
    movable joints (M,) by name."""

    name: str  # as a Cell names it: "panda", "ur5+vacuum"
    arm: ArmCard
    tool_card: ToolCard
    urdf: Path
    links: tuple[Link, ...]
    movable: tuple[str, ...]  # names of movable joints, in link order
    kinematics: Kinematics = field(compare=False)
    sha256: str  # of the cards, the URDFs and their meshes

    @property
    def tool(self) -> Tool:
        return self.tool_card.tool

    @property
    def tcp(self) -> Mount:
        """The tool centre point: tcp_to_link."""
        return self.tool_card.tcp

    @property
    def home(self) -> tuple[float, ...]:
        """(J,) where an episode starts, before its jitter [rad]."""
        return self.arm.home

    @property
    def merged(self) -> bool:
        """Whether the URDF was put together from an arm's and a tool's."""
        return compose.merged(self.arm, self.tool_card)

    @property
    def title(self) -> str:
        return f"{self.arm.title}, {self.tool_card.title}" if self.merged else self.arm.title

    @property
    def camera(self) -> Mount:
        """The wrist camera's mount: mount_to_link, in the TCP's link."""
        return Mount(self.tcp.link, compose.camera_to_link(self.tool_card))

    @property
    def camera_link(self) -> str:
        """The link that a wrist camera rides on."""
        return compose.camera_link(self.arm, self.tool_card)

    @property
    def wrist(self) -> str:
        """Where a wrist camera rides, as `Camera.parent` names it."""
        return f"{self.arm.name}/{self.camera_link}"

    @property
    def wrench_joint(self) -> str:
        """The joint between flange and tool: the force sensor sits there."""
        return compose.wrench_joint(self.arm, self.tool_card)

    @cached_property
    def body(self) -> tuple[Box, ...]:
        """Boxes around the tool's body, and around the camera where it is not built in, in the
        TCP's link."""
        held = self.tool_card
        camera = compose.camera_boxes(held) if self.merged else ()
        return (held.palm, *held.clear, *camera)

    @property
    def jaw(self) -> float:
        """How thick a jaw is behind its pad [m]; 0 for a tool without jaws."""
        pads = [pad for pads in self.tool.pads.values() for pad in pads]
        return max((abs(pad.at[1]) + pad.half[1] for pad in pads), default=0.0)

    @cached_property
    def arm_columns(self) -> list[int]:
        """Where the arm joints stand among the movable joints."""
        return [self.movable.index(name) for name in self.arm.joints]

    @cached_property
    def tool_columns(self) -> list[int]:
        """Where the tool's joints stand among the movable joints."""
        return [self.movable.index(name) for name in self.tool.joints]

    def link_index(self, name: str) -> int:
        for i, link in enumerate(self.links):
            if link.name == name:
                return i
        raise KeyError(f"{self.name} has no link {name!r}: {[k.name for k in self.links]}")

    @cached_property
    def _origins(self) -> Floats:
        """(L, 4, 4) of every link's joint in its parent, at zero."""
        return np.array([link.origin.matrix() for link in self.links])

    def link_to_base(self, joints: Floats) -> Floats:
        """Every link's matrix (..., L, 4, 4) in the root link's frame, for joints (..., M)."""
        joints = np.asarray(joints, float)
        out = np.empty((*joints.shape[:-1], len(self.links), 4, 4))
        for i, link in enumerate(self.links):
            origin = self._origins[i]
            if link.movable >= 0:
                origin = origin @ _motion(link, joints[..., link.movable])
            out[..., i, :, :] = origin if link.parent < 0 else out[..., link.parent, :, :] @ origin
        return out


def _motion(link: Link, value: Floats) -> Floats:
    """(..., 4, 4): what the joint adds at `value` (...,)."""
    axis = np.asarray(link.axis)
    out = np.zeros((*np.shape(value), 4, 4))
    out[..., 3, 3] = 1.0
    if link.joint_type == "prismatic":
        out[..., :3, :3] = np.eye(3)
        out[..., :3, 3] = value[..., None] * axis
        return out
    k = rotvec_to_matrix(axis * (np.pi / 2)) - np.outer(axis, axis)  # the cross product matrix
    sin, cos = np.sin(value)[..., None, None], np.cos(value)[..., None, None]
    out[..., :3, :3] = cos * np.eye(3) + sin * k + (1 - cos) * np.outer(axis, axis)
    return out


def cards() -> list[str]:
    """The names of all arms with all their tools, as a Cell names them."""
    return [card.name_of(arm, tool) for arm in card.arms() for tool in card.tools()]


@lru_cache(maxsize=64)
def load(name: str) -> RobotModel:
    """The model of "arm" or "arm+tool", made once. UserError for an unknown name, and for a card
    that is not right or does not fit its URDF.

    An arm alone has its usual tool.
    """
    arm_name, _, tool_name = name.partition("+")
    full = card.name_of(arm_name, tool_name or None)
    if full != name:
        return load(full)
    arm = card.arm(arm_name)
    held = card.tool(tool_name or arm.tool)
    path = compose.whole(arm, held)
    links, movable = links_of(path)
    names = [link.name for link in links]
    for file, what, wanted, there in (
        (arm.file, "movable joint", arm.joints, movable),
        (held.file, "movable joint", held.tool.joints, movable),
        (held.file, "link", (held.tcp.link, *held.tool.tips), names),
    ):
        compose.refuse_missing(file, path, what, wanted, there)
    digest = hashlib.sha256()
    for file in compose.sources(arm, held):
        digest.update(file.read_bytes())
    for mesh in sorted(hashlib.sha256(file.read_bytes()).digest() for file in mesh_files(path)):
        digest.update(mesh)
    kinematics = Kinematics(links, arm, held.tcp)
    return RobotModel(name, arm, held, path, links, movable, kinematics, digest.hexdigest())


def frame_to_world(
    base: Pose, model: RobotModel, joints: Floats, link: str, offset: Pose | None = None
) -> Floats:
    """(..., 4, 4): a link's frame (or `offset` in it) in the world, for joints (..., M)."""
    matrices: Floats = model.link_to_base(joints)[..., model.link_index(link), :, :]
    out: Floats = base.matrix() @ matrices
    return out if offset is None else out @ offset.matrix()
