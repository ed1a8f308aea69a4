"""Show each plate to the inspection camera, and sort out those with a defect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from assets import catalogue
from generators.language import words
from generators.skills import containers, feasibility, pick_place, predicates, progress
from generators.task import Outcome
from scenes.sorting import defect_bench
from sim.motion.moves import BeginSubtask, Carry, Dwell, Move
from sim.pose import Pose
from sim.robots import robot
from sim.spec import Cell
from sim.station import Station


class DefectSort:
    """Success: every plate was held still before the camera, in focus, and lies in the bin of its
    verdict, let go and at rest."""

    name = "defect_sort"

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        task = config["task"]
        self.max_seconds, self.shown_s = float(task["max_seconds"]), float(task["shown_s"])
        self.focus, self.aside = task["focus_m"], float(task["aside_m"])
        self.tilt = np.deg2rad(task["tilt_deg"])
        self.robot = robot.load(config["robot"]["card"])

    def cell(self, rng: np.random.Generator) -> Cell:
        return feasibility.tried(
            lambda r: defect_bench(self.config, r, self.robot.home, self.robot.wrist),
            self._beyond,
            rng,
            "move scene.work_area nearer, or lower its reach_m",
        )

    def _beyond(self, cell: Cell) -> str:
        """What the robot does not reach of the plates, of where it shows them, and of the bins."""
        plates = {part: cell.body(part).pose for part in cell.goal["parts"]}
        before = {"the camera": Pose(_lens(cell).position).shifted(z=self.focus[1])}
        return feasibility.out_of_reach(cell, plates | before, 0.16) or feasibility.out_of_reach(
            cell, feasibility.rims(cell, ["passes", "rejects"])
        )

    def instruction(self, cell: Cell, rng: np.random.Generator) -> words.Instruction:
        slots = {"camera": "vision", "rejects": "rejects", "passes": "passes"}
        terms = {"colour": cell.goal["colour"]}
        return words.instruction(self.name, cell, slots, rng, terms=terms)

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | BeginSubtask]:
        goal = station.world.cell.goal
        speed = rng.uniform(0.45, 0.65)
        for i in rng.permutation(len(goal["parts"])):
            part, container = goal["parts"][i], goal["bins"][i]
            clear = rng.uniform(0.12, 0.16)
            hold = yield from pick_place.pick(station, part, rng, clear=clear, speed=speed)

            yield BeginSubtask("show", "hold it before the inspection camera")
            down = yield from pick_place.bring(
                station, part, hold, self._before_camera(station, part, rng), rng,
                clear=0.05, speed=speed,
            )  # fmt: skip
            yield Carry(down, 0.2)
            yield Dwell(self.shown_s + 0.25)

            verdict = f"has a defect: {goal['defects'][i]}" if goal["defects"][i] else "is sound"
            yield BeginSubtask("sort", f"it {verdict.replace('_', ' ')}; put it into its bin")
            yield Carry(station.tcp_to_world.shifted(z=0.05), 0.3)
            yield from containers.drop(
                station, part, hold, container, rng, spread=0.015, speed=speed
            )

    def outcome(self, station: Station) -> Outcome:
        world, goal = station.world, station.world.cell.goal
        rows = station.memory.setdefault("rows", dict.fromkeys(goal["parts"], 0))
        need = self.shown_s * world.cell.physics.control_hz
        missing = ""
        for part, container in zip(goal["parts"], goal["bins"], strict=True):
            if rows[part] < need:
                rows[part] = rows[part] + 1 if self._shown(station, part) else 0
            if predicates.fallen(station, part):
                return Outcome(False, "dropped", over=True)
            if not predicates.inside(world, part, container):
                other = "passes" if container == "rejects" else "rejects"
                if predicates.inside(world, part, other) and not station.holding(part):
                    return Outcome(False, "wrong_bin", over=True)
                missing = missing or "not_sorted"
            elif rows[part] < need:
                return Outcome(False, "not_shown", over=True)
            elif station.holding(part) or not predicates.at_rest(world, part):
                missing = missing or "not_released"
        return Outcome(not missing, missing)

    def progress(self, station: Station) -> float:
        """Half for how long the plates have been shown, half for how far they are on their ways
        into their bins (`skills.progress.delivered`)."""
        goal, rows = station.world.cell.goal, station.memory["rows"]
        need = self.shown_s * station.world.cell.physics.control_hz
        shown = [progress.share(rows[part], need) for part in goal["parts"]]
        way = progress.to_containers(station, goal["parts"], goal["bins"])
        return 0.5 * float(np.mean(shown)) + 0.5 * progress.delivered(station, way)

    def _shown(self, station: Station, part: str) -> bool:
        """Whether a plate is held still, level, in the middle of the picture and in focus."""
        world = station.world
        if not station.holding(part) or world.speed(part)[0] > 0.02:
            return False
        lens = _lens(world.cell)
        x, y, z = (lens.inverse() @ world.pose(part)).position
        level = abs(float(world.pose(part).rotation[:, 2] @ lens.rotation[:, 2]))
        near = np.hypot(x, y) <= self.aside and self.focus[0] <= z <= self.focus[1]
        return bool(near and level >= np.cos(self.tilt))

    def _before_camera(self, station: Station, part: str, rng: np.random.Generator) -> list[Pose]:
        """Poses of a plate, as it hangs but turned, in which it is well seen."""
        lens = _lens(station.world.cell)
        low, high = self.focus
        far = rng.uniform(low + 0.35 * (high - low), high - 0.3 * (high - low))
        x, y, z = lens.position
        flat = station.world.cell.body(part).pose.rotation
        return [
            Pose.at((x, y, z + far), Pose.turned((0, 0, 0), (0, 0, 1), a).rotation @ flat)
            for a in np.linspace(-np.pi, np.pi, 16, endpoint=False)
        ]


def _lens(cell: Cell) -> Pose:
    """camera_to_world of the inspection camera's lens."""
    body = cell.body(cell.goal["camera"])
    return body.pose @ Pose.from_array(catalogue.build(body.kind, body.params).frames["camera"])
