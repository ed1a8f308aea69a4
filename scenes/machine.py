"""A machine tool and the robot that tends it: enclosure with a sliding door, a vise or a chuck on
its table, push buttons and a tray at the robot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from shapely.geometry import Polygon

from scenes import beside, holders, place, shop
from scenes.arm import Arm
from scenes.cameras import cameras
from scenes.draw import count, number, section, word
from scenes.goals import LoadGoal, Point, UnloadGoal
from scenes.holders import Holder
from scenes.workpieces import assortment, colour_of, finished, fixture, part_of
from sim.pose import Pose
from sim.spec import Body, Camera, Cell, Goal, Joint, Light, Physics, Robot, Rule

Config = Mapping[str, Any]

SHUT = 0.006  # how near its end the door counts as shut [m]
DOOR = 0.075  # from the front to what stands before the door [m]
GATE = (0.10, 0.33)  # before the front, and over the robot's foot [m]
SIDES = {"right": -1.0, "left": 1.0}  # along y, as the robot looks along x


@dataclass(frozen=True)
class Stand:
    """Where things are, x y z [m] in the world, the robot's axis at x = y = 0. level: of the
    robot's foot; front: x of the machine's front; middle: y of the opening's; seat: of the
    holder's foot; opens: along y, to which side the door opens."""

    at: shop.Shop
    level: float
    machine: Body
    seat: Pose
    front: float
    middle: float
    opens: float


def loading(config: Config, rng: np.random.Generator, arm: Arm) -> Cell:
    """An open machine, and blanks in a tray: a LoadGoal."""
    scene = section(config, "scene")
    stand = _stand(config, rng, arm)
    holding = word(rng, scene["holder"], "scene.holder")
    key = f"scene.blanks.{holding}"
    places = count(rng, scene["tray"]["places"], "scene.tray.places")
    filled = min(places, max(1, count(rng, scene["tray"]["filled"], "scene.tray.filled")))
    blanks = assortment(rng, filled, section(config, key), scene, key)
    part = blanks[int(rng.integers(filled))]
    holder = _holder(config, rng, stand, holding, part, shut=False)
    side = SIDES[word(rng, scene["tray_side"], "scene.tray_side")]
    tray, slots = beside.tray(config, rng, stand.at.height, side, blanks, places)
    placed = [
        replace(b, pose=(tray.pose @ slot).shifted(z=0.0002))
        for b, slot in zip(blanks, slots, strict=False)
    ]
    door, travel = _door(config, rng, stand, shut=False)
    panel = beside.panel(config, rng, stand.at.height, -side, ("clamp", "start"))
    rules = (
        Rule("clamp", {"button_clamp": beside.pressed(panel, "button_clamp")}, holder.closed,
             force=holders.FORCE),
        Rule("start", {"button_start": beside.pressed(panel, "button_start"), "door": travel - SHUT,
                       **{jaw: at - 0.002 for jaw, at in holder.gripping.items()}}),
    )  # fmt: skip
    goal = LoadGoal(
        part=part.name,
        target=holder.body.name,
        pose=holder.seat,
        stand=holder.stand,
        jaws=tuple(jaw.name for jaw in holder.jaws),
        buttons=("button_clamp", "button_start"),
        shut_m=travel - SHUT,
        starts_open=True,
        gate=_gate(stand),
    )
    return _cell(config, rng, stand, arm, [holder.body, *holder.jaws, door, *panel, tray, *placed],
                 rules, goal)  # fmt: skip


