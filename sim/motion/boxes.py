"""Oriented boxes around things, and whether they keep apart: clearance without physics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from assets import catalogue
from assets.part import Box, Cylinder, Hull, Piece
from episodes.array_types import Bools, Floats, Ints
from sim.pose import Pose
from sim.robots.robot import RobotModel
from sim.spec import Body


@dataclass(frozen=True)
class Boxes:
    """Oriented boxes: centre (..., 3) and half (..., 3) [m], axes (..., 3, 3), an axis a column."""

    centre: Floats
    half: Floats
    axes: Floats

    def __len__(self) -> int:
        return len(self.centre)

    def moved(self, frame_to_other: Pose) -> Boxes:
        """The same boxes seen from another frame."""
        return Boxes(
            frame_to_other.apply(self.centre), self.half, frame_to_other.rotation @ self.axes
        )

    def at(self, *index: int | slice | Ints | None) -> Boxes:
        """Some of them, as numpy indexes."""
        return Boxes(self.centre[index], self.half[index], self.axes[index])

    def bounds(self) -> tuple[Floats, Floats]:
        """The lowest and the highest corner (..., 3) of the upright box around each."""
        reach = np.einsum("...ij,...j->...i", np.abs(self.axes), self.half)
        return self.centre - reach, self.centre + reach


NONE = Boxes(np.empty((0, 3)), np.empty((0, 3)), np.empty((0, 3, 3)))


def join(groups: Iterable[Boxes]) -> Boxes:
    found = [NONE, *groups]
    return Boxes(
        np.concatenate([b.centre for b in found]),
        np.concatenate([b.half for b in found]),
        np.concatenate([b.axes for b in found]),
    )


def of_body(body: Body, part_to_world: Pose | None = None) -> Boxes:
    """Boxes around the convex pieces of a body, where it is or at `part_to_world`: one around each
    piece, three around a cylinder, which make a hexagon."""
    pieces = catalogue.build(body.kind, body.params).pieces
    return join(of_piece(p) for p in pieces).moved(part_to_world or body.pose)


def of_piece(piece: Piece) -> Boxes:
    """Boxes around a convex piece, in the frame that it is in."""
    match piece:
        case Box(half, at):
            pose = Pose.from_array(at)
        case Cylinder(radius, length, at):
            half = (radius, radius * np.tan(np.pi / 6), length / 2)
            thirds = [
                Pose.from_array(at) @ Pose.turned((0, 0, 0), (0, 0, 1), k * np.pi / 3)
                for k in range(3)
            ]
            return join(_box(half, pose) for pose in thirds)
        case Hull(points):
            low, high = np.min(points, axis=0), np.max(points, axis=0)
            half, pose = tuple((high - low) / 2), Pose.at((low + high) / 2)
    return _box(half, pose)


def _box(half: Sequence[float], box_to_part: Pose) -> Boxes:
    return Boxes(np.array([box_to_part.position]), np.array([half]), box_to_part.rotation[None])


def of_tool(model: RobotModel, opening: float) -> Boxes:
    """The tool in the TCP's frame; jaws, if it has them, `opening` [m] apart."""
    joints = np.zeros(len(model.movable))
    joints[model.tool_columns] = model.tool.opened(opening)
    links = model.link_to_base(joints)
    tcp = model.tcp
    base_to_tcp = np.linalg.inv(links[model.link_index(tcp.link)] @ tcp.pose.matrix())
    groups = [(tcp.link, box) for box in model.body]
    groups += [(link, pad) for link, pads in model.tool.pads.items() for pad in pads]
    out = []
    for link, box in groups:
        box_to_link = Pose.from_array(box.at).matrix()
        box_to_tcp = base_to_tcp @ links[model.link_index(link)] @ box_to_link
        out.append(Boxes(box_to_tcp[None, :3, 3], np.array([box.half]), box_to_tcp[None, :3, :3]))
    return join(out)


def clash(a: Boxes, b: Boxes, margin: float = 0.0) -> Bools:
    """(len(a), len(b)): which boxes are nearer than about `margin` [m]."""
    if not len(a) or not len(b):
        return np.zeros((len(a), len(b)), bool)
    return touch(a.at(slice(None), None), b.at(None), margin)


def touch(a: Boxes, b: Boxes, margin: float = 0.0) -> Bools:
    """Which boxes of a are nearer than about `margin` [m] to those of b at the same place; the
    shapes of a and b broadcast.

    The separating axis test for oriented boxes (Gottschalk, Lin and Manocha 1996).
    """
    half_a, half_b = a.half + margin, b.half
    turn = np.swapaxes(a.axes, -1, -2) @ b.axes  # b's axes in a's frames
    own = np.einsum("...ki,...k->...i", a.axes, b.centre - a.centre)
    # nearly parallel edges give a null cross product: keep their test from deciding
    size = np.abs(turn) + 1e-9
    apart = np.abs(own) > half_a + np.einsum("...ij,...j->...i", size, half_b)
    separated = apart.any(axis=-1)
    theirs = np.einsum("...ij,...i->...j", turn, own)
    apart = np.abs(theirs) > half_b + np.einsum("...ij,...i->...j", size, half_a)
    separated |= apart.any(axis=-1)
    for i in range(3):
        i1, i2 = (i + 1) % 3, (i + 2) % 3
        for j in range(3):
            j1, j2 = (j + 1) % 3, (j + 2) % 3
            distance = np.abs(own[..., i2] * turn[..., i1, j] - own[..., i1] * turn[..., i2, j])
            reach_a = half_a[..., i1] * size[..., i2, j] + half_a[..., i2] * size[..., i1, j]
            reach_b = half_b[..., j1] * size[..., i, j2] + half_b[..., j2] * size[..., i, j1]
            separated |= distance > reach_a + reach_b
    return np.asarray(~separated)
