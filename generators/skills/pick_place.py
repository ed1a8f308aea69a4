"""Work that several scripts share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence

import numpy as np

from sim.motion import grasping
from sim.motion.moves import BeginSubtask, Carry, Failed, Grip, Move, Open, Reach
from sim.motion.travel import Travel
from sim.pose import Pose, matrix_to_rotvec
from sim.station import Station

TRIES = 3  # at a part, before the episode is given up
MENDABLE = ("missed_grasp", "slipped", "dropped")  # after these a part may be tried again
SLIPPED = 0.5  # a part that turned more than this in the jaws is put back [rad]

Steps = Generator[Move | BeginSubtask, None, grasping.PlannedGrasp]


def called(station: Station, body: str) -> str:
    """A body's everyday name: "red hex nut"."""
    words = station.world.cell.body(body).words
    return " ".join(
        [words[k] for k in ("colour", "size") if k in words] + [words["part"].replace("_", " ")]
    )


def pick(
    station: Station,
    part: str,
    rng: np.random.Generator,
    *,
    goals: Sequence[Pose] = (),
    clear: float,
    speed: float,
    tilt: float = 0.35,
) -> Steps:
    """Takes hold of a part and lifts it by `clear` [m]; a grasp that serves one of `goals`.

    What the jaws miss, lose or let turn on the way up is looked for again where it lies then,
    `TRIES` times in all; each further try is a subtask of its own, `pick_retry`, a recovery.
    """
    yield BeginSubtask("pick", f"grasp the {called(station, part)}")
    for left in reversed(range(TRIES)):
        hold = free_grasp(station, part, rng, goals=goals, clear=clear, tilt=tilt)
        try:
            above = grasping.approach(hold, clear)
            yield travel(above, rng, speed, then=[hold.tcp_to_world])
            yield Open(hold.opening)
            yield Reach(hold.tcp_to_world, 0.25)
            yield Grip(hold.width)
            yield Carry(station.tcp_to_world.shifted(z=clear), 0.3)
            held = grasping.in_hand(station, part, hold).part_to_tcp
            turned = (hold.part_to_tcp.inverse() @ held).rotation
            if np.linalg.norm(matrix_to_rotvec(turned)) > SLIPPED:
                yield Carry(station.tcp_to_world.shifted(z=0.002 - clear), 0.3)
                raise Failed("slipped", f"{part} turned in the jaws")
        except Failed as failed:
            if failed.cause not in MENDABLE or not left:
                raise
            words = f"grasp the {called(station, part)} again"
            yield BeginSubtask("pick_retry", words, recovery=True)
            yield from back_off(station, clear)
        else:
            break
    return hold


def free_grasp(
    station: Station, part: str, rng: np.random.Generator, *, goals: Sequence[Pose] = (),
    clear: float, tilt: float = 0.35,
) -> grasping.PlannedGrasp:  # fmt: skip
    """A free grasp of a part where it lies now, one that serves one of `goals`. Raises Failed."""
    found = grasping.feasible_grasps(
        station, part, around=others(station, part), goals=goals, tilt=tilt, free_above=clear
    )
    if not found:
        raise Failed("no_grasp", f"no free grasp of {part} in reach")
    return grasping.choose(found, rng)


def others(station: Station, part: str) -> list[str]:
    """What a tool that takes a part must keep clear of: all but the room and the part."""
    return [b.name for b in station.world.cell.bodies if b.role != "room" and b.name != part]


def travel(
    tool: Pose, rng: np.random.Generator, speed: float, *, carrying: str = "",
    then: Sequence[Pose] = (),
) -> Travel:  # fmt: skip
    """A free motion to tool (tcp_to_world), bent to a side and upwards by chance; `then` it goes
    on to more poses in straight lines."""
    bend = (*rng.uniform(-0.04, 0.04, 2), rng.uniform(0.0, 0.06))
    seed = int(rng.integers(1, 2**31))
    acceleration = 1.2 if carrying else 2.0
    return Travel(tool, seed, speed, acceleration, carrying, bend, then=tuple(then))


def tool_for(
    station: Station, part: str, hold: grasping.PlannedGrasp, goals: Sequence[Pose]
) -> Pose:
    """tcp_to_world that brings a part, as it sits in the jaws now, to one of `goals`."""
    tool = grasping.best_tool(station, grasping.in_hand(station, part, hold), goals)
    if tool is None:
        raise Failed("ik_unreachable", f"no way to put down {part}")
    return tool


def bring(
    station: Station, part: str, hold: grasping.PlannedGrasp, goals: Sequence[Pose],
    rng: np.random.Generator, *, clear: float, speed: float,
) -> Generator[Move, None, Pose]:  # fmt: skip
    """Carries a part `clear` [m] above a goal; the tool pose that will put it there."""
    there = tool_for(station, part, hold, goals)
    over = there.shifted(z=clear)
    try:
        yield travel(over, rng, speed, carrying=part, then=[there])
    except Failed as failed:
        if failed.cause != "no_path":
            raise
        yield Carry(over, speed)  # boxes around things leave no way; at this height there is one
    down = tool_for(station, part, hold, goals)  # again: it may have swung in the jaws on the way
    yield Carry(down.shifted(z=clear), 0.25)
    return down


def set_down(
    station: Station, part: str, hold: grasping.PlannedGrasp, goals: Sequence[Pose],
    rng: np.random.Generator, *, clear: float, speed: float,
) -> Iterator[Move]:  # fmt: skip
    """Carries a part to one of its goals, puts it down, lets go, and rises by `clear` [m]."""
    down = yield from bring(station, part, hold, goals, rng, clear=clear, speed=speed)
    yield Carry(down.shifted(z=0.02), 0.25)
    yield Carry(down.shifted(z=0.0005), 0.06)
    yield from let_go(hold, down, clear)


def let_go(hold: grasping.PlannedGrasp, down: Pose, clear: float) -> Iterator[Move]:
    """Opens the jaws and backs off upwards by `clear` [m]."""
    yield Open(hold.opening)
    yield Reach(down.shifted(z=clear), 0.35)


def back_off(station: Station, clear: float) -> Iterator[Move]:
    """After something went wrong: opens the jaws and rises by `clear` [m], to try again."""
    yield Open()
    yield Reach(station.tcp_to_world.shifted(z=clear), 0.35)


def one_by_one(
    station: Station,
    waiting: Callable[[], Sequence[str]],
    handle: Callable[[str], Iterator[Move | BeginSubtask]],
    *,
    clear: float,
) -> Iterator[Move | BeginSubtask]:
    """Handles part after part until none is waiting. waiting: what there is left, in order; asked
    again after each part, since one may have been knocked about.

    A part without a free grasp waits until another has been moved. After a slip (`MENDABLE`) the
    jaws open and rise by `clear` [m]; that part goes to the end of the line, `TRIES` times in all.
    """
    tries: Counter[str] = Counter()
    stuck: set[str] = set()
    while left := waiting():
        ready = [part for part in left if part not in stuck]
        if not ready:
            raise Failed("no_grasp", f"no free grasp of {', '.join(left)} in reach")
        part = min(ready, key=lambda name: tries[name])
        try:
            yield from handle(part)
        except Failed as failed:
            if failed.cause == "no_grasp":
                stuck.add(part)
                continue
            if failed.cause not in MENDABLE or tries[part] + 1 == TRIES:
                raise
            yield from back_off(station, clear)
        else:
            if part in waiting() and tries[part] + 1 == TRIES:
                raise Failed("misplaced", f"{part} does not stay where it was put")
        stuck.clear()
        tries[part] += 1