def unloading(config: Config, rng: np.random.Generator, arm: Arm) -> Cell:
    """A machine behind its shut door, a finished part clamped in it, and a tray with room: an
    UnloadGoal."""
    scene = section(config, "scene")
    stand = _stand(config, rng, arm)
    holding = word(rng, scene["holder"], "scene.holder")
    key = f"scene.finished.{holding}"
    places = max(1, count(rng, scene["tray"]["places"], "scene.tray.places"))
    done = min(places - 1, count(rng, scene["tray"]["done"], "scene.tray.done"))
    made = assortment(rng, done + 1, section(config, key), scene, key)
    holder = _holder(config, rng, stand, holding, made[0], shut=True)
    side = SIDES[word(rng, scene["tray_side"], "scene.tray_side")]
    tray, slots = beside.tray(config, rng, stand.at.height, side, made, places)
    part = replace(made[0], pose=holder.seat.shifted(z=0.0002))
    placed = [
        replace(b, pose=(tray.pose @ slot).shifted(z=0.0002))
        for b, slot in zip(made[1:], slots, strict=False)
    ]
    door, travel = _door(config, rng, stand, shut=True)
    panel = beside.panel(config, rng, stand.at.height, -side, ("unclamp", "start"))
    rules = (
        Rule("hold", {}, holder.closed, force=holders.HOLD),  # from the first moment
        Rule("unclamp", {"button_unclamp": beside.pressed(panel, "button_unclamp")}, holder.open),
    )
    goal = UnloadGoal(
        part=part.name,
        target=tray.name,
        source=holder.body.name,
        pose=holder.seat,
        stand=holder.stand,
        slots=tuple(tray.pose @ slot for slot in slots[done:]),
        jaws=tuple(jaw.name for jaw in holder.jaws),
        buttons=("button_unclamp",),
        shut_m=travel - SHUT,
        starts_open=False,
        gate=_gate(stand),
    )
    return _cell(config, rng, stand, arm, [holder.body, *holder.jaws, door, *panel, tray, part,
                 *placed], rules, goal)  # fmt: skip


def _stand(config: Config, rng: np.random.Generator, arm: Arm) -> Stand:
    """The room, the robot's bench, and the machine before it."""
    scene, machine = section(config, "scene"), section(config, "scene.machine")

    def mm(group: Mapping[str, Any], name: str, key: str) -> float:
        return number(rng, group[name], f"scene.{key}{name}")

    reach = number(rng, scene["seat_reach"], "scene.seat_reach") * arm.reach
    # an arm that folds less works farther out and higher up
    spare = max(0.0, arm.fold - float(scene["fold_m"]))
    seat_x = float(np.clip(reach, scene["least_seat_m"] + spare, scene["most_seat_m"]))
    front = seat_x - mm(scene, "seat_depth_mm", "") / 1000
    depth = 1000 * (front + shop.BEHIND - DOOR)  # the door passes before the bench
    bench = {**section(config, "scene.bench"), "depth_mm": round(depth, 1)}
    at = shop.shop({**config, "scene": {**scene, "bench": bench}}, rng)
    level = at.height + arm.foot
    table = 1000 * (level + spare) + mm(scene, "table_over_robot_mm", "")
    opening, tall, wall = (
        mm(machine, "opening_mm", "machine."), mm(machine, "opening_height_mm", "machine."), 30.0
    )  # fmt: skip
    opens = word(rng, scene["mirror"], "scene.mirror")
    params = {
        "length_mm": round(2 * opening + 3 * wall + mm(machine, "spare_length_mm", "machine.")),
        "width_mm": round(mm(machine, "width_mm", "machine.")),
        "height_mm": round(table + tall + 2 * wall + mm(machine, "spare_height_mm", "machine.")),
        "table_mm": round(table, 1), "opening_mm": round(opening, 1),
        "opening_height_mm": round(tall, 1), "wall_mm": wall, "door_on": opens,
    }  # fmt: skip
    coat = word(rng, machine["colours"], "scene.machine.colours")
    body = fixture("machine", "machine_body", params, Pose(), finished("painted", rng,
                   colour_of(coat)), words={"colour": coat})  # fmt: skip
    part = part_of(body)
    middle = mm(scene, "off_centre_mm", "") / 1000
    # its front, +y, faces the robot
    foot = (front + part.dims["width"] / 2, middle - part.frames["opening"][0], 0.0)
    body = replace(body, pose=Pose.turned(foot, (0, 0, 1), np.pi / 2))
    off = mm(scene, "seat_off_mm", "") / 1000
    seat = Pose.turned((seat_x, middle + off, table / 1000), (0, 0, 1), 0.0)
    return Stand(at, level, body, seat, front, middle, SIDES[opens])


def _holder(
    config: Config, rng: np.random.Generator, stand: Stand, kind: str, work: Body, *, shut: bool
) -> Holder:
    make = {"chuck": holders.chuck, "vise": holders.vise}[kind]
    turn = np.deg2rad(number(rng, config["scene"]["holder_turn_deg"], "scene.holder_turn_deg"))
    turn += (np.pi / 2) * int(rng.integers(4))  # jaws may close along or across
    foot = stand.seat @ Pose.turned((0, 0, 0), (0, 0, 1), turn)
    return make(rng, section(config, f"scene.{kind}"), work, foot, shut=shut)


