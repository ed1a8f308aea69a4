"""A cell as arrays to draw from: vertices, who moves, and where everything is at each instant."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assets import catalogue
from episodes.array_types import AnyArray, Floats, Ints, Singles
from episodes.errors import UserError
from sim import state_layout
from sim.render import meshes
from sim.render.paint import Paint, of_body, of_ink, of_link
from sim.render.simplify import FAR_PART, Surface
from sim.robots import robot
from sim.spec import Camera, Cell

FAR_PIXEL = 1.5e-3  # [m] between pixels, where the work is, from which a camera counts as far
MOST_THINGS = 1023  # what the uniform blocks and the G-buffer's 10 bits of material have room for

VERTEX = np.dtype([("at", "<f4", 3), ("oct", "<f2", 2), ("uv", "<f4", 2), ("tag", "<u2", 4)])
PROXY = np.dtype([("at", "<f4", 3), ("thing", "<u4")])


@dataclass(frozen=True)
class Thing:
    """One rigid thing that is drawn; its first paint is row `paint` of the stage's paints.

    surface: as it is drawn close by; far: as cameras see it whose pixels are `FAR_PIXEL` apart.
    """

    name: str  # of a body, or "{robot}/{link}"
    segment: int  # id of `sim.state_layout.segments`
    surface: Surface
    far: Surface
    paint: int
    moves: bool
    room: bool  # casts no shadow that anybody would miss
    index: int = 0  # of the link in its robot


@dataclass(frozen=True)
class Batch:
    """Things drawn from one pair of buffers: thing k owns indices [starts[k], starts[k + 1])."""

    vertices: NDArray[np.void]
    indices: NDArray[np.uint32]
    starts: Ints


@dataclass(frozen=True)
class Stage:
    """things: those that stand still first. centres (N, 3), radii (N,): spheres around them, in
    their own frames."""

    cell: Cell
    things: tuple[Thing, ...]
    paints: tuple[Paint, ...]
    centres: Floats = field(repr=False)
    radii: Floats = field(repr=False)

    @property
    def still(self) -> int:
        """How many things stand still."""
        return sum(not thing.moves for thing in self.things)

    def batch(self, first: int, last: int, coat: str, *, far: bool) -> Batch:
        """The triangles of those of things [first, last) that have that coat."""
        pieces, indices, starts, base = [], [], [0], 0
        for k in range(first, last):
            thing = self.things[k]
            if self.paints[thing.paint].coat != coat:
                starts.append(starts[-1])
                continue
            surface = thing.far if far else thing.surface
            rows = np.zeros(len(surface.positions), VERTEX)
            rows["at"] = surface.positions
            rows["oct"] = octahedral(surface.normals)
            rows["uv"] = surface.uv
            rows["tag"][:, 0] = k
            rows["tag"][:, 1] = thing.segment
            rows["tag"][:, 2] = thing.paint + surface.slots
            pieces.append(rows)
            indices.append(surface.faces.reshape(-1) + np.uint32(base))
            base += len(rows)
            starts.append(starts[-1] + surface.faces.size)
        return Batch(_joined(pieces, VERTEX), _joined(indices, np.dtype("<u4")), np.array(starts))

    def casters(self, first: int, last: int) -> Batch:
        """The same for what casts shadows: coarser, positions only, without the room."""
        pieces, indices, starts, base = [], [], [0], 0
        for k in range(first, last):
            surface, size = self.things[k].surface, 0
            if not self.things[k].room:
                rows = np.zeros(len(surface.proxy_positions), PROXY)
                rows["at"], rows["thing"] = surface.proxy_positions, k
                pieces.append(rows)
                indices.append(surface.proxy_faces.reshape(-1) + np.uint32(base))
                base, size = base + len(rows), surface.proxy_faces.size
            starts.append(starts[-1] + size)
        return Batch(_joined(pieces, PROXY), _joined(indices, np.dtype("<u4")), np.array(starts))

    def places(self, states: Floats) -> Singles:
        """(T, N, 3, 4) thing_to_world, for states (T, S)."""
        out = np.zeros((len(states), len(self.things), 3, 4))
        poses = state_layout.body_poses(self.cell, states)
        bodies = [k for k, thing in enumerate(self.things) if thing.name in poses]
        if bodies:
            rows = np.stack([poses[self.things[k].name] for k in bodies], axis=1)
            out[:, bodies, :, :3] = _rotations(rows[..., 3:])
            out[:, bodies, :, 3:] = rows[..., :3, None]
        for arm in self.cell.robots:
            joints = state_layout.joints(self.cell, states, arm.name)
            links = arm.base.matrix() @ robot.load(arm.card).link_to_base(joints)
            mine = [
                k
                for k, thing in enumerate(self.things)
                if thing.name not in poses and thing.name.split("/")[0] == arm.name
            ]
            out[:, mine] = links[:, [self.things[k].index for k in mine], :3]
        return out.astype(np.float32)

    def spheres(self, places: Singles) -> Floats:
        """(T, N, 3) the middles of the spheres around things, in the world."""
        middles: Floats = np.einsum("tnij,nj->tni", places[..., :3], self.centres) + places[..., 3]
        return middles

    def stir(self) -> tuple[Floats, float]:
        """Centre (3,) and radius [m] of where parts and robots move, as far as the cell tells."""
        points = [b.pose.position for b in self.cell.bodies if not b.fixed]
        points += [b.pose.position for b in self.cell.bodies if b.role == "fixture" and not points]
        points += [r.base.position for r in self.cell.robots]
        if not points:
            return np.zeros(3), 1.0
        low, high = np.min(points, axis=0), np.max(points, axis=0)
        centre = (low + high) / 2
        return centre, float(np.linalg.norm(high - low)) / 2 + 0.35

    def is_far(self, camera: Camera) -> bool:
        """Whether a camera sees parts too small for their details; never one on a robot."""
        if camera.parent:
            return False
        distance = np.linalg.norm(np.subtract(camera.pose.position, self.stir()[0]))
        return bool(distance / camera.intrinsics()[1, 1] > FAR_PIXEL)

    def lowest(self, places: Singles) -> float:
        """Height of the lowest corner of what stands still [m], for places (N, 3, 4)."""
        heights = [
            float((thing.surface.proxy_positions @ place[2, :3]).min() + place[2, 3])
            for thing, place in zip(self.things[: self.still], places, strict=False)
        ]
        return min(heights, default=0.0)

    def ground(self) -> tuple[float, float, float]:
        """Linear colour of the largest level thing that is no room: the bench, as a rule."""
        best, colour = 0.0, (0.3, 0.3, 0.3)
        for thing in self.things:
            size = np.ptp(thing.surface.positions, axis=0)
            area = float(size[0] * size[1])
            if not thing.moves and not thing.room and area > best and size[2] < 0.3 * size[0]:
                best, colour = area, self.paints[thing.paint].rgb
        return colour


def build(cell: Cell) -> Stage:
    """UserError for a mesh that cannot be drawn, or too many things."""
    ids = state_layout.segments(cell)
    paints: list[Paint] = []
    things: list[Thing] = []
    for body in cell.bodies:
        part = catalogue.build(body.kind, body.params)
        name = f"{body.name} ({body.kind})"
        surface = meshes.of_part(part.mesh, name, inks=part.inks)
        far = meshes.of_part(part.mesh, name, FAR_PART, part.inks)
        things.append(
            Thing(
                body.name, ids[body.name], surface, far, len(paints),
                moves=not body.fixed, room=body.role == "room",
            )
        )  # fmt: skip
        own = of_body(body, surface, len(things) - 1)
        paints += [
            own if tuple(rgb) == meshes.BARE else of_ink(own, rgb) for rgb in surface.palette
        ]
    for arm in cell.robots:
        for index, link in enumerate(robot.load(arm.card).links):
            name = f"{arm.name}/{link.name}"
            for visual in link.visuals:
                surface = meshes.of_visual(visual)
                things.append(
                    Thing(
                        name, ids[name], surface, surface, len(paints),
                        moves=_moves(arm.card, index), room=False, index=index,
                    )
                )  # fmt: skip
                paints += [of_link(rgb) for rgb in surface.palette]
    return _ordered(cell, things, paints)


def _moves(card: str, index: int) -> bool:
    """Whether any joint between the root and a link can move."""
    links = robot.load(card).links
    while index >= 0:
        if links[index].movable >= 0:
            return True
        index = links[index].parent
    return False


def _ordered(cell: Cell, things: list[Thing], paints: list[Paint]) -> Stage:
    if len(things) > MOST_THINGS or len(paints) > MOST_THINGS:
        raise UserError(
            f"{len(things)} bodies and links in {len(paints)} colours are too many to draw; "
            f"the most is {MOST_THINGS}: use fewer bodies, or renderer=tiny"
        )
    # The still by height, the room last: cameras look down, and what hides had better come first.
    tops = {b.name: b.pose.position[2] for b in cell.bodies}

    def place(k: int) -> tuple[bool, bool, float]:
        thing = things[k]
        top = tops.get(thing.name, 0.0) + float(thing.surface.positions[:, 2].max())
        return thing.moves, thing.room, -top

    order = sorted(range(len(things)), key=place)
    rank = {old: new for new, old in enumerate(order)}
    boxes = [
        (things[k].surface.positions.min(0), things[k].surface.positions.max(0)) for k in order
    ]
    centres = np.array([(low + high) / 2 for low, high in boxes], float).reshape(-1, 3)
    radii = np.array(
        [
            np.linalg.norm(things[k].surface.positions - c, axis=1).max()
            for k, c in zip(order, centres, strict=True)
        ]
    )
    return Stage(
        cell,
        tuple(things[k] for k in order),
        tuple(paint.of_thing(rank.get(paint.thing, 0)) for paint in paints),
        centres,
        radii,
    )


def _rotations(quaternions: Floats) -> Floats:
    """(..., 3, 3) of unit quaternions (..., 4), many at once."""
    x, y, z, w = np.moveaxis(quaternions, -1, 0)
    entries = [
        1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w),
        2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w),
        2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y),
    ]  # fmt: skip
    return np.stack(entries, axis=-1).reshape(*quaternions.shape[:-1], 3, 3)


def octahedral(normals: Singles) -> Floats:
    """(N, 2) in [-1, 1]: unit vectors (N, 3) on the unfolded octahedron (Cigolle et al. 2014,
    "A Survey of Efficient Representations for Independent Unit Vectors")."""
    n = normals / np.maximum(np.abs(normals).sum(axis=1, keepdims=True), 1e-12)
    sign = np.where(n[:, :2] < 0, -1.0, 1.0)
    unfolded: Floats = np.where(n[:, 2:] < 0, (1.0 - np.abs(n[:, 1::-1])) * sign, n[:, :2])
    return unfolded


def _joined(pieces: list[AnyArray], kind: np.dtype[Any]) -> AnyArray:
    return np.concatenate(pieces).astype(kind) if pieces else np.zeros(0, kind)
