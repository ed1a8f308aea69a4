"""Cameras moved about, with their target kept in view."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from assets import catalogue
from assets.part import Box, Cylinder, Piece
from episodes.array_types import Bools, Floats
from scenes.cameras import look_at
from scenes.draw import number
from sim.pose import Pose, rotvec_to_matrix
from sim.spec import Body, Camera, Cell

POINTS = 48  # looked at on every target
SKIN = 0.003  # m that blockers are taken smaller by: a part touches what it lies on
LOWEST, HIGHEST = np.deg2rad(14.0), np.deg2rad(86.0)  # elevations that a camera is kept between
MARGIN = 0.03  # of the picture's width and height, that a target had better stay off


def targets(cell: Cell) -> list[Body]:
    """The bodies that the cell's goal names, or all that can move."""
    named = {word.partition("/")[0] for word in _words(cell.goal.plain())}
    found = [b for b in cell.bodies if b.name in named]
    return found or [b for b in cell.bodies if not b.fixed]


def _words(value: Any) -> Iterator[str]:
    """Every text in a goal's terms, however deep: it names single bodies and lists of them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _words(inner)
    elif isinstance(value, Iterable):
        for inner in value:
            yield from _words(inner)


def moved(
    cell: Cell, camera: Camera, ranges: Mapping[str, Any], rng: np.random.Generator
) -> Camera:
    """A camera that stands, orbited about what it looks at: of up to `tries` draws the first
    that sees `seen` of every target, else the one that sees most: of the target that it sees
    least, then of all.

    Robots do not count as in the way: they move on.
    """
    wanted = targets(cell)
    if not wanted:
        return camera
    # on its axis, as far away as the targets: where the scene aimed it, though half of them are
    # still to come on a belt
    away = np.mean([_middle(b) for b in wanted], axis=0) - camera.pose.position
    forward = camera.pose.rotation[:, 2]
    middle = np.asarray(camera.pose.position) + max(float(away @ forward), 0.1) * forward
    best, most = camera, (-1.0, -1.0)
    least = number(rng, ranges["seen"], "look.camera.seen")
    for _ in range(int(ranges["tries"])):
        drawn = _orbited(camera, middle, ranges, rng)
        shares = [share_seen(cell, drawn, body) for body in wanted]
        if min(shares) >= least:
            return drawn
        if (min(shares), sum(shares)) > most:
            best, most = drawn, (min(shares), sum(shares))
    return best


def shaken(camera: Camera, ranges: Mapping[str, Any], rng: np.random.Generator) -> Camera:
    """A camera on a robot, whose mount is not quite where it was."""
    shift = number(rng, ranges["mount_m"], "look.camera.mount_m")
    turn = np.deg2rad(number(rng, ranges["mount_deg"], "look.camera.mount_deg"))
    offset, axis = shift * _unit(rng), _unit(rng)
    zoom = number(rng, ranges["mount_zoom"], "look.camera.mount_zoom")
    pose = Pose.at(
        np.add(camera.pose.position, offset), camera.pose.rotation @ rotvec_to_matrix(turn * axis)
    )
    return replace(camera, pose=pose, fov=_zoomed(camera.fov, zoom))


def _unit(rng: np.random.Generator) -> Floats:
    v = rng.normal(size=3)
    out: Floats = v / np.linalg.norm(v)
    return out


def _zoomed(fov: float, zoom: float) -> float:
    return float(2.0 * np.arctan(np.tan(fov / 2.0) / zoom))


def _orbited(
    camera: Camera, middle: Floats, ranges: Mapping[str, Any], rng: np.random.Generator
) -> Camera:
    def draw(key: str) -> float:
        return number(rng, ranges[key], f"look.camera.{key}")

    away = np.subtract(camera.pose.position, middle)
    distance = float(np.linalg.norm(away)) * draw("distance")
    azimuth = np.arctan2(away[1], away[0]) + np.deg2rad(draw("orbit_deg"))
    elevation = np.arcsin(np.clip(away[2] / np.linalg.norm(away), -1.0, 1.0))
    elevation = np.clip(elevation + np.deg2rad(draw("rise_deg")), LOWEST, HIGHEST)
    flat = distance * np.cos(elevation)
    way = [flat * np.cos(azimuth), flat * np.sin(azimuth), distance * np.sin(elevation)]
    eye = np.add(middle, way)
    aim = middle + draw("aim_m") * _unit(rng)
    roll = np.deg2rad(draw("roll_deg"))
    level = look_at(eye, aim)
    pose = Pose.at(level.position, level.rotation @ rotvec_to_matrix([0.0, 0.0, roll]))
    return replace(camera, pose=pose, fov=_zoomed(camera.fov, draw("zoom")))


def share_seen(cell: Cell, camera: Camera, target: Body) -> float:
    """How much of a target a camera that stands sees at the cell's start: the share of points on
    its surface that lie in the picture and behind no other body's boxes."""
    points = _surface(target)
    k = camera.intrinsics()
    seen = camera.pose.inverse().apply(points)
    depth = np.maximum(seen[:, 2], 1e-6)
    u = (k[0, 0] * seen[:, 0] / depth + k[0, 2]) / camera.width
    v = (k[1, 1] * seen[:, 1] / depth + k[1, 2]) / camera.height
    inside = (seen[:, 2] > camera.near) & (np.minimum(u, v) > MARGIN) & (
        np.maximum(u, v) < 1.0 - MARGIN
    )  # fmt: skip
    facing = points[inside]
    if not len(facing):
        return 0.0
    blocked = np.zeros(len(facing), bool)
    for body in cell.bodies:
        if body.name != target.name:
            blocked |= _blocked(body, np.asarray(camera.pose.position), facing)
    return float((~blocked).sum() / len(points))


