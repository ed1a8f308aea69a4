"""How far the work of a task is, 0 .. 1: what tasks make their `progress` of."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from generators.skills import predicates
from sim.pose import Pose
from sim.station import Station

NEAR = 5.0  # [1/m] how fast the nearness of the tool falls: to a half at 11 cm
APPROACHED = 0.9  # what a part is worth that is all but where it belongs
REACHED = 0.1  # what the tool's nearness is worth, of one part


@dataclass(frozen=True)
class Errand:
    """A part, where it belongs in the world [m], and whether it is there as the task wants it."""

    part: str
    goal: tuple[float, float, float]
    done: bool


def to_poses(
    station: Station, parts: Iterable[str], poses: Iterable[Pose], position: float, angle: float
) -> list[Errand]:
    """Parts that belong to poses, within `position` [m] and `angle` [rad]."""
    out = []
    for part, pose in zip(parts, poses, strict=True):
        distance, turn = predicates.off_goal(station.world, part, pose)
        out.append(Errand(part, pose.position, distance <= position and turn <= angle))
    return out


def to_containers(
    station: Station, parts: Iterable[str], containers: Iterable[str]
) -> list[Errand]:
    """Parts that belong into containers, one for each."""
    world = station.world
    out = []
    for part, container in zip(parts, containers, strict=True):
        x, y, z = predicates.middle(world, container).tolist()
        out.append(Errand(part, (x, y, z), predicates.inside(world, part, container)))
    return out


def delivered(station: Station, errands: Iterable[Errand]) -> float:
    """The mean over parts of 1 where it is done, else 0.9 times the share of its way that it has
    been brought nearer; and 0.1 of one part for how near the tool is to the next one."""
    world, tool = station.world, station.sensed_tcp().position
    shares, distances = [], []
    for errand in errands:
        if errand.done:
            shares.append(1.0)
            continue
        here, start = world.pose(errand.part).position, world.cell.body(errand.part).pose.position
        way = max(0.05, math.dist(start, errand.goal))
        shares.append(APPROACHED * share(way - math.dist(here, errand.goal), way))
        distances.append(math.dist(tool, here))
    near = 1.0 - math.tanh(NEAR * min(distances)) if distances else 0.0
    return (sum(shares) + REACHED * near) / len(shares)


def share(value: float, whole: float) -> float:
    """value / whole, within 0 .. 1."""
    return float(np.clip(value / whole, 0.0, 1.0))
