"""Where parallel jaws hold a part.

For the narrowest pads of our tools: 18.5 mm wide and 20 mm tall, the rubber tips of the Franka
hand. For the widest stroke, 85 mm; a tool that opens less has no use for the widest grasps. A
grasp's origin is midway between the pads' centres.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from assets.frames import IDENTITY, Seven, from_matrix, seven, to_matrix, turn
from assets.part import Grasp

PAD_HEIGHT = 0.020  # [m] along the approach
PAD_WIDTH = 0.0185  # [m]
WIDEST = 0.080  # [m] of 85 mm: leaves 2.5 mm a side to come down past the part
PALM = 0.035  # [m] the most that a part may reach above the pads' centres: of the shortest fingers

FULL_CIRCLE = tuple(np.pi * k / 6.0 for k in range(12))


def pad_centre(height: float, floor: float = 0.0) -> float:
    """How high [m] the pads' centre is over the support, for a part `height` tall.

    Low parts are held by their upper 60 %, so that the pads stay clear of the support and of a
    tray's low walls; tall ones near the top, so that the palm does not touch them.
    floor: the pads' lower edge stays above this height.
    """
    low = 0.4 * height if height >= 0.005 else 0.25 * height
    low = max(low, 0.0006, height - PALM - PAD_HEIGHT / 2.0, floor)
    return low + PAD_HEIGHT / 2.0


def from_above(
    height: float,
    holds: Iterable[tuple[float, float]],
    rest: Seven = IDENTITY,
    spot: ArrayLike = (0.0, 0.0),
    floor: float = 0.0,
) -> list[Grasp]:
    """Grasps that come straight down on a part lying in `rest` (part_to_support).

    height: of the part in that pose. holds: (yaw [rad], width [m]); at yaw 0 the jaws close
    along the support's y. spot: where on the support, x y [m].
    """
    to_part = np.linalg.inv(to_matrix(rest))
    x, y = np.asarray(spot, float)
    found = []
    for yaw, width in holds:
        if width > WIDEST:
            continue
        down = turn("z", yaw) @ turn("x", np.pi)
        at = to_part @ to_matrix(seven((x, y, pad_centre(height, floor)), down))
        found.append(Grasp(from_matrix(at), width))
    return found


def cylinder_grasps(diameter: float, middle: ArrayLike, axis: Sequence[float]) -> list[Grasp]:
    """Grasps across a cylinder, from 12 directions around its axis and with the jaws either way.

    middle: the point (3,) on the axis to hold. axis: unit (3,).
    """
    if diameter > WIDEST:
        return []
    along = np.asarray(axis, float)
    side = np.cross(along, [0.0, 0.0, 1.0] if abs(along[2]) < 0.9 else [1.0, 0.0, 0.0])
    side /= np.linalg.norm(side)
    back_off = pad_centre(diameter) - diameter / 2.0  # from the axis, against the approach
    found = []
    for angle in FULL_CIRCLE:
        into = np.cos(angle) * np.cross(along, side) + np.sin(angle) * side
        for sign in (1.0, -1.0):
            close = sign * np.cross(along, into)
            rotation = np.stack([np.cross(close, into), close, into], axis=1)
            found.append(Grasp(seven(np.asarray(middle) - back_off * into, rotation), diameter))
    return found
