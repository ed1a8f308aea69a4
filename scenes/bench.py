"""A bench with loose parts and a kit tray."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from shapely.geometry import Polygon

from scenes import place, shop
from scenes.arm import Arm
from scenes.cameras import cameras
from scenes.draw import count, number, section
from scenes.goals import KitGoal, PlaceGoal
from scenes.workpieces import assortment, finished, fixture, one_each, part_of, with_own
from sim.pose import Pose
from sim.spec import Body, Cell, Goal, Physics


@dataclass(frozen=True)
class LaidBench:
    """What stands and lies on the bench; slots: for each loose part, in order, the frame of the
    tray that is its place."""

    at: shop.Shop
    area: Polygon
    bodies: tuple[Body, ...]
    tray: Body
    slots: tuple[str, ...]

    def place(self, i: int) -> str:
        """The place of the i-th loose part."""
        return f"{self.tray.name}/{self.slots[i]}"

    def pose(self, i: int) -> Pose:
        """part_to_world of the i-th loose part in its place."""
        return self.tray.pose @ Pose.from_array(part_of(self.tray).frames[self.slots[i]])


def tray_bench(config: Mapping[str, Any], rng: np.random.Generator, arm: Arm) -> Cell:
    """Parts scattered beside a tray with a pocket for each; one of them is the PlaceGoal's."""
    scene = section(config, "scene")
    at = shop.shop(config, rng)
    workpieces = assortment(
        rng, max(1, count(rng, scene["count"], "scene.count")),
        section(config, "scene.parts"), scene, "scene.parts",
    )  # fmt: skip
    workpieces = with_own(workpieces, config)
    laid = _lay_out(config, rng, at, workpieces)
    target = 0 if config.get("part") else int(rng.integers(len(workpieces)))
    goal = PlaceGoal(part=workpieces[target].name, slot=laid.place(target), pose=laid.pose(target))
    return _cell(config, rng, laid, goal, arm)


def kit_bench(config: Mapping[str, Any], rng: np.random.Generator, arm: Arm) -> Cell:
    """One part each of several kinds, scattered beside a tray with a pocket for each, with more
    room between them and between the pockets for jaws thicker than `scene.jaw_mm`. A KitGoal."""
    scene = dict(section(config, "scene"))
    thicker = max(0.0, round(1000 * arm.jaw - scene["jaw_mm"], 1))
    scene["gap_m"] += thicker / 1000
    scene["rib_mm"] += thicker
    config = {**config, "scene": scene}
    at = shop.shop(config, rng)
    kinds = section(config, "scene.parts")
    workpieces = one_each(
        rng, count(rng, scene["count"], "scene.count"), kinds, scene, "scene.parts"
    )
    laid = _lay_out(config, rng, at, workpieces)
    goal = KitGoal(
        parts=tuple(part.name for part in workpieces),
        slots=tuple(laid.place(i) for i in range(len(workpieces))),
        poses=tuple(laid.pose(i) for i in range(len(workpieces))),
    )
    return _cell(config, rng, laid, goal, arm)


def _lay_out(
    config: Mapping[str, Any], rng: np.random.Generator, at: shop.Shop, workpieces: Sequence[Body]
) -> LaidBench:
    """Parts, tray and distractors somewhere in the work area, clutter around it."""
    scene = section(config, "scene")
    extra = [
        replace(b, name=f"extra_{b.name}", role="distractor")
        for b in assortment(
            rng, count(rng, scene["distractors"], "scene.distractors"),
            section(config, "scene.distractor_parts"), scene, "scene.distractor_parts",
        )
        if all(b.words != other.words for other in workpieces)
    ]  # fmt: skip
    tray, slots = _tray(rng, scene, workpieces)
    area = at.work_area(config)
    shapes = [place.footprint(part_of(b), Pose()) for b in (tray, *workpieces, *extra)]
    poses = place.scatter(
        rng, shapes, area, gap=scene["gap_m"],
        yaws=[(-0.5, 0.5)] + [(-np.pi, np.pi)] * (len(shapes) - 1),
        where="scene.work_area",
        remedy="lower scene.count or scene.gap_m, or enlarge scene.work_area",
    )  # fmt: skip
    placed = [
        shop.standing(b, p, at.height)
        for b, p in zip((tray, *workpieces, *extra), poses, strict=True)
    ]
    covered = [place.moved(s, *place.flat(p)) for s, p in zip(shapes, poses, strict=True)]
    clutter = shop.clutter(config, rng, at, [*covered, area])
    return LaidBench(at, area, (*at.bodies, *placed, *clutter), placed[0], slots)


def _cell(
    config: Mapping[str, Any], rng: np.random.Generator, laid: LaidBench, goal: Goal, arm: Arm
) -> Cell:
    height = laid.at.height
    middle = (float(laid.area.centroid.x), float(laid.area.centroid.y), height + 0.05)
    return Cell(
        robots=(shop.robot(config, rng, height, arm.home),),
        bodies=laid.bodies,
        cameras=cameras(config, rng, middle, arm.wrist),
        lights=shop.lights(rng),
        physics=Physics(**section(config, "physics")),
        goal=goal,
        sampled={"bench_height_m": height},
    )


def _tray(
    rng: np.random.Generator, scene: Mapping[str, Any], workpieces: Sequence[Body]
) -> tuple[Body, tuple[str, ...]]:
    """A tray with a pocket for each part in shuffled order, and the pocket of each part."""
    clearance = number(rng, scene["clearance_mm"], "scene.clearance_mm")
    order = [int(i) for i in rng.permutation(len(workpieces))]
    sizes = [1000 * part_of(workpieces[i]).extents[:2] + clearance for i in order]
    params = {
        "slots_mm": tuple((round(float(x), 2), round(float(y), 2)) for x, y in sizes),
        "columns": count(rng, scene["columns"], "scene.columns"),
        "wall_height_mm": number(rng, scene["wall_height_mm"], "scene.wall_height_mm"),
        "rib_mm": scene["rib_mm"],
    }
    colour = finished("pom", rng, tuple(rng.uniform(0.05, 0.85) * np.ones(3)))
    tray = fixture("tray", "tray", params, Pose(), colour)
    return tray, tuple(part_of(tray).slots[order.index(i)] for i in range(len(workpieces)))
