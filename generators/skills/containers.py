"""Putting parts into open containers, as several scripts do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from assets import catalogue
from episodes.array_types import Floats
from generators.skills import pick_place, predicates
from sim.motion import boxes, grasping
from sim.motion.moves import Carry, Move
from sim.pose import Pose
from sim.spec import Cell
from sim.station import Station

WIDE = 0.04  # what stands out more from the tool stays above a container's rim [m]
FALL = 0.012  # from how far over what is below a part is let go [m]
SPOTS = 60  # places that are looked at for one part


def enclosed(
    cell: Cell, source: str, bodies: Sequence[str], *, tilt: float, among: Sequence[str] = ()
) -> str:
    """Which of the bodies in a container the first robot cannot take, as a clause: where they lie
    its walls leave no room, or what lies `among` them. "" if it can take all.

    tilt: as for grasping.feasible_grasps. What is to be dropped is judged on the floor below.
    """
    body = cell.body(source)
    floor = body.pose @ Pose.from_array(catalogue.build(body.kind, body.params).frames["floor"])
    stuck = []
    for name in bodies:
        part = cell.body(name)
        corners = part.pose.apply(catalogue.build(part.kind, part.params).corners)
        lying = part.pose.shifted(z=floor.position[2] - float(corners[:, 2].min()))
        if not grasping.graspable(cell, name, lying, around=[source, *among], tilt=tilt):
            stuck.append(name)
    return f"the {source} leaves no room to take {', '.join(stuck)}" if stuck else ""


def drop(
    station: Station, part: str, hold: grasping.PlannedGrasp, container: str,
    rng: np.random.Generator, *, spread: float, speed: float,
) -> Iterator[Move]:  # fmt: skip
    """Lets a part down near the middle of a container. spread: how far from it [m]."""
    middle = predicates.middle(station.world, container)
    spot = middle + np.array([*rng.uniform(-spread, spread, 2), 0.025])
    yield from let_down(station, part, hold, container, spot, rng, speed=speed)


def let_down(
    station: Station, part: str, hold: grasping.PlannedGrasp, container: str, spot: Floats,
    rng: np.random.Generator, *, speed: float,
) -> Iterator[Move]:  # fmt: skip
    """Lets a part down into a container as it hangs, turned as suits the wrist: its lowest point
    comes to the height of `spot` (3,) [m], as far as the tool clears the rim."""
    world = station.world
    hanging = world.pose(part)
    middle, _ = bounding_cylinder(station, part)
    goals = [Pose.turned((*spot[:2], 0), (0, 0, 1), a) @ Pose((*-middle, 0.0)) @ hanging
             for a in np.linspace(-np.pi, np.pi, 9)]  # fmt: skip
    down = yield from pick_place.bring(station, part, hold, goals, rng, clear=0.0, speed=speed)
    sink = predicates.lowest(world, part) - spot[2]
    sink = max(0.0, min(sink, _above(station, down, predicates.rim(world, container)) - 0.008))
    yield Carry(down.shifted(z=-sink), 0.25)
    yield from pick_place.let_go(hold, down.shifted(z=-sink), max(sink, 0.07))


def _above(station: Station, tool: Pose, height: float) -> float:
    """How far the palm and what else stands out from a tool at `tool` (tcp_to_world), such as its
    camera, are above a height [m]: they are wider than the room beside a part."""
    model = station.model
    found = boxes.join(boxes.of_piece(box) for box in model.body)
    low, high = found.moved(tool @ model.tcp.pose.inverse()).bounds()
    x, y, _ = tool.position
    wide = (np.maximum(high[:, :2] - (x, y), (x, y) - low[:, :2]) > WIDE).any(axis=1)
    return float(low[wide, 2].min()) - height


def free_spot(
    station: Station, part: str, container: str, rng: np.random.Generator, *, room: float
) -> Floats:
    """Where in a container a part has room (3,): clear of what lies there by `room` [m] and of the
    walls by twice that, or as far as can be; `FALL` above the floor, or above what is below it if
    it cannot be clear."""
    world = station.world
    body = world.cell.body(container)
    dims = catalogue.build(body.kind, body.params).dims
    half = np.array([dims["inner_length"], dims["inner_width"]]) / 2
    _, radius = bounding_cylinder(station, part)
    most = np.maximum(half - radius - 2 * room, 0.0)
    inside = np.column_stack([rng.uniform(-most, most, (SPOTS, 2)), np.zeros(SPOTS)])
    spots = world.pose(container).apply(inside)
    spots[:, 2] = predicates.middle(world, container)[2]
    gaps = np.full(SPOTS, room)
    for other in (b.name for b in world.cell.bodies if not b.fixed and b.name != part):
        if predicates.inside(world, other, container):
            middle, wide = bounding_cylinder(station, other)
            gap = np.linalg.norm(spots[:, :2] - middle, axis=1) - wide - radius
            gaps = np.minimum(gaps, gap)
            spots[gap < 0, 2] = np.maximum(spots[gap < 0, 2], predicates.highest(world, other))
    spots[:, 2] += FALL
    best: Floats = spots[int(np.argmax(gaps))]
    return best


def bounding_cylinder(station: Station, part: str) -> tuple[Floats, float]:
    """The upright cylinder around a part where it is now: its axis (2,) and its radius [m]."""
    spec = station.world.cell.body(part)
    vertices = catalogue.build(spec.kind, spec.params).mesh.vertices
    points = station.world.pose(part).apply(vertices)[:, :2]
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    return middle, float(np.linalg.norm(points - middle, axis=1).max())
