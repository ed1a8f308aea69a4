"""Put each part that comes along the belt into the bin of its class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from generators.configured import Configured, key
from generators.language import lexicon, naming, words
from generators.language.korean import with_particle
from generators.skills import containers, conveyor, feasibility, predicates, progress
from generators.task import TaskOutcome
from scenes.conveyor import conveyor_bins
from scenes.goals import ClassesGoal
from sim.motion.moves import BeginSubtask, Carry, Dwell, Move
from sim.spec import Cell
from sim.station import Station

OVER_RIM = 0.025  # of a bin, at the least, that a part is carried above it [m]


@dataclass(frozen=True, kw_only=True)
class ConveyorSort(Configured):
    """Success: every part lies in the bin of its class, released, at rest."""

    name = "conveyor_sort"
    window: tuple[float, float] = key("window_m", least=None)

    def cell(self, rng: np.random.Generator) -> Cell:
        def drawn(r: np.random.Generator) -> Cell:
            cell = conveyor_bins(self.config, r, self.arm)
            conveyor.check_speed(ClassesGoal.of(cell), self.window)
            return cell

        return feasibility.first_feasible(
            drawn,
            self._infeasible,
            rng,
            "move scene.beside or scene.line.x_m nearer, narrow task.window_m, lower "
            "scene.line.speed_m_s, or raise scene.spacing_m",
        )

    def _infeasible(self, cell: Cell) -> str:
        """What the robot does not reach, or which part it cannot catch in time."""
        goal = ClassesGoal.of(cell)
        rims = feasibility.rims(cell, goal.bins)
        return (
            conveyor.out_of_reach(cell, goal, self.window, {})
            # parts hang over the rims, and the tool comes to them from above that
            or feasibility.out_of_reach(cell, rims, 0.2)
            or conveyor.uncatchable(cell, goal, self.window)
        )

    def instruction(self, cell: Cell, rng: np.random.Generator) -> words.Instruction:
        goal = ClassesGoal.of(cell)
        slots = {"belt": "conveyor"} | {f"bin_{i}": f"bin_{i}" for i in range(len(goal.classes))}
        rules = {lang: _rules(cell, goal, lang) for lang in lexicon.LANGUAGES}
        return words.instruction(self.name, cell, slots, rng, terms={"rules": rules})

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | BeginSubtask]:
        world, goal = station.world, ClassesGoal.of(station.world.cell)
        speed = rng.uniform(0.55, 0.7)
        for part, container in zip(goal.parts, goal.bins, strict=True):
            clear = rng.uniform(0.06, 0.09)
            hold = yield from conveyor.catch(
                station, goal, part, rng, self.window, clear=clear, speed=speed
            )
            yield BeginSubtask("place", f"put it into the bin for {goal.by}s like it")
            lift = predicates.rim(world, container) + OVER_RIM - predicates.lowest(world, part)
            if lift > 0:
                yield Carry(station.tcp_to_world.shifted(z=lift), 0.3)
            yield from containers.drop(
                station, part, hold, container, rng, spread=0.02, speed=speed
            )
        yield Dwell(2.0)  # what fell on others may rock for a moment

    def judge(self, cell: Cell) -> ClassesJudge:
        return ClassesJudge(ClassesGoal.of(cell))


@dataclass(frozen=True)
class ClassesJudge:
    goal: ClassesGoal

    def update(self, station: Station) -> TaskOutcome:
        world, goal = station.world, self.goal
        outside = []
        for part, container in zip(goal.parts, goal.bins, strict=True):
            if not predicates.inside(world, part, container):
                outside.append(part)
            elif not (predicates.at_rest(world, part) and predicates.let_go(station, part, 0.05)):
                return TaskOutcome(False, "not_released")
        if not outside:
            return TaskOutcome(True)
        for part in outside:
            if conveyor.at_end(station, goal, part):
                return TaskOutcome(False, "reached_end", over=True)
            if predicates.fallen(station, part):
                return TaskOutcome(False, "dropped", over=True)
        return TaskOutcome(False, "not_sorted")

    def progress(self, station: Station) -> float:
        """How far the parts are on their ways into their bins (`skills.progress.delivered`)."""
        return progress.delivered(
            station, progress.to_containers(station, self.goal.parts, self.goal.bins)
        )


def _rules(cell: Cell, goal: ClassesGoal, lang: str) -> str:
    """What goes where: "every nut into the red bin, every washer into the blue bin"."""
    said = []
    for i, label in enumerate(goal.classes):
        thing = _things(goal.by, label, lang)
        container = naming.name_of(cell, f"bin_{i}", lang)
        if lang == "ko":
            said.append(f"{with_particle(thing, '은/는')} 모두 {container}에")
        else:
            said.append(f"every {thing} into {container}")
    return ", ".join(said)


def _things(by: str, label: str, lang: str) -> str:
    """What the parts of a class are called: "nut", "M16 part", "red part", "carton with 3 pips"."""
    if by == "code":
        pips = "pip" if label == "1" else "pips"
        return f"점이 {label}개 찍힌 상자" if lang == "ko" else f"carton with {label} {pips}"
    if by == "shape":
        return lexicon.say(lexicon.nouns_of(label)[0], lang)
    return f"{lexicon.say(label, lang)} {'부품' if lang == 'ko' else 'part'}"
