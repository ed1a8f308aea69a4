"""What every bench cell shares: the room, the bench, a robot on it, and clutter around.

The robot's base is the origin in x and y, on the bench; the work lies in front of it along +x. The
floor is z = 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from shapely.geometry import Polygon

from assets import catalogue
from episodes.errors import UserError
from scenes import place
from scenes.draw import count, number, section, word
from scenes.workpieces import colour_of, finished, fixture, part_of
from sim.pose import Pose
from sim.spec import Body, Light, Robot

BEHIND = 0.22  # bench board behind the robot's axis [m]
SCENERY = ("machine_cabinet", "tool_cart", "cable_box", "signboard", "control_panel", "crate")
SMALL = ("screw_box", "cup", "fixture_clamp")


@dataclass(frozen=True)
class Shop:
    """height: of the bench top over the floor [m]; board: its outline, x y [m]."""

    bodies: tuple[Body, ...]
    height: float
    board: Polygon

    def work_area(self, config: Mapping[str, Any]) -> Polygon:
        """Where things may lie: `scene.work_area` (ranges x_m, y_m; reach_m), on the board."""
        area = section(config, "scene.work_area")
        (left, right), (bottom, top) = area["x_m"], area["y_m"]
        inside = shapely.box(left, bottom, right, top).intersection(self.board.buffer(-0.02))
        return inside.intersection(shapely.Point(0.0, 0.0).buffer(area["reach_m"], 32))


def shop(config: Mapping[str, Any], rng: np.random.Generator) -> Shop:
    """Room and bench of `scene.bench` and `scene.room`."""
    bench, room = section(config, "scene.bench"), section(config, "scene.room")
    height = number(rng, bench["height_mm"], "scene.bench.height_mm") / 1000
    length = number(rng, bench["length_mm"], "scene.bench.length_mm")
    depth = number(rng, bench["depth_mm"], "scene.bench.depth_mm")
    thickness = number(rng, bench["thickness_mm"], "scene.bench.thickness_mm")
    across = Pose.turned((depth / 2000 - BEHIND, 0.0, 0.0), (0, 0, 1), np.pi / 2)
    size = {"length_mm": length, "width_mm": depth}
    top = word(rng, bench["finishes"], "scene.bench.finishes")
    bodies = [
        fixture("bench_top", "bench_top", {**size, "thickness_mm": thickness, "material": top},
                across.shifted(z=height - thickness / 1000), finished(top, rng)),
        fixture("bench_frame", "bench_frame",
                {**size, "height_mm": 1000 * height - thickness},
                across, _coat(rng, room, "frame")),
    ]  # fmt: skip
    bodies += _room(rng, room)
    board = place.rectangle(depth / 1000, length / 1000, depth / 2000 - BEHIND, 0.0)
    return Shop(tuple(bodies), height, board)


def _coat(rng: np.random.Generator, room: Mapping[str, Any], what: str) -> Any:
    """Paint for what stands around, in a sober colour of `scene.room.colours`."""
    colour = word(rng, room["colours"], f"scene.room.colours ({what})")
    return finished("painted", rng, colour_of(colour))


def _room(rng: np.random.Generator, room: Mapping[str, Any]) -> list[Body]:
    """Floor, a wall behind the robot, and things along it."""
    kinds = [
        SCENERY[int(rng.integers(len(SCENERY)))]
        for _ in range(count(rng, room["clutter"], "scene.room.clutter"))
    ]
    deepest = max((float(catalogue.build(kind).extents[1]) for kind in kinds), default=0.0)
    away = -number(rng, room["wall_distance_m"], "scene.room.wall_distance_m") - deepest
    floor = finished("concrete", rng)
    turned = Pose.turned((away, 0.0, 0.0), (0, 0, 1), -np.pi / 2)
    out = [
        fixture("floor", "floor", {}, Pose(), floor, role="room"),
        fixture("wall", "wall", {}, turned, _coat(rng, room, "wall"), role="room"),
    ]
    y = -2.2 + float(rng.uniform(0.0, 0.5))
    for i, kind in enumerate(kinds):
        size = catalogue.build(kind).extents
        y += size[0] / 2
        pose = Pose.turned((away + 0.08 + size[1] / 2, y, 0.0), (0, 0, 1), np.pi / 2)
        name = f"{kind}_{i}"
        out.append(fixture(name, kind, {}, pose, _coat(rng, room, kind), role="room"))
        y += size[0] / 2 + float(rng.uniform(0.1, 0.6))
    return out


def robot(
    config: Mapping[str, Any], rng: np.random.Generator, height: float, home: Sequence[float]
) -> Robot:
    """The config's robot on the bench, each joint a little off `home` (J,) [rad]."""
    wanted = section(config, "robot")
    spread = np.deg2rad(number(rng, wanted["home_jitter_deg"], "robot.home_jitter_deg"))
    joints = np.add(home, rng.uniform(-spread, spread, len(home)))
    card = str(wanted["card"])  # "arm+tool"
    arm = card.partition("+")[0]
    return Robot(arm, card, Pose((0.0, 0.0, height)), tuple(float(q) for q in joints))


def clutter(
    config: Mapping[str, Any], rng: np.random.Generator, at: Shop, taken: Sequence[Polygon]
) -> list[Body]:
    """`scene.bench_clutter` things that stand on the board, out of the work's way; fewer where
    there is no room."""
    kinds = [
        SMALL[int(rng.integers(len(SMALL)))]
        for _ in range(count(rng, config["scene"]["bench_clutter"], "scene.bench_clutter"))
    ]
    room = section(config, "scene.room")
    found = []
    for i, kind in enumerate(kinds):
        material = catalogue.defaults(kind)["material"]
        coat = finished(material, rng) if material == "black_oxide" else _coat(rng, room, kind)
        found.append(fixture(f"{kind}_c{i}", kind, {}, Pose(), coat, role="distractor"))
    base = shapely.Point(0.0, 0.0).buffer(0.25)
    while found:
        try:
            poses = place.scatter(
                rng, [place.footprint(part_of(b), Pose()) for b in found], at.board.buffer(-0.03),
                gap=0.06, taken=[*taken, base], remedy="",
            )  # fmt: skip
        except UserError:  # a full bench has less standing on it
            found.pop()
        else:
            return [standing(b, p, at.height) for b, p in zip(found, poses, strict=True)]
    return []


def standing(body: Body, on_support: Pose, height: float, rest: Pose | None = None) -> Body:
    """The body put down at `on_support` of a surface at `height` [m], lying in `rest`."""
    pose = (on_support @ (rest or Pose())).shifted(z=height)
    return replace(body, pose=pose)


def lights(rng: np.random.Generator) -> tuple[Light, ...]:
    """A lamp from somewhere above the front, and the sky of the hall."""
    azimuth, lean = rng.uniform(-1.2, 1.2), rng.uniform(0.25, 0.7)
    direction = (
        float(np.sin(lean) * np.cos(azimuth)),
        float(np.sin(lean) * np.sin(azimuth)),
        float(np.cos(lean)),
    )
    return Light("lamp", "sun", direction), Light("hall", "sky")
