"""Which of a part's grasps can be used where the part lies now, and where the tool has to go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from assets import catalogue
from assets.geometry.suction import spots
from assets.part import Part, SuctionGrasp
from sim.motion import boxes
from sim.pose import Pose
from sim.robots import robot
from sim.robots.card import Card, Cups
from sim.robots.kinematics import Chain
from sim.robots.reach import follows, solutions
from sim.robots.robot import Model
from sim.spec import Body, Cell
from sim.station import Station

CLEARANCE = 0.002  # kept between gripper and everything else when taking hold [m]
SPARE = 0.003  # beyond it, where a layout is judged [m]
CLOSE = 0.0003  # and when putting down, between walls made for the part [m]
YAWS = 8  # ways to turn a cup about its axis
LEAST_ROOM = 0.0025  # at the least, to come down past the part [m]
OFF_CENTRE = 30.0  # what a metre beside the centre of mass counts, in radians of turning
GRAVITY, LIFT = 9.81, 2.0  # what a cup works against when it lifts [m/s^2]
SURE = 0.6  # of what cups hold, how much is relied on
UPRIGHT = 0.99  # the cosine of what still counts as straight down
SIDE_ROOM = 0.008  # what each jaw opens beyond the part [m]


@dataclass(frozen=True)
class Hold:
    """A grasp, ready to be used: where the tool goes, what the jaws hold and how far they open
    on the way in [m], 0 for a suction cup. score: how good, smaller is better."""

    tcp_to_world: Pose
    part_to_tcp: Pose
    width: float
    opening: float
    score: float


def holds(
    station: Station,
    body: str,
    *,
    around: Sequence[str],
    tilt: float = 0.35,
    goals: Sequence[Pose] = (),
    free_above: float = 0.08,
) -> list[Hold]:
    """The usable grasps of a body, best first.

    A grasp is usable when the gripper, coming from `free_above` [m] away along its approach, clears
    the bodies `around`, comes from within `tilt` [rad] of straight above, and the arm reaches it.
    goals: part_to_world poses of which the same grasp must reach one, as clear of `around`. The
    hold that needs the least turning of the wrist scores best; of cups, one over the middle.
    """
    world = station.world
    spec = world.cell.body(body)
    part_to_world = world.pose(body)
    others = boxes.join(boxes.of_body(world.cell.body(n), world.pose(n)) for n in around)
    found = []
    part = catalogue.build(spec.kind, spec.params)
    for tcp_to_part, width in _ways(station.card, part, part_to_world, tilt):
        tcp_to_world = part_to_world @ tcp_to_part
        lean = _lean(tcp_to_world)
        if lean > tilt:
            continue
        opening = _opening(station.card, width)
        turn = float(np.linalg.norm(station.turn_from_home(tcp_to_world)))
        score = turn + 2.0 * lean
        if station.card.cups is not None:  # what hangs askew tips off
            x, y, _ = tcp_to_part.inverse().apply(np.asarray(part.centre_of_mass))
            score += OFF_CENTRE * float(np.hypot(x, y))
        hold = Hold(tcp_to_world, tcp_to_part.inverse(), width, opening, score)
        if _clear(station.arm.model, hold.tcp_to_world, opening, others, free_above, CLEARANCE):
            found.append(hold)
    found.sort(key=lambda hold: hold.score)
    return [
        hold
        for hold in found
        if _reaches(station.chain, station.robot.base, hold.tcp_to_world)
        and (not goals or best_tool(station, hold, goals, others) is not None)
    ]


def graspable(
    cell: Cell, body: str, part_to_world: Pose, *, around: Sequence[str], tilt: float,
    free_above: float = 0.1,
) -> bool:  # fmt: skip
    """Whether the cell's first robot finds a grasp of a body that lies in that pose, as `holds`
    would, with `SPARE` [m] more room: before there is physics, which may shift it a little."""
    arm = cell.robots[0]
    model = robot.load(arm.card)
    chain = Chain(model)
    spec = cell.body(body)
    others = boxes.join(boxes.of_body(cell.body(name)) for name in around)
    for tcp_to_part, width in _ways(
        model.card, catalogue.build(spec.kind, spec.params), part_to_world, tilt
    ):
        tool = part_to_world @ tcp_to_part
        if (
            _lean(tool) <= tilt
            and _clear(model, tool, _opening(model.card, width), others, free_above,
                       CLEARANCE + SPARE)
            and _reaches(chain, arm.base, tool)
        ):  # fmt: skip
            return True
    return False


def takes(card: Card, part: Part, part_to_support: Pose) -> bool:
    """Whether the tool, coming straight down, can take a part that lies in that pose."""
    ways = _ways(card, part, part_to_support, np.arccos(UPRIGHT))
    return any((part_to_support @ tcp_to_part).rotation[2, 2] < -UPRIGHT for tcp_to_part, _ in ways)


def _ways(card: Card, part: Part, part_to_world: Pose, tilt: float) -> Iterator[tuple[Pose, float]]:
    """tcp_to_part and width [m] of every way in which the tool may take a part that lies there,
    among them all that come from within `tilt` [rad] of straight above."""
    if card.kind == "jaws":
        for grasp in part.grasps:
            if grasp.width + 2 * LEAST_ROOM <= card.gripper_width + 1e-9:
                yield Pose.from_array(grasp.at), grasp.width
    elif card.cups is not None:
        needed = card.cups.radius + max(float(np.hypot(x, y)) for x, y in card.cups.centres)
        down = part_to_world.rotation.T @ [0.0, 0.0, -1.0]
        for spot in spots(part.mesh, down, tilt):
            if spot.radius >= needed and _carries(card.cups, part, spot):
                for k in range(YAWS):
                    about = Pose.turned((0, 0, 0), (0, 0, 1), 2 * np.pi * k / YAWS)
                    pressed = Pose((0.0, 0.0, card.cups.press))
                    yield Pose.from_array(spot.at) @ about @ pressed, 0.0


def _carries(cups: Cups, part: Part, spot: SuctionGrasp) -> bool:
    """Whether the cups carry the part, sealed there: its weight, and its moment about the lip."""
    at = Pose.from_array(spot.at)
    off = at.inverse().apply(part.centre_of_mass)[:2]
    lever = cups.radius + max(float(np.hypot(x, y)) for x, y in cups.centres)
    force = part.mass * (GRAVITY + LIFT)
    holds_n = cups.pressure * np.pi * cups.radius**2 * len(cups.centres)
    return bool(force * (1.0 + np.linalg.norm(off) / lever) <= SURE * holds_n)


def choose(found: Sequence[Hold], rng: np.random.Generator) -> Hold:
    """One of the best holds: at most half a radian more of turning than the first."""
    good = [hold for hold in found if hold.score < found[0].score + 0.5]
    return good[int(rng.integers(len(good)))]


def approach(hold: Hold, back: float) -> Pose:
    """The tool `back` [m] before the grasp, along the way in."""
    return hold.tcp_to_world @ Pose((0.0, 0.0, -back))


def turned_goals(spec: Body, goal: Pose) -> list[Pose]:
    """Every pose (part_to_world) that looks like `goal`, given how often the part repeats in a turn
    about its z axis; for a round part, 24 of them."""
    turns = catalogue.build(spec.kind, spec.params).turns or 24
    return [goal @ Pose.turned((0, 0, 0), (0, 0, 1), 2 * np.pi * k / turns) for k in range(turns)]


def in_hand(station: Station, body: str, hold: Hold) -> Hold:
    """The hold as it came out: where the part really sits in the jaws."""
    part_to_tcp = station.sensed_tcp().inverse() @ station.world.pose(body)
    return replace(hold, part_to_tcp=part_to_tcp)


def best_tool(
    station: Station, hold: Hold, goals: Sequence[Pose], others: boxes.Boxes = boxes.NONE
) -> Pose | None:
    """tcp_to_world that brings the part to that goal (part_to_world) which turns the wrist least,
    among those in reach where the gripper clears the `others`; None if none is."""
    tools = [goal @ hold.part_to_tcp.inverse() for goal in goals]
    tools.sort(key=lambda tool: float(np.linalg.norm(station.turn_from_home(tool))))
    for tool in tools:
        if _clear(station.arm.model, tool, hold.opening, others, 0.0, CLOSE) and _reaches(
            station.chain, station.robot.base, tool
        ):
            return tool
    return None


def fitting(
    station: Station, hold: Hold, goals: Sequence[Pose], around: Sequence[str]
) -> list[Pose]:
    """Those of the goals (part_to_world) to which the part can be brought with that hold, and let
    go there, clear of the bodies `around`."""
    world = station.world
    others = boxes.join(boxes.of_body(world.cell.body(n), world.pose(n)) for n in around)
    return [goal for goal in goals if best_tool(station, hold, [goal], others) is not None]


def _lean(tcp_to_world: Pose) -> float:
    """How far from straight down the tool points [rad]."""
    return float(np.arccos(np.clip(-tcp_to_world.rotation[2, 2], -1.0, 1.0)))


def _opening(card: Card, width: float) -> float:
    """How far the jaws open to come down past a part that is `width` wide there [m]."""
    return min(card.gripper_width, width + 2 * SIDE_ROOM)


def _clear(
    model: Model, tcp_to_world: Pose, opening: float, others: boxes.Boxes, above: float,
    margin: float,
) -> bool:  # fmt: skip
    """Whether the gripper clears the others there, and all the way from `above` [m]."""
    gripper = boxes.of_gripper(model, opening)
    # boxes stretched backwards along the approach cover the whole way in
    stretched = boxes.Boxes(
        gripper.centre - [0.0, 0.0, above / 2],
        gripper.half + np.array([0.0, 0.0, above / 2]),
        gripper.axes,
    )
    return not boxes.clash(stretched.moved(tcp_to_world), others, margin).any()


def _reaches(chain: Chain, base: Pose, tcp_to_world: Pose) -> bool:
    """Whether the arm gets 10 cm above, and straight down from there."""
    tcp_to_base = base.inverse() @ tcp_to_world
    above = solutions(chain, tcp_to_base.shifted(z=0.1))
    return any(follows(chain, [tcp_to_base], joints) for joints in above)
