"""A bin of mixed parts, and a tote to put them in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from shapely.geometry import Polygon

from assets.part import Part
from episodes.errors import UserError
from scenes import place, shop
from scenes.arm import Arm
from scenes.cameras import cameras
from scenes.draw import count, number, section, word
from scenes.goals import ClearGoal, PickGoal
from scenes.workpieces import assortment, colour_of, finished, fixture, part_of, with_own
from sim.pose import Pose
from sim.spec import Body, Cell, Goal, Physics

# The side of the robot that the bin is on, as _stand counts it; 0.0: by chance.
SIDES = {"either": 0.0, "left": 1.0, "right": -1.0}
REMEDY = "lower scene.count or scene.gap_m, or enlarge scene.bin.size"


def bin_bench(config: Mapping[str, Any], rng: np.random.Generator, arm: Arm) -> Cell:
    """Parts dropped into a bin; they settle before step 0. A PickGoal.

    The named part lies clear of the walls and has nothing dropped on it; its neighbours are
    `scene.jaw_room_m` away, which a jaw needs.
    """
    scene = section(config, "scene")
    at, source, target = _containers(config, rng)
    workpieces = assortment(
        rng, max(1, count(rng, scene["count"], "scene.count")),
        section(config, "scene.parts"), scene, "scene.parts",
    )  # fmt: skip
    workpieces = with_own(workpieces, config)
    above = min(count(rng, scene["on_top"], "scene.on_top"), len(workpieces) - 1)
    lying = _drop(rng, workpieces, above, source, scene)
    goal = PickGoal(part=workpieces[0].name, source=source.name, target=target.name)
    return _cell(config, rng, (at, source, target), workpieces, lying, goal, arm)


def full_bin(
    config: Mapping[str, Any],
    rng: np.random.Generator,
    arm: Arm,
    takes: Callable[[Part, Pose], bool],
) -> Cell:
    """Parts all over a bin, up to its walls, some on others; they settle before step 0.

    takes: whether the robot's tool can take a part that lies in a pose (part_to_support) from
    above; each part starts out in such a pose. A ClearGoal.
    """
    scene = section(config, "scene")
    at, source, target = _containers(config, rng)
    workpieces = assortment(
        rng, max(1, count(rng, scene["count"], "scene.count")),
        section(config, "scene.parts"), scene, "scene.parts",
        fit=lambda part: any(takes(part, Pose.from_array(rest)) for rest in part.rests),
    )  # fmt: skip
    above = min(count(rng, scene["on_top"], "scene.on_top"), len(workpieces) - 1)
    lying = _spread(rng, workpieces, above, source, scene, takes)
    parts = tuple(b.name for b in workpieces)
    goal = ClearGoal(parts=parts, source=source.name, target=target.name)
    return _cell(config, rng, (at, source, target), workpieces, lying, goal, arm)


def _containers(
    config: Mapping[str, Any], rng: np.random.Generator
) -> tuple[shop.Shop, Body, Body]:
    """The shop, a bin on one side of the robot and a tote on the other."""
    scene = section(config, "scene")
    at = shop.shop(config, rng)
    side = 1.0 if rng.random() < 0.5 else -1.0
    asked = scene["bin_side"]
    if asked not in SIDES:
        raise UserError(f"scene.bin_side={asked!r}: sides of the robot: {', '.join(SIDES)}")
    side = SIDES[asked] or side
    source = _stand(rng, "bin", scene, "bin", at.height, side)
    target = _stand(rng, "tote", scene, "tote", at.height, -side)
    return at, source, target


def _cell(
    config: Mapping[str, Any],
    rng: np.random.Generator,
    standing: tuple[shop.Shop, Body, Body],
    workpieces: Sequence[Body],
    lying: Sequence[Pose],
    goal: Goal,
    arm: Arm,
) -> Cell:
    """The bench with bin and tote, and the parts as they lie on the bin's floor."""
    at, source, target = standing
    floor = source.pose @ Pose.from_array(part_of(source).frames["floor"])
    placed = [replace(b, pose=floor @ p) for b, p in zip(workpieces, lying, strict=True)]
    covered = [
        place.moved(place.footprint(part_of(b), Pose()), *place.flat(b.pose))
        for b in (source, target)
    ]
    clutter = shop.clutter(config, rng, at, [*covered, at.work_area(config)])
    middle = (0.5, 0.0, at.height + 0.08)
    return Cell(
        robots=(shop.robot(config, rng, at.height, arm.home),),
        bodies=(*at.bodies, source, target, *placed, *clutter),
        cameras=cameras(config, rng, middle, arm.wrist),
        lights=shop.lights(rng),
        physics=Physics(**section(config, "physics")),
        goal=goal,
        sampled={"bench_height_m": at.height},
    )


