"""smoke: does every task still start, see and move?"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, wait
from typing import Any

from episodes.errors import Exit, NotInstalled
from generators import rendering
from generators.command import hydra_app
from generators.config import groups
from generators.production.pools.local import workers
from generators.production.watchdog import watchdog
from generators.text_table import table
from sim.quiet import quiet

Config = Mapping[str, Any]


def run(config: Config) -> Exit:
    asked: dict[str, Future[Any]] = {}
    rows, broken = [], 0
    with workers(config["workers"], recycle=1) as pool:
        for task in config["tasks"] or groups.options("task"):
            asked[task] = pool.submit(try_task, _composed(config, task), config["limit_s"])
        wait(asked.values())
    for task, future in asked.items():
        error = future.exception()
        if error is None:
            rows.append((task, "works", future.result()))
        elif isinstance(error, NotInstalled):
            broken += config["tasks"] is not None  # asked for by name, it is missed
            rows.append((task, "not installed", str(error)))
        else:
            broken += 1
            what = pool.death(error) or f"{type(error).__name__}: {error}"
            rows.append((task, "BROKEN", " ".join(what.split())))
    print(table(("task", "state", ""), rows))
    return Exit.FOUND if broken else Exit.DONE


def try_task(config: Config, limit: float) -> str:
    """The cell, a frame of every camera, two seconds of the script; raises what breaks, and dies
    where it takes longer than `limit` [s]."""
    with watchdog(limit):
        return _checked(config)


def _checked(config: Config) -> str:
    with quiet():
        from generators import run as episode
        from generators import tasks
    from contextlib import closing

    from generators.cell_sources import open_source
    from generators.rendering import open_renderer
    from generators.seeds import Streams
    from sim.render import NO_PIXELS
    from sim.station import Station

    source = open_source(config, tasks.make(config))
    cell = episode.cell_for(source, config, Streams(config["seed"], 0))
    seen = 0
    if config["renderer"]["name"] != NO_PIXELS:
        with closing(Station(cell)) as station:
            states = station.world.state()[None]
        names = [camera.name for camera in cell.cameras]
        renderer = open_renderer(config["renderer"]["name"])
        for frame in next(iter(renderer.frames(cell, states, names))).values():
            if not frame.rgb.any() or not frame.segmentation.any():
                raise RuntimeError("a camera sees nothing")
            seen += 1
    made = episode.make_episode(config, config["seed"], 0)
    ran = f"ran {made.seconds:.2g} s" if made.failure == "timeout" else made.failure or "success"
    return f"{ran}, {seen} cameras, {made.steps} steps: {made.instruction}"


def _composed(config: Config, task: str) -> Config:
    """What `generate task=...` would run, cut short."""
    words = [f"task={task}", "out=nowhere", f"task.max_seconds={config['seconds']}"]
    if config["image_size"] is not None:
        words.append("image_size=[{},{}]".format(*config["image_size"]))
    words += [f"renderer={config['renderer']}", f"seed={config['seed']}"]
    composed = hydra_app.composed("generate", words)
    return {**composed, "renderer": rendering.resolved(composed["renderer"])}
