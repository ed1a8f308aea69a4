"""Joint paths around obstacles: RRT-Connect of OMPL, then shortcuts."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from episodes.array_types import Bools, Floats

Hits = Callable[[Floats], Bools]  # joints (N, J) -> (N,): not allowed

STEP = 0.06  # between the points of a line that are checked, along the joint that moves most [rad]
RANGE = 0.8  # how far the trees grow at a time [rad]


def line(start: Floats, end: Floats, step: float = STEP) -> Floats:
    """(N, J) points on the straight line between two joint positions (J,), both ends included."""
    count = int(np.ceil(np.abs(end - start).max() / step)) + 1
    return start + np.linspace(0.0, 1.0, max(2, count))[:, None] * (end - start)


def along(waypoints: Floats, step: float = STEP) -> Floats:
    """(N, J) points along the lines through (K, J)."""
    parts = [line(a, b, step)[1:] for a, b in pairwise(waypoints)]
    return np.concatenate([waypoints[:1], *parts])


def connect(
    start: Floats, goal: Floats, bounds: tuple[Floats, Floats], hits: Hits, seed: int, *,
    iterations: int = 4000,
) -> Floats | None:  # fmt: skip
    """Joint positions (K, J) whose straight lines lead from start to goal without a hit, or None.

    RRT-Connect (Kuffner and LaValle 2000) as OMPL has it, then shortened. A pure function of its
    arguments: OMPL seeds every generator of a planner from one global one, so that one is seeded
    and all else made anew; what ends a vain search is a count, not the clock.
    seed: 1 or more.
    """
    from ompl import base, geometric, util

    util.noOutputHandler()  # it holds that seeding twice cannot be meant
    util.RNG.setSeed(seed)
    size = len(start)

    def joints(state: Any) -> Floats:
        return np.array([state[i] for i in range(size)])

    class Lines(base.MotionValidator):  # type: ignore[misc]  # ompl has no annotations
        """Checks all points of a line at once."""

        def checkMotion(self, a: Any, b: Any) -> bool:
            return not hits(line(joints(a), joints(b))[1:]).any()

    space = base.RealVectorStateSpace(size)
    box = base.RealVectorBounds(size)
    for i in range(size):
        box.setLow(i, float(bounds[0][i]))
        box.setHigh(i, float(bounds[1][i]))
    space.setBounds(box)
    info = base.SpaceInformation(space)
    info.setStateValidityChecker(lambda state: not hits(joints(state)[None]).any())
    info.setMotionValidator(Lines(info))
    info.setup()
    ends = space.allocState(), space.allocState()
    for state, values in zip(ends, (start, goal), strict=True):
        for i in range(size):
            state[i] = float(values[i])
    problem = base.ProblemDefinition(info)
    problem.setStartAndGoalStates(*ends, 1e-6)
    planner = geometric.RRTConnect(info)
    planner.setRange(RANGE)
    planner.setProblemDefinition(problem)
    planner.setup()
    left = iter(range(iterations))
    planner.solve(base.PlannerTerminationCondition(lambda: next(left, None) is None))
    if not problem.hasExactSolution():
        return None
    found = np.array([joints(state) for state in problem.getSolutionPath().getStates()])
    found[0], found[-1] = start, goal
    return shortened(found, hits, np.random.default_rng(seed))


def shortened(
    waypoints: Floats, hits: Hits, rng: np.random.Generator, *, tries: int = 80
) -> Floats:
    """The path (K, J) with detours cut off, where the straight way is free (Geraerts and Overmars
    2007: shortcuts between random points of the path)."""
    for _ in range(tries):
        if len(waypoints) == 2:
            break
        lengths = np.abs(np.diff(waypoints, axis=0)).max(axis=1)
        ends = np.concatenate([[0.0], np.cumsum(lengths)])
        low, high = np.sort(rng.uniform(0.0, ends[-1], 2))
        i, j = (int(np.searchsorted(ends, v, side="right")) for v in (low, high))
        if i == j:
            continue
        steps = np.diff(waypoints, axis=0)
        a, b = (
            waypoints[k - 1] + (v - ends[k - 1]) / lengths[k - 1] * steps[k - 1]
            for k, v in ((i, low), (j, high))
        )
        if not hits(line(a, b)).any():
            waypoints = np.concatenate([waypoints[:i], [a, b], waypoints[j:]])
    return _fewest(waypoints, hits)


def _fewest(waypoints: Floats, hits: Hits) -> Floats:
    """Leaves out every point that its neighbours do not need."""
    k = 1
    while k < len(waypoints) - 1:
        if hits(line(waypoints[k - 1], waypoints[k + 1])).any():
            k += 1
        else:
            waypoints = np.delete(waypoints, k, axis=0)
    return waypoints
