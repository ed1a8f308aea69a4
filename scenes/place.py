"""Poses on a surface that do not overlap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from shapely import affinity
from shapely.geometry import MultiPoint, Polygon

from assets.part import Part
from episodes.errors import UserError
from sim.pose import Pose

TRIES = 200  # positions tried for one item
ROUNDS = 8  # fresh starts before giving up


def footprint(part: Part, rest: Pose) -> Polygon:
    """What the part covers of its support, lying in `rest` (part_to_support)."""
    hull: Polygon = MultiPoint(rest.apply(part.mesh.vertices)[:, :2]).convex_hull
    return hull


def rectangle(
    length: float, width: float, x: float = 0.0, y: float = 0.0, yaw: float = 0.0
) -> Polygon:
    """length along x, width along y [m], about (x, y), turned by yaw [rad]."""
    return moved(shapely.box(-length / 2, -width / 2, length / 2, width / 2), x, y, yaw)


def moved(shape: Polygon, x: float, y: float, yaw: float) -> Polygon:
    """The shape turned about its own origin by yaw [rad], then shifted by x, y [m]."""
    turned = affinity.rotate(shape, yaw, origin=(0, 0), use_radians=True)
    out: Polygon = affinity.translate(turned, x, y)
    return out


def flat(pose: Pose) -> tuple[float, float, float]:
    """x, y [m] and yaw [rad] of a pose on a surface."""
    rotation = pose.rotation
    return pose.position[0], pose.position[1], float(np.arctan2(rotation[1, 0], rotation[0, 0]))


class NoRoom(UserError):
    """Things that found no place; with others drawn, or elsewhere, they might."""


def scatter(
    rng: np.random.Generator,
    shapes: Sequence[Polygon],
    region: Polygon,
    *,
    gap: float,
    taken: Sequence[Polygon] = (),
    yaws: Sequence[tuple[float, float]] | None = None,
    what: str = "parts",
    where: str = "the work area",
    remedy: str,
) -> list[Pose]:
    """support-frame poses (z = 0) of the shapes: inside `region`, `gap` [m] from each other and
    from `taken`, turned evenly within `yaws` (default: any way).

    Raises NoRoom when there is none; `remedy` names the keys to change.
    """
    yaws = yaws or [(-np.pi, np.pi)] * len(shapes)
    # the largest first: they have the fewest places
    order = sorted(range(len(shapes)), key=lambda i: -shapes[i].area)
    left, bottom, right, top = region.bounds
    for _ in range(ROUNDS):
        placed: dict[int, tuple[Pose, Polygon]] = {}
        for i in order:
            others = [*taken, *(shape for _, shape in placed.values())]
            for _ in range(TRIES):
                x, y = rng.uniform(left, right), rng.uniform(bottom, top)
                yaw = rng.uniform(*yaws[i])
                shape = moved(shapes[i], x, y, yaw)
                if region.contains(shape) and all(shape.distance(o) >= gap for o in others):
                    placed[i] = Pose.turned((x, y, 0.0), (0, 0, 1), yaw), shape
                    break
            else:
                break
        else:
            return [placed[i][0] for i in range(len(shapes))]
    raise NoRoom(f"no room for {len(shapes)} {what} in {where}: {remedy}")
