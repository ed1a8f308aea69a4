"""Take the asked views of a part with the camera on the wrist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import numpy as np

from generators.language import words
from generators.skills import pick_place, viewpoints
from generators.task import Outcome
from scenes.inspecting import inspection_bench
from sim.motion.moves import BeginSubtask, Dwell, Failed, Move
from sim.robots import robot
from sim.spec import Cell
from sim.station import Station

TRIES = 3  # places that a feature is looked at from
SAID = {
    "drilled_plate": {"en": "every hole", "ko": "모든 구멍"},
    "flange": {"en": "every bolt hole", "ko": "모든 볼트 구멍"},
    "housing": {"en": "the lid and the cable gland", "ko": "덮개와 케이블 글랜드"},
    "elbow": {"en": "both ends", "ko": "양쪽 끝"},
}


class InspectViews:
    """Success: the wrist camera stood still for `still_s` at a view of every feature: framed, in
    focus, not too much from the side, and unhidden."""

    name = "inspect_views"

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        task = config["task"]
        self.max_seconds = float(task["max_seconds"])
        focus = (float(task["focus_m"][0]), float(task["focus_m"][1]))
        self.terms = viewpoints.Terms(focus, float(np.deg2rad(task["angle_deg"])), task["framed"])
        self.still = float(task["still_s"])
        self.robot = robot.load(config["robot"]["card"])

    def cell(self, rng: np.random.Generator) -> Cell:
        return inspection_bench(self.config, rng, self.robot.home, self.robot.wrist)

    def instruction(self, cell: Cell, rng: np.random.Generator) -> words.Instruction:
        kind = cell.body("target").kind
        plain = {"en": "every feature", "ko": "모든 형상"}
        terms = {"features": SAID.get(kind, plain)}
        return words.instruction(self.name, cell, {"part": "target"}, rng, terms=terms)

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | BeginSubtask]:
        goal, camera = _goal(station)
        speed = rng.uniform(0.35, 0.55)
        for i in rng.permutation(len(goal["features"])):
            name = goal["features"][i]
            if name in _taken(station):
                continue
            yield BeginSubtask("view", f"look at the {name.replace('_', ' ')}")
            point, normal = np.array(goal["points"][i]), np.array(goal["normals"][i])
            places = viewpoints.tools(station, camera, point, normal, self.terms, rng)
            for tool in islice(places, TRIES):
                yield pick_place.travel(tool, rng, speed)
                yield Dwell(self.still + 0.15)
                if name in _taken(station):
                    break
            else:
                raise Failed("no_view", f"nowhere to look at {name} from")

    def outcome(self, station: Station) -> Outcome:
        goal, camera = _goal(station)
        taken, memory = _taken(station), station.memory
        tool = np.array(station.sensed_tcp().position)
        hz = station.world.cell.physics.control_hz
        moved = float(np.linalg.norm(tool - memory.get("tool", tool + 1.0))) * hz
        memory["tool"] = tool
        memory["rows"] = memory.get("rows", 0) + 1 if moved < 0.01 else 0
        if memory["rows"] >= self.still * hz:
            for name, point, normal in zip(
                goal["features"], goal["points"], goal["normals"], strict=True
            ):
                if name not in taken and viewpoints.has(
                    station, camera, np.array(point), np.array(normal), self.terms
                ):
                    taken.add(name)
        done = len(taken) == len(goal["features"])
        return Outcome(done, "" if done else "view_missing")

    def progress(self, station: Station) -> float:
        """The share of the views that have been taken."""
        return len(_taken(station)) / len(station.world.cell.goal["features"])


def _goal(station: Station) -> tuple[Mapping[str, Any], Any]:
    goal = station.world.cell.goal
    return goal, station.world.cell.camera(goal["camera"])


def _taken(station: Station) -> set[str]:
    taken: set[str] = station.memory.setdefault("taken", set())
    return taken
