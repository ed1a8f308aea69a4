"""Colours: of lamps by temperature, and of paints a little off."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from assets.colour_terms import decoded, still, term
from sim.spec import RGB

MATT = 0.65  # roughness from which a black surface shows no lamps
_TO_RGB = np.array(  # CIE XYZ to linear sRGB (IEC 61966-2-1)
    [
        [3.2406, -1.5372, -0.4986],
        [-0.9689, 1.8758, 0.0415],
        [0.0557, -0.2040, 1.0570],
    ]
)


def lamp(kelvin: float) -> RGB:
    """sRGB, its largest channel 1, of a black body of that colour temperature [K].

    The chromaticity is Kim et al.'s cubic fit of the Planckian locus (US patent 7024034, 2002),
    good from 1667 to 25000 K; temperatures beyond are taken as those.
    """
    t = float(np.clip(kelvin, 1667.0, 25000.0))
    if t < 4000.0:
        x = -0.2661239e9 / t**3 - 0.2343589e6 / t**2 + 0.8776956e3 / t + 0.179910
    else:
        x = -3.0258469e9 / t**3 + 2.1070379e6 / t**2 + 0.2226347e3 / t + 0.240390
    if t < 2222.0:
        y = -1.1063814 * x**3 - 1.34811020 * x**2 + 2.18555832 * x - 0.20219683
    elif t < 4000.0:
        y = -0.9549476 * x**3 - 1.37418593 * x**2 + 2.09137015 * x - 0.16748867
    else:
        y = 3.0817580 * x**3 - 5.87338670 * x**2 + 3.75112997 * x - 0.37001483
    linear = np.maximum(_TO_RGB @ [x / y, 1.0, (1.0 - x - y) / y], 0.0)
    # sRGB has no colour for the warmest lamps, whose blue would be less than none.
    return _rgb(encoded(np.maximum(linear / linear.max(), 0.02)))


def gains(kelvin: float, against: float) -> RGB:
    """White balance of a camera that takes the light to be of `kelvin` [K]: gains of red, green and
    blue that turn a lamp of that temperature into one of `against` [K], as bright."""
    return _rgb(decoded(lamp(against)) / decoded(lamp(kelvin)))


def shifted(rgb: RGB, lightness: float = 0.0, hue: float = 0.0) -> RGB:
    """The sRGB colour made lighter (> 0, white at 1) or darker, its hue turned by `hue` [rad].

    The hue turns about the grey axis of the cube, so greys stay as they are.
    """
    v = np.asarray(rgb, float)
    c, s = np.cos(hue), np.sin(hue)
    third, root = (1.0 - c) / 3.0, s / np.sqrt(3.0)
    turn = np.array(
        [
            [c + third, third - root, third + root],
            [third + root, c + third, third - root],
            [third - root, third + root, c + third],
        ]
    )
    v = np.clip(turn @ v, 0.0, 1.0)
    v = v + lightness * (1.0 - v) if lightness > 0 else v * (1.0 + lightness)
    return _rgb(np.clip(v, 0.02, 0.98))


def within(rgb: RGB, lightness: float, hue: float, best: RGB | None = None) -> RGB:
    """The colour shifted as far as people go on calling it the same, and without new doubt.

    A hue turned beyond what the word allows becomes a share of that, as large as its share of a
    half turn, so that wide draws do not gather at the word's edge; lightness likewise of all.
    best: the colour that its word stands for, if not `rgb` itself.
    """
    word, before = term(decoded(rgb)), decoded(best or rgb)

    def room(shift: Callable[[float], RGB], most: float) -> float:
        """How much of `most` every step up to it may take."""
        reached = 0.0
        for share in np.linspace(0.0, most, 25)[1:]:
            if not still(word, decoded(shift(float(share))), before):
                break
            reached = float(share)
        return reached

    most = room(lambda turn: shifted(rgb, hue=turn), float(np.copysign(np.pi, hue)))
    turned = shifted(rgb, hue=hue if abs(hue) <= abs(most) else most * abs(hue) / np.pi)
    most = room(lambda more: shifted(turned, more), float(np.copysign(1.0, lightness)))
    return shifted(turned, lightness if abs(lightness) <= abs(most) else most * abs(lightness))


def dull(rgb: RGB, roughness: float) -> float:
    """The roughness of a coat: what is to look black must not mirror the hall's lamps."""
    return max(roughness, MATT) if term(decoded(rgb)) == "black" else roughness


def encoded(linear: np.ndarray) -> np.ndarray:
    """Linear light to sRGB."""
    v = np.asarray(linear, float)
    return np.where(v <= 0.0031308, v * 12.92, 1.055 * np.maximum(v, 1e-9) ** (1 / 2.4) - 0.055)


def _rgb(values: np.ndarray) -> RGB:
    r, g, b = (float(v) for v in values)
    return r, g, b
