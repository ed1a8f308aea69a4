"""What scripts do with a machine: press its buttons, slide its door, go in and out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from assets import catalogue
from episodes.array_types import Floats
from generators.skills import feasibility, pick_place
from scenes.goals import TendingGoal, UnloadGoal
from sim.motion import boxes
from sim.motion.clearance import Clearance
from sim.motion.moves import Dwell, Failed, Move, Open, Reach, top_down
from sim.motion.pushing import Push
from sim.motion.travel import clearance_of
from sim.pose import Pose
from sim.robots import robot
from sim.robots.kinematics import Kinematics, Unreachable
from sim.robots.reach import follows, solutions
from sim.robots.robot import RobotModel
from sim.spec import Cell, Joint
from sim.station import Station

RISE = 0.10  # from beside a handle to above it [m]
LEAN = (0.46, 0.58)  # of the tool at a handle [rad]: the wrist is wider than the gap there
BESIDE = 0.025  # from the handle's side to the tool's [m]
ABOVE = 0.06  # over a button [m]


def with_elbow_at_rest(cell: Cell) -> Cell:
    """The cell with its robot's elbow where the station would hold it: turned aside from home, an
    arm of seven joints would else swing it over in its first move."""
    first, *others = cell.robots
    chain = robot.load(first.card).kinematics
    joints = np.array(first.joints)
    tcp_to_base = chain.tcp(joints)
    for k in range(60):  # it moves the elbow only while it moves the tool: to and fro by 1 mm
        joints = chain.solve(tcp_to_base.shifted(z=0.001 * (k % 2)), joints)
    return cell.replace(robots=(replace(first, joints=tuple(joints.tolist())), *others))


@dataclass(frozen=True)
class _Place:
    """Where the tool must be able to be, clear of everything, with the door at door_to_world."""

    name: str
    tool: Pose  # tcp_to_world
    door: Pose


def unreachable_or_blocked(cell: Cell) -> str:
    """Where the robot cannot put its tool, or not without touching something, as a clause; "" if
    it can work everywhere."""
    arm, goal = cell.robots[0], TendingGoal.of(cell)
    model = robot.load(arm.card)
    chain, world_to_base = model.kinematics, arm.base.inverse()
    yaw = turned_to_door(model, cell)
    upright, beside = (beside_handle(model, cell, "door", BESIDE, lean, yaw) for lean in LEAN)
    door, way = cell.body("door").pose, _stroke(cell, "door")
    moved = Pose(tuple(way)) @ door
    places = _places(cell, goal, model, upright, (door, moved))
    if _clearance(cell, door).hits(np.array([arm.joints]), margin=0.01).any():
        return "the robot starts in something"
    for door_to_world in (door, moved):
        clearance = _clearance(cell, door_to_world)
        for place in places:
            if place.door is not door_to_world:
                continue
            found = list(solutions(chain, world_to_base @ place.tool))
            if not found:
                return feasibility.cannot_reach(arm, {place.name: place.tool})
            if clearance.hits(np.array(found)).all():
                return f"{arm.card} finds no room at {place.name}"
        for button in goal.buttons:
            if not _can_press(cell, chain, door_to_world, button):
                return f"{arm.card} finds no room to press {button}"
    for tool in (upright, beside):
        handle = [tool.shifted(z=RISE)]
        handle += [tool.shifted(*(share * way)) for share in np.linspace(0.0, 1.0, 12)]
        handle += [handle[-1].shifted(z=RISE)]
        if not _follows(chain, [world_to_base @ pose for pose in handle]):
            return feasibility.cannot_reach(
                arm, {"all of the handle's way": handle[0], "its end": handle[-1]}
            )
    return ""


def _places(
    cell: Cell, goal: TendingGoal, model: RobotModel, handle: Pose, doors: tuple[Pose, Pose]
) -> list[_Place]:
    """All that the tool must come to. doors: where the door is at first, and at its other end."""
    first, last = doors
    is_open = first if goal.starts_open else last
    over = top_down(goal.stand.position, 0.0).shifted(z=0.15)
    places = [
        _Place("the gate", gate(goal, over), is_open),
        _Place("the holder", over, is_open),
        _Place("the handle", handle, first),
        _Place("over the handle", handle.shifted(z=RISE), first),
        _Place("the handle, at the door's end", handle.shifted(*_stroke(cell, "door")), last),
    ]
    for button in goal.buttons:
        pressed = over_button(model, cell, button, ABOVE)
        places += [_Place(button, pressed, door) for door in doors]
    return places


def _clearance(cell: Cell, door_to_world: Pose, but: str = "") -> Clearance:
    """Of the first robot's closed tool from all bodies but one, with the door there."""
    arm = cell.robots[0]
    found = boxes.join(
        boxes.of_body(b, door_to_world if b.name == "door" else b.pose)
        for b in cell.bodies
        if b.name != but
    )
    return Clearance(robot.load(arm.card), arm.base, found, opening=0.0)


