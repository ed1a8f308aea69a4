"""A manufacturing cell as plain data: frozen, comparable, exact in JSON, free of physics."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self, TypeVar

import numpy as np

from episodes.array_types import Floats
from sim.plain import BadRecord, from_plain, to_plain
from sim.pose import Pose

RGB = tuple[float, float, float]  # sRGB, 0..1


Named = TypeVar("Named", "Robot", "Body", "Camera")


@dataclass(frozen=True)
class Material:
    """How a surface looks. `pattern` holds the strengths of procedural effects by name."""

    name: str = "painted"
    rgb: RGB = (0.6, 0.6, 0.6)
    roughness: float = 0.5
    metallic: float = 0.0
    pattern: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0


@dataclass(frozen=True)
class Joint:
    """What a moving member of a device is held by: it slides along, or turns about, one axis.

    kind: "slide" (positions in m, force in N) or "hinge" (rad, N m). axis (unit) and at, a point on
    it, are in the body's own frame; position 0 is where the cell starts. The member touches
    neither the body `mount` nor others on the same one.
    """

    kind: str
    axis: tuple[float, float, float]
    lower: float
    upper: float
    mount: str
    at: tuple[float, float, float] = (0.0, 0.0, 0.0)
    force: float = 1.0  # of the friction that holds it, or of the spring
    springs_back: bool = False  # to position 0, as a push button does


@dataclass(frozen=True)
class Rule:
    """What the cell's controller does by itself, once: when every joint named in `when` has gone as
    far as said there, those in `then` are driven to their positions, with `force`, at `speed`.

    when, then: body -> position of its joint [m or rad].
    """

    name: str
    when: Mapping[str, float]
    then: Mapping[str, float] = field(default_factory=dict)
    force: float = 40.0  # [N or N m]
    speed: float = 0.03  # [m/s or rad/s]


@dataclass(frozen=True)
class Body:
    """One rigid thing: a part kind of `assets` with its parameters, placed in the world.

    role: "part" (handled), "distractor", "fixture" (tray, bin, bench) or "room" (floor, walls).
    words: what language may say of it, e.g. {"colour": "red", "size": "M12"}.
    mass [kg] is 0 for a fixed body. A body with a joint moves along it alone; it is not fixed.
    belt: the velocity of a fixed body's surface [m/s], in its own frame.
    """

    name: str
    kind: str
    params: Mapping[str, Any]
    pose: Pose  # body_to_world, in the part's own frame, not the centre of mass
    material: Material = Material()
    role: str = "part"
    fixed: bool = False
    mass: float = 0.0
    friction: float = 0.8
    words: Mapping[str, str] = field(default_factory=dict)
    joint: Joint | None = None
    belt: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Robot:
    """A robot card of `assets/robots`, placed: joints (J,) [rad], gripper 0 open .. 1 closed."""

    name: str
    card: str
    base: Pose  # base_to_world
    joints: tuple[float, ...]
    gripper: float = 0.0


@dataclass(frozen=True)
class Camera:
    """A pinhole camera; `pose` is camera_to_parent in OpenCV axes (x right, y down, z forward).

    parent: "" for the world, "{robot}/{link}", or a fixed body that it is built into.
    fov: vertical field of view [rad]. model: "ideal", or a device of `assets.camera_models`
    whose noise it has.
    """

    name: str
    pose: Pose
    width: int = 128  # [px]
    height: int = 128  # [px]
    fov: float = 0.8
    parent: str = ""
    near: float = 0.02  # [m]
    far: float = 6.0  # [m]
    exposure: float = 0.0  # [EV]; 1 is twice as bright
    balance: RGB = (1.0, 1.0, 1.0)  # white balance: gains of red, green, blue
    model: str = "ideal"
    shutter: float = 0.0  # how long it is open [s]; > 0 blurs what moves
    readout: float = 0.0  # from the first row to the last [s]; > 0: a rolling shutter
    every: int = 1  # control periods from picture to picture; in between the last one stands

    def intrinsics(self) -> Floats:
        """(3, 3) [px]; square pixels, principal point in the image centre.

        A point (x, y, z) of the camera frame lands at u = fx x/z + cx, v = fy y/z + cy, where
        pixel (0, 0) covers u, v in [0, 1): its centre is at 0.5.
        """
        focal = self.height / (2.0 * np.tan(self.fov / 2.0))
        return np.array(
            [[focal, 0.0, self.width / 2.0], [0.0, focal, self.height / 2.0], [0.0, 0.0, 1.0]]
        )


@dataclass(frozen=True)
class Light:
    """kind "sun": from `direction` (unit, scene to light); kind "sky": from everywhere.

    rgb is sRGB; strength 1 is usual for its kind. Of a sky, seed: which hall surrounds the cell;
    occlusion: how much it darkens in corners and under things, 0 not at all .. 1 (costs time).
    """

    name: str
    kind: str = "sun"
    direction: tuple[float, float, float] = (0.3, 0.2, 0.93)
    rgb: RGB = (1.0, 1.0, 1.0)
    strength: float = 1.0
    shadow: bool = True
    seed: int = 0
    occlusion: float = 0.0


@dataclass(frozen=True)
class Physics:
    """How the cell is simulated. settle_s: time that parts get to come to rest before step 0."""

    hz: int = 360
    control_hz: int = 20
    solver_iterations: int = 60
    contact_stiffness: float = 3e4  # [N/m], on dynamic bodies
    contact_damping: float = 300.0  # [N s/m]
    settle_s: float = 0.0


class Goal:
    """What a task is to reach: the base of frozen dataclasses; ours are in `scenes.goals`."""

    @classmethod
    def of(cls, cell: Cell) -> Self:
        """The cell's goal. BadRecord where it is of another class, or the record of none of it."""
        goal = cell.goal
        if isinstance(goal, cls):
            return goal
        if not isinstance(goal, RecordedGoal):
            raise BadRecord(f"the cell's goal is a {type(goal).__name__}, not a {cls.__name__}")
        found: Self = from_plain(cls, goal.values, "goal")
        return found

    def plain(self) -> Mapping[str, Any]:
        """In JSON terms."""
        terms: Mapping[str, Any] = to_plain(self)
        return terms


