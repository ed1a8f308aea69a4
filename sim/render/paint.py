"""Materials as the numbers that the shader reads: colour, roughness, metal, texture, overlays.

`Material.pattern` names the strength (0 none .. 1 strong) of each effect; what it leaves out is as
usual for the material's name:
grain (the texture in the colour), sheen (the texture in the roughness), scratches, dirt, oil,
hazard (a striped band around the foot), label (a paper label on its sides). wear multiplies
scratches and dirt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from episodes.array_types import Singles
from sim.render.simplify import Surface
from sim.spec import RGB, Body, Material

COATS = ("plain", "textured", "marked")
TILES = ("brushed", "machined", "cast", "paint", "moulded", "wood", "cardboard", "concrete")


@dataclass(frozen=True)
class Finish:
    """How a named material is textured. span: what one tile of the texture covers [m]."""

    tile: str
    span: float
    effects: Mapping[str, float]
    scratch_gain: float  # what a scratch does to the colour: > 0 brightens, < 0 darkens


_METAL = {"grain": 0.25, "sheen": 0.25, "scratches": 0.25, "dirt": 0.1}
_PLASTIC = {"grain": 0.12, "sheen": 0.25, "scratches": 0.12, "dirt": 0.12}
FINISHES: Mapping[str, Finish] = {
    "brushed_steel": Finish("brushed", 0.06, _METAL, 0.5),
    "zinc_plated": Finish("machined", 0.04, {**_METAL, "grain": 0.25}, 0.4),
    "black_oxide": Finish("machined", 0.04, {**_METAL, "scratches": 0.4}, 2.0),
    "machined_aluminium": Finish("machined", 0.05, _METAL, 0.4),
    "anodised": Finish("brushed", 0.06, {**_METAL, "grain": 0.2, "dirt": 0.05}, 1.0),
    "cast_iron": Finish("cast", 0.05, {"grain": 0.9, "sheen": 0.6, "dirt": 0.3}, 0.3),
    "brass": Finish("machined", 0.04, _METAL, 0.3),
    "bronze": Finish("cast", 0.05, {**_METAL, "grain": 0.4}, 0.3),
    "painted": Finish("paint", 0.25, {**_PLASTIC, "scratches": 0.25, "dirt": 0.2}, -0.6),
    "pom": Finish("moulded", 0.05, _PLASTIC, -0.15),
    "polypropylene": Finish("moulded", 0.08, _PLASTIC, 0.3),
    "acrylic": Finish("moulded", 0.08, {"scratches": 0.2}, 0.2),
    "ceramic": Finish("moulded", 0.1, {"grain": 0.1, "dirt": 0.1}, -0.1),
    "rubber": Finish("moulded", 0.04, {"grain": 0.4, "sheen": 0.3, "dirt": 0.4}, 0.5),
    "wood": Finish(
        "wood", 0.45, {"grain": 0.4, "sheen": 0.3, "scratches": 0.2, "dirt": 0.15}, -0.4
    ),
    "cardboard": Finish("cardboard", 0.15, {"grain": 0.2, "sheen": 0.2, "dirt": 0.25}, -0.2),
    "concrete": Finish(
        "concrete", 1.5, {"grain": 0.3, "sheen": 0.4, "scratches": 0.2, "dirt": 0.3}, -0.5
    ),
}
_OTHER = Finish("moulded", 0.08, {}, 0.0)


@dataclass(frozen=True)
class Paint:
    """One row of the shader's table. rgb is linear; thing: whose frame the texture lies in.

    tile < 0: no texture. overlay: 0 none, 1 hazard, 2 label, with its box in the thing's frame:
    (middle of its height, half its height, middle along the side, half its length) [m].
    """

    rgb: RGB
    roughness: float
    metallic: float
    thing: int = 0
    tile: int = -1
    per_metre: float = 1.0
    grain: float = 0.0
    sheen: float = 0.0
    scratches: float = 0.0  # signed
    dirt: float = 0.0  # < 0: oil, which darkens and shines
    shift: float = 0.0  # of the texture, in tiles, so that two alike are not the same
    overlay: int = 0
    box: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)

    @property
    def coat(self) -> str:
        """Which of the geometry programs draws it; see COATS."""
        return "plain" if self.tile < 0 else "marked" if self.overlay else "textured"

    def of_thing(self, thing: int) -> Paint:
        return replace(self, thing=thing)


def of_link(rgb: Singles) -> Paint:
    """The paint of a robot's covers and joints, from the colour in its mesh file.

    Light and bright covers are lacquered, silver is satin metal; other greys and darks are moulded
    plastic and rubber.
    """
    # Files say 1.0 for white; no lacquer is that white.
    r, g, b = (0.92 * float(v) for v in rgb)
    lightness, colourful = (r + g + b) / 3, max(r, g, b) - min(r, g, b)
    if colourful < 0.05 and 0.58 < lightness < 0.76:
        return Paint(linear((r, g, b)), 0.42, 0.7)
    lacquered = lightness > 0.7 or colourful > 0.25
    return Paint(linear((r, g, b)), 0.33 if lacquered else 0.48, 0.0)


def of_body(body: Body, surface: Surface, thing: int) -> Paint:
    material = body.material
    finish = FINISHES.get(material.name, _OTHER)
    effect = {**finish.effects, **material.pattern}
    wear = effect.get("wear", 1.0)
    low, high = surface.positions.min(axis=0), surface.positions.max(axis=0)
    height = float(high[2] - low[2])
    overlay, box = 0, (0.0, 0.0, 0.0, 0.0)
    if effect.get("hazard", 0.0) > 0:
        overlay, box = 1, (float(low[2]) + 0.06 * height, max(0.04 * height, 0.01), 0.0, 9.0)
    elif effect.get("label", 0.0) > 0:
        wide = min(0.3 * float(max(high[0] - low[0], high[1] - low[1])), 0.4 * height, 0.08)
        overlay, box = 2, (float(low[2]) + 0.55 * height, 0.6 * wide, 0.0, wide)
    textured = any(
        effect.get(name, 0.0) > 0 for name in ("grain", "sheen", "scratches", "dirt", "oil")
    )
    return Paint(
        linear(material.rgb),
        min(max(material.roughness, 0.05), 1.0),
        min(max(material.metallic, 0.0), 1.0),
        thing,
        TILES.index(finish.tile) if textured or overlay else -1,
        1.0 / finish.span,
        effect.get("grain", 0.0),
        effect.get("sheen", 0.0),
        wear * effect.get("scratches", 0.0) * finish.scratch_gain,
        wear * effect.get("dirt", 0.0) - 2.0 * effect.get("oil", 0.0),
        _shift(material),
        overlay,
        box,
    )


def of_ink(own: Paint, rgb: Singles) -> Paint:
    """The paint of a part's inked triangles: moulded or printed, worn as the rest of the part."""
    r, g, b = (float(v) for v in rgb)
    return replace(own, rgb=linear((r, g, b)), roughness=0.42, metallic=0.0, overlay=0)