def _can_press(cell: Cell, chain: Kinematics, door_to_world: Pose, button: str) -> bool:
    """Whether the arm comes down on a button without touching anything else, with the door there.
    Over the button it may keep clear of the door, and lower down bend its elbow into it."""
    arm = cell.robots[0]
    model = robot.load(arm.card)
    clearance = _clearance(cell, door_to_world, but=button)
    world_to_base = arm.base.inverse()
    heights = np.linspace(ABOVE, -_joint(cell, button).upper, 5)
    down = [world_to_base @ over_button(model, cell, button, float(z)) for z in heights]
    for joints in solutions(chain, down[0]):
        way = _followed(chain, down, joints)
        if way is not None and not clearance.hits(way).any():
            return True
    return False


def _followed(chain: Kinematics, tools: list[Pose], joints: Floats) -> Floats | None:
    """(N, J): the joints with which an arm that starts at joints (J,) goes from one tool pose to
    the next (tcp_to_base); None if it cannot."""
    found = []
    try:
        for tool in tools:
            joints = chain.solve(tool, joints)
            found.append(joints)
    except Unreachable:
        return None
    return np.array(found)


def _follows(chain: Kinematics, tools: list[Pose]) -> bool:
    """Whether an arm goes from one tool pose to the next (tcp_to_base) without a stop."""
    first, *others = tools
    return any(follows(chain, others, joints) for joints in solutions(chain, first))


def gate(goal: TendingGoal, tool: Pose) -> Pose:
    """The tool, turned as in `tool`, before the open door."""
    x, y, z = goal.gate
    return Pose((x, y, max(z, tool.position[2])), tool.quaternion)


def over_button(model: RobotModel, cell: Cell, button: str, clear: float) -> Pose:
    """The closed tool `clear` [m] over a button that faces up, turned as the arm is there."""
    body = cell.body(button)
    top = body.pose @ Pose.from_array(catalogue.build(body.kind, body.params).frames["top"])
    x, y, z = top.position
    _, ahead = tip(model)
    return top_down((x, y, z + ahead + clear), float(np.arctan2(y, x)))


def beside_handle(
    model: RobotModel, cell: Cell, door: str, back: float, lean: float, yaw: float = 0.0
) -> Pose:
    """The closed tool `back` [m] from a door's handle, on the side to push from, its tip beside the
    bar's upper end, leaning back towards the robot by `lean` [rad]; yaw: turned about itself."""
    body = cell.body(door)
    part = catalogue.build(body.kind, body.params)
    way = body.pose.rotation @ _joint(cell, door).axis
    sides = [body.pose @ Pose.from_array(part.frames[name]) for name in ("left", "right")]
    side = max(sides, key=lambda s: float(np.dot(s.rotation[:, 2], way)))
    half, _ = tip(model)
    x, y, z = np.subtract(side.position, (back + half) * way)
    at = (float(x), float(y), float(z + part.dims["handle"] / 2 - 0.012))
    return Pose.turned(at, (0, 1, 0), -lean) @ top_down((0.0, 0.0, 0.0), yaw)


def turned_to_door(model: RobotModel, cell: Cell) -> float:
    """How the tool is turned about itself at the handle [rad]: as at home, or the other way round
    where something on its front, such as a camera, would touch the door."""
    base = cell.robots[0].base
    chain = model.kinematics
    door = Clearance(model, base, boxes.of_body(cell.body("door")), opening=0.0)
    for yaw in (0.0, np.pi):
        tool = beside_handle(model, cell, "door", BESIDE, LEAN[0], yaw)
        found = list(solutions(chain, base.inverse() @ tool))
        if found and not door.hits(np.array(found)).all():
            return yaw
    return 0.0


def tip(model: RobotModel) -> tuple[float, float]:
    """Of the closed tool: how far its tip reaches from the TCP sideways, along the TCP's y, and
    ahead, along its z [m]."""
    low, high = boxes.of_tool(model, 0.0).bounds()
    ahead = float(high[:, 2].max())
    at_tip = np.nonzero(high[:, 2] > ahead - 0.01)[0]
    return float(np.abs([low[at_tip, 1], high[at_tip, 1]]).max()), ahead