def _middle(body: Body) -> Floats:
    part = catalogue.build(body.kind, body.params)
    return body.pose.apply(np.mean(part.mesh.bounds, axis=0))


def _surface(body: Body) -> Floats:
    """(POINTS, 3) spread over the body's corners, in the world."""
    vertices = np.asarray(catalogue.build(body.kind, body.params).mesh.vertices)
    picked = np.linspace(0, len(vertices) - 1, min(POINTS, len(vertices))).astype(int)
    return body.pose.apply(vertices[picked])


def _blocked(body: Body, eye: Floats, points: Floats) -> Bools:
    """(P,) whether the way from the eye to points (P, 3) goes through any of a body's pieces."""
    out = np.zeros(len(points), bool)
    for piece in catalogue.build(body.kind, body.params).pieces:
        half, box_to_part = _box(piece)
        box_to_world = body.pose @ box_to_part
        start = box_to_world.inverse().apply(eye)
        ways = box_to_world.inverse().apply(points) - start
        safe = np.where(np.abs(ways) < 1e-12, 1e-12, ways)
        one, two = (-half - start) / safe, (half - start) / safe
        enters = np.minimum(one, two).max(axis=1)
        leaves = np.maximum(one, two).min(axis=1)
        out |= (enters < leaves) & (leaves > 0.0) & (enters < 1.0)
    return out


def _box(piece: Piece) -> tuple[Floats, Pose]:
    """Half extents of a box about the piece, a little smaller, and its pose in the part."""
    if isinstance(piece, Box):
        half, at = np.array(piece.half), Pose.from_array(piece.at)
    elif isinstance(piece, Cylinder):
        half = np.array([piece.radius, piece.radius, piece.length / 2])
        at = Pose.from_array(piece.at)
    else:
        points = np.array(piece.points)
        low, high = points.min(axis=0), points.max(axis=0)
        half, at = (high - low) / 2, Pose.at((high + low) / 2)
    return np.maximum(half - SKIN, 1e-4), at
