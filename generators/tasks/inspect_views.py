"""Take the asked views of a part with the camera on the wrist."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from generators.configured import Configured, key
from generators.language import words
from generators.skills import pick_place, viewpoints
from generators.task import TaskOutcome
from scenes.goals import ViewsGoal
from scenes.inspecting import inspection_bench
from sim.motion.moves import BeginSubtask, Dwell, Failed, Move, Watched
from sim.spec import Camera, Cell
from sim.station import Station

TRIES = 3  # places that a feature is looked at from
SAID = {
    "drilled_plate": {"en": "every hole", "ko": "모든 구멍"},
    "flange": {"en": "every bolt hole", "ko": "모든 볼트 구멍"},
    "housing": {"en": "the lid and the cable gland", "ko": "덮개와 케이블 글랜드"},
    "elbow": {"en": "both ends", "ko": "양쪽 끝"},
}


@dataclass(frozen=True, kw_only=True)
class InspectViews(Configured):
    """Success: the wrist camera stood still for `still_s` at a view of every feature: framed, in
    focus, not too much from the side, and unhidden."""

    name = "inspect_views"
    focus: tuple[float, float] = key("focus_m")
    angle: float = key("angle_deg")
    framed: float = key("framed")
    still: float = key("still_s")

    def cell(self, rng: np.random.Generator) -> Cell:
        return inspection_bench(self.config, rng, self.arm)

    def instruction(self, cell: Cell, rng: np.random.Generator) -> words.Instruction:
        goal = ViewsGoal.of(cell)
        kind = cell.body(goal.target).kind
        plain = {"en": "every feature", "ko": "모든 형상"}
        terms = {"features": SAID.get(kind, plain)}
        return words.instruction(self.name, cell, {"part": goal.target}, rng, terms=terms)

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | BeginSubtask]:
        goal = ViewsGoal.of(station.world.cell)
        camera = station.world.cell.camera(goal.camera)
        views = self._views(goal, camera)  # what it has seen itself, not what it is told
        views.look(station)
        speed = rng.uniform(0.35, 0.55)
        for i in rng.permutation(len(goal.features)):
            name = goal.features[i]
            if name in views.taken:
                continue
            yield BeginSubtask("view", f"look at the {name.replace('_', ' ')}")
            point, normal = np.array(goal.points[i]), np.array(goal.normals[i])
            places = viewpoints.tools(station, camera, point, normal, views.terms, rng)
            for tool in islice(places, TRIES):
                yield Watched(pick_place.travel(tool, rng, speed), views.look)
                yield Watched(Dwell(self.still + 0.15), views.look)
                if name in views.taken:
                    break
            else:
                raise Failed("no_view", f"nowhere to look at {name} from")

    def judge(self, cell: Cell) -> ViewsJudge:
        goal = ViewsGoal.of(cell)
        return ViewsJudge(self._views(goal, cell.camera(goal.camera)))

    def _views(self, goal: ViewsGoal, camera: Camera) -> viewpoints.Views:
        terms = viewpoints.Terms(self.focus, self.angle, self.framed, self.still)
        return viewpoints.Views(goal, camera, terms)


@dataclass(frozen=True)
class ViewsJudge:
    views: viewpoints.Views

    def update(self, station: Station) -> TaskOutcome:
        self.views.look(station)
        done = len(self.views.taken) == len(self.views.goal.features)
        return TaskOutcome(done, "" if done else "view_missing")

    def progress(self, station: Station) -> float:
        """The share of the views that have been taken."""
        return len(self.views.taken) / len(self.views.goal.features)
