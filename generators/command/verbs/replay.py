"""replay: the stored actions again, and every state compared."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np

from episodes.errors import Exit, UserError
from episodes.storage.library import Library
from generators.command.libraries import simulated
from generators.production.pools.local import LocalPool, workers
from generators.production.watchdog import watchdog
from generators.progress import waited
from generators.text_table import table
from sim.quiet import quiet

RECYCLE = 200


def run(config: Mapping[str, Any]) -> Exit:
    seconds, most = config["seconds"], config["episodes"]
    asked: dict[Future[Any], tuple[Path, int]] = {}
    with workers(config["workers"], RECYCLE) as pool:
        for path in simulated(config):
            for index in _chosen(Library(path), most):
                asked[pool.submit(replay_one, path, index, seconds)] = (path, index)
        waited("replay", asked)
        verdicts = [(*asked[future], *_verdict(pool, future)) for future in asked]
    rows = [
        (p, i, "same" if step is None else f"differs at step {step}", w)
        for p, i, step, w in verdicts
    ]
    print(table(("library", "episode", "verdict", ""), rows))
    differing = sum(step is not None for _, _, step, _ in verdicts)
    print(f"{len(verdicts) - differing} of {len(verdicts)} episodes replay bit for bit")
    return Exit.FOUND if differing else Exit.DONE


def replay_one(path: Path, index: int, seconds: float) -> tuple[int | None, str]:
    """(step of the first difference or None, what differs); dies where it takes too long."""
    with quiet():
        from generators import run
    with watchdog(seconds):
        found = run.replay(Library(path).read(index, images=False))
    return found.step, found.what


def _chosen(library: Library, most: int | None) -> list[int]:
    if not library.rows:
        raise UserError(f"{library.path} has no episodes yet")
    count = len(library.rows) if most is None else min(most, len(library.rows))
    places = np.linspace(0, len(library.rows) - 1, count).round().astype(int)
    return [library.rows[place].index for place in places]


def _verdict(pool: LocalPool, future: Future[Any]) -> tuple[int | None, str]:
    error = future.exception()
    if error is None:
        step, what = future.result()
        return step, what
    death = pool.death(error)
    if death is None and not isinstance(error, UserError):
        raise error
    return 0, death or str(error)
