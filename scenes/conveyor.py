"""A belt conveyor that runs past the robot, and what its parts are to be put into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from shapely.geometry import Polygon

from assets import materials
from episodes.errors import UserError
from scenes import place, shop
from scenes.arm import Arm
from scenes.cameras import cameras
from scenes.draw import count, number, section, word
from scenes.goals import CatchGoal, ClassesGoal, Vector
from scenes.workpieces import assortment, colour_of, finished, fixture, part_of, workpiece
from sim.pose import Pose
from sim.spec import Body, Cell, Goal, Physics

STOP_M = 0.03  # thickness of the bar at the belt's end [m]


@dataclass(frozen=True)
class Line:
    """belt: the frame of the belt's upper side in the world, x along the transport, origin in its
    middle. speed [m/s]; flat: the length of its level part [m]; width [m]."""

    at: shop.Shop
    bodies: tuple[Body, ...]
    belt: Pose
    speed: float
    flat: float
    width: float

    @property
    def middle(self) -> tuple[float, float, float]:
        """Of the belt's upper side, in the world [m]."""
        return self.belt.position

    @property
    def end(self) -> float:
        """Where the bar stands, along the belt [m]."""
        return self.flat / 2 - STOP_M

    @property
    def velocity(self) -> Vector:
        """Of what rides on the belt, in the world [m/s]."""
        x, y, z = (self.belt.rotation @ np.array([self.speed, 0.0, 0.0])).tolist()
        return x, y, z


def conveyor_nest(config: Mapping[str, Any], rng: np.random.Generator, arm: Arm) -> Cell:
    """Parts on a running belt; one of them belongs into the nest beside the robot: a CatchGoal."""
    scene = section(config, "scene")
    line = conveyor(config, rng)
    amount = max(1, count(rng, scene["count"], "scene.count"))
    drawn = assortment(rng, amount, section(config, "scene.parts"), scene, "scene.parts")
    workpieces = _riding(config, rng, line, drawn)
    target = int(rng.integers(len(workpieces)))
    part = part_of(workpieces[target])
    clearance = number(rng, scene["clearance_mm"], "scene.clearance_mm")
    pocket = tuple(round(float(1000 * v + clearance), 2) for v in part.extents[:2])
    wall = number(rng, scene["wall_height_mm"], "scene.wall_height_mm")
    nest = fixture(
        "nest", "tray", {"slots_mm": (pocket,), "columns": 1, "wall_height_mm": wall},
        Pose(), finished("pom", rng, tuple(rng.uniform(0.05, 0.85) * np.ones(3))),
    )  # fmt: skip
    [nest] = _beside(config, rng, line, [nest])
    [slot] = part_of(nest).slots
    in_slot = nest.pose @ Pose.from_array(part_of(nest).frames[slot])
    goal = CatchGoal(
        part=workpieces[target].name, slot=f"{nest.name}/{slot}", pose=in_slot,
        belt=line.belt, velocity=line.velocity, end_m=line.end,
    )  # fmt: skip
    return _cell(config, rng, line, [*workpieces, nest], goal, arm)


def conveyor_bins(config: Mapping[str, Any], rng: np.random.Generator, arm: Arm) -> Cell:
    """Parts of two or three classes on a running belt, and a bin for each class: a ClassesGoal."""
    scene = section(config, "scene")
    line = conveyor(config, rng)
    by = word(rng, scene["by"], "scene.by")
    workpieces = _riding(config, rng, line, _classed(config, rng, by))
    labels = sorted({_class(b, by) for b in workpieces})
    colours = _some(rng, scene["bin_colours"], len(labels), "scene.bin_colours")
    size = {k: number(rng, v, f"scene.bin.{k}") for k, v in section(config, "scene.bin").items()}
    bins = [
        fixture(
            f"bin_{i}", "bin", size, Pose(), finished("polypropylene", rng, colour_of(colour)),
            words={"colour": colour},
        )
        for i, colour in enumerate(colours)
    ]  # fmt: skip
    bins = _beside(config, rng, line, bins)
    goal = ClassesGoal(
        parts=tuple(b.name for b in workpieces),
        bins=tuple(bins[labels.index(_class(b, by))].name for b in workpieces),
        by=by, classes=tuple(labels), belt=line.belt, velocity=line.velocity, end_m=line.end,
    )  # fmt: skip
    return _cell(config, rng, line, [*workpieces, *bins], goal, arm)


