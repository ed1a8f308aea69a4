"""What a layout has to know of the robot that works in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Arm:
    """home (J,) [rad]; wrist: the link that a wrist camera rides on; reach [m]; fold: how near the
    wrist folds to the shoulder [m]; foot: how high the arm's own stand puts its foot [m]; jaw: the
    thickness of a jaw, 0 of what has none [m]."""

    home: tuple[float, ...]
    wrist: str
    reach: float
    fold: float
    foot: float
    jaw: float
