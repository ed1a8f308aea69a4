"""The fast renderer: OpenGL without a display, on the CPU, or on a GPU where there is one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from episodes.errors import UserError
from sim import layout
from sim.render import environment, gl, stage
from sim.render.base import Frame
from sim.render.device import Device, Geometry, Mesh, ShadowMap
from sim.render.paint import COATS, table
from sim.render.stage import Stage
from sim.render.views import Track, sun_matrix, track
from sim.spec import Camera, Cell

Array = NDArray[np.float64]
BATCH = 256  # states whose kinematics are worked out at once
KEPT_PIXELS = 2_000_000  # larger pictures of what stands still are drawn anew: 20 bytes a pixel
VERTICES = {  # how each geometry program reads a vertex
    "plain": ("3f4 2f2 8x 4u2", "at oct tag"),
    "textured": ("3f4 2f2 2f4 4u2", "at oct uv tag"),
    "marked": ("3f4 2f2 2f4 4u2", "at oct uv tag"),
}


class RasterRenderer:
    """Colour, depth and ids from one pass over the triangles, lit in a second over the pixels.

    One in a process is enough: it keeps the context, and what it made of the last cell. It is not
    for a forked process, nor for several threads.
    """

    name = "raster"
    version = "1"

    def __init__(self) -> None:
        self._device: Device | None = Device()
        self._loaded: _Loaded | None = None

    def frames(
        self, cell: Cell, states: Array, cameras: Sequence[str]
    ) -> Iterator[dict[str, Frame]]:
        wanted = [cell.camera(name) for name in cameras]
        for camera in wanted:
            _check(camera, self._open().limit)
        for start in range(0, len(states), BATCH):
            batch = np.asarray(states[start : start + BATCH], float)
            on = self._load(cell).stage
            places = on.places(batch)
            spheres = on.spheres(places)
            tracks = [
                track(c, layout.camera_to_world(cell, batch, c), spheres, on.radii) for c in wanted
            ]
            for t in range(len(batch)):
                # Another cell may have been drawn since the last frame was taken.
                loaded = self._load(cell)
                loaded.place(places[t])
                yield {each.camera.name: loaded.shoot(each, t) for each in tracks}

    def segmentation(self, cell: Cell, state: Array, camera: Camera) -> NDArray[np.uint16]:
        """Only the ids (H, W) that a camera, of the cell or not, would see: cheaper."""
        _check(camera, self._open().limit)
        loaded = self._load(cell)
        places = loaded.stage.places(state[None])
        eyes = layout.camera_to_world(cell, state[None], camera)
        loaded.place(places[0], shadows=False)
        return loaded.ids(track(camera, eyes, loaded.stage.spheres(places), loaded.stage.radii))

    def close(self) -> None:
        if self._loaded is not None:
            self._loaded.release()
            self._loaded = None
        if self._device is not None:
            self._device.release()
            self._device = None

    def _open(self) -> Device:
        if self._device is None:
            raise RuntimeError("this renderer is closed: make another")
        return self._device

    def _load(self, cell: Cell) -> _Loaded:
        """The cell's buffers and textures; those of the cell before are freed."""
        if self._loaded is None or self._loaded.stage.cell is not cell:
            if self._loaded is not None:
                self._loaded.release()
                self._loaded = None
            self._loaded = _Loaded(self._open(), stage.build(cell))
        return self._loaded


def _check(camera: Camera, limit: int) -> None:
    if not (1 <= camera.width <= limit and 1 <= camera.height <= limit):
        raise UserError(
            f"camera {camera.name}: {camera.width}x{camera.height} pixels cannot be drawn here: "
            f"each side must be 1 to {limit}"
        )


