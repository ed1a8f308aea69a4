"""A bench with a plate whose groove is to be filled by a dispensing nozzle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from assets.part import PartError
from episodes.errors import UserError
from scenes import place, shop
from scenes.arm import Arm
from scenes.cameras import cameras
from scenes.draw import count, number, section, word
from scenes.goals import SeamGoal
from scenes.workpieces import assortment, colour_of, finished, fixture, part_of
from sim.pose import Pose
from sim.spec import Body, Cell, Physics

TRIES = 100


def seam_bench(config: Mapping[str, Any], rng: np.random.Generator, arm: Arm) -> Cell:
    """A SeamGoal: the plate's seam, level with its upper side."""
    scene = section(config, "scene")
    at = shop.shop(config, rng)
    shape = word(rng, scene["shape"], "scene.shape")
    plate = _plate(rng, scene, shape)
    extra = [
        replace(b, role="distractor")
        for b in assortment(
            rng, count(rng, scene["distractors"], "scene.distractors"),
            section(config, "scene.distractor_parts"), scene, "scene.distractor_parts",
        )
    ]  # fmt: skip
    area = at.work_area(config)
    things = (plate, *extra)
    shapes = [place.footprint(part_of(b), Pose()) for b in things]
    poses = place.scatter(
        rng, shapes, area, gap=scene["gap_m"], where="scene.work_area",
        remedy="lower scene.distractors or scene.gap_m, or enlarge scene.work_area",
    )  # fmt: skip
    placed = [shop.standing(b, p, at.height) for b, p in zip(things, poses, strict=True)]
    covered = [place.moved(s, *place.flat(p)) for s, p in zip(shapes, poses, strict=True)]
    clutter = shop.clutter(config, rng, at, [*covered, area])
    built = part_of(plate)
    frames = [built.frames[f"seam_{i}"] for i in range(int(built.dims["frames"]))]
    seam = placed[0].pose.apply(np.array(frames)[:, :3])
    closed = bool(built.dims["closed"])
    if closed:  # it may begin anywhere, and ends where it began
        seam = np.roll(seam, int(rng.integers(len(seam))), axis=0)
        seam = np.concatenate([seam, seam[:1]])
    if rng.random() < 0.5:
        seam = seam[::-1]
    middle = placed[0].pose.apply([0.0, 0.0, 0.03])
    return Cell(
        robots=(shop.robot(config, rng, at.height, arm.home),),
        bodies=(*at.bodies, *placed, *clutter),
        cameras=cameras(config, rng, tuple(float(v) for v in middle), arm.wrist),
        lights=shop.lights(rng),
        physics=Physics(**section(config, "physics")),
        goal=SeamGoal(
            target=plate.name, shape=shape, closed=closed,
            seam=tuple((x, y, z) for x, y, z in seam.tolist()),
        ),
        sampled={"bench_height_m": at.height},
    )  # fmt: skip


def _plate(rng: np.random.Generator, scene: Mapping[str, Any], shape: str) -> Body:
    """A plate whose seam bends no tighter than `scene.radius_mm`."""
    size = {k: round(number(rng, v, f"scene.plate.{k}")) for k, v in scene["plate"].items()}
    finish = word(rng, scene["plate_finishes"], "scene.plate_finishes")
    colour = word(rng, scene["colours"], "scene.colours")
    coloured = finish in ("painted", "anodised", "pom")
    words = {"material": finish} | ({"colour": colour} if coloured else {})
    for _ in range(TRIES):
        points = _points(rng, shape, float(size["length_mm"]), float(size["width_mm"]))
        params = {**size, "shape": shape, "points_mm": points, "material": finish}
        plate = fixture(
            "plate", "seam_plate", params, Pose(),
            finished(finish, rng, colour_of(colour) if coloured else None), words=words,
        )  # fmt: skip
        try:
            built = part_of(plate)
        except PartError:
            continue
        if _tightest(np.array(list(built.frames.values()))[:, :2]) >= scene["radius_mm"] / 1000:
            return plate
    raise UserError(
        f"no {shape} seam of radius {scene['radius_mm']} mm fits the plate in {TRIES} draws: "
        "lower scene.radius_mm or enlarge scene.plate.length_mm and width_mm"
    )


def _points(
    rng: np.random.Generator, shape: str, length: float, width: float
) -> tuple[tuple[float, float], ...]:
    """Points of a seam on a plate [mm], from its corner."""
    low, high = np.array([16.0, 16.0]), np.array([length - 16.0, width - 16.0])
    if shape == "circle":
        radius = float(rng.uniform(0.22, 0.36)) * min(length, width)
        x, y = rng.uniform(low + radius, high - radius)
        return (round(x, 2), round(y, 2)), (round(x + radius, 2), round(y, 2))
    amount = 2 if shape == "line" else int(rng.integers(3, 6))
    xs = np.linspace(low[0], high[0], amount) + rng.uniform(-8.0, 8.0, amount)
    xs = np.clip(xs, low[0], high[0])
    ys = rng.uniform(low[1], high[1], amount)
    return tuple((round(float(x), 2), round(float(y), 2)) for x, y in zip(xs, ys, strict=True))


def _tightest(line: np.ndarray) -> float:
    """The smallest radius through three neighbours of points (N, 2) [m]."""
    a, b, c = line[:-2], line[1:-1], line[2:]
    sides = [np.linalg.norm(p - q, axis=1) for p, q in ((a, b), (b, c), (a, c))]
    u, v = b - a, c - a
    area = np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]) / 2
    radii = np.prod(sides, axis=0) / np.maximum(4 * area, 1e-9)
    return float(radii.min(initial=np.inf))
