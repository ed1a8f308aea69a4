"""An open shipping carton without its flaps, and a flap, which is hinged to it."""

from __future__ import annotations

import numpy as np

from assets.frames import Seven, seven, turn
from assets.geometry.shapes import cuboid, inset, join, prism, rectangle
from assets.geometry.solid import MM, box, require, solid
from assets.part import Part, Piece


def shipping_carton(
    *,
    length_mm: float = 240.0,
    width_mm: float = 180.0,
    height_mm: float = 120.0,
    board_mm: float = 4.0,
    material: str = "cardboard",
) -> Part:
    """A box of corrugated board (FEFCO 0201), open at the top, without its flaps.

    Every wall has a frame at its upper edge: "flap_0" (+y), "flap_1" (-y), "flap_2" (+x) and
    "flap_3" (-x): x along the edge, y to the inside, z up. A carton_flap placed there lies closed;
    turned about that x by q it is open by q: pi/2 upright, over pi hanging outside. The short
    sides' flaps, 2 and 3, lie under the others: close them first.
    frames also: "floor". dims: "inner_length", "inner_width", "inner_height", "flap_0_length" to
    "flap_3_length", "flap_depth".
    """
    require(
        min(length_mm, width_mm, height_mm) >= 10 * board_mm,
        "shipping_carton: sides of 10 board_mm or more",
    )
    length, width, h, t = length_mm * MM, width_mm * MM, height_mm * MM, board_mm * MM
    outside = rectangle(length, width, 0.0015)
    rim = prism(outside, t, h, [inset(outside, t)[::-1]], min(0.0006, 0.2 * t), chamfer_bottom=0.0)
    floor = prism(outside, 0.0, t, chamfer=0.0, chamfer_bottom=0.0006)
    joint = cuboid(0.035, 0.0006, h - 0.004, (-length / 2 + 0.03, width / 2 - 0.0001, 0.002))
    pieces: list[Piece] = [box(length, width, t, (0.0, 0.0, 0.0))]
    for s in (-1.0, 1.0):
        pieces.append(box(length, t, h - t, (0.0, s * (width - t) / 2, t)))
        pieces.append(box(t, width - 2 * t, h - t, (s * (length - t) / 2, 0.0, t)))
    spots = (
        ((0.0, width / 2, h + t), np.pi, length),
        ((0.0, -width / 2, h + t), 0.0, length),
        ((length / 2, 0.0, h), np.pi / 2, width),
        ((-length / 2, 0.0, h), -np.pi / 2, width),
    )
    frames: dict[str, Seven] = {"floor": (0.0, 0.0, t, 0.0, 0.0, 0.0, 1.0)}
    dims = {
        "length": length, "width": width, "height": h, "board": t, "floor": t,
        "inner_length": length - 2 * t, "inner_width": width - 2 * t, "inner_height": h - t,
        "flap_depth": width / 2,
    }  # fmt: skip
    for k, (at, yaw, long) in enumerate(spots):
        frames[f"flap_{k}"] = seven(at, turn("z", yaw))
        dims[f"flap_{k}_length"] = long
    return solid(
        join(floor, rim, joint), pieces, material, dims, frames, turns=2, norm="FEFCO 0201"
    )


def carton_flap(
    *,
    length_mm: float = 240.0,
    depth_mm: float = 90.0,
    board_mm: float = 4.0,
    material: str = "cardboard",
) -> Part:
    """One flap of a carton: its hinge is the x axis, at its edge; the board reaches to +y.

    frames: "hinge"; "edge", in the middle of the free edge; "push", where a finger presses it shut,
    two thirds out on the upper side, z into the board.
    """
    require(min(length_mm, depth_mm) >= 4 * board_mm, "carton_flap: sides of 4 board_mm or more")
    length, depth, t = length_mm * MM, depth_mm * MM, board_mm * MM
    slack = 0.001  # so that neighbours do not rub
    wide = length - 2 * slack
    cut = min(0.006, 0.2 * depth, 0.2 * wide)
    outline = np.array(
        [[-wide / 2, 0.0], [wide / 2, 0.0], [wide / 2 - cut, depth - slack],
         [-wide / 2 + cut, depth - slack]]
    )  # fmt: skip
    mesh = prism(outline, 0.0, t, chamfer=min(0.0006, 0.2 * t))
    reach = depth - slack
    return solid(
        mesh,
        [box(wide, reach, t, (0.0, reach / 2, 0.0))],
        material,
        {"length": length, "depth": reach, "board": t},
        {
            "hinge": (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0),
            "edge": (0.0, reach, t / 2, 0.0, 0.0, 0.0, 1.0),
            "push": seven((0.0, 2 * reach / 3, t), turn("x", np.pi)),
        },
        norm="FEFCO 0201",
    )
