"""What lives on the GPU whatever the cell: programs, blocks, textures, targets."""

from __future__ import annotations

from typing import Any

import moderngl
import numpy as np
from numpy.typing import NDArray

from sim.render import gl, shaders, texture
from sim.render.environment import LEVELS, PITCH
from sim.render.paint import COATS
from sim.render.stage import MOST_THINGS, Batch

SHADOW_SIZE = 512  # [texel]
SPREAD = 1.4 / SHADOW_SIZE  # how far a shadow's taps lie apart, as a share of the map
BIAS = 0.0004  # of depth, as a share of the map's
UNITS = ("sights", "atlas", "shadows", "tiles")  # texture units


class Geometry:
    """What the geometry pass draws into; see shaders.py for what the four numbers hold."""

    def __init__(self, context: Any, size: tuple[int, int]) -> None:
        self.sight = context.texture(size, 4, dtype="u4")
        self.sight.filter = (moderngl.NEAREST, moderngl.NEAREST)
        self.depth = context.depth_texture(size)
        self.target = context.framebuffer([self.sight], self.depth)

    def release(self) -> None:
        for part in (self.target, self.sight, self.depth):
            part.release()


class Picture:
    """Geometry, and the colour that it is lit into. They share the depth buffer: what was not drawn
    is told by it, before any shading."""

    def __init__(self, context: Any, size: tuple[int, int]) -> None:
        self.geometry = Geometry(context, size)
        self._colour = context.texture(size, 4)
        self.target = context.framebuffer([self._colour], self.geometry.depth)
        self.target.depth_mask = False

    def release(self) -> None:
        for part in (self.target, self._colour, self.geometry):
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
        if len(batch.indices):
            vertices, indices = context.buffer(batch.vertices), context.buffer(batch.indices)
            content = [(vertices, layout, *names.split())]
            self._array = context.vertex_array(program, content, indices)
            self._parts = [self._array, vertices, indices]

    def draw(self, seen: NDArray[np.bool_] | None = None) -> None:
        """All of it, or the things that are `seen` (K,), those between near ones included."""
        if self._array is None:
            return
        if seen is None:
            self._array.render()
            return
        for first, last in _runs(seen | self._empty):
            count = int(self.starts[last] - self.starts[first])
            if count:
                self._array.render(vertices=count, first=int(self.starts[first]))

    def release(self) -> None:
        for part in self._parts:
            part.release()
        self._parts, self._array = [], None


def _runs(seen: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """[first, last) of every run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], seen, [False]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


class Device:
    """The context with everything in it that no cell changes. `release` gives it back."""

    def __init__(self) -> None:
        context = self.context = gl.hold()
        self.limit = int(context.info["GL_MAX_TEXTURE_SIZE"])
        self.geometry = {coat: context.program(*shaders.geometry(coat)) for coat in COATS}
        self.caster = context.program(*shaders.CASTER)
        self.backdrop = context.program(*shaders.BACKDROP)
        self.lighting = {
            shadows: context.program(*shaders.lighting(shadows=shadows, spread=SPREAD, bias=BIAS))
            for shadows in (False, True)
        }
        self.things = context.buffer(reserve=48 * (MOST_THINGS + 1))
        self.paints = context.buffer(reserve=32 * (MOST_THINGS + 1))
        self._programs = [
            *self.geometry.values(),
            *self.lighting.values(),
            self.caster,
            self.backdrop,
        ]
        for program in self._programs:
            for place, name in enumerate(("Things", "Paints")):
                if name in program:
                    program[name].binding = place
            for unit, name in enumerate(UNITS):
                if name in program:
                    program[name].value = unit
        detail = texture.tiles()
        self.tiles = context.texture_array(
            (detail.shape[2], detail.shape[1], detail.shape[0]), 4, detail.tobytes()
        )
        self.tiles.build_mipmaps()
        self.tiles.filter = (moderngl.LINEAR_MIPMAP_NEAREST, moderngl.LINEAR)
        self.atlas = context.texture((LEVELS * PITCH, PITCH), 4, dtype="f4")
        self.atlas.filter = (moderngl.LINEAR, moderngl.LINEAR)
        self.atlas.repeat_x = self.atlas.repeat_y = False
        self.shadow = ShadowMap(context)
        corners = context.buffer(np.array([-1, -1, 3, -1, -1, 3], "f4"))
        self._screens = {
            program: context.vertex_array(program, [(corners, "2f4", "corner")])
            for program in (*self.lighting.values(), self.backdrop)
        }
        self._parts = [
            *self._screens.values(), corners, self.shadow, self.atlas, self.tiles, self.things,
            self.paints, *self._programs,
        ]  # fmt: skip
        self._pictures: dict[tuple[int, int], Picture] = {}

    def picture(self, size: tuple[int, int]) -> Picture:
        """Where pictures of (width, height) are drawn; the same one every time."""
        if size not in self._pictures:
            gl.park()
            while len(self._pictures) >= 8:
                self._pictures.pop(next(iter(self._pictures))).release()
            self._pictures[size] = Picture(self.context, size)
        return self._pictures[size]

    def solid(self, front: str, cull: str) -> None:
        """For triangles: those of winding `front` face the viewer; `cull` ones are left out."""
        self.context.enable_only(moderngl.DEPTH_TEST | moderngl.CULL_FACE)
        self.context.depth_func = "<"
        self.context.front_face, self.context.cull_face = front, cull
        self.tiles.use(UNITS.index("tiles"))

    def light(self, picture: Picture, shadows: bool) -> None:
        """The lighting pass where anything was drawn, the backdrop elsewhere."""
        picture.target.use()
        bound = (picture.geometry.sight, self.atlas, self.shadow.depth)
        for unit, texture_ in enumerate(bound):
            texture_.use(unit)
        self.context.enable_only(moderngl.DEPTH_TEST)
        self.context.depth_func = ">"  # the screen lies at the far end, where nothing was drawn
        self._screens[self.lighting[shadows]].render(moderngl.TRIANGLES)
        self.context.depth_func = "<="
        self._screens[self.backdrop].render(moderngl.TRIANGLES)

    def release(self) -> None:
        gl.park()
        for part in [*self._pictures.values(), *self._parts]:
            part.release()
        self._pictures = {}
        gl.let_go()