def _stand(
    rng: np.random.Generator, kind: str, scene: Mapping[str, Any], name: str, height: float,
    side: float,
) -> Body:  # fmt: skip
    """A container left (side 1) or right (-1) of the middle."""
    ranges = scene[name]
    size = {k: number(rng, v, f"scene.{name}.{k}") for k, v in ranges["size"].items()}
    colour = word(rng, scene["container_colours"], "scene.container_colours")
    x = number(rng, ranges["x_m"], f"scene.{name}.x_m")
    y = side * number(rng, ranges["y_m"], f"scene.{name}.y_m")
    turn = np.deg2rad(number(rng, ranges["turn_deg"], f"scene.{name}.turn_deg"))
    pose = Pose.turned((x, y, height), (0, 0, 1), float(turn))
    coat = finished("polypropylene", rng, colour_of(colour))
    return fixture(name, kind, size, pose, coat, words={"colour": colour})


def _drop(
    rng: np.random.Generator, workpieces: Sequence[Body], above: int, source: Body,
    scene: Mapping[str, Any],
) -> list[Pose]:  # fmt: skip
    """part_to_floor poses: the first clear of the walls, the others around it, the last `above`
    of them over the others but not over the first."""
    rests = []
    for i, body in enumerate(workpieces):
        part = part_of(body)
        poses = [Pose.from_array(rest) for rest in part.rests]
        if i == 0:  # lying so that a gripper can come from above
            poses = [pose for pose in poses if _graspable(part, pose)]
        rests.append(poses[int(rng.integers(len(poses)))])
    shapes = [place.footprint(part_of(b), r) for b, r in zip(workpieces, rests, strict=True)]
    region = _floor(source)
    gap = scene["gap_m"]
    put = partial(place.scatter, rng, gap=gap, where="the bin", remedy=REMEDY)
    middle = place.rectangle(0.001, 0.001)  # of the first: its edges may come nearer to the walls
    first = put([middle], region.buffer(-scene["from_wall_m"]))
    spot = place.moved(shapes[0], *place.flat(first[0]))
    split = len(workpieces) - above
    beside = put(
        shapes[1:split], region.buffer(-0.006), taken=[spot.buffer(scene["jaw_room_m"] - gap)]
    )
    over = put(shapes[split:], region.buffer(-0.012), taken=[spot.buffer(scene["keep_free_m"])])
    lows = [0.001] * split + [scene["drop_m"]] * above
    return [
        (p @ r).shifted(z=z) for p, r, z in zip([*first, *beside, *over], rests, lows, strict=True)
    ]


def _spread(
    rng: np.random.Generator, workpieces: Sequence[Body], above: int, source: Body,
    scene: Mapping[str, Any], takes: Callable[[Part, Pose], bool],
) -> list[Pose]:  # fmt: skip
    """part_to_floor poses: all over the floor, `above` of them over the others, of those that the
    tool can take however they come to lie."""
    rests = []
    tumbles = []  # which may be dropped
    for i, body in enumerate(workpieces):
        part = part_of(body)
        all_ = [Pose.from_array(rest) for rest in part.rests]
        poses = [pose for pose in all_ if takes(part, pose)]
        rests.append(poses[int(rng.integers(len(poses)))])
        tumbles += [i] if len(poses) == len(all_) else []
    dropped = [int(i) for i in rng.permutation(tumbles)[:above]]
    shapes = [place.footprint(part_of(b), r) for b, r in zip(workpieces, rests, strict=True)]
    laid = [i for i in range(len(workpieces)) if i not in dropped]
    region = _floor(source)
    put = partial(place.scatter, rng, gap=scene["gap_m"], where="the bin", remedy=REMEDY)
    on_floor = put([shapes[i] for i in laid], region.buffer(-scene["from_wall_m"]))
    over = put([shapes[i] for i in dropped], region.buffer(-0.012))
    lows = dict.fromkeys(laid, 0.001) | dict.fromkeys(dropped, scene["drop_m"])
    flat = dict(zip([*laid, *dropped], [*on_floor, *over], strict=True))
    return [(flat[i] @ rests[i]).shifted(z=lows[i]) for i in range(len(workpieces))]


def _floor(source: Body) -> Polygon:
    inner = part_of(source).dims
    return place.rectangle(inner["inner_length"], inner["inner_width"])


def _graspable(part: Part, part_to_support: Pose) -> bool:
    """Whether one of the part's grasps comes straight down when it lies like that."""
    downs = [(part_to_support @ Pose.from_array(g.at)).rotation[2, 2] for g in part.grasps]
    return min(downs, default=1.0) < -0.99