@dataclass(frozen=True, eq=False)
class RecordedGoal(Goal):
    """A goal as it stands in a record, which does not say of which class it is: a record can be
    replayed and rendered where its task is not known. A task reads it with the `of` of its own."""

    values: Mapping[str, Any] = field(default_factory=dict)

    def plain(self) -> Mapping[str, Any]:
        return self.values

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Goal) and self.values == other.plain()

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True)
class Cell:
    """Everything that an episode starts from. `goal` is what the task is to reach; `sampled` lists
    the values drawn for the cell that stand nowhere else."""

    robots: tuple[Robot, ...] = ()
    bodies: tuple[Body, ...] = ()
    cameras: tuple[Camera, ...] = ()
    lights: tuple[Light, ...] = ()
    physics: Physics = Physics()
    rules: tuple[Rule, ...] = ()
    goal: Goal = field(default_factory=RecordedGoal)
    sampled: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for group in (self.robots, self.bodies, self.cameras, self.lights, self.rules):
            names = [item.name for item in group]
            if len(set(names)) != len(names):
                raise ValueError(f"names must differ: {names}")

    def __repr__(self) -> str:
        parts = sum(1 for b in self.bodies if not b.fixed)
        return (
            f"Cell({len(self.robots)} robots, {len(self.bodies)} bodies ({parts} movable), "
            f"{len(self.cameras)} cameras, {len(self.lights)} lights)"
        )

    def body(self, name: str) -> Body:
        return _named(self.bodies, name, "body")

    def camera(self, name: str) -> Camera:
        return _named(self.cameras, name, "camera")

    def replace(self, **changes: Any) -> Cell:
        return replace(self, **changes)

    def to_json(self) -> str:
        """Exact: floats keep every bit, keys are sorted."""
        terms = {**to_plain(self), "goal": self.goal.plain()}
        return json.dumps(terms, sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The cell of `to_json`, its goal as recorded. BadRecord for anything else."""
        try:
            terms = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise BadRecord(f"not the JSON of a cell: {error}") from error
        goal = terms.pop("goal", {}) if isinstance(terms, dict) else {}
        if not isinstance(goal, dict):
            raise BadRecord(f"cell.goal must be a mapping, not {goal!r}")
        cell: Self = from_plain(cls, terms, "cell")
        return replace(cell, goal=RecordedGoal(goal))


def _named(items: tuple[Named, ...], name: str, what: str) -> Named:
    for item in items:
        if item.name == name:
            return item
    raise KeyError(f"no {what} {name!r}; there are: {', '.join(i.name for i in items)}")
