"""How fast each task is simulated: physics and script on one core, without pictures.

    python benchmarks/tasks.py [task=NAME,NAME] [episodes=N] [rounds=N]

Every episode is made `rounds` times and its fastest round counts: what other programs take is not
ours. Sampling the cell, loading it and letting it settle stand apart, as does planning of ways and
grasps: neither happens in every control period. Times are CPU time. The last line is JSON.
"""

from __future__ import annotations

import json
import platform
import sys
from contextlib import closing
from typing import Any

from clock import Clock

from generators import run, tasks
from generators.cell_sources.sampled import Sampled
from generators.command import hydra_app
from generators.recorder import Recorder
from generators.reward import SPARSE, Scorer
from generators.seeds import Streams
from generators.text_table import table
from sim.motion import grasping, travel
from sim.station import Station

DEFAULTS = {"task": "", "episodes": "4", "rounds": "3"}
PLANNING = {"planning": [(travel, "plan"), (grasping, "holds"), (grasping, "best_tool")]}
HEAD = ("task", "success", "robot time", "times faster", "ms a step", "planning", "start")


def main() -> None:
    asked = {**DEFAULTS, **dict(word.split("=", 1) for word in sys.argv[1:])}
    names = asked["task"].split(",") if asked["task"] else tasks.names()
    found = [measured(name, int(asked["episodes"]), int(asked["rounds"])) for name in names]
    print(table(HEAD, [row(result) for result in found]))
    print("times faster: than real time, physics and script; planning, start: seconds an episode")
    print(json.dumps({"benchmark": "tasks", "python": platform.python_version(), "tasks": found}))


def row(result: dict[str, Any]) -> tuple[object, ...]:
    return (
        result["task"],
        f"{result['successes']}/{result['episodes']}",
        f"{result['robot_s']:.0f} s",
        f"{result['times_faster']:.1f}",
        f"{result['ms_a_step']:.2f}",
        f"{result['planning_s']:.2f} s",
        f"{result['start_s']:.2f} s",
    )


def measured(name: str, episodes: int, rounds: int) -> dict[str, Any]:
    """The first episodes of a task with seed 0."""
    config = hydra_app.composed("generate", [f"task={name}", "out=none", "renderer=none"])
    successes = steps = 0
    work = planning = start = 0.0
    hz = 20
    for index in range(episodes):
        tried = [once(config, index) for _ in range(rounds)]
        best = min(tried, key=lambda one: one["work"])
        successes += best["success"]
        steps += best["steps"]
        hz = best["hz"]
        work += best["work"]
        planning += min(one.get("planning", 0.0) for one in tried)
        start += min(one["start"] for one in tried)
    return {
        "task": name,
        "robot": config["robot"]["card"],
        "episodes": episodes,
        "successes": successes,
        "robot_s": steps / hz,
        "times_faster": steps / hz / work,
        "ms_a_step": 1000 * work / steps,
        "planning_s": planning / episodes,
        "start_s": start / episodes,
    }


def once(config: dict[str, Any], index: int) -> dict[str, Any]:
    """One episode: seconds for each part of it."""
    clock = Clock()
    task, streams = tasks.make(config), Streams(0, index)
    with clock.part("start"):
        cell = run.cell_for(Sampled(task), config, streams)
        station = Station(cell)
    with closing(station), clock.over(PLANNING, {}):
        recorder = Recorder(station)
        with clock.part("work"):
            scorer = Scorer(task, cell, SPARSE)
            outcome = run.play(task, recorder, streams.rng("script"), scorer)
    return {
        **clock.spent,
        "success": outcome.success,
        "steps": recorder.steps,
        "hz": cell.physics.control_hz,
    }


if __name__ == "__main__":
    main()
