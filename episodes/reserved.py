"""The names that the format keeps for one meaning each: docs/library-format.md as a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MEANING = "meaning"  # in the lineage of an import: reserved name -> how its meaning is known
PICTURES = ("_image", "_depth", "_segmentation")  # obs/{camera}_image and so on


@dataclass(frozen=True)
class Reserved:
    """width: numbers in a row; None: one a joint. meaning: with its units."""

    width: int | None
    meaning: str


_POSES = "of the TCP in the robot's base frame, x y z [m] qx qy qz qw"

RESERVED: Mapping[str, Reserved] = {
    "action/joint_position": Reserved(None, "commanded joint positions [rad]"),
    "action/ee_pose": Reserved(7, f"commanded poses {_POSES}"),
    "action/ee_delta": Reserved(
        6, "commanded motion of the TCP in a step, in the base frame: [m], rotation vector [rad]"
    ),
    "action/gripper": Reserved(1, "commanded opening, 0 open .. 1 closed"),
    "obs/joint_position": Reserved(None, "measured joint positions [rad]"),
    "obs/joint_velocity": Reserved(None, "measured joint velocities [rad/s]"),
    "obs/ee_pose": Reserved(7, f"measured poses {_POSES}"),
    "obs/gripper_position": Reserved(1, "measured opening, 0 open .. 1 closed"),
    "obs/wrench": Reserved(6, "measured force [N] and torque [N m] at the wrist"),
}


def meaning(path: str) -> str | None:
    """What the format means by "obs/wrench" or "obs/front_depth"; None for a name that is free."""
    if path in RESERVED:
        return RESERVED[path].meaning
    if path.startswith("obs/") and path.endswith(PICTURES):
        return "pictures of a camera"
    return None