def _door(
    config: Config, rng: np.random.Generator, stand: Stand, *, shut: bool
) -> tuple[Body, float]:
    """The door, and its travel [m]; positions grow from where it starts."""
    machine = section(config, "scene.machine")
    params = stand.machine.params
    body = part_of(stand.machine)
    handle = {
        "width_mm": params["opening_mm"] + 20.0,
        "height_mm": params["opening_height_mm"] + 50.0,
        "handle_mm": round(number(rng, machine["handle_mm"], "scene.machine.handle_mm")),
        # at the edge that stays in reach when the door is open
        "handle_on": "left" if stand.opens < 0 else "right",
    }
    frame = Pose.from_array(body.frames["door" if shut else "door_open"])
    shape = fixture("door", "machine_door", handle, stand.machine.pose @ frame,
                    finished("painted", rng, stand.machine.material.rgb))  # fmt: skip
    travel = float(body.dims["travel"])
    way = body.dims["open_sign"] * (1.0 if shut else -1.0)
    force = number(rng, config["scene"]["door"]["friction_n"], "scene.door.friction_n")
    joint = Joint("slide", (way, 0.0, 0.0), 0.0, travel, "machine", force=force)
    mass = number(rng, config["scene"]["door"]["mass_kg"], "scene.door.mass_kg")
    return replace(shape, fixed=False, mass=mass, joint=joint), travel


def _cell(
    config: Config, rng: np.random.Generator, stand: Stand, arm: Arm, bodies: list[Body],
    rules: tuple[Rule, ...], goal: Goal,
) -> Cell:  # fmt: skip
    """All of it with the robot, which waits turned aside, cameras, lamps and clutter."""
    taken: list[Polygon] = [
        place.moved(place.footprint(part_of(b), Pose()), *place.flat(b.pose))
        for b in bodies if b.name in ("tray", "panel")
    ]  # fmt: skip
    taken.append(place.rectangle(stand.front, 1.1, stand.front / 2 + 0.12, 0.0))
    clutter = shop.clutter(config, rng, stand.at, taken)
    robot = _aside(shop.robot(config, rng, stand.at.height, arm.home), config, rng, bodies)
    middle = (stand.front - 0.1, stand.middle, stand.seat.position[2] + 0.1)
    return Cell(
        robots=(robot,),
        bodies=(*stand.at.bodies, stand.machine, *bodies, *clutter),
        cameras=_cameras(config, rng, middle, arm.wrist, bodies),
        lights=_lights(rng),
        physics=Physics(**section(config, "physics")),
        rules=rules,
        goal=goal,
        sampled={"bench_height_m": stand.at.height},
    )


def _gate(stand: Stand) -> Point:
    """Where a tool waits before the opening, high enough for an arm to fold so far."""
    before, above = GATE
    y = stand.seat.position[1]
    return stand.front - before, y, stand.level + above


def _aside(robot: Robot, config: Config, rng: np.random.Generator, bodies: list[Body]) -> Robot:
    """The robot turned towards the tray: at home it would stand in the door."""
    tray = next(b for b in bodies if b.name == "tray")
    x, y, _ = tray.pose.position
    first, *rest = robot.joints
    return replace(robot, joints=(first + float(np.arctan2(y, x)) * rng.uniform(0.7, 1.1), *rest))


def _cameras(
    config: Config, rng: np.random.Generator, middle: tuple[float, float, float], wrist: str,
    bodies: list[Body],
) -> tuple[Camera, ...]:  # fmt: skip
    """Fixed cameras look past the robot into the machine, from the tray's side or the other."""
    found = dict(section(config, "camera"))
    for name, camera in found.items():
        if "azimuth_deg" in camera and rng.random() < 0.5:
            low, high = np.broadcast_to(camera["azimuth_deg"], 2)
            found[name] = {**camera, "azimuth_deg": [-float(high), -float(low)]}
    return cameras({**config, "camera": found}, rng, middle, wrist)


def _lights(rng: np.random.Generator) -> tuple[Light, ...]:
    """A lamp behind the robot, which shines into the machine, and the sky of the hall."""
    azimuth, lean = np.pi + rng.uniform(-0.7, 0.7), rng.uniform(0.7, 1.0)
    flat = np.sin(lean)
    direction = (float(flat * np.cos(azimuth)), float(flat * np.sin(azimuth)), float(np.cos(lean)))
    return Light("lamp", "sun", direction), Light("hall", "sky")
