"""A peg in a nest, and a plate with a hole for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from episodes.errors import UserError
from scenes import place, shop
from scenes.arm import Arm
from scenes.cameras import cameras
from scenes.draw import count, number, section, word
from scenes.goals import InsertGoal
from scenes.workpieces import assortment, colour_of, finished, fixture, part_of, workpiece
from sim.pose import Pose
from sim.spec import Body, Cell, Physics


def peg_bench(config: Mapping[str, Any], rng: np.random.Generator, arm: Arm) -> Cell:
    """An InsertGoal: a peg that stands in a nest, and a hole for it in a plate."""
    scene = section(config, "scene")
    at = shop.shop(config, rng)
    clearance = number(rng, scene["clearance_mm"], "scene.clearance_mm")
    if clearance <= 0:
        raise UserError(f"scene.clearance_mm={clearance:g}: a peg needs room; give 0.1 or more")
    peg = workpiece(rng, "peg", "peg", section(config, "scene.peg"), scene, "scene")
    diameter = 1000 * part_of(peg).dims["diameter"]
    plate = _holder(rng, "plate", "hole_plate", scene, diameter + clearance)
    nest = _holder(rng, "nest", "peg_nest", scene, diameter + scene["nest_clearance_mm"])
    extra = [
        replace(b, role="distractor")
        for b in assortment(
            rng, count(rng, scene["distractors"], "scene.distractors"),
            section(config, "scene.distractor_parts"), scene, "scene.distractor_parts",
        )
    ]  # fmt: skip
    area = at.work_area(config)
    things = (plate, nest, *extra)
    shapes = [place.footprint(part_of(b), Pose()) for b in things]
    poses = place.scatter(
        rng, shapes, area, gap=scene["gap_m"],
        where="scene.work_area",
        remedy="lower scene.distractors or scene.gap_m, or enlarge scene.work_area",
    )  # fmt: skip
    placed = [shop.standing(b, p, at.height) for b, p in zip(things, poses, strict=True)]
    seat = placed[1].pose @ Pose.from_array(part_of(nest).frames["seat"])
    hole = placed[0].pose @ Pose.from_array(part_of(plate).frames["hole"])
    upright = replace(peg, pose=seat.shifted(z=0.0002))
    covered = [place.moved(s, *place.flat(p)) for s, p in zip(shapes, poses, strict=True)]
    clutter = shop.clutter(config, rng, at, [*covered, area])
    error = number(rng, scene["start_error_mm"], "scene.start_error_mm") / 1000
    angle = rng.uniform(-np.pi, np.pi)
    middle = (float(area.centroid.x), float(area.centroid.y), at.height + 0.05)
    return Cell(
        robots=(shop.robot(config, rng, at.height, arm.home),),
        bodies=(*at.bodies, *placed, upright, *clutter),
        cameras=cameras(config, rng, middle, arm.wrist),
        lights=shop.lights(rng),
        physics=Physics(**section(config, "physics")),
        goal=InsertGoal(
            part=peg.name,
            target=plate.name,
            hole=hole,
            depth_m=part_of(plate).dims["height"],
            error_m=(error * float(np.cos(angle)), error * float(np.sin(angle))),
        ),
        sampled={"bench_height_m": at.height, "clearance_mm": clearance},
    )


def _holder(
    rng: np.random.Generator, name: str, kind: str, scene: Mapping[str, Any], hole_mm: float
) -> Body:
    size = {k: number(rng, v, f"scene.{name}.{k}") for k, v in scene[name].items()}
    material = word(rng, scene["holder_finishes"], "scene.holder_finishes")
    rgb = None
    words = {"material": material}
    if material in ("anodised", "painted", "pom"):
        colour = word(rng, scene["colours"], "scene.colours")
        rgb = colour_of(colour)
        words["colour"] = colour
    params = {**size, "hole_mm": round(hole_mm, 4), "material": material}
    return fixture(name, kind, params, Pose(), finished(material, rng, rgb), words=words)
