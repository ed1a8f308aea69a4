"""What is drawn into, and what is drawn."""

from __future__ import annotations

from typing import Any

import moderngl
import numpy as np

from episodes.array_types import Bools, Singles
from sim.render.stage import Batch

SHADOW_SIZE = 512  # [texel]
MOST_COPIED = 2_000_000  # larger targets are cleared: a blank to copy takes 20 bytes a pixel


class Geometry:
    """What the geometry pass draws into; see shaders.py for what the four numbers hold."""

    def __init__(self, context: Any, size: tuple[int, int]) -> None:
        self.sight = context.texture(size, 4, dtype="u4")
        self.sight.filter = (moderngl.NEAREST, moderngl.NEAREST)
        self.depth = context.depth_texture(size)
        self.target = context.framebuffer([self.sight], self.depth)
        self._context, self._size = context, size
        self._blank: Geometry | None = None

    def clear(self) -> None:
        """Copies an empty one: on llvmpipe that takes a sixth of the time of clearing integers."""
        if self._size[0] * self._size[1] > MOST_COPIED:
            self.target.clear()
            return
        if self._blank is None:
            self._blank = Geometry(self._context, self._size)
            self._blank.target.clear()
        self._context.copy_framebuffer(self.target, self._blank.target)

    def release(self) -> None:
        for part in (self.target, self.sight, self.depth, self._blank):
            if part is not None:
                part.release()


class Picture:
    """Geometry, and the colour that it is lit into. They share the depth buffer: what was not drawn
    is told by it, before any shading."""

    def __init__(self, context: Any, size: tuple[int, int]) -> None:
        self.geometry = Geometry(context, size)
        self._colour = context.texture(size, 4)
        self.target = context.framebuffer([self._colour], self.geometry.depth)
        self.target.depth_mask = False
        self.colour_alone = context.framebuffer([self._colour])
        half = (max(1, size[0] // 2), max(1, size[1] // 2))
        self.opening = context.texture(half, 1)
        self.opening.repeat_x = self.opening.repeat_y = False
        self.opening_target = context.framebuffer([self.opening])

    def release(self) -> None:
        parts = (
            self.target,
            self.colour_alone,
            self._colour,
            self.opening_target,
            self.opening,
            self.geometry,
        )
        for part in parts:
            part.release()


class ShadowMap:
    """A depth buffer that the key light's view is drawn into."""

    def __init__(self, context: Any) -> None:
        self.depth = context.depth_texture((SHADOW_SIZE, SHADOW_SIZE))
        self.depth.compare_func = "<="
        self.depth.filter = (moderngl.LINEAR, moderngl.LINEAR)
        self.depth.repeat_x = self.depth.repeat_y = False
        # Never written; moderngl copies no framebuffer that has a depth buffer alone.
        self._unused = context.texture((SHADOW_SIZE, SHADOW_SIZE), 1)
        self.target = context.framebuffer([self._unused], self.depth)
        self.target.color_mask = (False, False, False, False)

    def read(self) -> Singles:
        """(SHADOW_SIZE, SHADOW_SIZE) depths, 1 where nothing is."""
        return np.frombuffer(self.depth.read(), np.float32).reshape(SHADOW_SIZE, SHADOW_SIZE)

    def release(self) -> None:
        for part in (self.target, self._unused, self.depth):
            part.release()


class Mesh:
    """Triangles on the GPU: thing k of the batch owns indices [starts[k], starts[k + 1])."""

    def __init__(self, context: Any, program: Any, batch: Batch, layout: str, names: str) -> None:
        self.starts = batch.starts
        self._empty = np.diff(batch.starts) == 0
        self._parts: list[Any] = []
        self._array = None
        self._calls: dict[
            bytes, list[tuple[int, int]]
        ] = {}  # by what is seen, which seldom changes
        if len(batch.indices):
            vertices, indices = context.buffer(batch.vertices), context.buffer(batch.indices)
            content = [(vertices, layout, *names.split())]
            self._array = context.vertex_array(program, content, indices)
            self._parts = [self._array, vertices, indices]

    def draw(self, seen: Bools | None = None) -> None:
        """All of it, or the things that are `seen` (K,), those between near ones included."""
        if self._array is None:
            return
        if seen is None:
            self._array.render()
            return
        key = seen.tobytes()
        if key not in self._calls:
            self._calls[key] = self._spans(seen)
        for first, count in self._calls[key]:
            self._array.render(vertices=count, first=first)

    def _spans(self, seen: Bools) -> list[tuple[int, int]]:
        """First index and count of every stretch to draw."""
        spans = [
            (int(self.starts[first]), int(self.starts[last] - self.starts[first]))
            for first, last in _runs(seen | self._empty)
        ]
        return [(first, count) for first, count in spans if count]

    def release(self) -> None:
        for part in self._parts:
            part.release()
        self._parts, self._array = [], None


def _runs(seen: Bools) -> list[tuple[int, int]]:
    """[first, last) of every run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], seen, [False]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
