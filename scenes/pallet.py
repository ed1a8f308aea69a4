"""A pallet station: a conveyor with boxes, a pallet, and the patterns that they are stacked in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from assets.part import Part
from episodes.errors import UserError
from scenes import place, shop
from scenes.arm import Arm
from scenes.cameras import cameras
from scenes.conveyor import Line, conveyor
from scenes.draw import count, number, section, word
from scenes.goals import StackGoal, UnstackGoal
from scenes.workpieces import colour_of, finished, fixture, part_of
from sim.pose import Pose
from sim.spec import Body, Cell, Goal, Physics

Spot = tuple[float, float, float]  # x, y [m], yaw [rad] of a box on the pallet
OVER = 0.02  # that a box may hang over the pallet's edge [m]
PRINTS = 6  # colours that cartons are printed in


@dataclass(frozen=True)
class PalletSite:
    """A conveyor, a table with the pallet on it, one box, and part_to_world of each box of a full
    pallet, layer by layer, each from the far side to the near one."""

    line: Line
    table: tuple[Body, ...]
    pallet: Body
    box: Body
    stack: tuple[Pose, ...]
    pattern: str
    layers: int


def palletising(config: Mapping[str, Any], rng: np.random.Generator, arm: Arm) -> Cell:
    """Boxes that a belt brings to its end, and an empty pallet: a StackGoal, the bottom layer
    first."""
    at = _station(config, rng, arm.foot)
    line, box, stack = at.line, at.box, at.stack
    back = line.end - 0.002
    queue = []
    for i in range(len(stack)):
        length, width = part_of(box).dims["length"], part_of(box).dims["width"]
        yaw = float(rng.uniform(-0.05, 0.05))
        half = (length * np.cos(yaw) + width * abs(np.sin(yaw))) / 2
        back -= half
        if back - half < -line.flat / 2 or width + 0.02 > line.width:
            raise UserError(
                f"no room on the belt for {len(stack)} boxes: raise scene.line.length_mm or "
                "width_mm, or lower scene.layers or scene.box.width_mm"
            )
        spot = (back, float(rng.uniform(-0.008, 0.008)), 0.0003)
        pose = line.belt @ Pose.turned(spot, (0, 0, 1), yaw + np.pi * int(rng.integers(2)))
        queue.append(replace(box, name=f"box_{i}", pose=pose))
        back -= half + number(rng, config["scene"]["queue_m"], "scene.queue_m")
    goal = StackGoal(
        parts=tuple(b.name for b in queue), poses=stack, pattern=at.pattern, layers=at.layers,
        pallet=at.pallet.name, belt=line.belt, velocity=line.velocity, end_m=line.end,
    )  # fmt: skip
    return _cell(config, rng, at, queue, goal, arm)


def depalletising(config: Mapping[str, Any], rng: np.random.Generator, arm: Arm) -> Cell:
    """Boxes stacked on a pallet, and a belt that carries them away: an UnstackGoal, the top layer
    first."""
    at = _station(config, rng, arm.foot)
    stacked = []
    for i, pose in enumerate(at.stack):
        off = Pose.turned((*rng.uniform(-0.0012, 0.0012, 2), 0.0), (0, 0, 1), rng.normal(0, 0.004))
        turned = Pose.turned((0, 0, 0), (0, 0, 1), np.pi * int(rng.integers(2)))
        stacked.append(replace(at.box, name=f"box_{i}", pose=pose @ off @ turned))
    goal = UnstackGoal(
        parts=tuple(b.name for b in reversed(stacked)), pattern=at.pattern, layers=at.layers,
        pallet=at.pallet.name, belt=at.line.belt, velocity=at.line.velocity, end_m=at.line.end,
    )  # fmt: skip
    return _cell(config, rng, at, stacked, goal, arm)


def layer(pattern: str, boxes: int, length: float, width: float, *, odd: bool) -> list[Spot]:
    """Where the boxes of one layer lie, about its middle; length, width: of a box and a gap [m].

    column: all alike, each on the one below. brick: two lengthwise, one across, every other layer
    turned round; flush where length = 2 width. pinwheel: four around a hole, every other layer
    mirrored. The names are those of packaging handbooks.
    """
    if pattern == "column":
        columns = 2 if boxes % 2 == 0 else 1
        rows = boxes // columns
        return [
            ((i - (columns - 1) / 2) * length, (j - (rows - 1) / 2) * width, 0.0)
            for i in range(columns)
            for j in range(rows)
        ]
    across = np.pi / 2
    if pattern == "brick":
        side = -1.0 if odd else 1.0
        return [
            (-side * width / 2, -width / 2, 0.0),
            (-side * width / 2, width / 2, 0.0),
            (side * length / 2, 0.0, across),
        ]
    if pattern != "pinwheel":
        raise UserError(f"scene.pattern={pattern!r}: patterns: column, brick, pinwheel")
    side = -1.0 if odd else 1.0
    return [
        (-width / 2, -side * length / 2, 0.0),
        (length / 2, -side * width / 2, across),
        (width / 2, side * length / 2, 0.0),
        (-length / 2, side * width / 2, across),
    ]


def _station(config: Mapping[str, Any], rng: np.random.Generator, foot: float) -> PalletSite:
    """A station with the pallet on the side where the conveyor is not. foot: how high the robot's
    own stand puts its foot [m]; belt and pallet are as much higher."""
    scene = section(config, "scene")
    line = conveyor(config, rng, foot)
    pattern = word(rng, scene["pattern"], "scene.pattern")
    layers = count(rng, scene["layers"], "scene.layers")
    box, gap = _box(config, rng, pattern)
    per_layer = {"brick": 3, "pinwheel": 4}.get(pattern) or 2 * count(
        rng, scene["column_pairs"], "scene.column_pairs"
    )
    length, width = part_of(box).dims["length"], part_of(box).dims["width"]
    height = part_of(box).dims["height"]
    side = -float(np.sign(line.middle[1]))
    *table, pallet = _stand(config, rng, line, side, foot)
    top = pallet.pose @ Pose.from_array(part_of(pallet).frames["top"])
    layouts = [layer(pattern, per_layer, length + gap, width + gap, odd=k % 2 == 1)
               for k in range(layers)]  # fmt: skip
    quarters = [q for q in (0.0, np.pi / 2) if _fits(layouts, q, part_of(pallet), length, width)]
    if not quarters:
        raise UserError(
            f"scene.pattern={pattern}: the boxes hang over the pallet; lower scene.box.width_mm or "
            "enlarge scene.pallet.size"
        )
    turn = Pose.turned((0, 0, 0), (0, 0, 1), quarters[int(rng.integers(len(quarters)))])
    stack: list[Pose] = []
    for k, spots in enumerate(layouts):
        poses = [
            top @ turn @ Pose.turned((x, y, k * height), (0, 0, 1), yaw) for x, y, yaw in spots
        ]
        stack += sorted(poses, key=lambda p: -float(np.hypot(*p.position[:2])))
    return PalletSite(line, tuple(table), pallet, box, tuple(stack), pattern, layers)


def _fits(
    layouts: Sequence[Sequence[Spot]], quarter: float, pallet: Part, length: float, width: float
) -> bool:
    """Whether boxes so long and wide hang over the pallet by no more than `OVER` on any side."""
    half = pallet.extents[:2] / 2 + OVER
    for x, y, yaw in (spot for spots in layouts for spot in spots):
        c, s = abs(np.cos(yaw + quarter)), abs(np.sin(yaw + quarter))
        reach = np.array([c * length + s * width, s * length + c * width]) / 2
        turned = np.array([x, y]) if quarter == 0.0 else np.array([-y, x])
        if np.any(np.abs(turned) + reach > half):
            return False
    return True


def _box(config: Mapping[str, Any], rng: np.random.Generator, pattern: str) -> tuple[Body, float]:
    """The box that all are like, and the gap between two [m]."""
    ranges = section(config, "scene.box")
    gap = number(rng, ranges["gap_mm"], "scene.box.gap_mm")
    width = round(number(rng, ranges["width_mm"], "scene.box.width_mm"))
    ratio = number(rng, ranges["ratio"], "scene.box.ratio")
    length = 2 * width + gap if pattern == "brick" else round(width * ratio)
    params = {
        "length_mm": float(length),
        "width_mm": float(width),
        "height_mm": float(round(number(rng, ranges["height_mm"], "scene.box.height_mm"))),
        "print_colour": int(rng.integers(PRINTS)),
        "taped": int(rng.integers(2)),
    }
    box = Body(
        "box", "carton", params, Pose(), finished("cardboard", rng), "part",
        mass=number(rng, ranges["mass_kg"], "scene.box.mass_kg"),
        friction=number(rng, config["scene"]["friction"], "scene.friction"),
        words={"part": "carton", "material": "cardboard"},
    )  # fmt: skip
    return box, gap / 1000


def _stand(
    config: Mapping[str, Any], rng: np.random.Generator, line: Line, side: float, foot: float
) -> list[Body]:
    """A low table and on it the pallet, the last of the list."""
    ranges = section(config, "scene.pallet")

    def draw(key: str) -> float:
        return number(rng, ranges[key], f"scene.pallet.{key}")

    x, y = draw("x_m"), side * draw("y_m")
    pose = Pose.turned((x, y, 0.0), (0, 0, 1), np.pi / 2 + np.deg2rad(draw("turn_deg")))
    height = line.at.height + foot - draw("below_m")
    pallet = fixture(
        "pallet", "pallet", {"size": word(rng, ranges["size"], "scene.pallet.size")},
        pose.shifted(z=height), finished("wood", rng),
    )  # fmt: skip
    board = {"length_mm": 520.0, "width_mm": 420.0}
    paint = colour_of(word(rng, config["scene"]["room"]["colours"], "scene.room.colours"))
    return [
        fixture("stand_top", "bench_top", {**board, "thickness_mm": 30.0}, pose.shifted(
            z=height - 0.03), finished("brushed_steel", rng), role="room"),
        fixture("stand", "bench_frame", {**board, "height_mm": 1000 * height - 30.0}, pose,
                finished("painted", rng, paint), role="room"),
        pallet,
    ]  # fmt: skip


def _cell(
    config: Mapping[str, Any], rng: np.random.Generator, at: PalletSite, boxes: Sequence[Body],
    goal: Goal, arm: Arm,
) -> Cell:  # fmt: skip
    line, middle = at.line, at.pallet.pose.position
    swept = [place.rectangle(0.5, 1.4, 0.3, 0.0)]
    clutter = shop.clutter(config, rng, line.at, swept)
    view = (middle[0] - 0.03, 0.4 * middle[1], line.at.height - 0.05)
    return Cell(
        robots=(shop.robot(config, rng, line.at.height, arm.home),),
        bodies=(*line.bodies, *at.table, at.pallet, *boxes, *clutter),
        cameras=cameras(config, rng, view, arm.wrist),
        lights=shop.lights(rng),
        physics=Physics(**section(config, "physics")),
        goal=goal,
        sampled={"bench_height_m": line.at.height, "belt_m_s": line.speed},
    )
