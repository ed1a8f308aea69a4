"""A bench with loose parts and a kit tray."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from scenes import place, shop
from scenes.cameras import cameras
from scenes.draw import count, number, section
from scenes.workpieces import assortment, finished, fixture, part_of
from sim.pose import Pose
from sim.spec import Body, Cell, Physics


def tray_bench(
    config: Mapping[str, Any], rng: np.random.Generator, home: tuple[float, ...], wrist: str
) -> Cell:
    """Parts scattered beside a tray with a pocket for each; one of them is the goal's.

    goal: part, slot ("tray/slot_i"), and pose, the slot's pose in the world (7,).
    """
    scene = section(config, "scene")
    at = shop.shop(config, rng)
    kinds = section(config, "scene.parts")
    found = assortment(
        rng, max(1, count(rng, scene["count"], "scene.count")), kinds, scene, "scene.parts"
    )
    extra = [
        Body(**{**vars(b), "name": f"extra_{b.name}", "role": "distractor"})
        for b in assortment(
            rng, count(rng, scene["distractors"], "scene.distractors"),
            section(config, "scene.distractor_parts"), scene, "scene.distractor_parts",
        )
        if all(b.words != other.words for other in found)
    ]  # fmt: skip
    tray, owner = _tray(rng, scene, found)
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
    target = int(rng.integers(len(found)))
    slot = f"slot_{owner[target]}"
    frame = Pose.from_array(part_of(tray).frames[slot])
    middle = (float(area.centroid.x), float(area.centroid.y), at.height + 0.05)
    return Cell(
        robots=(shop.robot(config, rng, at.height, home),),
        bodies=(*at.bodies, *placed, *around),
        cameras=cameras(config, rng, middle, wrist),
        lights=shop.lights(rng),
        physics=Physics(**section(config, "physics")),
        goal={
            "part": found[target].name,
            "slot": f"tray/{slot}",
            "pose": (placed[0].pose @ frame).array().tolist(),
        },
        sampled={"bench_height_m": at.height},
    )


def _tray(
    rng: np.random.Generator, scene: Mapping[str, Any], found: list[Body]
) -> tuple[Body, list[int]]:
    """A tray with a pocket for each part in shuffled order, and the pocket of each part."""
    clearance = number(rng, scene["clearance_mm"], "scene.clearance_mm")
    order = [int(i) for i in rng.permutation(len(found))]
    sizes = [1000 * part_of(found[i]).extents[:2] + clearance for i in order]
    params = {
        "slots_mm": tuple((round(float(x), 2), round(float(y), 2)) for x, y in sizes),
        "columns": 2,
        "wall_height_mm": number(rng, scene["wall_height_mm"], "scene.wall_height_mm"),
        "rib_mm": 24.0,  # room for a jaw between two pockets
    }
    colour = finished("pom", rng, tuple(rng.uniform(0.05, 0.85) * np.ones(3)))
    tray = fixture("tray", "tray", params, Pose(), colour)
    return tray, [order.index(i) for i in range(len(found))]
