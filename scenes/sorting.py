"""Plates of which some have a defect, an inspection camera, and a bin for each verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from assets import materials
from scenes import place, shop
from scenes.arm import Arm
from scenes.cameras import cameras
from scenes.draw import count, number, section, word
from scenes.goals import DefectGoal
from scenes.workpieces import colour_of, finished, fixture, part_of
from sim.pose import Pose
from sim.spec import Body, Cell, Physics


def defect_bench(config: Mapping[str, Any], rng: np.random.Generator, arm: Arm) -> Cell:
    """A DefectGoal: plates that lie on the side that may be scratched, which the camera sees from
    below."""
    scene = section(config, "scene")
    at = shop.shop(config, rng)
    colour, plates, defects = _plates(rng, scene)
    good, bad = _two(rng, scene["bin_colours"])
    size = {k: number(rng, v, f"scene.bin.{k}") for k, v in section(config, "scene.bin").items()}
    bins = [
        fixture(name, "bin", size, Pose(), finished("polypropylene", rng, colour_of(c)),
                words={"colour": c})
        for name, c in (("passes", good), ("rejects", bad))
    ]  # fmt: skip
    eye = fixture("vision", "vision_camera", {}, Pose(), finished("anodised", rng))
    things = (eye, *bins, *plates)
    area = at.work_area(config)
    shapes = [place.footprint(part_of(b), Pose()) for b in things]
    poses = place.scatter(
        rng, shapes, area, gap=scene["gap_m"],
        yaws=[(-0.4, 0.4)] * 3 + [(-np.pi, np.pi)] * len(plates), where="scene.work_area",
        remedy="lower scene.count or scene.gap_m, or enlarge scene.work_area",
    )  # fmt: skip
    placed = [
        shop.standing(b, p, at.height, Pose.from_array(part_of(b).rests[-1]))
        for b, p in zip(things, poses, strict=True)
    ]
    covered = [place.moved(s, *place.flat(p)) for s, p in zip(shapes, poses, strict=True)]
    clutter = shop.clutter(config, rng, at, [*covered, area])
    lens = Pose.from_array(part_of(eye).frames["camera"])
    middle = (float(area.centroid.x), float(area.centroid.y), at.height + 0.05)
    return Cell(
        robots=(shop.robot(config, rng, at.height, arm.home),),
        bodies=(*at.bodies, *placed, *clutter),
        cameras=cameras(config, rng, middle, arm.wrist, {"vision": lens}),
        lights=shop.lights(rng),
        physics=Physics(**section(config, "physics")),
        goal=DefectGoal(
            parts=tuple(b.name for b in plates),
            defects=tuple(defects),
            bins=tuple("rejects" if d else "passes" for d in defects),
            colour=colour,
            camera=eye.name,
        ),
        sampled={"bench_height_m": at.height},
    )


def _plates(
    rng: np.random.Generator, scene: Mapping[str, Any]
) -> tuple[str, list[Body], list[str]]:
    """The colour that is right, the plates, all of one drawing, and the defect of each."""
    amount = max(1, count(rng, scene["count"], "scene.count"))
    size = {k: round(2 * number(rng, v, f"scene.plate.{k}")) / 2 for k, v in scene["plate"].items()}
    finish = word(rng, scene["plate_finishes"], "scene.plate_finishes")
    colour, wrong = _two(rng, scene["plate_colours"])
    plates, defects = [], []
    for i in range(amount):
        bad = rng.random() < scene["defective"]
        defect = word(rng, scene["defects"], "scene.defects") if bad else ""
        params: dict[str, Any] = {**size, "material": finish}
        if defect == "scratch":
            params["scratch_mm"] = round(number(rng, scene["scratch_mm"], "scene.scratch_mm"), 1)
        elif defect == "chip":
            params["chip_mm"] = round(number(rng, scene["chip_mm"], "scene.chip_mm"), 1)
        elif defect == "missing_hole":
            params["missing_hole"] = 1 + int(rng.integers(4))
        seen = wrong if defect == "wrong_colour" else colour
        body = Body(
            f"plate_{i}", "drilled_plate", params, Pose(),
            finished(finish, rng, materials.COLOURS[seen]),
            friction=number(rng, scene["friction"], "scene.friction"),
            words={"part": "drilled_plate", "material": finish, "colour": seen},
        )  # fmt: skip
        plates.append(replace(body, mass=part_of(body).mass))
        defects.append(defect)
    return colour, plates, defects


def _two(rng: np.random.Generator, words: list[str]) -> tuple[str, str]:
    """Two different ones of a list of words."""
    first, second = rng.permutation(len(words))[:2]
    return words[int(first)], words[int(second)]
