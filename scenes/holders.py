"""What a machine holds its work in, a chuck or a vise: its body, its jaws, where the work goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from scenes.draw import number
from scenes.workpieces import finished, fixture, part_of
from sim.pose import Pose
from sim.spec import Body, Joint

FORCE = 40.0  # [N] of a jaw: more would press the work's contacts in by over half a millimetre
SKIN = 0.0006  # [m]: Bullet's hulls, such as a chuck jaw's, are by about that larger than they look
HOLD = 9.0  # [N] of jaws that are on the work from the first moment: they hardly move then
IDLE = 20.0  # [N] of the friction that holds a jaw where it is


@dataclass(frozen=True)
class Holder:
    """body: what stands on the table; jaws: its members, on joints whose position grows as they
    close; closed: jaw -> the position at which it would meet no work; gripping: at which it holds
    this one; open: at which it is open. seat: part_to_world of held work; stand: where it is put
    down between open jaws."""

    body: Body
    jaws: tuple[Body, ...]
    closed: Mapping[str, float]
    gripping: Mapping[str, float]
    open: Mapping[str, float]
    seat: Pose
    stand: Pose


def chuck(
    rng: np.random.Generator, ranges: Mapping[str, Any], work: Body, foot: Pose, *, shut: bool
) -> Holder:
    """A 3-jaw chuck, its axis upright, at `foot` (body_to_world), jaws about round work.

    ranges: height_mm, jaw (length_mm, width_mm, height_mm), gap_mm, by which the open jaws clear
    the work. shut: whether the jaws start on the work.
    """
    key = "scene.chuck"
    radius = part_of(work).dims["diameter"] / 2
    gap = number(rng, ranges["gap_mm"], f"{key}.gap_mm") / 1000
    jaw = {k: number(rng, v, f"{key}.jaw.{k}") for k, v in ranges["jaw"].items()}
    length = jaw["length_mm"] / 1000
    outside = 2000 * (radius + gap + length) + number(rng, ranges["rim_mm"], f"{key}.rim_mm")
    steel = finished("brushed_steel", rng)
    params = {
        "diameter_mm": round(outside, 1),
        "height_mm": number(rng, ranges["height_mm"], f"{key}.height_mm"),
        "bore_mm": round(1200 * radius, 1),
        "slot_mm": round(480 * radius, 1),
    }
    body = fixture("chuck", "chuck_body", params, foot, steel)
    seat = foot @ Pose.from_array(part_of(body).frames["seat"])
    finish = finished("machined_aluminium", rng)
    start = radius + (SKIN if shut else gap)
    jaws = [
        _jaw(
            f"jaw_{k}", "chuck_jaw", jaw,
            foot @ Pose.from_array(part_of(body).frames[f"jaw_{k}"])
            @ Pose((start + length / 2, 0.0, 0.0)),
            (-1.0, 0.0, 0.0), (min(0.0, start - radius - gap), start - 0.2 * radius), "chuck",
            finish,
        )
        for k in range(3)
    ]  # fmt: skip
    return _holder(body, jaws, start - radius, gap, seat, seat)


def vise(
    rng: np.random.Generator, ranges: Mapping[str, Any], work: Body, foot: Pose, *, shut: bool
) -> Holder:
    """A vise at `foot` (body_to_world): its jaw pushes work of parallel sides, which stands along
    its own x, against the fixed jaw.

    ranges: width_mm, bed_mm, jaw_mm, jaw_height_mm, spare_mm, by which it opens beyond the work,
    and off_mm, how far from the fixed jaw the work is put down.
    """
    size = {k: number(rng, ranges[k], f"scene.vise.{k}")
            for k in ("width_mm", "jaw_mm", "jaw_height_mm")}  # fmt: skip
    wide = float(part_of(work).extents[1])
    gap = number(rng, ranges["spare_mm"], "scene.vise.spare_mm") / 1000
    steel = finished("brushed_steel", rng)
    opening = round(1000 * (wide + gap), 2)
    bed = number(rng, ranges["bed_mm"], "scene.vise.bed_mm")
    params = {**size, "opening_mm": opening, "bed_mm": bed}
    # the middle between fixed jaw and work is over the foot, not the middle of the casting
    blank = part_of(fixture("vise", "vise_base", params, Pose(), steel)).frames
    shift = Pose((0.0, -blank["fixed_jaw"][1] - wide / 2, 0.0))
    body = fixture("vise", "vise_base", params, foot @ shift, steel)
    face = body.pose @ Pose.from_array(blank["fixed_jaw"])
    seat = face @ Pose((0.0, wide / 2, 0.0))
    off = number(rng, ranges["off_mm"], "scene.vise.off_mm") / 1000
    start = 2e-5 if shut else opening / 1000 - wide  # how far the jaw is from held work
    jaw = _jaw(
        "jaw_0", "vise_jaw", size,
        face @ Pose((0.0, wide + start + size["jaw_mm"] / 2000, 0.0)),
        (0.0, -1.0, 0.0), (min(0.0, start - gap), start + wide - 0.005), "vise", steel,
    )  # fmt: skip
    return _holder(body, [jaw], start, gap, seat, seat @ Pose((0.0, off, 0.0)))


def _jaw(
    name: str, kind: str, params: Mapping[str, Any], pose: Pose, axis: tuple[float, float, float],
    limits: tuple[float, float], mount: str, look: Any,
) -> Body:  # fmt: skip
    joint = Joint("slide", axis, *limits, mount, force=IDLE)
    shape = fixture(name, kind, params, pose, look)
    mass = part_of(shape).mass
    return replace(shape, fixed=False, mass=mass, joint=joint)


def _holder(
    body: Body, jaws: list[Body], grip: float, gap: float, seat: Pose, stand: Pose
) -> Holder:
    def at(value: float) -> dict[str, float]:
        return {jaw.name: value for jaw in jaws}

    closed = {jaw.name: jaw.joint.upper for jaw in jaws if jaw.joint is not None}
    return Holder(body, tuple(jaws), closed, at(grip), at(grip - gap), seat, stand)