class _Loaded:
    """A stage on the GPU: what stands still is drawn once for each fixed camera, and kept."""

    def __init__(self, device: Device, on: Stage) -> None:
        self.stage = on
        self._device = device
        still, count = on.still, len(on.things)
        context = device.context
        self._still, self._moving = (
            [
                Mesh(context, device.geometry[coat], on.batch(first, last, coat), *VERTICES[coat])
                for coat in COATS
            ]
            for first, last in ((0, still), (still, count))
        )
        caster = ("3f4 1u4", "at thing")
        self._still_casters = Mesh(context, device.caster, on.casters(0, still), *caster)
        self._moving_casters = Mesh(context, device.caster, on.casters(still, count), *caster)
        self._light = environment.of_lights(on.cell.lights, on.ground())
        self._world_to_sun = sun_matrix(self._light.key, *on.stir())
        self._still_shadow: ShadowMap | None = None
        self._views: dict[str, Geometry] = {}
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
        device.lighting[light.shadow]["lights"].write(rows.tobytes())

    def place(self, places: NDArray[np.float32], *, shadows: bool = True) -> None:
        """Poses everything as in places (N, 3, 4), and draws the shadow map."""
        device = self._device
        device.things.write(places.tobytes())
        device.things.bind_to_uniform_block(0)
        device.paints.bind_to_uniform_block(1)
        if shadows and self._light.shadow:
            self._cast()

    def _cast(self) -> None:
        # Back faces cast: their error shows on the far side, where no light comes anyway.
        device = self._device
        device.caster["world_to_clip"].write(_columns(self._world_to_sun))
        device.solid("ccw", "front")
        if self._still_shadow is None:
            self._still_shadow = ShadowMap(device.context)
            self._still_shadow.target.use()
            self._still_shadow.target.clear()
            self._still_casters.draw()
        device.context.copy_framebuffer(device.shadow.target, self._still_shadow.target)
        device.shadow.target.use()
        self._moving_casters.draw()

    def shoot(self, over: Track, t: int) -> Frame:
        camera = over.camera
        picture = self._device.picture((camera.width, camera.height))
        self._draw(over, t, picture.geometry)
        view = over.views[t % len(over.views)].tobytes()
        for program in (self._device.lighting[self._light.shadow], self._device.backdrop):
            program["view"].write(view)
        self._device.light(picture, self._light.shadow)
        colour = np.empty((camera.height, camera.width, 3), np.uint8)
        picture.target.read_into(colour, components=3, alignment=1)
        depth, ids = self._read(camera, picture.geometry)
        if camera.far > 6.5:
            depth[depth == 65535] = 0  # beyond what a count can say
        return Frame(softened(colour), depth, ids)

    def ids(self, over: Track) -> NDArray[np.uint16]:
        geometry = self._device.picture((over.camera.width, over.camera.height)).geometry
        self._draw(over, 0, geometry, keep=False)
        return self._read(over.camera, geometry)[1]

    def _read(
        self, camera: Camera, geometry: Geometry
    ) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
        """Depth counts and ids, (H, W) each."""
        seen = np.empty((camera.height, camera.width, 8), np.uint16)
        seen[-1, -1, 7] = 1  # the upper half of the fourth number, which is always 0
        geometry.target.read_into(seen, components=4, dtype="u4")
        gl.check(self._device.context, drawn=seen[-1, -1, 7] == 0)
        return np.ascontiguousarray(seen[..., 0]), np.ascontiguousarray(seen[..., 1])

    def _draw(self, over: Track, t: int, geometry: Geometry, keep: bool = True) -> None:
        """The geometry pass. keep: whether what a fixed camera sees of the still may be kept."""
        device, camera = self._device, over.camera
        clip = over.clips[t % len(over.clips)].tobytes()
        for program in device.geometry.values():
            program["world_to_clip"].write(clip)
        device.solid("cw", "back")  # rows run downwards, so triangles turn the other way
        still, moving = over.seen[t, : self.stage.still], over.seen[t, self.stage.still :]
        if camera.parent or not keep or camera.width * camera.height > KEPT_PIXELS:
            geometry.target.use()
            geometry.target.clear()
            # What moves is in front, mostly: what it hides need not be textured.
            _draw_all(self._moving, moving)
            _draw_all(self._still, still)
            return
        if camera.name not in self._views:
            view = Geometry(device.context, (camera.width, camera.height))
            view.target.use()
            view.target.clear()
            _draw_all(self._still, still)
            self._views[camera.name] = view
        device.context.copy_framebuffer(geometry.target, self._views[camera.name].target)
        geometry.target.use()
        _draw_all(self._moving, moving)

    def release(self) -> None:
        gl.park()
        parts = [*self._still, *self._moving, self._still_casters, self._moving_casters]
        for part in [*parts, *self._views.values(), self._still_shadow]:
            if part is not None:
                part.release()


def _draw_all(meshes: list[Mesh], seen: NDArray[np.bool_]) -> None:
    for mesh in meshes:
        mesh.draw(seen)


def softened(colour: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W, 3): a slight blur (1 6 1) / 8, as lenses and mosaic filters give it.

    It comes closer to many samples a pixel than filters along edges do, and costs less.
    """
    height, width, _ = colour.shape
    row = 3 * width
    image = colour.reshape(-1).astype(np.uint16)
    down = 6 * image
    down[row:] += image[:-row]
    down[:-row] += image[row:]
    down[:row] += image[:row]  # beyond an edge the picture goes on as it ends
    down[-row:] += image[-row:]
    across = 6 * down
    across[3:] += down[:-3]
    across[:-3] += down[3:]
    # The first and last pixel of a row took from the rows beside.
    rows, by_row = across.reshape(height, width, 3), down.reshape(height, width, 3)
    for edge, inner in ((0, min(1, width - 1)), (-1, max(-2, -width))):
        rows[:, edge] = 7 * by_row[:, edge] + by_row[:, inner]
    across += 32
    across >>= 6
    return across.astype(np.uint8).reshape(colour.shape)


def _columns(matrix: Array) -> bytes:
    return matrix.T.astype("f4").tobytes()