def _joint(cell: Cell, member: str) -> Joint:
    joint = cell.body(member).joint
    assert joint is not None
    return joint


def _stroke(cell: Cell, member: str) -> Floats:
    """(3,) from where a sliding member is at first to the end of its travel [m], in the world."""
    joint = _joint(cell, member)
    return joint.upper * np.asarray(cell.body(member).pose.rotation @ joint.axis)


def close_tool(station: Station) -> Iterator[Move]:
    """The jaws shut, to push with."""
    if station.tool.kind == "jaws":
        yield Open(0.0)


def go(
    station: Station, goal: TendingGoal, tool: Pose, rng: np.random.Generator, speed: float, *,
    carrying: str = "", then: Sequence[Pose] = (),
) -> Iterator[Move]:  # fmt: skip
    """A free motion; if none is found, by way of the gate. then: as for `pick_place.travel`."""
    try:
        yield pick_place.travel(tool, rng, speed, carrying=carrying, then=then)
    except Failed as failed:
        if failed.cause != "no_path":
            raise
        before = gate(goal, station.tcp_to_world)
        yield pick_place.travel(before, rng, speed, carrying=carrying)
        yield pick_place.travel(tool, rng, speed, carrying=carrying, then=then)


def press(
    station: Station, goal: TendingGoal, button: str, rng: np.random.Generator, speed: float
) -> Iterator[Move]:
    """Presses a button that faces up with the tip of the tool, and lets it spring back."""
    cell = station.world.cell
    above = over_button(station.model, cell, button, ABOVE + rng.uniform(-0.01, 0.03))
    near = over_button(station.model, cell, button, 0.006)
    yield from go(station, goal, above, rng, speed, then=[near])
    if _free(station, near, button):
        yield Reach(near, 0.2)
    else:  # with the elbow as it is now it would hit something
        yield from go(station, goal, near, rng, speed)
    yield Push(button, 0.85 * _joint(cell, button).upper, (0.0, 0.0, -1.0), 0.04, farthest=0.03)
    yield Dwell(rng.uniform(0.1, 0.3))
    yield Reach(above, 0.25)


def _free(station: Station, tool: Pose, but: str) -> bool:
    """Whether the arm, going straight from where it is to a tool pose, keeps clear of all but a
    body."""
    start, world_to_base = station.tcp_to_world, station.robot.base.inverse()
    way = np.subtract(tool.position, start.position)
    tools = [world_to_base @ start.shifted(*(share * way)) for share in np.linspace(0.0, 1.0, 5)]
    joints = _followed(station.kinematics, tools, station.joints)
    return joints is not None and not clearance_of(station, but=(but,)).hits(joints).any()


def slide(
    station: Station, goal: TendingGoal, door: str, rng: np.random.Generator, speed: float
) -> Iterator[Move]:
    """Pushes a door's handle until the door is at the end of its travel, and backs off."""
    cell = station.world.cell
    end = _joint(cell, door).upper
    way = cell.body(door).pose.rotation @ _joint(cell, door).axis
    back, lean = BESIDE + rng.uniform(-0.01, 0.01), rng.uniform(*LEAN)
    yaw = turned_to_door(station.model, cell)
    beside = beside_handle(station.model, cell, door, back, lean, yaw)
    along = [beside.shifted(*(share * end * way)) for share in np.linspace(0.0, 1.0, 12)]
    yield from go(station, goal, beside.shifted(z=RISE), rng, speed, then=along)
    yield Reach(beside, 0.3)
    vx, vy, vz = (float(v) for v in way)
    yield Push(door, end - 0.002, (vx, vy, vz), rng.uniform(0.12, 0.2), farthest=end + 0.1)
    yield Reach(station.tcp_to_world.shifted(*(-0.03 * way)), 0.2)
    yield Reach(station.tcp_to_world.shifted(z=RISE), 0.3)


def touches_anything_else(station: Station, goal: UnloadGoal) -> bool:
    """Whether the arm touches anything now but the part, the door and the buttons that it is to
    press, with anything but its tips; or the part anything but the tool, the tray, and, as long as
    it is not lifted, its seat."""
    world, part, arm = station.world, goal.part, station.robot.name
    if world.touching(arm) - {part, "door", *goal.buttons} or world.push_on_arm(arm) > 0.0:
        return True
    seat = {goal.source, *goal.jaws}
    lifted = world.pose(part).position[2] > goal.pose.position[2] + 0.005
    return bool(world.touching(part) - {arm, goal.target, *(set() if lifted else seat)})
