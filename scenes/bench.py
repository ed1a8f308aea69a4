"""A bench with loose parts and a kit tray."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from shapely.geometry import Polygon

from scenes import place, shop
from scenes.cameras import cameras
from scenes.draw import count, number, section
from scenes.workpieces import assortment, finished, fixture, one_each, part_of, with_own
from sim.pose import Pose
from sim.spec import Body, Cell, Physics


@dataclass(frozen=True)
class Layout:
    """What stands and lies on the bench; slots: for each loose part, in order, the frame of the
    tray ("slot_i") that is its place."""

    at: shop.Shop
    area: Polygon
    bodies: tuple[Body, ...]
    tray: Body
    slots: tuple[str, ...]

    def goal(self, i: int) -> list[float]:
        """part_to_world (7,) of the i-th loose part in its slot."""
        frame = Pose.from_array(part_of(self.tray).frames[self.slots[i]])
        return [float(v) for v in (self.tray.pose @ frame).array()]


def tray_bench(
    config: Mapping[str, Any], rng: np.random.Generator, home: tuple[float, ...], wrist: str
) -> Cell:
    """Parts scattered beside a tray with a pocket for each; one of them is the goal's.

    goal: part, slot ("tray/slot_i"), and pose, the slot's pose in the world (7,).
    """
    scene = section(config, "scene")
    at = shop.shop(config, rng)
    found = assortment(
        rng, max(1, count(rng, scene["count"], "scene.count")),
        section(config, "scene.parts"), scene, "scene.parts",
    )  # fmt: skip
    found = with_own(found, config)
    laid = _lay_out(config, rng, at, found)
    target = 0 if config.get("part") else int(rng.integers(len(found)))
    goal = {
        "part": found[target].name,
        "slot": f"tray/{laid.slots[target]}",
        "pose": laid.goal(target),
    }
    return _cell(config, rng, laid, goal, home, wrist)


def kit_bench(
    config: Mapping[str, Any], rng: np.random.Generator, home: tuple[float, ...], wrist: str
) -> Cell:
    """One part each of several kinds, scattered beside a tray with a pocket for each.

    goal: parts, slots ("tray/slot_i") and poses (7,), one of each for every part.
    """
    scene = section(config, "scene")
    at = shop.shop(config, rng)
    kinds = section(config, "scene.parts")
    found = one_each(rng, count(rng, scene["count"], "scene.count"), kinds, scene, "scene.parts")
    laid = _lay_out(config, rng, at, found)
    goal = {
        "parts": [part.name for part in found],
        "slots": [f"tray/{slot}" for slot in laid.slots],
        "poses": [laid.goal(i) for i in range(len(found))],
    }
    return _cell(config, rng, laid, goal, home, wrist)


def _lay_out(
    config: Mapping[str, Any], rng: np.random.Generator, at: shop.Shop, found: Sequence[Body]
) -> Layout:
    """Parts, tray and distractors somewhere in the work area, clutter around it."""
    scene = section(config, "scene")
    extra = [
        replace(b, name=f"extra_{b.name}", role="distractor")
        for b in assortment(
            rng, count(rng, scene["distractors"], "scene.distractors"),
            section(config, "scene.distractor_parts"), scene, "scene.distractor_parts",
        )
        if all(b.words != other.words for other in found)
    ]  # fmt: skip
    tray, slots = _tray(rng, scene, found)
    area = at.work_area(config)
    shapes = [place.footprint(part_of(b), Pose()) for b in (tray, *found, *extra)]
    poses = place.scatter(
        rng, shapes, area, gap=scene["gap_m"],
        yaws=[(-0.5, 0.5)] + [(-np.pi, np.pi)] * (len(shapes) - 1),
        where="scene.work_area",
        remedy="lower scene.count or scene.gap_m, or enlarge scene.work_area",
    )  # fmt: skip
    placed = [
        shop.standing(b, p, at.height) for b, p in zip((tray, *found, *extra), poses, strict=True)
    ]
    covered = [place.moved(s, *place.flat(p)) for s, p in zip(shapes, poses, strict=True)]
    around = shop.clutter(config, rng, at, [*covered, area])
    return Layout(at, area, (*at.bodies, *placed, *around), placed[0], slots)


def _cell(
    config: Mapping[str, Any], rng: np.random.Generator, laid: Layout, goal: Mapping[str, Any],
    home: tuple[float, ...], wrist: str,
) -> Cell:  # fmt: skip
    height = laid.at.height
    middle = (float(laid.area.centroid.x), float(laid.area.centroid.y), height + 0.05)
    return Cell(
        robots=(shop.robot(config, rng, height, home),),
        bodies=laid.bodies,
        cameras=cameras(config, rng, middle, wrist),
        lights=shop.lights(rng),
        physics=Physics(**section(config, "physics")),
        goal=goal,
        sampled={"bench_height_m": height},
    )


def _tray(
    rng: np.random.Generator, scene: Mapping[str, Any], found: Sequence[Body]
) -> tuple[Body, tuple[str, ...]]:
    """A tray with a pocket for each part in shuffled order, and the pocket of each part."""
    clearance = number(rng, scene["clearance_mm"], "scene.clearance_mm")
    order = [int(i) for i in rng.permutation(len(found))]
    sizes = [1000 * part_of(found[i]).extents[:2] + clearance for i in order]
    params = {
        "slots_mm": tuple((round(float(x), 2), round(float(y), 2)) for x, y in sizes),
        "columns": count(rng, scene["columns"], "scene.columns"),
        "wall_height_mm": number(rng, scene["wall_height_mm"], "scene.wall_height_mm"),
        "rib_mm": scene["rib_mm"],
    }
    colour = finished("pom", rng, tuple(rng.uniform(0.05, 0.85) * np.ones(3)))
    tray = fixture("tray", "tray", params, Pose(), colour)
    return tray, tuple(f"slot_{order.index(i)}" for i in range(len(found)))
