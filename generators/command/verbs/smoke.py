"""smoke: does every task still start, see and move?"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, wait
from typing import Any

from episodes.errors import NotInstalled, UserError
from generators import rendering
from generators.command import hydra_app, usage
from generators.config import options
from generators.config.options import unknown
from generators.production.pools.local import LocalPool
from generators.text_table import table
from sim.quiet import quiet

Config = Mapping[str, Any]


def run(config: Config) -> int:
    limit = options.number(config, "limit_s", 1)
    pool = LocalPool({"recycle": 1}, options.whole(config, "workers", 1), 1)
    asked: dict[str, Future[Any]] = {}
    rows, broken = [], 0
    try:
        for task in _tasks(config):
            asked[task] = pool.submit(try_task, _composed(config, task), limit)
        wait(asked.values())
    except BaseException:
        pool.kill()
        raise
    pool.close()
    for task, future in asked.items():
        error = future.exception()
        if error is None:
            rows.append((task, "works", future.result()))
        elif isinstance(error, NotInstalled):
            broken += config["tasks"] is not None  # asked for by name, it is missed
            rows.append((task, "not installed", str(error)))
        else:
            broken += 1
            what = pool.lost(error) or f"{type(error).__name__}: {error}"
            rows.append((task, "BROKEN", " ".join(what.split())))
    print(table(("task", "state", ""), rows))
    return 1 if broken else 0


def try_task(config: Config, limit: float) -> str:
    """The cell, a frame of every camera, two seconds of the script; raises what breaks."""
    import faulthandler

    with quiet():
        from generators import run as episode
        from generators import tasks
    from contextlib import closing

    from generators.rendering import NO_PIXELS, open_renderer
    from generators.seeds import Streams
    from sim.station import Station

    faulthandler.dump_traceback_later(limit, exit=True)
    cell = episode.sample_cell(tasks.make(config), config, Streams(config["seed"], 0))
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
    faulthandler.cancel_dump_traceback_later()
    return f"{seen} cameras, {made.steps} steps, {made.failure or 'success'}: {made.instruction}"


def _tasks(config: Config) -> list[str]:
    known = usage.options("task")
    asked = config["tasks"]
    if asked is None:
        return known
    names = [asked] if isinstance(asked, str) else list(asked)
    for name in names:
        if name not in known:
            raise UserError(unknown("task", name, known))
    return names


def _composed(config: Config, task: str) -> Config:
    """What `generate task=...` would run, cut short."""
    size = options.image_size(config)
    words = [f"task={task}", "out=nowhere", f"task.max_seconds={options.number(config, 'seconds')}"]
    if size is not None:
        words.append(f"image_size=[{size[0]},{size[1]}]")
    words.append(f"renderer={config['renderer']}")
    words.append(f"seed={options.whole(config, 'seed')}")
    composed = hydra_app.composed("generate", words)
    return {**composed, "renderer": rendering.resolved(composed["renderer"])}
