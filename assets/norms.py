"""Metric sizes: the tables behind the catalogue, in millimetres.

Facts taken from the product standards: ISO 4032 (hexagon nuts, style 1: width across flats s,
height m max, washer face dw min), ISO 4017/4014 (hexagon head screws: s, head height k nominal,
thread length b = 2 d + 6 up to 125 mm), ISO 7089 (plain washers, normal series: d1 min, d2 max,
h nominal), ISO 261 (coarse pitches), ISO 4379 (copper alloy bushes: bore, outside
diameter and length of its thick-walled series).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Sizes = Mapping[str, Mapping[str, Any]]

# d: (coarse pitch, across flats, nut height, washer face, head height)
_HEXAGON = {
    6: (1.0, 10.0, 5.2, 8.9, 4.0),
    8: (1.25, 13.0, 6.8, 11.6, 5.3),
    10: (1.5, 16.0, 8.4, 14.6, 6.4),
    12: (1.75, 18.0, 10.8, 16.6, 7.5),
    14: (2.0, 21.0, 12.8, 19.6, 8.8),
    16: (2.0, 24.0, 14.8, 22.5, 10.0),
    20: (2.5, 30.0, 18.0, 27.7, 12.5),
    24: (3.0, 36.0, 21.5, 33.3, 15.0),
    30: (3.5, 46.0, 25.6, 42.8, 18.7),
}
# d: (bore, outside, thickness)
_WASHER = {
    6: (6.4, 12.0, 1.6),
    8: (8.4, 16.0, 1.6),
    10: (10.5, 20.0, 2.0),
    12: (13.0, 24.0, 2.5),
    14: (15.0, 28.0, 2.5),
    16: (17.0, 30.0, 3.0),
    20: (21.0, 37.0, 3.0),
    24: (25.0, 44.0, 4.0),
    30: (31.0, 56.0, 4.0),
}

HEX_NUTS: Sizes = {
    f"M{d}": {
        "diameter_mm": float(d),
        "pitch_mm": pitch,
        "flats_mm": flats,
        "height_mm": nut,
        "washer_face_mm": face,
    }
    for d, (pitch, flats, nut, face, _) in _HEXAGON.items()
}
WASHERS: Sizes = {
    f"M{d}": {"bore_mm": bore, "outside_mm": outside, "height_mm": height}
    for d, (bore, outside, height) in _WASHER.items()
}
HEX_BOLTS: Sizes = {
    f"M{d}x{length}": {
        "diameter_mm": float(d),
        "pitch_mm": _HEXAGON[d][0],
        "flats_mm": _HEXAGON[d][1],
        "head_mm": _HEXAGON[d][4],
        "washer_face_mm": _HEXAGON[d][3],
        "length_mm": float(length),
        "thread_mm": float(min(length - _HEXAGON[d][0], 2 * d + 6)),
    }
    for d, lengths in {
        6: (20, 30),
        8: (25, 40),
        10: (30, 50),
        12: (35, 60),
        16: (40, 70),
        20: (50, 80),
        24: (60, 90),
    }.items()
    for length in lengths
}
BUSHINGS: Sizes = {
    f"{bore}x{outside}x{length}": {
        "bore_mm": float(bore),
        "outside_mm": float(outside),
        "length_mm": float(length),
    }
    for bore, outside, length in (
        (10, 16, 10),
        (12, 18, 15),
        (14, 20, 15),
        (16, 22, 20),
        (20, 26, 20),
        (25, 32, 30),
        (30, 38, 30),
        (40, 50, 40),
    )
}

BLOCKS: Sizes = {
    f"{length}x{width}x{height}": {
        "length_mm": float(length),
        "width_mm": float(width),
        "height_mm": float(height),
    }
    for length, width, height in (
        (30, 30, 20),
        (40, 25, 20),
        (40, 40, 40),
        (50, 30, 30),
        (60, 40, 25),
        (70, 35, 20),
        (80, 50, 30),
        (90, 60, 40),
    )
}
SHAFTS: Sizes = {
    f"{d}x{length}": {"diameter_mm": float(d), "length_mm": float(length)}
    for d, length in ((10, 60), (12, 80), (16, 60), (16, 100), (20, 80), (25, 100), (30, 120))
}
STEPPED_SHAFTS: Sizes = {
    f"{d}x{length}": {
        "diameter_mm": float(d),
        "length_mm": float(length),
        "journal_diameter_mm": float(journal),
        "journal_left_mm": 0.2 * length,
        "journal_right_mm": 0.2 * length,
    }
    for d, journal, length in ((20, 12, 70), (24, 16, 90), (30, 20, 110), (35, 25, 120))
}
PEGS: Sizes = {
    f"{d}x{length}": {"diameter_mm": float(d), "length_mm": float(length)}
    for d, length in ((10, 50), (12, 50), (16, 60), (20, 60), (25, 70), (30, 80))
}
L_BRACKETS: Sizes = {
    f"{leg}x{leg}x{width}": {
        "base_mm": float(leg),
        "rise_mm": float(leg),
        "width_mm": float(width),
        "thickness_mm": float(thickness),
        "hole_mm": hole,
    }
    for leg, width, thickness, hole in (
        (30, 25, 3, 5.5),
        (40, 30, 4, 6.6),
        (50, 40, 5, 9.0),
        (60, 50, 6, 11.0),
    )
}
# Outside lengths, widths and heights, after the R-KLT of VDA 4500 and the Euro containers of
# EN 13199-1.
BINS: Sizes = {
    name: {"length_mm": float(length), "width_mm": float(width), "height_mm": float(height)}
    for name, length, width, height in (
        ("KLT 3215", 297, 198, 147),
        ("KLT 4315", 396, 297, 147),
        ("KLT 4329", 396, 297, 280),
    )
}
TOTES: Sizes = {
    f"{length}x{width}x{height}": {
        "length_mm": float(length),
        "width_mm": float(width),
        "height_mm": float(height),
    }
    for length, width, height in (
        (300, 200, 120),
        (400, 300, 120),
        (400, 300, 220),
        (600, 400, 120),
    )
}
