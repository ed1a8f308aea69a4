"""A cell on the GPU, and the frames that are made of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from episodes.array_types import Bools, Floats, Singles
from sim import state_layout
from sim.render import environment, gl
from sim.render.base import Frame
from sim.render.device import Device
from sim.render.paint import COATS, table
from sim.render.soften import softened
from sim.render.stage import Stage
from sim.render.targets import Geometry, Mesh, Picture, ShadowMap
from sim.render.touched import Shadows, corners, tiles
from sim.render.views import Track, sun_matrix, track
from sim.spec import Camera

Places = Singles  # (T, N, 3, 4) thing_to_world
OCCLUSION_M = 0.15  # how far a thing darkens what is around it
KEPT_PIXELS = 2_000_000  # larger pictures of what stands still are drawn anew: 20 bytes a pixel
VERTICES = {  # how each geometry program reads a vertex
    "plain": ("3f4 2f2 8x 4u2", "at oct tag"),
    "textured": ("3f4 2f2 2f4 4u2", "at oct uv tag"),
    "marked": ("3f4 2f2 2f4 4u2", "at oct uv tag"),
}


class Loaded:
    """A stage on the GPU: what stands still is drawn once for each fixed camera, and kept."""

    def __init__(self, device: Device, on: Stage) -> None:
        self.stage = on
        self._device = device
        still, count = on.still, len(on.things)
        context = device.context
        self._meshes: dict[tuple[bool, bool], list[Mesh]] = {}
        caster = ("3f4 1u4", "at thing")
        self._still_casters = Mesh(context, device.caster, on.casters(0, still), *caster)
        self._moving_casters = Mesh(context, device.caster, on.casters(still, count), *caster)
        self._light = environment.of_lights(on.cell.lights, on.ground())
        self._lighting = device.lighting(
            shadows=self._light.shadow, occluded=self._light.occlusion > 0
        )
        self._world_to_sun = sun_matrix(self._light.key, *on.stir())
        self._still_shadow = ShadowMap(context)
        self._shadows: Shadows | None = None
        self._kept: dict[str, Picture] = {}
        self._far = {camera.name: on.is_far(camera) for camera in on.cell.cameras}
        self._load()

    def _load(self) -> None:
        device, light = self._device, self._light
        device.paints.write(table(self.stage.paints).tobytes())
        device.atlas.write(light.atlas.tobytes())
        to_map = np.diag([0.5, 0.5, 0.5, 1.0])
        to_map[:3, 3] = 0.5
        rows = np.zeros((7, 4), np.float32)
        rows[:3] = (to_map @ self._world_to_sun)[:3]
        rows[3, :3], rows[4, :3] = light.key, light.key_rgb
        rows[5:, :3] = light.low, light.high
        rows[5:, 3] = light.side
        self._lighting.program["lights"].write(rows.tobytes())
        if light.occlusion > 0:
            device.occlusion.program["strength"].value = light.occlusion

    def track(self, camera: Camera, states: Floats, places: Places) -> Track:
        """The camera over states (T, S) with everything at `places`."""
        eyes = state_layout.camera_to_world(self.stage.cell, states, camera)
        spheres = self.stage.spheres(places)
        over = track(camera, eyes, spheres, self.stage.radii)
        if camera.parent:
            return over
        if self._shadows is None and self._light.shadow:
            self._bind(places[0])
            self._shadows = self._still_shadows(self.stage.lowest(places[0]))
        still = self.stage.still
        starts, radii = spheres[:, still:], self.stage.radii[still:]
        ends = starts if self._shadows is None else self._shadows.ends(starts)
        if self._light.occlusion > 0:
            radii = radii + OCCLUSION_M
        rotation, eye = eyes[0, :3, :3], eyes[0, :3, 3]
        touched = tiles(camera, (starts - eye) @ rotation, (ends - eye) @ rotation, radii)
        return replace(over, changed=corners(touched, camera))

    def place(self, places: Singles, *, shadows: bool = True) -> None:
        """Poses everything as in places (N, 3, 4), and draws the shadow map."""
        self._bind(places)
        if shadows and self._light.shadow:
            if self._shadows is None:
                self._shadows = self._still_shadows(self.stage.lowest(places))
            device = self._device
            device.context.copy_framebuffer(device.shadow.target, self._still_shadow.target)
            self._begin_shadows(device.shadow)
            self._moving_casters.draw()

    def _bind(self, places: Singles) -> None:
        self._device.things.write(places.tobytes())
        self._device.things.bind_to_uniform_block(0)
        self._device.paints.bind_to_uniform_block(1)

    def _still_shadows(self, lowest: float) -> Shadows:
        """Draws the shadow map of what stands still."""
        self._begin_shadows(self._still_shadow)
        self._still_shadow.target.clear()
        self._still_casters.draw()
        radii = self.stage.radii[self.stage.still :]
        depths = self._still_shadow.read()
        return Shadows(depths, self._world_to_sun, self._light.key, radii, lowest)

    def _begin_shadows(self, shadow: ShadowMap) -> None:
        # Back faces cast: their error shows on the far side, where no light comes anyway.
        self._device.caster["world_to_clip"].write(_columns(self._world_to_sun))
        self._device.solid("ccw", "front")
        shadow.target.use()

    def shoot(self, over: Track, t: int) -> Frame:
        """The frame of one camera at instant t of its track; `place` comes first."""
        self.draw(over, t)
        self.light(over, t)
        colour, depth, ids = self.read(over.camera)
        return Frame(softened(colour), depth, ids)

    def _still(self, far: bool) -> list[Mesh]:
        return self._mesh(far, moving=False)

    def _moving(self, far: bool) -> list[Mesh]:
        return self._mesh(far, moving=True)

    def _mesh(self, far: bool, *, moving: bool) -> list[Mesh]:
        """What stands still or moves, as near or far cameras see it: one mesh for each coat."""
        if (far, moving) not in self._meshes:
            on, device = self.stage, self._device
            first, last = (on.still, len(on.things)) if moving else (0, on.still)
            self._meshes[far, moving] = [
                Mesh(
                    device.context,
                    device.geometry[coat],
                    on.batch(first, last, coat, far=far),
                    *VERTICES[coat],
                )
                for coat in COATS
            ]
        return self._meshes[far, moving]

    def draw(self, over: Track, t: int) -> None:
        """The geometry pass; a fixed camera's starts from what it keeps."""
        camera = over.camera
        picture = self._device.picture((camera.width, camera.height))
        still, moving = over.seen[t, : self.stage.still], over.seen[t, self.stage.still :]
        far = self._far[camera.name]
        self._aim(over, t)
        if not _keeps(camera):
            # What moves is in front, mostly: what it hides need not be textured.
            what = [(self._moving(far), moving), (self._still(far), still)]
            self._draw(picture.geometry, what)
            return
        kept = self._keep(camera, still)
        context = self._device.context
        context.copy_framebuffer(picture.geometry.target, kept.geometry.target)
        context.copy_framebuffer(picture.colour_alone, kept.colour_alone)
        self._draw(picture.geometry, [(self._moving(far), moving)], clear=False)

    def light(self, over: Track, t: int) -> None:
        """The lighting pass over all that may differ from what is kept."""
        camera = over.camera
        picture = self._device.picture((camera.width, camera.height))
        where = over.changed[t] if over.changed is not None and _keeps(camera) else None
        self._light_up(picture, self._device.shadow, where)

    def read(
        self, camera: Camera
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint16], NDArray[np.uint16]]:
        """Colour (H, W, 3), depth counts and ids (H, W)."""
        picture = self._device.picture((camera.width, camera.height))
        colour = np.empty((camera.height, camera.width, 3), np.uint8)
        picture.target.read_into(colour, components=3, alignment=1)
        return colour, *self._read(camera, picture.geometry)

    def ids(self, over: Track) -> NDArray[np.uint16]:
        geometry = self._device.picture((over.camera.width, over.camera.height)).geometry
        self._aim(over, 0)
        still, moving = over.seen[0, : self.stage.still], over.seen[0, self.stage.still :]
        far = self.stage.is_far(over.camera)
        self._draw(geometry, [(self._moving(far), moving), (self._still(far), still)])
        return self._read(over.camera, geometry)[1]

    def _read(
        self, camera: Camera, geometry: Geometry
    ) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
        """Depth counts and ids, (H, W) each."""
        seen = np.empty((camera.height, camera.width, 8), np.uint16)
        seen[-1, -1, 7] = 1  # the upper half of the fourth number, which is always 0
        geometry.target.read_into(seen, components=4, dtype="u4")
        gl.check(self._device.context, drawn=seen[-1, -1, 7] == 0)
        depth, ids = seen[..., 0], seen[..., 1]  # views: who keeps them copies them
        if camera.far > 6.5:
            depth[depth == 65535] = 0  # beyond what a count can say
        return depth, ids

    def _aim(self, over: Track, t: int) -> None:
        """Hands the camera to every program."""
        clip = over.clips[t % len(over.clips)].tobytes()
        for program in self._device.geometry.values():
            program["world_to_clip"].write(clip)
        view = over.views[t % len(over.views)].tobytes()
        screens = [self._lighting, self._device.backdrop]
        if self._light.occlusion > 0:
            screens.append(self._device.occlusion)
        for screen in screens:
            rows = screen.program["view"]
            rows.write(view[: 16 * rows.array_length])  # occlusion has no use for the last

    def _draw(
        self,
        geometry: Geometry,
        what: list[tuple[list[Mesh], Bools]],
        *,
        clear: bool = True,
    ) -> None:
        """The geometry pass, over meshes of which some things are seen."""
        self._device.solid("cw", "back")  # rows run downwards, so triangles turn the other way
        if clear:
            geometry.clear()
        geometry.target.use()
        for meshes, seen in what:
            for mesh in meshes:
                mesh.draw(seen)

    def _light_up(
        self, picture: Picture, shadow: ShadowMap, corners: Singles | None = None
    ) -> None:
        occluded = self._light.occlusion > 0
        self._device.light(picture, self._lighting, shadow, occluded=occluded, corners=corners)

    def _keep(self, camera: Camera, still: Bools) -> Picture:
        """What a fixed camera sees of what stands still, drawn and lit when first asked for."""
        if camera.name not in self._kept:
            kept = Picture(self._device.context, (camera.width, camera.height))
            self._kept[camera.name] = kept
            self._draw(kept.geometry, [(self._still(self._far[camera.name]), still)])
            self._light_up(kept, self._still_shadow)
        return self._kept[camera.name]

    def release(self) -> None:
        gl.park()
        meshes = [mesh for group in self._meshes.values() for mesh in group]
        parts: list[Any] = [*meshes, *self._kept.values()]
        for part in [*parts, self._still_casters, self._moving_casters, self._still_shadow]:
            part.release()


def _keeps(camera: Camera) -> bool:
    """Whether what a camera sees of the still is kept."""
    return not camera.parent and camera.width * camera.height <= KEPT_PIXELS


def _columns(matrix: Floats) -> bytes:
    return matrix.T.astype("f4").tobytes()
