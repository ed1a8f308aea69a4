"""A packing station: an open carton with its flaps, held on the bench, and items beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import shapely
from shapely.geometry import Polygon

from scenes import place, shop
from scenes.arm import Arm
from scenes.cameras import cameras
from scenes.draw import count, number, section, word
from scenes.goals import PackGoal
from scenes.workpieces import finished, fixture, part_of, workpiece
from sim.pose import Pose
from sim.spec import Body, Cell, Joint, Physics

FLAPS = (2, 3, 0, 1)  # in the order in which they close: the short ones lie below
SIDES = {"right": -1.0, "left": 1.0}  # along y, as the robot looks along x
UPSIDE_DOWN = (1.0, 0.0, 0.0, 0.0)  # quaternion

Room = tuple[float, float, float, float]  # x, y of the middle, length along x, width along y [m]


def packing(config: Mapping[str, Any], rng: np.random.Generator, arm: Arm) -> Cell:
    """A PackGoal: items beside an open carton, and where each belongs in it."""
    scene = section(config, "scene")
    at = shop.shop(config, rng)
    carton = _carton(config, rng, at.height)
    inner = part_of(carton).dims
    items, spots = _contents(config, rng, inner)
    flaps, hinges, closed = _flaps(config, rng, carton)
    reach = number(rng, scene["from_carton_m"], "scene.from_carton_m")
    covered = shapely.unary_union([_seen_from_above(b) for b in (carton, *flaps)]).convex_hull
    poses = place.scatter(
        rng, [place.footprint(part_of(b), Pose()) for b in items], at.work_area(config),
        gap=scene["apart_m"], taken=[covered.buffer(reach)], what="items",
        where="scene.work_area", remedy="lower scene.count or scene.apart_m",
    )  # fmt: skip
    placed = [
        shop.standing(b, pose, at.height + 0.0002, _lying(b))
        for b, pose in zip(items, poses, strict=True)
    ]
    taken = [_seen_from_above(b) for b in placed]
    clutter = shop.clutter(config, rng, at, [*taken, covered, at.work_area(config)])
    floor = carton.pose @ Pose.from_array(part_of(carton).frames["floor"])
    belongs = [floor @ spot @ _lying(b) for b, spot in zip(items, spots, strict=True)]
    x, y, _ = carton.pose.position
    return Cell(
        robots=(shop.robot(config, rng, at.height, arm.home),),
        bodies=(*at.bodies, carton, *flaps, *placed, *clutter),
        cameras=cameras(config, rng, (x - 0.04, 0.08 * y, at.height + 0.05), arm.wrist),
        lights=shop.lights(rng),
        physics=Physics(**section(config, "physics")),
        goal=PackGoal(
            carton=carton.name,
            parts=tuple(b.name for b in placed),
            poses=tuple(belongs),
            flaps=tuple(b.name for b in flaps),
            hinges=tuple(hinges),
            closed=tuple(closed),
        ),
        sampled={"bench_height_m": at.height},
    )


def _carton(config: Mapping[str, Any], rng: np.random.Generator, height: float) -> Body:
    """The carton on the bench, to one side."""
    ranges = section(config, "scene.carton")

    def draw(key: str) -> float:
        return number(rng, ranges[key], f"scene.carton.{key}")

    side = SIDES[word(rng, config["scene"]["side"], "scene.side")]
    turn = np.deg2rad(draw("turn_deg")) + np.pi / 2 * int(rng.integers(2))
    pose = Pose.turned((draw("x_m"), side * draw("y_m"), height), (0, 0, 1), turn)
    sides = ("length_mm", "width_mm", "height_mm", "board_mm")
    params = {key: round(2 * draw(key)) / 2 for key in sides}
    return fixture("carton", "shipping_carton", params, pose, finished("cardboard", rng),
                   words={"material": "cardboard"})  # fmt: skip


def _flaps(
    config: Mapping[str, Any], rng: np.random.Generator, carton: Body
) -> tuple[list[Body], list[Pose], list[float]]:
    """The carton's flaps as they stand open, their hinges, and how far they are from closed."""
    ranges = section(config, "scene.flaps")
    part = part_of(carton)
    bodies, hinges, angles = [], [], []
    for k in FLAPS:
        hinge = carton.pose @ Pose.from_array(part.frames[f"flap_{k}"])
        lean = np.deg2rad(number(rng, ranges["lean_deg"], "scene.flaps.lean_deg"))
        angle = float(np.pi / 2 + lean)
        params = {
            "length_mm": 1000 * part.dims[f"flap_{k}_length"],
            "depth_mm": 1000 * part.dims["flap_depth"],
            "board_mm": 1000 * part.dims["board"],
        }
        crease = number(rng, ranges["friction_nm"], "scene.flaps.friction_nm")
        joint = Joint("hinge", (-1.0, 0.0, 0.0), -0.5, angle, carton.name, force=crease)
        flap = fixture(f"flap_{k}", "carton_flap", params,
                       hinge @ Pose.turned((0, 0, 0), (1, 0, 0), angle),
                       carton.material, words={"material": "cardboard"})  # fmt: skip
        bodies.append(replace(flap, fixed=False, mass=part_of(flap).mass, joint=joint))
        hinges.append(hinge)
        angles.append(angle)
    return bodies, hinges, angles


