"""Layouts that are drawn again until they will do, before physics starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import numpy as np

from assets import catalogue
from episodes.errors import UserError
from scenes.place import NoRoom
from sim.pose import Pose
from sim.robots import robot
from sim.robots.reach import reachable
from sim.spec import Cell, Robot

T = TypeVar("T")
CROWDED = 4


def first_feasible(
    draw: Callable[[np.random.Generator], T],
    wrong: Callable[[T], str],
    rng: np.random.Generator,
    remedy: str,
    *,
    attempts: int = 50,
) -> T:
    """The first draw with which nothing is wrong.

    wrong: says what is, "" for nothing. A draw that finds no room for its things is drawn again
    `CROWDED` times, and then raises as it did. After `attempts` draws a UserError names what was
    wrong with the last of them, and the remedy: which config keys to change.
    """
    why, crowded = "", 0
    for _ in range(attempts):
        try:
            drawn = draw(rng)
        except NoRoom:
            crowded += 1
            if crowded > CROWDED:
                raise
            continue
        why = wrong(drawn)
        if not why:
            return drawn
    raise UserError(f"{why} in each of {attempts} layouts: {remedy}")


def rims(cell: Cell, containers: Iterable[str]) -> dict[str, Pose]:
    """The middle of each container's rim, where parts are let down, for `out_of_reach`."""
    bodies = [cell.body(name) for name in dict.fromkeys(containers)]
    return {
        b.name: b.pose.shifted(z=catalogue.build(b.kind, b.params).dims["height"]) for b in bodies
    }


def corners(cell: Cell, container: str, inset: float) -> dict[str, Pose]:
    """The corners of a container's floor, `inset` [m] from its walls, for `out_of_reach`."""
    body = cell.body(container)
    dims = catalogue.build(body.kind, body.params).dims
    x, y = dims["inner_length"] / 2 - inset, dims["inner_width"] / 2 - inset
    spots = ((x, y), (x, -y), (-x, y), (-x, -y))
    return {f"corner {i} of {container}": body.pose @ Pose((*spot, 0.0))
            for i, spot in enumerate(spots)}  # fmt: skip


def out_of_reach(cell: Cell, places: Mapping[str, Pose], above: float = 0.1) -> str:
    """Which of the places (names -> poses in the world) the first robot's tool cannot come to, as a
    clause; "" if it comes to all. The tool is turned as at home, on the place and `above` [m] it.
    """
    arm = cell.robots[0]
    model = robot.load(arm.card)
    home = arm.base @ model.kinematics.tcp(np.array(model.home))
    tools = [
        Pose(pose.position, home.quaternion).shifted(z=z)
        for pose in places.values()
        for z in (0.01, above)
    ]
    able = reachable(model, arm.base, tools)
    both = zip(able[::2], able[1::2], strict=True)
    far = {name: places[name] for name, pair in zip(places, both, strict=True) if not all(pair)}
    return cannot_reach(arm, far) if far else ""


def cannot_reach(arm: Robot, places: Mapping[str, Pose]) -> str:
    """The clause that says that an arm does not come to places (names -> poses in the world)."""
    card = robot.load(arm.card).arm
    foot = arm.base.shifted(z=card.foot).position
    away = max(float(np.linalg.norm(np.subtract(p.position, foot))) for p in places.values())
    up_to = "up to " if len(places) > 1 else ""
    return (
        f"{arm.card} (reach {card.reach:g} m) does not reach {', '.join(places)} "
        f"({up_to}{away:.2f} m from its foot)"
    )
