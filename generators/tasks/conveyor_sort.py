"""Put each part that comes along the belt into the bin of its class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from generators.language import lexicon, naming, words
from generators.language.korean import with_particle
from generators.skills import containers, conveyor, feasibility, predicates, progress
from generators.task import Outcome
from scenes.conveyor import conveyor_bins
from sim.motion.moves import BeginSubtask, Carry, Dwell, Move
from sim.robots import robot
from sim.spec import Cell
from sim.station import Station

OVER_RIM = 0.025  # of a bin, at the least, that a part is carried above it [m]


class ConveyorSort:
    """Success: every part lies in the bin of its class, released, at rest."""

    name = "conveyor_sort"

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        self.max_seconds = float(config["task"]["max_seconds"])
        self.window = tuple(config["task"]["window_m"])
        self.robot = robot.load(config["robot"]["card"])

    def cell(self, rng: np.random.Generator) -> Cell:
        def drawn(r: np.random.Generator) -> Cell:
            cell = conveyor_bins(self.config, r, self.robot.home, self.robot.wrist)
            conveyor.check_speed(cell, self.window)
            return cell

        def wrong(cell: Cell) -> str:
            rims = feasibility.rims(cell, cell.goal["bins"])
            # parts hang over the rims, and the tool comes to them from above that
            far = conveyor.beyond(cell, self.window, {}) or feasibility.out_of_reach(
                cell, rims, 0.2
            )
            return far or conveyor.overrun(cell, self.window)

        return feasibility.tried(
            drawn,
            wrong,
            rng,
            "move scene.beside or scene.line.x_m nearer, narrow task.window_m, lower "
            "scene.line.speed_m_s, or raise scene.spacing_m",
        )

    def instruction(self, cell: Cell, rng: np.random.Generator) -> words.Instruction:
        slots = {"belt": "conveyor"} | {f"bin_{i}": f"bin_{i}" for i in _bins(cell)}
        rules = {lang: _rules(cell, lang) for lang in lexicon.LANGUAGES}
        return words.instruction(self.name, cell, slots, rng, terms={"rules": rules})

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | BeginSubtask]:
        world, goal = station.world, station.world.cell.goal
        speed = rng.uniform(0.55, 0.7)
        for part, container in zip(goal["parts"], goal["bins"], strict=True):
            clear = rng.uniform(0.06, 0.09)
            hold = yield from conveyor.catch(
                station, part, rng, self.window, clear=clear, speed=speed
            )
            yield BeginSubtask("place", f"put it into the bin for {goal['by']}s like it")
            lift = predicates.rim(world, container) + OVER_RIM - predicates.lowest(world, part)
            if lift > 0:
                yield Carry(station.tcp_to_world.shifted(z=lift), 0.3)
            yield from containers.drop(
                station, part, hold, container, rng, spread=0.02, speed=speed
            )
        yield Dwell(2.0)  # what fell on others may rock for a moment

    def outcome(self, station: Station) -> Outcome:
        world, goal = station.world, station.world.cell.goal
        open_ = []
        for part, container in zip(goal["parts"], goal["bins"], strict=True):
            if not predicates.inside(world, part, container):
                open_.append(part)
            elif not (predicates.at_rest(world, part) and predicates.let_go(station, part, 0.05)):
                return Outcome(False, "not_released")
        if not open_:
            return Outcome(True)
        for part in open_:
            if conveyor.at_end(station, part):
                return Outcome(False, "reached_end", over=True)
            if predicates.fallen(station, part):
                return Outcome(False, "dropped", over=True)
        return Outcome(False, "not_sorted")

    def progress(self, station: Station) -> float:
        """How far the parts are on their ways into their bins (`skills.progress.delivered`)."""
        goal = station.world.cell.goal
        return progress.delivered(
            station, progress.to_containers(station, goal["parts"], goal["bins"])
        )


def _bins(cell: Cell) -> range:
    return range(len(cell.goal["classes"]))


def _rules(cell: Cell, lang: str) -> str:
    """What goes where: "every nut into the red bin, every washer into the blue bin"."""
    said = []
    for i in _bins(cell):
        thing = _things(cell.goal["by"], cell.goal["classes"][i], lang)
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
