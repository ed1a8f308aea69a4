"""What lives on the GPU whatever the cell: programs, blocks, textures, targets."""

from __future__ import annotations

from typing import Any

import moderngl
import numpy as np

from episodes.array_types import Singles
from sim.render import gl, shaders, texture
from sim.render.environment import LEVELS, PITCH
from sim.render.paint import COATS
from sim.render.stage import MOST_THINGS
from sim.render.targets import SHADOW_SIZE, Picture, ShadowMap

SPREAD = 1.4 / SHADOW_SIZE  # how far a shadow's taps lie apart, as a share of the map
BIAS = 0.0004  # of depth, as a share of the map's
UNITS = ("sights", "atlas", "shadows", "openings", "tiles")  # texture units
BLOCKS = ("Things", "Paints")  # uniform blocks
MOST_CORNERS = 6 * 1024
MOST_PICTURES = 8  # sizes whose targets are kept


class Screen:
    """A program that is run for every pixel of a target, or of some triangles on it."""

    def __init__(self, context: Any, sources: tuple[str, str]) -> None:
        self.program = linked(context, sources)
        self._corners = context.buffer(reserve=8 * (3 + MOST_CORNERS))
        self._corners.write(np.array([-1, -1, 3, -1, -1, 3], np.float32).tobytes())
        self._array = context.vertex_array(self.program, [(self._corners, "2f4", "corner")])

    def draw(self, corners: Singles | None = None) -> None:
        """corners (3 K, 2): of triangles in clip coordinates; None: the whole target."""
        if corners is None or len(corners) > MOST_CORNERS:
            self._array.render(moderngl.TRIANGLES, vertices=3)
        elif len(corners):
            self._corners.write(corners.tobytes(), offset=24)
            self._array.render(moderngl.TRIANGLES, vertices=len(corners), first=3)

    def release(self) -> None:
        for part in (self._array, self._corners, self.program):
            part.release()


def linked(context: Any, sources: tuple[str, str]) -> Any:
    """The program of vertex and fragment shader, its textures and blocks in their places."""
    program = context.program(*sources)
    for place, name in enumerate(BLOCKS):
        if name in program:
            program[name].binding = place
    for unit, name in enumerate(UNITS):
        if name in program:
            program[name].value = unit
    return program


class Device:
    """The context with everything in it that no cell changes. `release` gives it back."""

    def __init__(self) -> None:
        context = self.context = gl.hold()
        self.limit = int(context.info["GL_MAX_TEXTURE_SIZE"])
        self.geometry = {coat: linked(context, shaders.geometry(coat)) for coat in COATS}
        self.caster = linked(context, shaders.CASTER)
        self.backdrop = Screen(context, shaders.BACKDROP)
        self._lighting: dict[tuple[bool, bool], Screen] = {}
        self._occlusion: Screen | None = None
        self.things = context.buffer(reserve=48 * (MOST_THINGS + 1))
        self.paints = context.buffer(reserve=32 * (MOST_THINGS + 1))
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
        self._pictures: dict[tuple[int, int], Picture] = {}

    def lighting(self, *, shadows: bool, occluded: bool) -> Screen:
        """The lighting pass of that kind, compiled when first asked for."""
        if (shadows, occluded) not in self._lighting:
            sources = shaders.lighting(shadows=shadows, occluded=occluded, spread=SPREAD, bias=BIAS)
            self._lighting[shadows, occluded] = Screen(self.context, sources)
        return self._lighting[shadows, occluded]

    @property
    def occlusion(self) -> Screen:
        if self._occlusion is None:
            self._occlusion = Screen(self.context, shaders.OCCLUSION)
        return self._occlusion

    def picture(self, size: tuple[int, int]) -> Picture:
        """Where pictures of (width, height) are drawn; the same one every time."""
        if size not in self._pictures:
            gl.park()
            while len(self._pictures) >= MOST_PICTURES:
                self._pictures.pop(next(iter(self._pictures))).release()
            self._pictures[size] = Picture(self.context, size)
        return self._pictures[size]

    def solid(self, front: str, cull: str) -> None:
        """For triangles: those of winding `front` face the viewer; `cull` ones are left out."""
        self.context.enable_only(moderngl.DEPTH_TEST | moderngl.CULL_FACE)
        self.context.depth_func = "<"
        self.context.front_face, self.context.cull_face = front, cull
        self.tiles.use(UNITS.index("tiles"))

    def light(
        self,
        picture: Picture,
        lighting: Screen,
        shadow: ShadowMap,
        *,
        occluded: bool,
        corners: Singles | None = None,
    ) -> None:
        """The lighting pass where anything was drawn, the backdrop elsewhere; corners: where."""
        picture.geometry.sight.use(UNITS.index("sights"))
        if occluded:
            picture.opening_target.use()
            self.context.enable_only(moderngl.NOTHING)
            self.occlusion.draw()  # everywhere: it is read between its pixels
            picture.opening.use(UNITS.index("openings"))
        picture.target.use()
        self.atlas.use(UNITS.index("atlas"))
        shadow.depth.use(UNITS.index("shadows"))
        self.context.enable_only(moderngl.DEPTH_TEST)
        self.context.depth_func = ">"  # the screen lies at the far end, where nothing was drawn
        lighting.draw(corners)
        self.context.depth_func = "<="
        self.backdrop.draw(corners)

    def release(self) -> None:
        gl.park()
        parts: list[Any] = [
            *self._pictures.values(),
            *self._lighting.values(),
            self.backdrop,
            self._occlusion,
        ]
        parts += [self.shadow, self.atlas, self.tiles, self.things, self.paints, self.caster]
        for part in [*parts, *self.geometry.values()]:
            if part is not None:
                part.release()
        gl.let_go()
