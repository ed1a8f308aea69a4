"""What tasks are to reach, one class for each family of them; a scene fills it in.

Bodies are named as the cell names them, a place in one as "body/frame". Poses are part_to_world,
lengths in m, angles in rad.
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.pose import Pose
from sim.spec import Goal

Point = tuple[float, float, float]  # in the world [m]
Vector = tuple[float, float, float]
Names = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PlaceGoal(Goal):
    """One part into one place: its pose there."""

    part: str
    slot: str
    pose: Pose


@dataclass(frozen=True, kw_only=True)
class KitGoal(Goal):
    """Every part into a place of its own."""

    parts: Names
    slots: Names
    poses: tuple[Pose, ...]


@dataclass(frozen=True, kw_only=True)
class PickGoal(Goal):
    """One part out of a container into another one."""

    part: str
    source: str
    target: str


@dataclass(frozen=True, kw_only=True)
class ClearGoal(Goal):
    """All parts out of a container into another one."""

    parts: Names
    source: str
    target: str


@dataclass(frozen=True, kw_only=True)
class InsertGoal(Goal):
    """A part into a hole of the target. hole: the rim's pose, z outwards; error_m: by how much the
    robot's idea of it is off along x and y."""

    part: str
    target: str
    hole: Pose
    depth_m: float
    error_m: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class ViewsGoal(Goal):
    """A view of every feature: a frame of the target, where it is and which way it faces. camera:
    the one that takes them."""

    target: str
    features: Names
    points: tuple[Point, ...]
    normals: tuple[Vector, ...]
    camera: str


@dataclass(frozen=True, kw_only=True)
class SeamGoal(Goal):
    """A seam on the target, the points along it in the order in which they are to be run. closed:
    whether it ends where it began."""

    target: str
    shape: str
    closed: bool
    seam: tuple[Point, ...]


@dataclass(frozen=True, kw_only=True)
class DefectGoal(Goal):
    """Every part shown to the camera, and into the bin of its verdict. defects: "" for none;
    colour: that sound parts have."""

    parts: Names
    defects: Names
    bins: Names
    colour: str
    camera: str


@dataclass(frozen=True, kw_only=True)
class PackGoal(Goal):
    """Every part in its pose in the carton, then the flaps closed, in that order. hinges: x along
    the crease, y inwards, z up; closed: how far each flap's joint turns for that."""

    carton: str
    parts: Names
    poses: tuple[Pose, ...]
    flaps: Names
    hinges: tuple[Pose, ...]
    closed: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class BeltGoal(Goal):
    """Work at a belt. belt: the frame of its upper side, x along the transport, origin in its
    middle; velocity: of what rides on it [m/s]; end_m: where its bar stands, along it."""

    belt: Pose
    velocity: Vector
    end_m: float


@dataclass(frozen=True, kw_only=True)
class CatchGoal(PlaceGoal, BeltGoal):
    """One part off the belt into one place."""


@dataclass(frozen=True, kw_only=True)
class ClassesGoal(BeltGoal):
    """Parts in the order in which the belt brings them, each into the bin of its class. by: what
    they are sorted by, "shape", "size", "colour" or "code"; classes: of bin_0, bin_1 and so on."""

    parts: Names
    bins: Names
    by: str
    classes: Names


@dataclass(frozen=True, kw_only=True)
class UnstackGoal(BeltGoal):
    """All boxes off the pallet onto the belt, in that order."""

    parts: Names
    pattern: str
    layers: int
    pallet: str


@dataclass(frozen=True, kw_only=True)
class StackGoal(UnstackGoal):
    """Boxes in the order in which the belt brings them, onto the pallet. poses: where boxes belong,
    in the order in which they are stacked."""

    poses: tuple[Pose, ...]


@dataclass(frozen=True, kw_only=True)
class TendingGoal(Goal):
    """Work at a machine. pose: of the part held in its holder; stand: where it is put down between
    open jaws; shut_m: how far the door goes; starts_open: whether it is open at first; gate: where
    a tool waits before the opening; buttons: that the robot presses."""

    part: str
    target: str
    pose: Pose
    stand: Pose
    jaws: Names
    buttons: Names
    shut_m: float
    starts_open: bool
    gate: Point


@dataclass(frozen=True, kw_only=True)
class LoadGoal(TendingGoal):
    """The part into the holder, `target`; clamped, the door shut, the cycle started."""


@dataclass(frozen=True, kw_only=True)
class UnloadGoal(TendingGoal):
    """The part out of the holder, `source`, into one of the free places (slots) of the tray,
    `target`."""

    source: str
    slots: tuple[Pose, ...]
