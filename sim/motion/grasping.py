"""Which of a part's grasps can be used where the part lies now, and where the tool has to go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from assets import catalogue
from assets.part import Part
from sim.motion import boxes
from sim.pose import Pose
from sim.robots import robot
from sim.robots.kinematics import Kinematics
from sim.robots.reach import follows, solutions
from sim.robots.robot import RobotModel
from sim.robots.tools.base import Tool
from sim.spec import Body, Cell
from sim.station import Station

CLEARANCE = 0.002  # kept between gripper and everything else when taking hold [m]
SPARE = 0.003  # beyond it, where a layout is judged [m]
CLOSE = 0.0003  # and when putting down, between walls made for the part [m]
UPRIGHT = 0.99  # the cosine of what still counts as straight down


@dataclass(frozen=True)
class PlannedGrasp:
    """A grasp, ready to be used: where the tool goes, what the jaws hold and how far they open
    on the way in [m], 0 for a suction cup. score: how good, smaller is better."""

    tcp_to_world: Pose
    part_to_tcp: Pose
    width: float
    opening: float
    score: float


def feasible_grasps(
    station: Station,
    body: str,
    *,
    around: Sequence[str],
    tilt: float = 0.35,
    goals: Sequence[Pose] = (),
    free_above: float = 0.08,
) -> list[PlannedGrasp]:
    """The usable grasps of a body, best first.

    A grasp is usable when the gripper, coming from `free_above` [m] away along its approach, clears
    the bodies `around`, comes from within `tilt` [rad] of straight above, and the arm reaches it.
    goals: part_to_world poses of which the same grasp must reach one, as clear of `around`. The
    grasp that needs the least turning of the wrist scores best; of cups, one over the middle.
    """
    world = station.world
    spec = world.cell.body(body)
    part_to_world = world.pose(body)
    others = boxes.join(boxes.of_body(world.cell.body(n), world.pose(n)) for n in around)
    found = []
    part = catalogue.build(spec.kind, spec.params)
    for candidate in station.tool.grasps(part, part_to_world, tilt):
        tcp_to_world = part_to_world @ candidate.tcp_to_part
        lean = _lean(tcp_to_world)
        if lean > tilt:
            continue
        opening = station.tool.way_in(candidate.width)
        turn = float(np.linalg.norm(station.turn_from_home(tcp_to_world)))
        score = turn + 2.0 * lean + candidate.askew
        part_to_tcp = candidate.tcp_to_part.inverse()
        if _clear(station.model, tcp_to_world, opening, others, free_above, CLEARANCE):
            found.append(PlannedGrasp(tcp_to_world, part_to_tcp, candidate.width, opening, score))
    found.sort(key=lambda grasp: grasp.score)
    return [
        grasp
        for grasp in found
        if _reaches(station.kinematics, station.robot.base, grasp.tcp_to_world)
        and (not goals or best_tool(station, grasp, goals, others) is not None)
    ]


def graspable(
    cell: Cell, body: str, part_to_world: Pose, *, around: Sequence[str], tilt: float,
    free_above: float = 0.1,
) -> bool:  # fmt: skip
    """Whether the cell's first robot finds a grasp of a body that lies in that pose, as
    `feasible_grasps` would, with `SPARE` [m] more room: before there is physics, which may shift it
    a little."""
    arm = cell.robots[0]
    model = robot.load(arm.card)
    spec = cell.body(body)
    others = boxes.join(boxes.of_body(cell.body(name)) for name in around)
    part = catalogue.build(spec.kind, spec.params)
    for candidate in model.tool.grasps(part, part_to_world, tilt):
        tcp_to_world = part_to_world @ candidate.tcp_to_part
        opening = model.tool.way_in(candidate.width)
        if (
            _lean(tcp_to_world) <= tilt
            and _clear(model, tcp_to_world, opening, others, free_above, CLEARANCE + SPARE)
            and _reaches(model.kinematics, arm.base, tcp_to_world)
        ):
            return True
    return False


def takes(tool: Tool, part: Part, part_to_support: Pose) -> bool:
    """Whether the tool, coming straight down, can take a part that lies in that pose."""
    candidates = tool.grasps(part, part_to_support, np.arccos(UPRIGHT))
    return any((part_to_support @ c.tcp_to_part).rotation[2, 2] < -UPRIGHT for c in candidates)


def choose(grasps: Sequence[PlannedGrasp], rng: np.random.Generator) -> PlannedGrasp:
    """One of the best grasps: at most half a radian more of turning than the first."""
    good = [grasp for grasp in grasps if grasp.score < grasps[0].score + 0.5]
    return good[int(rng.integers(len(good)))]


def approach(grasp: PlannedGrasp, back: float) -> Pose:
    """The tool `back` [m] before the grasp, along the way in."""
    return grasp.tcp_to_world @ Pose((0.0, 0.0, -back))


def turned_goals(spec: Body, goal: Pose) -> list[Pose]:
    """Every pose (part_to_world) that looks like `goal`, given how often the part repeats in a turn
    about its z axis; for a round part, 24 of them."""
    turns = catalogue.build(spec.kind, spec.params).turns or 24
    return [goal @ Pose.turned((0, 0, 0), (0, 0, 1), 2 * np.pi * k / turns) for k in range(turns)]


def in_hand(station: Station, body: str, grasp: PlannedGrasp) -> PlannedGrasp:
    """The grasp as it came out: where the part really sits in the jaws."""
    part_to_tcp = station.sensed_tcp().inverse() @ station.world.pose(body)
    return replace(grasp, part_to_tcp=part_to_tcp)


def best_tool(
    station: Station, grasp: PlannedGrasp, goals: Sequence[Pose], others: boxes.Boxes = boxes.NONE
) -> Pose | None:
    """tcp_to_world that brings the part to that goal (part_to_world) which turns the wrist least,
    among those in reach where the gripper clears the `others`; None if none is."""
    tools = [goal @ grasp.part_to_tcp.inverse() for goal in goals]
    tools.sort(key=lambda tool: float(np.linalg.norm(station.turn_from_home(tool))))
    for tool in tools:
        if _clear(station.model, tool, grasp.opening, others, 0.0, CLOSE) and _reaches(
            station.kinematics, station.robot.base, tool
        ):
            return tool
    return None


def fitting(
    station: Station, grasp: PlannedGrasp, goals: Sequence[Pose], around: Sequence[str]
) -> list[Pose]:
    """Those of the goals (part_to_world) to which the part can be brought with that grasp, and let
    go there, clear of the bodies `around`."""
    world = station.world
    others = boxes.join(boxes.of_body(world.cell.body(n), world.pose(n)) for n in around)
    return [goal for goal in goals if best_tool(station, grasp, [goal], others) is not None]


def _lean(tcp_to_world: Pose) -> float:
    """How far from straight down the tool points [rad]."""
    return float(np.arccos(np.clip(-tcp_to_world.rotation[2, 2], -1.0, 1.0)))


def _clear(
    model: RobotModel, tcp_to_world: Pose, opening: float, others: boxes.Boxes, above: float,
    margin: float,
) -> bool:  # fmt: skip
    """Whether the gripper clears the others there, and all the way from `above` [m]."""
    gripper = boxes.of_tool(model, opening)
    # boxes stretched backwards along the approach cover the whole way in
    stretched = boxes.Boxes(
        gripper.centre - [0.0, 0.0, above / 2],
        gripper.half + np.array([0.0, 0.0, above / 2]),
        gripper.axes,
    )
    return not boxes.clash(stretched.moved(tcp_to_world), others, margin).any()


def _reaches(arm: Kinematics, base: Pose, tcp_to_world: Pose) -> bool:
    """Whether the arm gets 10 cm above, and straight down from there."""
    tcp_to_base = base.inverse() @ tcp_to_world
    above = solutions(arm, tcp_to_base.shifted(z=0.1))
    return any(follows(arm, [tcp_to_base], joints) for joints in above)
