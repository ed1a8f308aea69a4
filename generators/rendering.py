"""What pixels are made of: the renderer of this process, and the view that a cell is given."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from generators.seeds import Streams
from sim.quiet import quiet
from sim.render import NO_PIXELS
from sim.spec import Camera, Cell

if TYPE_CHECKING:  # graphics are imported where a picture is made
    from sim.render.base import Renderer

AUTO = "auto"
RENDITION = ("camera", "look", "image_size", "look_seed", "renderer")  # what a `render` changes

Cameras = tuple[Camera, ...]


def view(cell: Cell, recipe: Mapping[str, Any], index: int) -> Cell:
    """The cell with the cameras, sizes and look that a `render` asks for."""
    from scenes import look

    streams = Streams(recipe["look_seed"], index)
    cell = filmed(cell, recipe["camera"], recipe["image_size"], streams.rng("camera"))
    if recipe["look"] is not None:
        cell = look.redraw(cell, recipe["look"], streams.rng("look"))
    return cell


def filmed(
    cell: Cell,
    camera: Mapping[str, Any] | None,
    image_size: Sequence[int] | None,
    rng: np.random.Generator,
) -> Cell:
    """The cell with other cameras (a config's `camera`), or pictures of another size [W, H]; None
    leaves what the cell has."""
    from scenes import cameras
    from sim.robots import robot  # the geometry of parts and arms takes a second to import

    if camera is not None:
        size = image_size or [cell.cameras[0].width, cell.cameras[0].height]
        around = np.mean([b.pose.position for b in cell.bodies if not b.fixed], axis=0)
        arm = cell.robots[0]
        wrist = f"{arm.name}/{robot.load(arm.card).camera_link}"
        config = {"camera": camera, "image_size": list(size)}
        return cell.replace(cameras=cameras.cameras(config, rng, around, wrist))
    if image_size is not None:
        width, height = image_size
        resized = (replace(c, width=width, height=height) for c in cell.cameras)
        return cell.replace(cameras=tuple(resized))
    return cell


def outlines(config: Mapping[str, Any], renditions: Sequence[Mapping[str, Any]]) -> Cameras:
    """The cameras of a recipe after renditions of it, as far as they are alike in every cell."""
    from scenes import cameras

    out = cameras.outlines(config)
    for one in renditions:
        size = one["image_size"] or [out[0].width, out[0].height]
        if one["camera"] is not None:
            out = cameras.outlines({"camera": one["camera"], "image_size": list(size)})
        elif one["image_size"] is not None:
            out = tuple(replace(c, width=size[0], height=size[1]) for c in out)
    return out


@lru_cache(maxsize=1)
def open_renderer(name: str) -> Renderer:
    """The renderer of this process: its context and caches serve every episode."""
    from sim import render

    return render.open_renderer(name)


def resolved(renderer: Mapping[str, Any]) -> dict[str, Any]:
    """A renderer's config with a name in place of `auto`: what the pixels depend on."""
    name = str(renderer["name"])
    if name == AUTO:
        from sim.render import gl

        there, why = gl.available()
        name = "raster" if there else "tiny"
        if not there:
            print(f"renderer=tiny, the slow one: {why}", file=sys.stderr)
    return {**renderer, "name": name}


def renderer_version(name: str) -> str:
    """ "name version" as episodes carry it, without making a graphics context."""
    if name == NO_PIXELS:
        return NO_PIXELS
    from sim import render

    with quiet():
        return f"{name} {render.renderer_class(name).version}"
