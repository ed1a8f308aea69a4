"""Contact sheets of every task in every look, beside TinyRenderer and Cycles.

    python scripts/gallery.py [tasks=A,B] [views=5] [out=docs]

Writes OUT/gallery.md and OUT/images/gallery-TASK.jpg, of every task there is unless some are named.
Without Blender (see sim/render/cycles.py; `make gallery` installs it) the last column of the first
row stays grey.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from episodes.array_types import Floats
from episodes.errors import UserError
from generators import run, tasks
from generators.command import hydra_app
from generators.seeds import Streams
from scenes import look
from sim import render
from sim.render.base import Renderer
from sim.spec import Cell

DEFAULTS = {"tasks": "", "views": "5", "out": "docs"}
SIZE = 224  # [px] of a picture
LOOKS = ("plain", "factory", "wild")
AT = (0.12, 0.3, 0.5, 0.72, 0.9)  # shares of an episode at which it is looked at
Picture = NDArray[np.uint8]

TEXT = """# Gallery

Every task in every look, {size}x{size} pixels a view, as a data set holds them. Each sheet starts
with one instant in the `plain` look, drawn by PyBullet's TinyRenderer, by `raster` and by `cycles`
(Blender's path tracer, the same states and materials). Below, `raster` draws the looks `plain`,
`factory` (the default) and `wild`: instants of one episode above, the wrist camera below, and every
picture with draws of its own. `make gallery` made this page.
"""


def main() -> None:
    asked = {**DEFAULTS, **dict(word.split("=", 1) for word in sys.argv[1:])}
    out = Path(asked["out"])
    (out / "images").mkdir(parents=True, exist_ok=True)
    names = asked["tasks"].split(",") if asked["tasks"] else tasks.names()
    drawers = {name: opened(name) for name in ("tiny", "raster", "cycles")}
    for task in names:
        picture = sheet(task, drawers, int(asked["views"]))
        Image.fromarray(picture).save(image(out, task), quality=80, optimize=True)
        print(image(out, task))
    page = [TEXT.format(size=SIZE)]
    for task in tasks.names():
        if image(out, task).exists():  # those made before are kept
            page.append(f"## {task}\n\n![{task} in every look](images/{image(out, task).name})\n")
    (out / "gallery.md").write_text("\n".join(page))


def image(out: Path, task: str) -> Path:
    return out / "images" / f"gallery-{task}.jpg"


def opened(name: str) -> Renderer | None:
    try:
        return render.open_renderer(name)
    except UserError as error:
        print(error, file=sys.stderr)
        return None


def sheet(task: str, drawers: Mapping[str, Renderer | None], views: int) -> Picture:
    """The task's contact sheet."""
    composed = {
        name: hydra_app.composed(
            "generate", [f"task={task}", "out=-", f"look={name}", f"image_size=[{SIZE},{SIZE}]"]
        )
        for name in LOOKS
    }
    made = run.make_episode(composed["plain"], 0, 0)
    assert made.states is not None
    states = made.states[[int(share * made.steps) for share in AT[:views]]]
    plain = Cell.from_json(made.cell)
    wide = views * SIZE // 3
    rows = [labelled(compared(plain, states[1:2], drawers, wide), "tiny | raster | cycles")]
    for name in LOOKS:
        drawn = [seen(redrawn(plain, composed[name], t), states[t], drawers) for t in range(views)]
        rows.append(labelled(np.concatenate(drawn, axis=1), name))
    width = max(row.shape[1] for row in rows)
    return np.concatenate(
        [np.pad(r, ((0, 6), (0, width - r.shape[1]), (0, 0)), constant_values=255) for r in rows]
    )


def redrawn(cell: Cell, config: Mapping[str, Any], view: int) -> Cell:
    return look.redraw(cell, config["look"], Streams(0, view).rng("look"))


def cameras(cell: Cell) -> list[str]:
    """The first two, by name."""
    return [camera.name for camera in cell.cameras[:2]]


def seen(cell: Cell, state: Floats, drawers: Mapping[str, Renderer | None]) -> Picture:
    """Both cameras, one above the other."""
    raster = drawers["raster"]
    assert raster is not None
    names = cameras(cell)
    frames = next(raster.frames(cell, state[None], names))
    return np.concatenate([frames[name].rgb for name in names])


def compared(
    cell: Cell, state: Floats, drawers: Mapping[str, Renderer | None], wide: int
) -> Picture:
    """One instant, by every renderer, in pictures `wide` [px]."""
    big = tuple(replace(c, width=wide, height=SIZE) for c in cell.cameras)
    cell, names = cell.replace(cameras=big), cameras(cell)
    columns = []
    for drawer in drawers.values():
        column = np.full((len(names) * SIZE, wide, 3), 128, np.uint8)
        if drawer is not None:
            frames = next(drawer.frames(cell, state, names))
            column = np.concatenate([frames[name].rgb for name in names])
        columns.append(column)
    return np.concatenate(columns, axis=1)


def labelled(picture: Picture, text: str) -> Picture:
    image = Image.fromarray(picture)
    ImageDraw.Draw(image).text((6, 4), text, fill=(255, 255, 255), stroke_width=2, stroke_fill=0)
    return np.asarray(image)


if __name__ == "__main__":
    main()
