"""What parts are made of: density for the scale, and how the surface takes light."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from episodes.errors import unknown


@dataclass(frozen=True)
class MaterialProperties:
    """A material as it comes to the shop floor. rgb: sRGB base colour, 0..1."""

    density: float  # [kg/m^3]
    rgb: tuple[float, float, float]
    roughness: float
    metallic: float


# Densities: unalloyed steel 7850, grey cast iron EN-GJL-250 7200, EN AW-6060 aluminium 2700,
# brass CW614N 8500, bronze CuSn8 8800, POM-C 1410, PP 905, PMMA 1190, NBR rubber 1200
# (data sheets of the alloys and DIN EN ISO 1183 values of the plastics), dry beech 720 (DIN 68364),
# glass-epoxy laminate FR-4 1850,
# corrugated board 130 as a bulk value, container stiffened by ribs as solid PP.
FINISHES: Mapping[str, MaterialProperties] = {
    "brushed_steel": MaterialProperties(7850.0, (0.66, 0.66, 0.65), 0.34, 1.0),
    "zinc_plated": MaterialProperties(7850.0, (0.72, 0.73, 0.74), 0.28, 1.0),
    "black_oxide": MaterialProperties(7850.0, (0.15, 0.15, 0.16), 0.42, 0.85),
    "machined_aluminium": MaterialProperties(2700.0, (0.80, 0.81, 0.82), 0.30, 1.0),
    "anodised": MaterialProperties(2700.0, (0.20, 0.28, 0.55), 0.38, 0.75),
    "cast_iron": MaterialProperties(7200.0, (0.25, 0.25, 0.26), 0.72, 0.7),
    "brass": MaterialProperties(8500.0, (0.82, 0.66, 0.34), 0.26, 1.0),
    "bronze": MaterialProperties(8800.0, (0.70, 0.49, 0.30), 0.36, 1.0),
    "painted": MaterialProperties(7850.0, (0.55, 0.57, 0.60), 0.45, 0.0),
    "pom": MaterialProperties(1410.0, (0.90, 0.90, 0.88), 0.40, 0.0),
    "polypropylene": MaterialProperties(905.0, (0.15, 0.33, 0.62), 0.50, 0.0),
    "acrylic": MaterialProperties(1190.0, (0.85, 0.90, 0.92), 0.08, 0.0),
    "ceramic": MaterialProperties(2300.0, (0.82, 0.82, 0.78), 0.25, 0.0),
    "rubber": MaterialProperties(1200.0, (0.06, 0.06, 0.06), 0.85, 0.0),
    "wood": MaterialProperties(720.0, (0.66, 0.50, 0.33), 0.62, 0.0),
    "cardboard": MaterialProperties(130.0, (0.62, 0.47, 0.31), 0.85, 0.0),
    "fr4": MaterialProperties(1850.0, (0.05, 0.25, 0.13), 0.40, 0.0),
    "concrete": MaterialProperties(2400.0, (0.52, 0.52, 0.50), 0.80, 0.0),
}

# The colours that people name at a glance, far enough apart in hue or lightness (sRGB).
COLOURS: Mapping[str, tuple[float, float, float]] = {
    "red": (0.70, 0.09, 0.08),
    "orange": (0.87, 0.40, 0.05),
    "yellow": (0.90, 0.74, 0.08),
    "green": (0.10, 0.45, 0.20),
    "blue": (0.07, 0.23, 0.60),
    "purple": (0.36, 0.16, 0.50),
    "white": (0.88, 0.88, 0.86),
    "grey": (0.45, 0.46, 0.47),
    "black": (0.06, 0.06, 0.06),
}


def finish(name: str) -> MaterialProperties:
    """The finish called `name`. UserError for a name that is none."""
    if name not in FINISHES:
        raise unknown("material", name, FINISHES)
    return FINISHES[name]
