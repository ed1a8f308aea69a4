"""What people call a colour: the eleven basic terms of Berlin and Kay (1969), in CIELAB.

The regions are those that Benavente, Vanrell and Baldrich fitted to namings by observers
("Parametric fuzzy sets for automatic color naming", J. Opt. Soc. Am. A 25, 2582, 2008): at six
levels of lightness, sectors of hue around an achromatic middle. Their boundaries are fuzzy; here
they are the hue at which either word is as likely (for surfaces: a display's pure red and blue lie
beyond them), and `EDGE` is how far the doubt reaches. The
sectors' centres, up to 1.8 from grey, are taken as grey, and the ellipses in the middle as circles.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from episodes.array_types import Floats

_HUES: tuple[tuple[float, dict[str, float]], ...] = (
    (31.0, {"red": -2.2, "brown": 33.5, "green": 104.6, "blue": 224.6, "purple": 302.9}),
    (42.0, {"red": 2.2, "brown": 41.2, "green": 96.9, "blue": 210.5, "purple": 301.5,
            "pink": 344.3}),
    (51.0, {"red": 13.6, "orange": 44.5, "brown": 61.2, "green": 96.7, "blue": 199.4,
            "purple": 301.8, "pink": 337.4}),
    (66.0, {"red": 26.5, "orange": 33.0, "yellow": 80.1, "green": 95.7, "blue": 198.3,
            "purple": 301.2, "pink": 326.1}),
    (76.0, {"orange": 25.7, "yellow": 74.2, "green": 102.3, "blue": 188.6, "purple": 299.2,
            "pink": 327.5}),
    (100.0, {"orange": 25.7, "yellow": 72.4, "green": 106.2, "blue": 190.0, "purple": 300.6,
             "pink": 327.6}),
)  # fmt: skip
ACHROMATIC = 7.0  # chroma C*ab under which a colour is black, grey or white
NEUTRAL = frozenset({"black", "grey", "white"})
VIVID = 0.7  # share of a colour's chroma that leaves it as plainly of its hue
ASIDE = 15.0  # [degrees of hue] from a word's best colour: lime is green, but nobody's first
DARK, LIGHT = 28.3, 79.6  # L* between black and grey, grey and white
EDGE = 6.0  # [CIELAB] from a boundary, within which either word is used by one namer in ten or more

_TO_XYZ = np.array(  # linear sRGB to CIE XYZ (IEC 61966-2-1)
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)
_WHITE = _TO_XYZ.sum(axis=1)

_LEVELS = np.array([level for level, _ in _HUES])
_STARTS = np.full((len(_HUES), 7), np.inf)  # the terms of a row in the order of their hues
_TERMS = np.full((len(_HUES), 7), "", dtype="<U6")
for _row, (_, _hues) in enumerate(_HUES):
    _STARTS[_row, : len(_hues)] = list(_hues.values())
    _TERMS[_row, : len(_hues)] = list(_hues)
_AROUND = np.array(  # a colour and its neighbours, lighter and darker, of twelve chromaticities
    [
        (up, x, y)
        for up in (0.0, -1.0, 1.0)
        for x, y in [
            (0.0, 0.0),
            *((np.cos(t), np.sin(t)) for t in np.linspace(0, 2 * np.pi, 12, endpoint=False)),
        ]
    ]
)


def decoded(rgb: object) -> Floats:
    """sRGB, 0..1, to linear light."""
    v = np.asarray(rgb, float)
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def lab(linear: object) -> Floats:
    """(..., 3) CIELAB (D65, CIE 15:2004) of linear light (..., 3) in sRGB's primaries."""
    x = np.asarray(linear, float) @ _TO_XYZ.T / _WHITE
    f = np.where(x > (6 / 29) ** 3, np.cbrt(x), x * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.stack(
        [116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1
    )


def chroma(linear: object) -> float:
    """C*ab of linear light (3,): 0 for grey."""
    _, a, b = lab(linear)
    return float(np.hypot(a, b))


def term(linear: object) -> str:
    """What a colour, as linear light (3,), is called most."""
    return str(_named(lab(linear)))


def terms(linear: object, edge: float = EDGE) -> set[str]:
    """Every term within `edge` [CIELAB] of a colour, in lightness or in chromaticity. What is
    black, grey or white is of no hue, however near: a tint is not a colour's name."""
    near = set(_named(lab(linear) + edge * _AROUND).tolist())
    return near & NEUTRAL if chroma(linear) < ACHROMATIC else near


def _named(colours: Floats) -> NDArray[np.str_]:
    """(...) the terms of CIELAB colours (..., 3)."""
    lightness, a, b = np.moveaxis(colours, -1, 0)
    row = np.minimum(np.searchsorted(_LEVELS, lightness), len(_LEVELS) - 1)
    first = _STARTS[row, 0]
    hue = (np.degrees(np.arctan2(b, a)) - first) % 360 + first
    hued = _TERMS[row, np.sum(_STARTS[row] <= hue[..., None], axis=-1) - 1]
    grey = np.where(lightness < DARK, "black", np.where(lightness < LIGHT, "grey", "white"))
    return np.where(np.hypot(a, b) < ACHROMATIC, grey, hued)


def still(word: str, linear: object, before: object) -> bool:
    """Whether a colour bears the word as plainly as `before`, which is at the heart of it: no new
    doubt, and, but for black, grey and white, of nearly its hue and hardly less chroma."""
    if term(linear) != word or not terms(linear) <= terms(before):
        return False
    near = abs((_hue(linear) - _hue(before) + 180) % 360 - 180) <= ASIDE
    return word in NEUTRAL or (near and chroma(linear) >= VIVID * chroma(before))


def _hue(linear: object) -> float:
    """h_ab [degrees] of linear light (3,)."""
    _, a, b = lab(linear)
    return float(np.degrees(np.arctan2(b, a)))
