"""Cells from records: those of the episodes of a library, one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from episodes.errors import UserError
from episodes.storage.library import Library
from episodes.storage.records import Row
from generators import rendering
from generators.cell_sources.source import Origin
from generators.recorded import cell_of
from sim.robots import robot
from sim.spec import Camera, Cell, Robot

SIM, UPCYCLED = "sim", "upcycled"


class Records:
    """The recorded cells of a library, by the order of their indices: bodies, rules and goal as
    they stand there. Robot, cameras, sizes and physics are, too, as far as the recipe names no
    others."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        """config: a recipe; its `cells` names the `library`, a path. UserError where it is gone."""
        self.config = config
        cells = config["cells"]
        self.library, self.fingerprint = _opened(Path(cells["library"]), cells["content"])

    @property
    def count(self) -> int:
        return len(self.library.rows)

    def cell(self, index: int, rng: np.random.Generator) -> Cell:
        row = self._row(index)
        asked = self.config["task"]["name"]
        if row.task != asked:
            raise UserError(
                f"episode {row.index} of {self.library.path} is of task={row.task}: its goal is "
                f"none of task={asked}"
            )
        cell = cell_of(self.library.read(row.index, images=False), self.library.path)
        for_robot, for_cameras = rng.spawn(2)
        cell = _with_robot(cell, self.config["robot"], for_robot)
        if changed := self.config["physics"]:
            cell = cell.replace(physics=replace(cell.physics, **changed))
            check_rates(cell.physics.hz, cell.physics.control_hz)
        return rendering.filmed(cell, self.config["camera"], self.config["image_size"], for_cameras)

    def origin(self, index: int) -> Origin:
        row = self._row(index)
        return Origin(
            row.domain if row.domain == UPCYCLED else SIM,  # what is simulated is never real
            {
                "source": "records",
                "library": self.library.info["spec_id"],
                "episode": row.index,
                "content_hash": row.content_hash,
            },
        )

    def _row(self, index: int) -> Row:
        if index >= self.count:
            raise UserError(f"{self.library.path} has {self.count} episodes: no cell {index}")
        return self.library.rows[index]


def check_rates(hz: int, control_hz: int) -> None:
    """UserError for rates that no simulation can have."""
    if hz % control_hz:
        near = max(1, round(hz / control_hz)) * control_hz
        raise UserError(
            f"physics.hz={hz} must be a multiple of physics.control_hz={control_hz}; "
            f"try physics.hz={near}"
        )


@lru_cache(maxsize=1)
def _opened(path: Path, wanted: str) -> tuple[Library, str]:
    """The library and its fingerprint, once in a process for each that is wanted: to read all
    records takes as long as many cells."""
    library = Library(path)
    return library, library.content()


def _with_robot(cell: Cell, wanted: Mapping[str, Any], rng: np.random.Generator) -> Cell:
    """The cell with the wanted arm and tool on the foot of the recorded one. Where the recipe says
    how far it starts from its home, or it is another arm, its joints are drawn anew."""
    if not cell.robots:
        raise UserError("a recorded cell without a robot: nothing can be done in it")
    old, *others = cell.robots
    card = str(wanted["card"])
    if card == old.card and "home_jitter_deg" not in wanted:
        return cell
    model = robot.load(card)
    joints = old.joints
    if model.arm.name != robot.load(old.card).arm.name or "home_jitter_deg" in wanted:
        spread = np.deg2rad(wanted.get("home_jitter_deg", 0.0))
        home = np.add(model.home, rng.uniform(-spread, spread, len(model.home)))
        joints = tuple(float(q) for q in home)
    new = Robot(model.arm.name, card, old.base, joints)
    cameras = tuple(_ridden(camera, old, new) for camera in cell.cameras)
    return cell.replace(robots=(new, *others), cameras=cameras)


def _ridden(camera: Camera, old: Robot, new: Robot) -> Camera:
    """The camera on the wrist of the new arm where it was on that of the old one."""
    name, _, link = camera.parent.partition("/")
    if name != old.name or not link:
        return camera
    before, now = (robot.load(arm.card).camera_link for arm in (old, new))
    if link != before:
        raise UserError(
            f"camera {camera.name} rides on {camera.parent}, which {new.card} does not have; "
            "give camera=NAME"
        )
    return replace(camera, parent=f"{new.name}/{now}")