def _class(body: Body, by: str) -> str:
    """What a part is sorted by: its kind, its size, its colour, or the pips printed on it."""
    return body.kind if by == "shape" else body.words[by]


def conveyor(config: Mapping[str, Any], rng: np.random.Generator, raised: float = 0.0) -> Line:
    """Bench and conveyor, which runs either way past the robot.

    `scene.line.y_m`: by how much the conveyor's middle is shifted against the transport.
    raised: how much higher the belt is than `scene.line.over_bench_m` says [m].
    """
    ranges = section(config, "scene.line")
    at = shop.shop(config, rng)

    def draw(key: str) -> float:
        return number(rng, ranges[key], f"scene.line.{key}")

    way = 1.0 if rng.random() < 0.5 else -1.0
    top = at.height + raised + draw("over_bench_m")
    size = {k: round(draw(k), 1) for k in ("length_mm", "width_mm", "drum_mm")}
    coat = word(rng, ranges["finishes"], "scene.line.finishes")
    x = draw("x_m")
    yaw = way * np.pi / 2 + np.deg2rad(draw("turn_deg"))
    pose = Pose.turned((x, -way * draw("y_m"), 0.0), (0, 0, 1), yaw)
    frame = fixture(
        "conveyor", "conveyor_frame", {**size, "height_mm": round(1000 * top, 1), "material": coat},
        pose, finished(coat, rng),
    )  # fmt: skip
    speed = draw("speed_m_s")
    belt = Body(
        "belt", "conveyor_belt", size, pose @ Pose.from_array(part_of(frame).frames["belt"]),
        finished("rubber", rng), "fixture", fixed=True, friction=draw("friction"),
        words={"part": "conveyor_belt"}, belt=(speed, 0.0, 0.0),
    )  # fmt: skip
    built = part_of(belt)
    surface = belt.pose @ Pose.from_array(built.frames["top"])
    line = Line(at, (), surface, speed, built.dims["flat"], built.dims["width"])
    edge = at.board.bounds[2]
    if x - part_of(frame).dims["outside"] / 2 < edge + 0.01:
        raise UserError(
            f"the conveyor at scene.line.x_m={x:.2f} stands in the bench, which ends at "
            f"{edge:.2f}: raise it, or lower scene.bench.depth_mm or scene.line.width_mm"
        )
    bar = {"length_mm": 1000 * STOP_M, "width_mm": size["width_mm"], "height_mm": 35.0}
    stop = fixture(
        "stop", "block", {**bar, "material": "painted"},
        surface @ Pose((line.end + STOP_M / 2, 0.0, 0.002)),
        finished("painted", rng, materials.COLOURS["yellow"]),
    )  # fmt: skip
    return Line(at, (*at.bodies, frame, belt, stop), surface, speed, line.flat, line.width)


def _riding(
    config: Mapping[str, Any], rng: np.random.Generator, line: Line, workpieces: Sequence[Body]
) -> list[Body]:
    """Parts put on the belt behind each other, the first about to come into reach."""
    scene = section(config, "scene")
    s = number(rng, scene["first_m"], "scene.first_m")
    out = []
    for i, body in enumerate(workpieces):
        part = part_of(body)
        if i:
            s -= number(rng, scene["spacing_m"], "scene.spacing_m")
        half = float(np.hypot(*part.extents[:2])) / 2
        room = line.width / 2 - half - scene["from_rail_m"]
        if room < 0 or s - half < -line.flat / 2:
            raise UserError(
                f"no room on the belt for {len(workpieces)} parts: raise scene.line.length_mm or "
                "width_mm, or lower scene.count or scene.spacing_m"
            )
        y, yaw = rng.uniform(-room, room), rng.uniform(-np.pi, np.pi)
        lying = Pose.turned((s, y, 0.0003), (0, 0, 1), yaw) @ Pose.from_array(part.rests[0])
        out.append(replace(body, pose=line.belt @ lying))
    return out


