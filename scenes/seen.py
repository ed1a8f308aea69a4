"""What a surface looks like in a picture, and what a viewer may call its colour there.

A viewer takes the level of the light for granted: yellow in shade is not called brown, nor white
under a dim lamp grey. The tint of the light a camera should have taken out, so that it counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from assets.colour_terms import ACHROMATIC, EDGE, NEUTRAL, VIVID, chroma, decoded, lab, term, terms
from episodes.array_types import Floats
from sim.spec import RGB, Camera, Cell, Light

BOUNCE = 0.8  # of the hall's light that reaches undersides, from floors and walls
SUN_SHARE = 0.7  # of the light on a level surface, from a lamp right above and a usual hall
USUAL = SUN_SHARE * 0.9 + 1.0 - SUN_SHARE  # light on a bench, of that
WHITE = 1.27  # linear light in the picture of a white bench in usual light
TINT = 18.0  # chroma C*ab that black, grey and white may have from what stands around them
DIM = 31.0  # L* under which a hue is hardly told
KNEE = 0.45  # linear light above which a picture's contrast falls off
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])  # of linear sRGB (IEC 61966-2-1)
USUAL_LIGHTS = (Light("lamp", "sun", (0.35, 0.25, 0.9)), Light("hall", "sky"))
UNDER = 0.6  # of the hall's light, what reaches into a bin or beneath an arm
SHADING = (0.25, 1.4)  # of the light on a bench: what a surface in shade, or facing a lamp, has


def light_on(lights: Sequence[Light], *, from_below: bool = False) -> tuple[Floats, Floats]:
    """(3,) linear light from the lamps and from the hall, on a bench or on undersides; `USUAL` in
    all of usual light on a bench."""
    lamps, hall = np.zeros(3), np.zeros(3)
    for light in lights:
        if light.kind == "sky":
            share = BOUNCE if from_below else 1.0
            hall += share * (1.0 - SUN_SHARE) * light.strength * decoded(light.rgb)
        elif not from_below:
            up = max(light.direction[2], 0.0)
            lamps += SUN_SHARE * light.strength * up * decoded(light.rgb)
    return lamps, hall


def stops(lights: Sequence[Light], *, from_below: bool) -> float:
    """How much more light falls on a bench, or on undersides, than usually on a bench, in powers
    of two."""
    grey = [replace(light, rgb=(1.0, 1.0, 1.0)) for light in lights]
    lamps, hall = light_on(grey, from_below=from_below)
    found = lamps + hall
    return float(np.log2(max(found[0], 0.02) / USUAL))


def looks_up(cell: Cell, camera: Camera) -> bool:
    """Whether a camera that stands sees undersides: steeper than 45 degrees upwards."""
    body = next((b for b in cell.bodies if b.name == camera.parent), None)
    pose = body.pose @ camera.pose if body else camera.pose
    return bool((body is not None or not camera.parent) and pose.rotation[2, 2] > 0.7)


def level(cell: Cell, camera: Camera) -> tuple[float, float]:
    """Linear light, 1 white, in the camera's picture of a white surface in its usual light; and the
    least share of it that a surface has where no lamp reaches."""
    below, lights = looks_up(cell, camera), cell.lights or USUAL_LIGHTS
    full = WHITE * 2.0 ** (stops(lights, from_below=below) + camera.exposure)
    lamps, hall = (float(LUMINANCE @ light) for light in light_on(lights, from_below=below))
    return full, min(SHADING[0], UNDER * hall / (lamps + hall + 1e-6))


def called(linear: Floats, level: float, shade: float = SHADING[0], edge: float = EDGE) -> set[str]:
    """What a viewer may call the colour of a surface whose picture is `linear` light (3,), where
    the light has that `level`, and shade that share of it: what it is called, and where it is dark
    or so pale that it may be in shade or glare, what it would be called in full light."""
    natural = linear / level
    found, word, lightness = terms(natural, edge), term(natural), lab(natural)[0]
    shades = [natural / share for share in np.geomspace(shade, SHADING[1], 9)]
    tint = chroma(natural)
    if tint < TINT:
        found |= {term(np.full(3, LUMINANCE @ lit)) for lit in shades}
    if lightness <= DIM or word in {"brown", "pink"}:
        found = found.union(*(terms(lit, edge) for lit in shades))
    # A tint that only the stretch to full light makes a colour is none.
    return found & NEUTRAL if tint < ACHROMATIC else found


def pictured(rgb: RGB, cell: Cell, camera: Camera) -> Iterator[tuple[Floats, float]]:
    """In full light and in shade: (3,) linear light in the camera's picture of a dull surface of
    that sRGB colour, and the level of that light, as `level` has it."""
    below = looks_up(cell, camera)
    lamps, hall = light_on(cell.lights or USUAL_LIGHTS, from_below=below)
    gain = WHITE / USUAL * 2.0**camera.exposure * np.asarray(camera.balance)
    for light in (lamps + hall, hall):
        yield developed(decoded(rgb) * gain * light), max(float(LUMINANCE @ (gain * light)), 1e-3)


def true_to(word: str, rgb: RGB, cell: Cell, camera: Camera) -> bool:
    """Whether a surface of that sRGB colour bears the word in the camera's picture, in full light
    and in shade, and has not paled there."""
    least = 0.0 if word in NEUTRAL else VIVID * chroma(decoded(rgb))
    return all(
        word in called(light, level, edge=0.0) and chroma(light / level) >= least
        for light, level in pictured(rgb, cell, camera)
    )


def developed(light: Floats) -> Floats:
    """What a picture keeps of linear light: as it is up to 0.45, then less and less up to 1."""
    over = np.maximum(light - KNEE, 0.0)
    return np.where(light < KNEE, light, 1.0 - (1.0 - KNEE) * np.exp(-over / (1.0 - KNEE)))
