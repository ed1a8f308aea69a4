"""Show each plate to the inspection camera, and sort out those with a defect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from assets import catalogue
from generators.configured import Configured, key
from generators.language import words
from generators.skills import containers, feasibility, pick_place, predicates, progress
from generators.task import TaskOutcome
from scenes.goals import DefectGoal
from scenes.sorting import defect_bench
from sim.motion.moves import BeginSubtask, Carry, Dwell, Move
from sim.pose import Pose
from sim.spec import Cell
from sim.station import Station


@dataclass(frozen=True, kw_only=True)
class DefectSort(Configured):
    """Success: every plate was held still before the camera, in focus, and lies in the bin of its
    verdict, let go and at rest."""

    name = "defect_sort"
    shown: float = key("shown_s")
    focus: tuple[float, float] = key("focus_m")
    aside: float = key("aside_m")
    tilt: float = key("tilt_deg")

    def cell(self, rng: np.random.Generator) -> Cell:
        return feasibility.first_feasible(
            lambda r: defect_bench(self.config, r, self.arm),
            self._out_of_reach,
            rng,
            "move scene.work_area nearer, or lower its reach_m",
        )

    def _out_of_reach(self, cell: Cell) -> str:
        """What the robot does not reach of the plates, of where it shows them, and of the bins."""
        goal = DefectGoal.of(cell)
        plates = {part: cell.body(part).pose for part in goal.parts}
        before = {"the camera": Pose(_lens(cell, goal).position).shifted(z=self.focus[1])}
        return feasibility.out_of_reach(cell, plates | before, 0.16) or feasibility.out_of_reach(
            cell, feasibility.rims(cell, ["passes", "rejects"])
        )

    def instruction(self, cell: Cell, rng: np.random.Generator) -> words.Instruction:
        goal = DefectGoal.of(cell)
        slots = {"camera": goal.camera, "rejects": "rejects", "passes": "passes"}
        terms = {"colour": goal.colour}
        return words.instruction(self.name, cell, slots, rng, terms=terms)

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | BeginSubtask]:
        goal = DefectGoal.of(station.world.cell)
        speed = rng.uniform(0.45, 0.65)
        for i in rng.permutation(len(goal.parts)):
            part, container, defect = goal.parts[i], goal.bins[i], goal.defects[i]
            clear = rng.uniform(0.12, 0.16)
            hold = yield from pick_place.pick(station, part, rng, clear=clear, speed=speed)

            yield BeginSubtask("show", "hold it before the inspection camera")
            down = yield from pick_place.bring(
                station, part, hold, self._before_camera(station, goal, part, rng), rng,
                clear=0.05, speed=speed,
            )  # fmt: skip
            yield Carry(down, 0.2)
            yield Dwell(self.shown + 0.25)

            verdict = f"has a defect: {defect}" if defect else "is sound"
            yield BeginSubtask("sort", f"it {verdict.replace('_', ' ')}; put it into its bin")
            yield Carry(station.tcp_to_world.shifted(z=0.05), 0.3)
            yield from containers.drop(
                station, part, hold, container, rng, spread=0.015, speed=speed
            )

    def _before_camera(
        self, station: Station, goal: DefectGoal, part: str, rng: np.random.Generator
    ) -> list[Pose]:
        """Poses of a plate, as it hangs but turned, in which it is well seen."""
        lens = _lens(station.world.cell, goal)
        low, high = self.focus
        far = rng.uniform(low + 0.35 * (high - low), high - 0.3 * (high - low))
        x, y, z = lens.position
        flat = station.world.cell.body(part).pose.rotation
        return [
            Pose.at((x, y, z + far), Pose.turned((0, 0, 0), (0, 0, 1), a).rotation @ flat)
            for a in np.linspace(-np.pi, np.pi, 16, endpoint=False)
        ]

    def judge(self, cell: Cell) -> DefectJudge:
        goal = DefectGoal.of(cell)
        rows = dict.fromkeys(goal.parts, 0)
        return DefectJudge(self, goal, self.shown * cell.physics.control_hz, rows)


@dataclass
class DefectJudge:
    """rows: for how many control periods each plate has been shown without a break, no longer
    counted where they were `need`."""

    task: DefectSort
    goal: DefectGoal
    need: float
    rows: dict[str, int]

    def update(self, station: Station) -> TaskOutcome:
        world, rows = station.world, self.rows
        missing = ""
        for part, container in zip(self.goal.parts, self.goal.bins, strict=True):
            if rows[part] < self.need:
                rows[part] = rows[part] + 1 if self._shown(station, part) else 0
            if predicates.fallen(station, part):
                return TaskOutcome(False, "dropped", over=True)
            if not predicates.inside(world, part, container):
                other = "passes" if container == "rejects" else "rejects"
                if predicates.inside(world, part, other) and not station.holding(part):
                    return TaskOutcome(False, "wrong_bin", over=True)
                missing = missing or "not_sorted"
            elif rows[part] < self.need:
                return TaskOutcome(False, "not_shown", over=True)
            elif station.holding(part) or not predicates.at_rest(world, part):
                missing = missing or "not_released"
        return TaskOutcome(not missing, missing)

    def progress(self, station: Station) -> float:
        """Half for how long the plates have been shown, half for how far they are on their ways
        into their bins (`skills.progress.delivered`)."""
        shown = [progress.share(self.rows[part], self.need) for part in self.goal.parts]
        way = progress.to_containers(station, self.goal.parts, self.goal.bins)
        return 0.5 * float(np.mean(shown)) + 0.5 * progress.delivered(station, way)

    def _shown(self, station: Station, part: str) -> bool:
        """Whether a plate is held still, level, in the middle of the picture and in focus."""
        world, task = station.world, self.task
        if not station.holding(part) or world.speed(part)[0] > 0.02:
            return False
        lens = _lens(world.cell, self.goal)
        x, y, z = (lens.inverse() @ world.pose(part)).position
        level = abs(float(world.pose(part).rotation[:, 2] @ lens.rotation[:, 2]))
        near = np.hypot(x, y) <= task.aside and task.focus[0] <= z <= task.focus[1]
        return bool(near and level >= np.cos(task.tilt))


def _lens(cell: Cell, goal: DefectGoal) -> Pose:
    """camera_to_world of the inspection camera's lens."""
    body = cell.body(goal.camera)
    return body.pose @ Pose.from_array(catalogue.build(body.kind, body.params).frames["camera"])
