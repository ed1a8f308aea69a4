"""The fast renderer against PyBullet's TinyRenderer with shadow, in one interleaved run.

    python benchmarks/render.py [tasks=A,B] [sizes=128x128,...] [turns=N] [renderer=raster]

Times are CPU time of the one thread that draws (LP_NUM_THREADS=0), a view each. Every turn takes a
step of TinyRenderer and then six of the other, of the same episode; the ratio is the median over
turns. Loading a cell is left out on both sides: it is paid once an episode. The last line is JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from statistics import median
from typing import Any

import numpy as np

from episodes.array_types import Floats
from generators import run
from generators.command import hydra_app
from generators.text_table import table
from sim import render
from sim.render.base import Renderer
from sim.render.loaded import Loaded
from sim.render.soften import softened
from sim.spec import Cell

DEFAULTS = {
    "tasks": "bench_place,bin_pick,peg_round",
    "sizes": "128x128,224x224,320x240,640x480",
    "turns": "15",
    "renderer": "raster",
}
STEPS = 6  # of the fast renderer for one of the slow
CAMERAS = (("front",), ("wrist",), ("front", "wrist"))


def main() -> None:
    asked = {**DEFAULTS, **dict(word.split("=", 1) for word in sys.argv[1:])}
    slow, fast = render.open_renderer("tiny"), render.open_renderer(asked["renderer"])
    tasks = asked["tasks"].split(",")
    episodes = [(task, *episode(task)) for task in tasks]
    rows, found = [], []
    for size in asked["sizes"].split(","):
        width, height = (int(v) for v in size.split("x"))
        for names in CAMERAS:
            pairs = [
                timed(slow, fast, sized(cell, width, height), states, names, int(asked["turns"]))
                for _, cell, states in episodes
            ]
            found.append(measured(size, names, dict(zip(tasks, pairs, strict=True))))
            rows.append([str(value) for value in found[-1].values()])
    print(table(list(found[0]), rows))
    if asked["renderer"] == "raster":
        for task, cell, states in episodes:
            print(f"\n{task}, 224x224, ms a view, each part finished before the next")
            print(table(("part", *CAMERAS[2]), parts(fast, sized(cell, 224, 224), states)))
    print(json.dumps(found))


def episode(task: str) -> tuple[Cell, Floats]:
    """The cell and 48 states over the whole of the task's first episode."""
    made = run.make_episode(hydra_app.composed("generate", [f"task={task}", "out=-"]), 0, 0)
    assert made.states is not None
    return Cell.from_json(made.cell), made.states[np.linspace(0, made.steps - 1, 48).astype(int)]


def sized(cell: Cell, width: int, height: int) -> Cell:
    return cell.replace(cameras=tuple(replace(c, width=width, height=height) for c in cell.cameras))


def timed(
    slow: Renderer, fast: Renderer, cell: Cell, states: Floats, names: tuple[str, ...], turns: int
) -> tuple[list[float], list[float]]:
    """CPU seconds of every turn's step of the slow one, and of a step of the fast one."""
    order = np.arange(turns + 1) * 7 % len(states)
    left = slow.frames(cell, states[order], names)
    right = fast.frames(cell, states[np.arange(STEPS * turns + 2) % len(states)], names)
    for first in (left, right, right):
        next(first)
    pairs = [(seconds(left, 1), seconds(right, STEPS)) for _ in range(turns)]
    return [a for a, _ in pairs], [b for _, b in pairs]


def seconds(frames: Iterator[Any], count: int) -> float:
    """CPU seconds of a step, the median of `count`."""
    out = []
    for _ in range(count):
        start = time.thread_time()
        next(frames)
        out.append(time.thread_time() - start)
    return median(out)


def measured(
    size: str, names: tuple[str, ...], pairs: dict[str, tuple[list[float], list[float]]]
) -> dict[str, Any]:
    """A line of the table: milliseconds of a view, and how many times faster, over all tasks."""
    ratios = {
        task: round(median(a / b for a, b in zip(slow, fast, strict=True)), 1)
        for task, (slow, fast) in pairs.items()
    }
    tiny, fast = (
        round(1e3 / len(names) * float(np.mean([median(p[k]) for p in pairs.values()])), 2)
        for k in (0, 1)
    )
    mean = round(float(np.mean(list(ratios.values()))), 1)
    return {
        "size": size, "cameras": "+".join(names), "tiny_ms": tiny, "fast_ms": fast, "ratio": mean,
        "by_task": ratios,
    }  # fmt: skip


def parts(renderer: Any, cell: Cell, states: Floats) -> list[tuple[str, ...]]:
    """Where the time of a view goes. It looks behind the renderer's door, as only a profile may."""
    next(renderer.frames(cell, states, CAMERAS[2]))
    loaded, context = renderer._load(cell), renderer._open().context
    columns = {name: profile(loaded, context, cell, name, states) for name in CAMERAS[2]}
    return [
        (part, *(f"{1e3 * median(columns[name][part]):.2f}" for name in CAMERAS[2]))
        for part in columns[CAMERAS[2][0]]
    ]


def profile(
    loaded: Loaded, context: Any, cell: Cell, name: str, states: Floats
) -> dict[str, list[float]]:
    """CPU seconds of every part, at every state."""
    spent: dict[str, list[float]] = {}

    def clock(part: str, step: Callable[[], Any], share: int = 1) -> Any:
        begin = time.thread_time()
        out = step()
        context.finish()
        spent.setdefault(part, []).append((time.thread_time() - begin) / share)
        return out

    camera = cell.camera(name)
    places = clock("kinematics", lambda: loaded.stage.places(states), len(states))
    over = clock("cameras", lambda: loaded.track(camera, states, places), len(states))
    for t in range(len(states)):
        clock("shadow", partial(loaded.place, places[t]))
        clock("geometry", partial(loaded.draw, over, t))
        clock("lighting", partial(loaded.light, over, t))
        colour, _, _ = clock("read back", partial(loaded.read, camera))
        clock("soften", partial(softened, colour))
    return spent


if __name__ == "__main__":
    main()