def _shift(material: Material) -> float:
    """In [0, 16): different for every seed."""
    return (material.seed * 2654435761 % 4096) / 256.0


def linear(rgb: RGB) -> RGB:
    """sRGB to linear light (IEC 61966-2-1)."""
    v = np.clip(np.asarray(rgb, float), 0.0, 1.0)
    r, g, b = np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)
    return float(r), float(g), float(b)


def table(paints: tuple[Paint, ...]) -> NDArray[np.uint32]:
    """(N, 8): the paints as the shader unpacks them."""
    rows = np.zeros((len(paints), 8), np.uint32)
    for k, p in enumerate(paints):
        # Squared by the shader: eight bits of linear light would band in the darks.
        coat = np.rint([255 * v for v in (*np.sqrt(p.rgb), p.roughness)]).astype(np.uint32)
        tile = p.tile if p.tile >= 0 else 255
        rows[k] = (
            coat[0] | coat[1] << 8 | coat[2] << 16 | coat[3] << 24,
            round(255 * p.metallic) | tile << 8 | p.overlay << 16,
            p.thing,
            _halves(p.per_metre, p.shift),
            _halves(p.grain, p.sheen),
            _halves(p.scratches, p.dirt),
            _halves(*p.box[:2]),
            _halves(*p.box[2:]),
        )
    return rows


def _halves(low: float, high: float) -> int:
    return int(np.array([low, high], np.float16).view(np.uint32)[0])