def _classed(config: Mapping[str, Any], rng: np.random.Generator, by: str) -> list[Body]:
    """`scene.count` parts of `scene.classes` classes, at least one of each."""
    scene = section(config, "scene")
    amount = max(2, count(rng, scene["count"], "scene.count"))
    wanted = min(amount, max(2, count(rng, scene["classes"], "scene.classes")))
    kinds = dict(section(config, "scene.parts"))
    if by == "shape":
        kinds = {k: kinds[k] for k in _some(rng, sorted(kinds), wanted, "scene.parts")}
    elif by == "colour":
        colours = _some(rng, scene["colours"], wanted, "scene.colours")
        scene = {**scene, "colours": colours, "finishes": scene["coloured_finishes"]}
    elif by == "size":
        kind = word(rng, sorted(scene["sized_parts"]), "scene.sized_parts")
        sizes = scene["sized_parts"][kind]
        kinds = {kind: {"size": _some(rng, sizes, wanted, f"scene.sized_parts.{kind}")}}
    elif by == "code":
        return _coded(rng, amount, wanted, scene)
    else:
        raise UserError(f"scene.by={by!r}: parts are sorted by shape, size, colour or code")
    for _ in range(200):
        workpieces = assortment(rng, amount, kinds, scene, "scene.parts")
        if len({_class(b, by) for b in workpieces}) == wanted:
            return workpieces
    raise UserError(
        f"scene.count={amount}: parts of {wanted} classes by {by} cannot be drawn; "
        "raise scene.count or lower scene.classes"
    )


def _coded(
    rng: np.random.Generator, amount: int, wanted: int, scene: Mapping[str, Any]
) -> list[Body]:
    """Cartons with `wanted` different numbers of pips printed on top; some are alike."""
    codes = _some(rng, scene["codes"], wanted, "scene.codes")
    codes += [codes[int(rng.integers(wanted))] for _ in range(amount - wanted)]
    out = []
    for i, place_of in enumerate(rng.permutation(amount)):
        ranges = {**scene["coded_carton"], "code": int(codes[int(place_of)])}
        body = workpiece(rng, f"carton_{i}", "carton", ranges, scene, "scene.coded_carton")
        out.append(replace(body, words={**body.words, "code": str(ranges["code"])}))
    return out


def _some(rng: np.random.Generator, words: Sequence[str], amount: int, key: str) -> list[str]:
    """So many different ones of a list of words."""
    if len(words) < amount:
        raise UserError(f"{key} has {len(words)} entries; {amount} classes need as many")
    return [words[int(i)] for i in rng.permutation(len(words))[:amount]]


def _beside(
    config: Mapping[str, Any], rng: np.random.Generator, line: Line, things: Sequence[Body]
) -> list[Body]:
    """Things that stand on the bench on either side of the robot."""
    area = section(config, "scene.beside")
    (left, right), (near, far) = area["x_m"], area["y_m"]
    regions = [shapely.box(left, near, right, far), shapely.box(left, -far, right, -near)]
    board: Polygon = line.at.board.buffer(-0.02)
    region = shapely.union_all(regions).intersection(board)
    shapes = [place.footprint(part_of(b), Pose()) for b in things]
    poses = place.scatter(
        rng, shapes, region, gap=0.03, yaws=[(-0.35, 0.35)] * len(shapes), what="holders",
        where="scene.beside", remedy="enlarge scene.beside or scene.bench.length_mm",
    )  # fmt: skip
    return [shop.standing(b, p, line.at.height) for b, p in zip(things, poses, strict=True)]


def _cell(
    config: Mapping[str, Any], rng: np.random.Generator, line: Line, things: Sequence[Body],
    goal: Goal, arm: Arm,
) -> Cell:  # fmt: skip
    covered = [
        place.moved(place.footprint(part_of(b), Pose()), *place.flat(b.pose))
        for b in things
        if b.fixed
    ]
    swept = shapely.Point(0.0, 0.0).buffer(0.4)
    clutter = shop.clutter(config, rng, line.at, [*covered, swept])
    middle = (line.belt.position[0] - 0.08, 0.0, line.belt.position[2] + 0.03)
    return Cell(
        robots=(shop.robot(config, rng, line.at.height, arm.home),),
        bodies=(*line.bodies, *things, *clutter),
        cameras=cameras(config, rng, middle, arm.wrist),
        lights=shop.lights(rng),
        physics=Physics(**section(config, "physics")),
        goal=goal,
        sampled={"bench_height_m": line.at.height, "belt_m_s": line.speed},
    )
