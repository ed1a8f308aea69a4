"""How a cell looks, apart from what happens in it: surfaces, lights, cameras, what stands around.

Every draw of an axis comes from a stream of the axis's own, so that a changed range shifts no other
draw. What is drawn stands in the cell.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from shapely.geometry import Point, Polygon

from assets import catalogue, materials
from episodes.errors import unknown
from scenes import colour, place, seen, viewpoint
from scenes.cameras import CLEAN
from scenes.draw import count, number, word
from scenes.workpieces import COLOURED, finished, fixture
from sim.pose import Pose
from sim.spec import RGB, Body, Camera, Cell, Light, Material

Ranges = Mapping[str, Any]
SECTIONS = ("surfaces", "lights", "camera", "clutter")
CLUTTER = "clutter_"  # how the names of what a look adds begin
SHARES = (1.0, 0.8, 0.6, 0.4, 0.2, 0.0)  # of what was drawn, tried until colours keep their names
ROLES = ("part", "distractor", "fixture", "room")


def redraw(cell: Cell, look: Ranges, rng: np.random.Generator) -> Cell:
    """The cell in a look of the config; an empty one leaves the cell as its scene made it.

    Colours, sizes and materials that language may name stay what they are.
    """
    for name in look:
        _known(name, SECTIONS, "look")
    root = int(rng.integers(2**63))

    def stream(axis: str) -> np.random.Generator:
        return np.random.default_rng([root, zlib.crc32(axis.encode())])

    if look.get("clutter"):
        cell = _cluttered(cell, look["clutter"], stream("clutter"))
    if look.get("surfaces"):
        bodies = (
            _resurfaced(b, look["surfaces"], stream(f"surface {b.name}")) for b in cell.bodies
        )
        cell = cell.replace(bodies=tuple(bodies))
    kelvin = 5500.0
    if look.get("lights"):
        for share in SHARES:
            lights, kelvin = _lit(look["lights"], stream("lights"), share)
            cell = cell.replace(lights=lights)
            if all(_true(cell, _metered(cell, camera, kelvin)) for camera in cell.cameras):
                break
    if look.get("camera"):
        cameras = (_shot(cell, c, look["camera"], stream, kelvin) for c in cell.cameras)
        cell = cell.replace(cameras=tuple(cameras))
    return cell


def _known(name: str, names: Sequence[str], where: str) -> None:
    if name not in names:
        raise unknown(f"key of {where}:", name, names)


def _resurfaced(body: Body, surfaces: Ranges, rng: np.random.Generator) -> Body:
    """Another finish, colour, gloss and wear, as far as `surfaces.{role}` says."""
    for name in surfaces:
        _known(name, (*ROLES, "finishes", "colours"), "look.surfaces")
    ranges = surfaces.get(body.role)
    if not ranges:
        return body
    key = f"look.surfaces.{body.role}"

    def draw(name: str, default: Any = 0.0) -> float:
        return number(rng, ranges.get(name, default), f"{key}.{name}")

    material = replace(body.material, seed=int(rng.integers(2**31)))
    chance, choice = rng.uniform(size=2)
    spoken = "colour" in body.words or "material" in body.words or body.role in ROLES[:2]
    finishes = surfaces.get("finishes", {}).get(body.kind)
    if finishes and not spoken:
        name = word(rng, finishes, f"look.surfaces.finishes.{body.kind}")
        material = replace(finished(name, rng), seed=material.seed)
    share = draw("recolour") if material.name in COLOURED else draw("repaint")
    if not spoken and chance < share:
        names = surfaces.get("colours", list(materials.COLOURS))
        material = replace(material, rgb=_colour(names[int(choice * len(names))]))
    lightness, hue = draw("lightness"), np.deg2rad(draw("hue_deg"))
    if spoken:
        best = materials.COLOURS.get(body.words.get("colour", ""))
        rgb = colour.within(material.rgb, lightness, hue, best)
    else:
        rgb = colour.shifted(material.rgb, lightness, hue)
    roughness = float(np.clip(material.roughness * draw("roughness", 1.0), 0.05, 1.0))
    if "colour" in body.words:
        roughness = colour.dull(rgb, roughness)
    return replace(
        body,
        material=replace(
            material, rgb=rgb, roughness=roughness, pattern=_traces(material, draw, rng)
        ),
    )


def _colour(name: str) -> RGB:
    _known(name, tuple(materials.COLOURS), "look.surfaces.colours")
    return materials.COLOURS[name]


def _traces(material: Material, draw: Any, rng: np.random.Generator) -> dict[str, float]:
    """Wear and marks. label, hazard and oil are the share of bodies that have one."""
    out = {**material.pattern, "wear": draw("wear", 1.0)}
    for mark, strength in (("label", 1.0), ("hazard", 1.0), ("oil", float(rng.uniform(0.2, 0.6)))):
        if rng.uniform() < draw(mark):
            out[mark] = strength
    return out


def _lit(ranges: Ranges, rng: np.random.Generator, share: float) -> tuple[tuple[Light, ...], float]:
    """Lamps, the first of which casts shadows, the sky of a hall; and their colour temperature.
    share: of what was drawn, by how much lamps and sky differ in it."""

    def draw(name: str) -> float:
        return number(rng, ranges[name], f"look.lights.{name}")

    lamps, kelvins = [], []
    for i in range(count(rng, ranges["count"], "look.lights.count")):
        azimuth, elevation = np.deg2rad(draw("azimuth_deg")), np.deg2rad(draw("elevation_deg"))
        flat = np.cos(elevation)
        direction = (
            float(flat * np.cos(azimuth)), float(flat * np.sin(azimuth)), float(np.sin(elevation)),
        )  # fmt: skip
        kelvins.append(draw("temperature_k"))
        strength = draw("strength") * (1.0 if i == 0 else draw("fill"))
        lamps.append(Light(f"lamp_{i}", "sun", direction, strength=strength, shadow=i == 0))
    sky_kelvin = draw("sky_temperature_k")
    sky = Light(
        "hall", "sky", strength=draw("sky"),
        seed=int(rng.integers(int(ranges["halls"]))), occlusion=draw("occlusion"),
    )  # fmt: skip
    mean = float(np.mean([*kelvins[:1], sky_kelvin]))
    tinted = (
        replace(light, rgb=colour.lamp(mean + share * (kelvin - mean)))
        for light, kelvin in zip((*lamps, sky), (*kelvins, sky_kelvin), strict=True)
    )
    return tuple(tinted), mean


def _shot(cell: Cell, camera: Camera, ranges: Ranges, stream: Any, kelvin: float) -> Camera:
    """The camera moved, exposed and balanced anew. kelvin: of the light [K]."""
    name = camera.name.removesuffix(CLEAN)  # twins stay twins
    rng = stream(f"camera {name}")
    exposure = number(rng, ranges["exposure_ev"], "look.camera.exposure_ev")
    off = number(rng, ranges["balance_k"], "look.camera.balance_k")
    # What light there is, a camera's automatic exposure makes up for, most of it.
    stops = seen.stops(cell.lights, from_below=seen.looks_up(cell, camera))
    exposure -= number(rng, ranges["metering"], "look.camera.metering") * stops
    rng = stream(f"view {name}")
    if camera.parent:
        camera = viewpoint.shaken(camera, ranges, rng)
    else:
        camera = viewpoint.moved(cell, camera, ranges, rng)
    for share in SHARES:
        ev = share * (exposure + stops) - stops
        camera = _metered(cell, camera, kelvin, ev, share * off)
        if _true(cell, camera):
            break
    return camera


def _metered(
    cell: Cell, camera: Camera, kelvin: float, exposure: float | None = None, off: float = 0.0
) -> Camera:
    """The camera exposed as said, or for the light, its white balance `off` [K] from it."""
    if exposure is None:
        exposure = -seen.stops(cell.lights, from_below=seen.looks_up(cell, camera))
    # What a lamp gives, a camera's white balance takes back; it errs a little.
    return replace(camera, exposure=exposure, balance=colour.gains(kelvin + off, 6500.0))


def _true(cell: Cell, camera: Camera) -> bool:
    """Whether the colours that language may name look it in the camera's picture."""
    return all(
        seen.true_to(body.words["colour"], body.material.rgb, cell, camera)
        for body in cell.bodies
        if "colour" in body.words and body.role != "room"
    )


