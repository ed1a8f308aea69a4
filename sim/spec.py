"""A manufacturing cell as plain data: frozen, comparable, exact in JSON, free of physics."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from types import UnionType
from typing import Any, Self, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from episodes.array_types import Floats
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


@dataclass(frozen=True)
class Cell:
    """Everything that an episode starts from. `goal` is what the task is to reach, in JSON terms;
    `sampled` lists the values drawn for the cell that stand nowhere else."""

    robots: tuple[Robot, ...] = ()
    bodies: tuple[Body, ...] = ()
    cameras: tuple[Camera, ...] = ()
    lights: tuple[Light, ...] = ()
    physics: Physics = Physics()
    rules: tuple[Rule, ...] = ()
    goal: Mapping[str, Any] = field(default_factory=dict)
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
        return json.dumps(_plain(self), sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The cell of `to_json`. Raises ValueError for anything else."""
        try:
            cell: Self = _build(cls, json.loads(text))
        except (TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ValueError(f"not the JSON of a cell: {error}") from error
        return cell


def _named(items: tuple[Named, ...], name: str, what: str) -> Named:
    for item in items:
        if item.name == name:
            return item
    raise KeyError(f"no {what} {name!r}; there are: {', '.join(i.name for i in items)}")


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(v) for v in value]
    if isinstance(value, np.generic):
        return value.item()
    return value


def _build(kind: Any, value: Any) -> Any:
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        unknown = set(value) - set(hints)
        if unknown:
            raise ValueError(f"unknown fields of a {kind}: {', '.join(sorted(unknown))}")
        return kind(**{k: _build(hints[k], v) for k, v in value.items()})  # type: ignore[operator]
    origin, args = get_origin(kind), get_args(kind)
    if origin is tuple:
        inner = args[0] if len(args) == 2 and args[1] is Ellipsis else None
        return tuple(_build(inner or args[i], v) for i, v in enumerate(value))
    if origin in (Union, UnionType):
        return None if value is None else _build(args[0], value)
    if kind is float:
        return float(value)
    return value
