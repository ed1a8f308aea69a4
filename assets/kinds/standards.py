"""Sizes from product standards: the tables behind the catalogue, in millimetres.

Facts taken from the standards: ISO 4032 (hexagon nuts, style 1: width across flats s, height m max,
washer face dw min), ISO 4017/4014 (hexagon head screws: s, head height k nominal, thread length
b = 2 d + 6 up to 125 mm), ISO 7089 (plain washers, normal series: d1 min, d2 max, h nominal),
ISO 261 (coarse pitches), ISO 4379 (copper alloy bushes: bore, outside diameter and length of its
thick-walled series), ISO 4762 (socket head screws: head diameter, socket; the head is as high as
the thread is wide), DIN 508 (T-slot nuts), ISO 8734 (parallel pins), DIN 6885-1 (keys), DIN 471
(rings for shafts: thickness, inside diameter, section, lug and hole), ISO 15 (bearing bore, outside
diameter and width of series 60 and 62), EN 10242 (elbow A1), EN 1092-1 PN 16 type 11 (flanges:
outside, thickness, bolt circle, holes, neck, height), EN 13698-1 (pallets).
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

# Whole, half and quarter pallets (EN 13698-1; half and quarter as display pallets usually are), and
# an eighth for a table: the boards are scaled with the length.
PALLETS: Sizes = {
    f"{length}x{width}": {
        "length_mm": float(length),
        "width_mm": float(width),
        "height_mm": float(height),
    }
    for length, width, height in (
        (1200, 800, 144),
        (800, 600, 144),
        (600, 400, 125),
        (400, 300, 60),
    )
}
# Outside sizes that divide the Euro pallet (ISO 3394 modules) or fit a robot's table.
SHIPPING_CARTONS: Sizes = {
    f"{length}x{width}x{height}": {
        "length_mm": float(length),
        "width_mm": float(width),
        "height_mm": float(height),
    }
    for length, width, height in (
        (200, 150, 100),
        (240, 180, 120),
        (300, 200, 150),
        (400, 300, 200),
    )
}


def _sizes(names: tuple[str, ...], table: Mapping[str, tuple[float, ...]]) -> Sizes:
    """Rows of numbers under parameter names; whole numbers stay whole for counts."""
    return {
        size: {
            n: v if n in ("teeth", "holes") else float(v) for n, v in zip(names, row, strict=True)
        }
        for size, row in table.items()
    }


SOCKET_SCREWS = _sizes(
    ("diameter_mm", "pitch_mm", "head_mm", "socket_mm", "length_mm"),
    {
        "M6x20": (6, 1.0, 10, 5, 20), "M8x30": (8, 1.25, 13, 6, 30),
        "M10x35": (10, 1.5, 16, 8, 35), "M12x40": (12, 1.75, 18, 10, 40),
        "M16x50": (16, 2.0, 24, 14, 50),
    },
)  # fmt: skip
STANDOFFS = _sizes(
    ("flats_mm", "thread_mm", "length_mm"),
    {"M5x20": (8, 5, 20), "M6x30": (10, 6, 30), "M8x30": (13, 8, 30), "M10x40": (17, 10, 40)},
)
T_SLOT_NUTS = _sizes(
    ("thread_mm", "slot_mm", "side_mm", "height_mm", "base_mm"),
    {
        "M6x8": (6, 7.7, 13, 10, 6), "M8x10": (8, 9.7, 15, 12, 6), "M10x12": (10, 11.7, 18, 14, 7),
        "M12x14": (12, 13.7, 22, 16, 8), "M16x18": (16, 17.7, 28, 20, 10),
    },
)  # fmt: skip
DOWEL_PINS = _sizes(
    ("diameter_mm", "length_mm"),
    {"6x30": (6, 30), "8x40": (8, 40), "10x40": (10, 40), "12x50": (12, 50), "16x60": (16, 60)},
)
PARALLEL_KEYS = _sizes(
    ("width_mm", "height_mm", "length_mm"),
    {"6x6x25": (6, 6, 25), "8x7x32": (8, 7, 32), "10x8x40": (10, 8, 40), "12x8x45": (12, 8, 45),
     "14x9x50": (14, 9, 50), "18x11x63": (18, 11, 63)},
)  # fmt: skip
RETAINING_RINGS = _sizes(
    ("shaft_mm", "thickness_mm", "inside_mm", "section_mm", "lug_mm", "hole_mm"),
    {
        "20": (20, 1.2, 18.5, 2.6, 4.0, 2.0), "25": (25, 1.2, 23.2, 3.0, 4.4, 2.0),
        "30": (30, 1.5, 27.9, 3.5, 5.0, 2.0), "40": (40, 1.75, 36.5, 4.4, 6.0, 2.5),
        "50": (50, 2.0, 45.8, 5.1, 6.9, 2.5),
    },
)  # fmt: skip
BEARINGS = _sizes(
    ("bore_mm", "outside_mm", "width_mm"),
    {
        "6000": (10, 26, 8), "6001": (12, 28, 8), "6002": (15, 32, 9), "6003": (17, 35, 10),
        "6004": (20, 42, 12), "6005": (25, 47, 12), "6006": (30, 55, 13), "6200": (10, 30, 9),
        "6202": (15, 35, 11), "6204": (20, 47, 14), "6206": (30, 62, 16),
    },
)  # fmt: skip
# Miniature pillow blocks as makers' tables have them (KP series).
BEARING_HOUSINGS = _sizes(
    ("bore_mm", "centre_mm", "length_mm", "width_mm", "height_mm", "bolts_mm"),
    {
        "KP08": (8, 15, 55, 13, 29, 42), "KP000": (10, 18, 67, 16, 35, 53),
        "KP001": (12, 19, 71, 16, 38, 56), "KP002": (15, 22, 80, 16, 43, 63),
        "KP003": (17, 24, 85, 18, 47, 67),
    },
)  # fmt: skip
SPUR_GEARS = _sizes(
    ("module_mm", "teeth", "width_mm", "bore_mm", "hub_mm", "hub_height_mm"),
    {
        "m1.5x20": (1.5, 20, 12, 8, 20, 10), "m1.5x32": (1.5, 32, 12, 10, 28, 10),
        "m2x16": (2, 16, 16, 10, 22, 12), "m2x24": (2, 24, 16, 12, 30, 12),
        "m2.5x20": (2.5, 20, 20, 14, 35, 12), "m3x20": (3, 20, 24, 16, 42, 12),
    },
)  # fmt: skip
V_PULLEYS = _sizes(
    ("datum_mm", "hub_mm", "bore_mm", "height_mm"),
    {"SPZ 56": (56, 30, 12, 26), "SPZ 63": (63, 34, 14, 26), "SPZ 71": (71, 36, 16, 28)},
)
COUPLINGS = _sizes(
    ("outside_mm", "bore_mm", "hub_mm", "claw_mm"),
    {
        "14": (30, 12, 18, 10),
        "19": (40, 16, 25, 12),
        "24": (55, 22, 30, 14),
        "28": (65, 28, 35, 15),
    },
)
FLANGES = _sizes(
    ("outside_mm", "thickness_mm", "bolt_circle_mm", "bolt_mm", "holes", "neck_mm", "height_mm",
     "bore_mm"),
    {
        "DN15": (95, 16, 65, 14, 4, 32, 38, 17), "DN20": (105, 18, 75, 14, 4, 40, 40, 22),
        "DN25": (115, 18, 85, 14, 4, 46, 40, 28), "DN40": (150, 18, 110, 18, 4, 64, 45, 43),
    },
)  # fmt: skip
ELBOWS = _sizes(
    ("pipe_mm", "bore_mm", "collar_mm", "collar_length_mm", "leg_mm"),
    {"1/2": (22, 16, 27, 20, 34), "3/4": (27, 21, 34, 21, 42), "1": (34, 27, 42, 22, 46)},
)
U_CHANNELS = _sizes(
    ("width_mm", "height_mm", "thickness_mm", "length_mm"),
    {"30x20x2": (30, 20, 2, 50), "40x25x3": (40, 25, 3, 60), "50x30x4": (50, 30, 4, 80)},
)
ROUND_BLANKS = _sizes(
    ("diameter_mm", "length_mm"),
    {"30x60": (30, 60), "40x60": (40, 60), "40x70": (40, 70), "50x70": (50, 70), "60x60": (60, 60)},
)
KNOBS = _sizes(
    ("diameter_mm", "hub_mm", "height_mm"),
    {"32": (32, 14, 21), "40": (40, 18, 26), "50": (50, 22, 34), "63": (63, 26, 42)},
)
BOTTLES = _sizes(
    ("diameter_mm", "height_mm", "cap_mm"),
    {
        "50 ml": (37, 92, 24),
        "100 ml": (47, 107, 28),
        "250 ml": (61, 137, 38),
        "500 ml": (74, 172, 38),
    },
)
CARTONS = _sizes(
    ("length_mm", "width_mm", "height_mm"),
    {
        "60x40x30": (60, 40, 30), "80x50x40": (80, 50, 40), "90x60x50": (90, 60, 50),
        "100x70x60": (100, 70, 60), "120x70x80": (120, 70, 80), "150x100x80": (150, 100, 80),
        "200x150x100": (200, 150, 100),
    },
)  # fmt: skip