def _cluttered(cell: Cell, ranges: Ranges, rng: np.random.Generator) -> Cell:
    """More things on the floor around, as far off as `distance_m` says: out of any arm's reach.

    They stand in place of those of an earlier look.
    """
    kept = tuple(body for body in cell.bodies if not body.name.startswith(CLUTTER))
    cell = cell.replace(bodies=kept)
    robots = [r.base.position[:2] for r in cell.robots] or [(0.0, 0.0)]
    middle = np.mean(robots, axis=0)
    taken = [_outline(b) for b in cell.bodies if b.fixed and b.kind not in ("floor", "wall")]
    walls = [b for b in cell.bodies if b.kind == "wall"]
    new: list[Body] = []
    for i in range(count(rng, ranges["count"], "look.clutter.count")):
        kind = word(rng, ranges["kinds"], "look.clutter.kinds")
        far = number(rng, ranges["distance_m"], "look.clutter.distance_m")
        angle, yaw = rng.uniform(-np.pi, np.pi), rng.uniform(-0.3, 0.3)
        paints = list(materials.COLOURS.values())
        coat = finished("painted", rng, paints[int(rng.integers(len(paints)))])
        x, y = middle + far * np.array([np.cos(angle), np.sin(angle)])
        # its front, at +y, towards the cell
        pose = Pose.turned((x, y, 0.0), (0, 0, 1), angle + np.pi / 2 + yaw)
        body = fixture(f"{CLUTTER}{i}", kind, {}, pose, coat, role="room")
        outline = _outline(body)
        free = all(outline.distance(other) > 0.1 for other in taken)
        inside = all(_in_front(wall, outline) for wall in walls)
        if free and inside and outline.distance(Point(middle)) > 1.3:
            new.append(body)
            taken.append(outline)
    return cell.replace(bodies=(*cell.bodies, *new))


def _outline(body: Body) -> Polygon:
    """What a standing body covers of the floor."""
    part = catalogue.build(body.kind, body.params)
    return place.moved(place.footprint(part, Pose()), *place.flat(body.pose))


def _in_front(wall: Body, outline: Polygon) -> bool:
    """Whether all of an outline lies on the side that a wall faces (+y of the wall)."""
    corners = np.array(outline.exterior.coords)
    inside = wall.pose.inverse().apply(np.column_stack([corners, np.zeros(len(corners))]))
    return bool(np.all(inside[:, 1] > 0.15))
