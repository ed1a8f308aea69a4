"""PyBullet's TinyRenderer: slow, on the CPU, there wherever PyBullet is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pybullet
from numpy.typing import NDArray

from episodes.array_types import Floats
from sim import state_layout
from sim.bullet.world import World
from sim.render.base import DEPTH_UNIT_M, Frame
from sim.spec import Camera, Cell


class TinyRenderer:
    """Keeps the last cell in a client of its own: loading one takes as long as many pictures, and
    PyBullet never gives all of its memory back."""

    name = "tiny"
    version = "1"

    def __init__(self) -> None:
        self._world: World | None = None
        self._ids = np.zeros((0, 0), np.uint16)

    def frames(
        self, cell: Cell, states: Floats, cameras: Sequence[str]
    ) -> Iterator[dict[str, Frame]]:
        wanted = [cell.camera(name) for name in cameras]
        eyes = {c.name: state_layout.camera_to_world(cell, states, c) for c in wanted}
        for t, state in enumerate(states):
            world = self._load(cell)  # another cell may have been drawn since the last frame
            world.show(state)
            yield {c.name: _shoot(world, c, eyes[c.name][t % len(eyes[c.name])], self._ids)
                   for c in wanted}  # fmt: skip

    def close(self) -> None:
        if self._world is not None:
            self._world.close()
            self._world = None

    def _load(self, cell: Cell) -> World:
        if self._world is None or self._world.cell is not cell:
            self.close()
            self._world = World(cell, visuals=True)
            self._ids = _id_table(self._world)
        return self._world


def _id_table(world: World) -> NDArray[np.uint16]:
    """(bodies, links + 1) u2: the segmentation id of PyBullet's body and link (base: column 0)."""
    ids = state_layout.segments(world.cell)
    rows = 1 + max([b.id for b in world.bodies.values()] + [a.id for a in world.arms.values()])
    columns = 1 + max((len(a.link_ids) for a in world.arms.values()), default=1)
    table = np.zeros((rows, columns), np.uint16)
    for name, body in world.bodies.items():
        table[body.id, :2] = ids[name]  # a member of a device is the only link of nothing
    for name, arm in world.arms.items():
        table[arm.id, 0] = ids[f"{name}/{arm.model.links[0].name}"]
        for link, number in arm.link_ids.items():
            table[arm.id, number + 1] = ids[f"{name}/{link}"]
    return table


def _shoot(world: World, camera: Camera, camera_to_world: Floats, ids: NDArray[np.uint16]) -> Frame:
    sun = next((light for light in world.cell.lights if light.kind == "sun"), None)
    _, _, rgba, depth, mask = pybullet.getCameraImage(
        camera.width,
        camera.height,
        viewMatrix=_view(camera_to_world),
        projectionMatrix=_projection(camera),
        lightDirection=sun.direction if sun else (0.3, 0.2, 0.93),
        lightDistance=4.0,
        shadow=int(sun is not None and sun.shadow),
        lightAmbientCoeff=0.55,
        lightDiffuseCoeff=0.45,
        lightSpecularCoeff=0.05,
        flags=pybullet.ER_SEGMENTATION_MASK_OBJECT_AND_LINKINDEX,
        renderer=pybullet.ER_TINY_RENDERER,
        physicsClientId=world.client,
    )
    size = (camera.height, camera.width)
    seen = np.reshape(mask, size)
    body, link = seen & 0xFFFFFF, seen >> 24  # the link is stored plus one
    hit = seen >= 0
    segmentation = np.where(hit, ids[np.where(hit, body, 0), np.where(hit, link, 0)], 0)
    buffer = np.reshape(depth, size).astype(np.float64)
    near, far = camera.near, camera.far
    metres = near * far / (far - (far - near) * buffer)
    counts = np.rint(metres / DEPTH_UNIT_M)
    valid = hit & (buffer < 1.0) & (counts <= 65535)
    return Frame(
        rgb=np.ascontiguousarray(np.reshape(rgba, (*size, 4))[..., :3].astype(np.uint8)),
        depth=np.where(valid, counts, 0).astype(np.uint16),
        segmentation=segmentation.astype(np.uint16),
    )


def _view(camera_to_world: Floats) -> list[float]:
    """OpenGL's view matrix, column by column: its camera looks along -z with y up."""
    gl_to_world = camera_to_world @ np.diag([1.0, -1.0, -1.0, 1.0])
    return list(np.linalg.inv(gl_to_world).T.ravel())


def _projection(camera: Camera) -> list[float]:
    """OpenGL's projection, column by column, of the camera's intrinsics.

    TinyRenderer's picture lies half a pixel to the right and up; that is made up for here.
    """
    k = camera.intrinsics()
    w, h, near, far = camera.width, camera.height, camera.near, camera.far
    matrix = np.zeros((4, 4))
    matrix[0, 0] = 2 * k[0, 0] / w
    matrix[1, 1] = 2 * k[1, 1] / h
    matrix[0, 2] = 1 - 2 * (k[0, 2] - 0.5) / w
    matrix[1, 2] = 2 * (k[1, 2] + 0.5) / h - 1
    matrix[2, 2] = -(far + near) / (far - near)
    matrix[2, 3] = -2 * far * near / (far - near)
    matrix[3, 2] = -1.0
    return list(matrix.T.ravel())
