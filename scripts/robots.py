"""The picture of docs/robots.md: every arm with its usual tool, and every tool on one arm.

python scripts/robots.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from scenes.cameras import look_at  # noqa: E402
from sim import state_layout  # noqa: E402
from sim.pose import Pose  # noqa: E402
from sim.render import open_renderer  # noqa: E402
from sim.render.base import Renderer  # noqa: E402
from sim.robots import card, robot  # noqa: E402
from sim.spec import Body, Camera, Cell, Light, Material, Robot  # noqa: E402

OUT = ROOT / "docs" / "images" / "robots.jpg"
SIZE = 300  # of one picture [px]
ARM, TOOL = ((1.25, -1.25, 0.85), (0.2, 0.0, 0.36)), ((0.72, -0.34, 0.46), (0.43, 0.0, 0.43))
BENCH = Body(
    "bench", "bench_top", {"thickness_mm": 40.0}, Pose((0.4, 0.0, -0.04)),
    Material("painted", (0.62, 0.64, 0.66)), fixed=True,
)  # fmt: skip


def picture(
    renderer: Renderer, name: str, view: tuple[tuple[float, ...], ...]
) -> NDArray[np.uint8]:
    """(SIZE, SIZE, 3): the robot in its home posture, the jaws half open."""
    model = robot.load(name)
    joints = np.zeros(len(model.movable))
    joints[model.arm_columns] = model.home
    joints[model.tool_columns] = model.tool.positions(np.array([0.4]))
    cell = Cell(
        robots=(Robot(model.arm.name, name, Pose(), model.home),),
        bodies=(BENCH,),
        cameras=(Camera("eye", look_at(*view), 2 * SIZE, 2 * SIZE, 0.72),),
        lights=(Light("lamp", direction=(0.5, -0.5, 0.7)), Light("hall", "sky", occlusion=0.6)),
    )
    states = np.zeros((1, max(stop for _, stop in state_layout.columns(cell).values())))
    start, stop = state_layout.columns(cell)[f"{model.arm.name}/joint_position"]
    states[0, start:stop] = joints
    seen = next(iter(renderer.frames(cell, states, ["eye"])))["eye"].rgb
    return np.asarray(Image.fromarray(seen).resize((SIZE, SIZE), Image.Resampling.LANCZOS))


def main() -> None:
    renderer = open_renderer("raster")
    arms = [card.name_of(arm) for arm in card.arms()]
    tools = [card.name_of("ur5", tool) for tool in card.tools()]
    rows = [[picture(renderer, name, ARM) for name in arms],
            [picture(renderer, name, TOOL) for name in tools]]  # fmt: skip
    renderer.close()
    sheet = np.concatenate([np.concatenate(row, axis=1) for row in rows])
    Image.fromarray(sheet).save(OUT, quality=82)
    print(OUT, f"{OUT.stat().st_size / 1000:.0f} kB:", *arms, "/", *tools)


if __name__ == "__main__":
    main()
