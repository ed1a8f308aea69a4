"""A whole recorded control step against robosuite's env.step, in one interleaved run on one core.

    python benchmarks/record.py [task=bench_place] [size=224] [rounds=6] [env=Lift]
                                [robosuite=runs/env/robosuite/bin/python]

Ours: an episode of `task` with two cameras (colour, depth, segmentation, the default picture) from
its empty cell to the committed shard: sampling, physics, script, drawing, compression, fsync,
divided by its steps. Theirs: robosuite 1.5.2, a Panda in `env`, two such cameras, nothing written.
Every round is one episode and then a dozen env.steps; times are CPU time; the ratio is the median
over rounds. `make bench` makes the environment for robosuite; without it that side is left out.
The last line is JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from clock import Clock

from episodes.storage import pack, store
from generators import run
from generators.command import hydra_app
from generators.text_table import table
from sim import render
from sim.bullet.world import World
from sim.render import loaded, raster
from sim.render.stage import Stage
from sim.robots.kinematics import Kinematics
from sim.station import Station

DEFAULTS = {
    "task": "bench_place",
    "size": "224",
    "rounds": "6",
    "env": "Lift",
    "robosuite": "runs/env/robosuite/bin/python",
}
THEIRS = 12  # env.steps a round
PROFILED = 2  # episodes
# whose calls are charged to which part of a step; what is left of an episode is the script's
PARTS: dict[str, list[tuple[Any, str]]] = {
    "sample and load": [(run, "cell_for"), (Station, "__init__"), (raster.stage, "build"),
                        (loaded.Loaded, "__init__")],
    "script": [(run, "make_episode")],
    "physics": [(World, "step")],
    "kinematics": [(Kinematics, "solve"), (Kinematics, "tcp"), (Stage, "places"),
                   (loaded.Loaded, "track")],
    "shadow": [(loaded.Loaded, "place")],
    "draw": [(loaded.Loaded, "draw"), (loaded.Loaded, "light")],
    "read back": [(loaded.Loaded, "read")],
    "soften": [(loaded, "softened")],
    "collect": [(run, "add_frames")],
    "compress": [(pack, "put_frames")],
    "write": [(store, "write_shard")],
}  # fmt: skip


class Ours:
    """Episodes of one task, each recorded into a shard of its own."""

    def __init__(self, task: str, size: int, root: Path) -> None:
        words = [f"task={task}", "out=-", f"image_size=[{size},{size}]"]
        self._config = hydra_app.composed("generate", words)
        self._root, self._index = root, 0
        self.renderer = render.open_renderer("raster")

    def episode(self) -> tuple[int, bool]:
        """Its steps and its success, once its shard is committed."""
        made = run.make_episode(self._config, 0, self._index)
        seen = run.add_frames(made, self.renderer)
        store.write_shard(
            self._root, self._index, [seen], spec_id=64 * "0", versions={}, created=""
        )
        self._index += 1
        return made.steps, bool(made.success)


class Theirs:
    """robosuite in its own process and environment."""

    def __init__(self, python: Path, env: str, size: str) -> None:
        side = Path(__file__).parent / "others" / "robosuite_side.py"
        self._process = subprocess.Popen(
            [python, side, env, size],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.versions = self._answer()

    def step(self) -> float:
        """CPU seconds of an env.step."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{THEIRS}\n")
        self._process.stdin.flush()
        return float(self._answer()["cpu"])

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"robosuite's side ended with {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def main() -> None:
    asked = {**DEFAULTS, **dict(word.split("=", 1) for word in sys.argv[1:])}
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # the process started next inherits it
    python = Path(asked["robosuite"])
    theirs = Theirs(python, asked["env"], asked["size"]) if python.exists() else None
    if theirs is None:
        print(f"robosuite is left out: there is no {python}; `make bench` makes it")
    with TemporaryDirectory(dir=".") as folder:
        ours = Ours(asked["task"], int(asked["size"]), Path(folder))
        ours.episode()  # imports, shaders, caches: paid once a process
        found: dict[str, Any] = {key: asked[key] for key in ("task", "size", "env")}
        found |= rounds(ours, theirs, int(asked["rounds"]))
        found["ms_of_a_step"] = profile(ours)
    if theirs is not None:
        found["versions"] = theirs.versions
        theirs.close()
    print(json.dumps(found))


def rounds(ours: Ours, theirs: Theirs | None, count: int) -> dict[str, Any]:
    """Medians over rounds, and how many good episodes an hour that makes."""
    mine, other, successes, cpu_total, wall_total = [], [], 0, 0.0, 0.0
    for _ in range(count):
        cpu, wall = time.process_time(), time.perf_counter()
        steps, success = ours.episode()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        mine.append(cpu / steps)
        cpu_total, wall_total, successes = cpu_total + cpu, wall_total + wall, successes + success
        if theirs is not None:
            other.append(theirs.step())
    found = {
        "step_ms": round(1e3 * median(mine), 2),
        "episodes": count,
        "successes": successes,
        "good_episodes_an_hour_of_cpu": round(3600 * successes / cpu_total),
        "good_episodes_an_hour_of_wall": round(3600 * successes / wall_total),
    }
    if other:
        found["robosuite_step_ms"] = round(1e3 * median(other), 2)
        found["ratio"] = round(median(b / a for a, b in zip(mine, other, strict=True)), 2)
    print(table(("what", "measured"), list(found.items())))
    return found


def profile(ours: Ours) -> dict[str, float]:
    """Milliseconds of every part of a step, each part finished before the next begins.

    It looks behind the doors of others, as only a profile may.
    """
    clock, steps = Clock(), 0
    context = ours.renderer._open().context  # type: ignore[attr-defined]
    with clock.over(PARTS, dict.fromkeys(("shadow", "draw", "read back"), context.finish)):
        for _ in range(PROFILED):
            steps += ours.episode()[0]
    found = {part: round(1e3 * clock.spent[part] / steps, 2) for part in PARTS}
    print(table(("part of a step", "ms"), [*found.items(), ("sum", round(sum(found.values()), 2))]))
    return found


if __name__ == "__main__":
    main()
