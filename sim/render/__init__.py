"""Renderers, found by name."""

from __future__ import annotations

import importlib

from episodes.errors import unknown
from sim.render.base import Renderer

NO_PIXELS = "none"
RENDERERS = {
    "tiny": "sim.bullet.tiny:TinyRenderer",
    "raster": "sim.render.raster:RasterRenderer",
    "cycles": "sim.render.cycles:CyclesRenderer",
}


def open_renderer(name: str) -> Renderer:
    """The renderer of that name, ready to draw. UserError for a name that is none."""
    return renderer_class(name)()


def renderer_class(name: str) -> type[Renderer]:
    """The class of a renderer, which tells its version. UserError for a name that is none."""
    if name not in RENDERERS:
        raise unknown("renderer", name, [NO_PIXELS, *RENDERERS])
    module, _, kind = RENDERERS[name].partition(":")
    found: type[Renderer] = getattr(importlib.import_module(module), kind)
    return found
