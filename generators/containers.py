"""Putting parts into open containers, as several scripts do."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from generators import handling, judge
from sim import grasping
from sim.moves import Carry, Move
from sim.pose import Pose
from sim.station import Station


def drop(
    station: Station, part: str, hold: grasping.Hold, container: str, rng: np.random.Generator, *,
    spread: float, speed: float,
) -> Iterator[Move]:  # fmt: skip
    """Lets a part down into a container as it hangs, turned as suits the wrist: its lowest point
    just over the floor, as far as the tool clears the rim. spread: how far from the middle [m].
    """
    world = station.world
    hanging = world.pose(part)
    low = judge.lowest(world, part) - hanging.position[2]
    x, y = judge.middle(world, container)[:2] + rng.uniform(-spread, spread, 2)
    over = Pose((x, y, hanging.position[2]), hanging.quaternion)
    goals = [Pose.turned((x, y, 0), (0, 0, 1), a) @ Pose((-x, -y, 0)) @ over
             for a in np.linspace(-np.pi, np.pi, 9)]  # fmt: skip
    down = yield from handling.bring(station, part, hold, goals, rng, clear=0.0, speed=speed)
    sink = hanging.position[2] + low - judge.middle(world, container)[2] - 0.025
    # a palm may be wider than the container: it stays above the rim
    palm = down.position[2] + station.card.palm_above_tcp - judge.rim(world, container) - 0.008
    sink = max(0.0, min(sink, palm))
    yield Carry(down.shifted(z=-sink), 0.25)
    yield from handling.let_go(hold, down.shifted(z=-sink), max(sink, 0.07))