def _contents(
    config: Mapping[str, Any], rng: np.random.Generator, inner: Mapping[str, float]
) -> tuple[list[Body], list[Pose]]:
    """Items that fill the carton in one layer, and where each stands on its floor."""
    scene = section(config, "scene")
    kinds = section(config, "scene.parts")
    gap = number(rng, scene["gap_mm"], "scene.gap_mm") / 1000
    longest = number(rng, scene["longest_mm"], "scene.longest_mm") / 1000
    rooms = _rooms(rng, count(rng, scene["count"], "scene.count"), inner)
    items, spots = [], []
    for i, (x, y, length, width) in enumerate(rooms):
        free = np.array([length, width]) - gap
        share = [number(rng, scene["share"], "scene.share") for _ in free]
        sides = np.round(2000 * np.minimum(share * free, longest)) / 2000
        across = bool(sides[1] > sides[0])
        kind = word(rng, sorted(kinds), "scene.parts")
        tall = number(rng, scene["height"], "scene.height") * inner["inner_height"]
        size = {
            "length_mm": float(1000 * sides.max()),
            "width_mm": float(1000 * sides.min()),
            "height_mm": 1000 * tall,
        }
        items.append(workpiece(rng, f"item_{i}", kind, {**size, **kinds[kind]}, scene,
                               "scene.parts"))  # fmt: skip
        dx, dy = rng.uniform(-0.5, 0.5, 2) * (free - sides)
        turn = np.pi / 2 * across + np.pi * int(rng.integers(2))
        spots.append(Pose.turned((x + dx, y + dy, 0.0), (0, 0, 1), turn))
    return items, spots


def _rooms(rng: np.random.Generator, amount: int, inner: Mapping[str, float]) -> list[Room]:
    """The carton's floor cut across, and its halves cut lengthwise, into so many rooms (1 to 4)."""
    length, width = inner["inner_length"], inner["inner_width"]
    if amount == 1:
        return [(0.0, 0.0, length, width)]
    first = length * float(rng.uniform(0.45, 0.55))
    halves = [(first / 2 - length / 2, first), (first / 2, length - first)]
    cuts = {2: (1, 1), 3: (1, 2), 4: (2, 2)}[amount]
    if rng.random() < 0.5:
        cuts = cuts[::-1]
    rooms: list[Room] = []
    for (x, long), pieces in zip(halves, cuts, strict=True):
        if pieces == 1:
            rooms.append((x, 0.0, long, width))
            continue
        cut = width * float(rng.uniform(0.46, 0.54))
        rooms += [(x, (cut - width) / 2, long, cut), (x, cut / 2, long, width - cut)]
    return rooms


def _lying(item: Body) -> Pose:
    """How an item lies, part_to_support: a bag on its folded seam, the flat side up for a cup."""
    if item.kind != "brick_pack":
        return Pose()
    return Pose((0.0, 0.0, item.params["height_mm"] / 1000), UPSIDE_DOWN)


def _seen_from_above(body: Body) -> Polygon:
    return place.footprint(part_of(body), body.pose)
