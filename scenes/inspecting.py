"""A bench with a part whose features a camera on the wrist is to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from episodes.errors import UserError
from scenes import place, shop
from scenes.arm import Arm
from scenes.cameras import cameras
from scenes.draw import count, section, word
from scenes.goals import ViewsGoal
from scenes.workpieces import assortment, part_of, workpiece
from sim.pose import Pose
from sim.spec import Cell, Physics


def inspection_bench(config: Mapping[str, Any], rng: np.random.Generator, arm: Arm) -> Cell:
    """A ViewsGoal: features of a part on the bench."""
    scene = section(config, "scene")
    at = shop.shop(config, rng)
    kinds = section(config, "scene.inspected")
    kind = word(rng, sorted(kinds), "scene.inspected")
    target = workpiece(rng, "target", kind, kinds[kind], scene, "scene.inspected")
    features = sorted(n for n in part_of(target).frames if n not in scene["not_features"])
    extra = [
        replace(b, name=f"extra_{b.name}", role="distractor")
        for b in assortment(
            rng, count(rng, scene["distractors"], "scene.distractors"),
            section(config, "scene.distractor_parts"), scene, "scene.distractor_parts",
        )
        if b.words != target.words
    ]  # fmt: skip
    area = at.work_area(config)
    things = (target, *extra)
    shapes = [place.footprint(part_of(b), Pose()) for b in things]
    poses = place.scatter(
        rng, shapes, area, gap=scene["gap_m"], where="scene.work_area",
        remedy="lower scene.distractors or scene.gap_m, or enlarge scene.work_area",
    )  # fmt: skip
    placed = [shop.standing(b, p, at.height) for b, p in zip(things, poses, strict=True)]
    covered = [place.moved(s, *place.flat(p)) for s, p in zip(shapes, poses, strict=True)]
    clutter = shop.clutter(config, rng, at, [*covered, area])
    frames = [placed[0].pose @ Pose.from_array(part_of(target).frames[name]) for name in features]
    seen = cameras(config, rng, (*placed[0].pose.position[:2], at.height + 0.05), arm.wrist)
    eye = next((c.name for c in seen if c.parent), None)
    if eye is None:
        raise UserError("no camera rides on the robot: add one with mount: wrist to `camera`")
    return Cell(
        robots=(shop.robot(config, rng, at.height, arm.home),),
        bodies=(*at.bodies, *placed, *clutter),
        cameras=seen,
        lights=shop.lights(rng),
        physics=Physics(**section(config, "physics")),
        goal=ViewsGoal(
            target=target.name,
            features=tuple(features),
            points=tuple(f.position for f in frames),
            normals=tuple((x, y, z) for f in frames for x, y, z in [f.rotation[:, 2].tolist()]),
            camera=eye,
        ),
        sampled={"bench_height_m": at.height},
    )
