"""Cells to draw, for the tests of renderers and looks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assets import catalogue
from scenes.cameras import look_at
from sim import state_layout
from sim.pose import Pose
from sim.robots import robot
from sim.spec import Body, Camera, Cell, Light, Material, Robot

LAMP = Light("lamp", "sun", (0.35, 0.2, 0.9))
HALL = Light("hall", "sky")


def body(name: str, kind: str, pose: Pose, *, fixed: bool = False, **params: object) -> Body:
    role = "fixture" if fixed else "part"
    return Body(name, kind, params, pose, Material(), role, fixed=fixed, mass=0.0 if fixed else 0.1)


def bench(size: int = 224) -> Cell:
    """A Panda behind four parts on a bench: a camera that stands, one on the hand."""
    model = robot.load("panda")
    return Cell(
        robots=(Robot("panda", "panda", Pose(), model.home),),
        bodies=(
            body("floor", "floor", Pose((0.0, 0.0, -0.8)), fixed=True),
            body("top", "bench_top", Pose((0.4, 0.0, -0.04)), fixed=True),
            body("tray", "tray", Pose((0.5, 0.25, 0.0)), fixed=True),
            body("nut", "hex_nut", Pose((0.5, -0.1, 0.0)), size="M20"),
            body("block", "block", Pose.turned((0.45, 0.05, 0.0), (0, 0, 1), 0.7)),
            body("shaft", "shaft", Pose.turned((0.6, -0.2, 0.02), (0, 1, 0), 1.5708)),
            body("bracket", "l_bracket", Pose((0.62, 0.02, 0.0))),
        ),
        cameras=(
            Camera("front", look_at((1.25, 0.4, 0.7), (0.4, 0.0, 0.1)), size, size, 0.8),
            Camera(
                "wrist", look_at((0.07, 0.0, 0.03), (0.0, 0.0, 0.15), (1.0, 0.0, 0.0)), size, size,
                1.2, f"panda/{model.tcp.link}",
            ),
        ),
        lights=(LAMP, HALL),
    )  # fmt: skip


def around(kind: str) -> Cell:
    """One part of a kind, seen from an angle that shows its shape."""
    part = catalogue.build(kind)
    middle, size = part.mesh.bounds.mean(axis=0), float(np.linalg.norm(part.extents))
    eye = middle + min(1.4 * size, 4.0) * np.array([0.7, 0.45, 0.55])
    camera = Camera("eye", look_at(eye, middle), 128, 128, 0.7, near=0.1 * size, far=6.0)
    return Cell(
        bodies=(body("it", kind, Pose(), fixed=True),), cameras=(camera,), lights=(LAMP, HALL)
    )


def states(cell: Cell, count: int = 1) -> NDArray[np.float64]:
    """(count, S): the cell as it starts, then robots waving."""
    columns = state_layout.columns(cell)
    out = np.zeros((count, max((stop for _, stop in columns.values()), default=0)))
    for arm in cell.robots:
        model = robot.load(arm.card)
        start, _ = columns[f"{arm.name}/joint_position"]
        for i, (column, value) in enumerate(zip(model.arm_columns, arm.joints, strict=True)):
            wave = 0.25 * np.sin(np.arange(count) * (0.6 + 0.1 * i))
            out[:, start + column] = value + wave
        for column in model.tool_columns:
            out[:, start + column] = 0.03
    for b in cell.bodies:
        if not b.fixed:
            start, _ = columns[f"{b.name}/pose"]
            out[:, start : start + 7] = b.pose.array()
    return out
