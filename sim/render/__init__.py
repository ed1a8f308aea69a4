"""Renderers, found by name."""

from __future__ import annotations

import importlib

from episodes.errors import unknown
from sim.render.base import Renderer

RENDERERS = {
    "tiny": "sim.bullet.tiny:TinyRenderer",
    "raster": "sim.render.raster:RasterRenderer",
    "cycles": "sim.render.cycles:CyclesRenderer",
}


def open_renderer(name: str) -> Renderer:
    """The renderer of that name, ready to draw. UserError for a name that is none."""
    if name not in RENDERERS:
        raise unknown("renderer", name, ["none", *RENDERERS])
    module, _, kind = RENDERERS[name].partition(":")
    renderer: Renderer = getattr(importlib.import_module(module), kind)()
    return renderer
