"""What is handled: kind, size, finish and colour of parts, drawn from the config."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from assets import catalogue, materials
from assets.part import Part
from episodes.errors import UserError, unknown
from scenes import colour
from scenes.draw import count, number, word
from sim.pose import Pose
from sim.spec import RGB, Body, Material

# finishes that come in any colour; the others look like what they are made of
COLOURED = ("painted", "anodised", "pom", "polypropylene")


def workpiece(
    rng: np.random.Generator,
    name: str,
    kind: str,
    ranges: Mapping[str, Any],
    config: Mapping[str, Any],
    key: str,
    role: str = "part",
) -> Body:
    """A part at the origin. ranges: its parameters, each a value, [low, high] or list of words.

    config has finishes, colours and friction; lengths are drawn to half a millimetre, as a drawing
    would have them.
    """
    params: dict[str, Any] = {}
    for parameter, value in ranges.items():
        at = f"{key}.{kind}.{parameter}"
        default = catalogue.defaults(kind).get(parameter, "")
        if parameter.endswith("_mm"):
            params[parameter] = round(2 * number(rng, value, at)) / 2
        elif isinstance(default, int):
            params[parameter] = count(rng, value, at)
        elif isinstance(default, float):
            params[parameter] = number(rng, value, at)
        else:
            params[parameter] = word(rng, value, at)
    finish = word(rng, config["finishes"], "scene.finishes")
    made_of = catalogue.finishes(kind)
    if made_of and finish not in made_of:
        finish = made_of[0]
    params["material"] = finish
    words = {"part": kind, "material": finish}
    if "size" in params:
        words["size"] = params["size"]
    part = catalogue.build(kind, params)
    rgb = materials.finish(finish).rgb
    if finish in COLOURED:
        said = word(rng, config["colours"], "scene.colours")
        rgb = colour_of(said)
        words["colour"] = said
    return Body(
        name=name,
        kind=kind,
        params=params,
        pose=Pose(),
        material=finished(finish, rng, rgb),
        role=role,
        mass=part.mass,
        friction=number(rng, config["friction"], "scene.friction"),
        words=words,
    )


def with_own(found: list[Body], config: Mapping[str, Any]) -> list[Body]:
    """The user's part, if the config has one, in place of the first workpiece, in its finish."""
    if not config.get("part"):
        return found
    first = found[0]
    params = {**config["part"], "material": first.material.name}
    words = {**{k: v for k, v in first.words.items() if k != "size"}, "part": "mesh"}
    mass = catalogue.build("mesh", params).mass
    mine = replace(first, name="mesh_0", kind="mesh", params=params, mass=mass, words=words)
    return [mine, *found[1:]]


def assortment(
    rng: np.random.Generator,
    count: int,
    kinds: Mapping[str, Any],
    config: Mapping[str, Any],
    key: str,
    fit: Callable[[Part], bool] = lambda part: True,
) -> list[Body]:
    """`count` workpieces of `kinds` (kind -> ranges); no two that language could not tell apart,
    and each of them fit for the work."""
    if not kinds:
        raise UserError(f"{key} names no part; parts: {', '.join(catalogue.kinds())}")
    names = sorted(kinds)
    found: list[Body] = []
    for _ in range(20 * count + 1):
        if len(found) == count:
            return found
        kind = names[int(rng.integers(len(names)))]
        new = workpiece(rng, f"{kind}_{len(found)}", kind, kinds[kind], config, key)
        if all(new.words != old.words for old in found) and fit(part_of(new)):
            found.append(new)
    raise UserError(
        f"{key}: {count} parts that differ in kind, size, finish or colour, and that the tool can "
        f"hold, cannot be drawn: name more kinds, sizes or scene.colours, or ask for fewer parts"
    )


def one_each(
    rng: np.random.Generator,
    count: int,
    kinds: Mapping[str, Any],
    config: Mapping[str, Any],
    key: str,
) -> list[Body]:
    """A workpiece each of `count` of the `kinds` (kind -> ranges)."""
    if not 1 <= count <= len(kinds):
        raise UserError(
            f"{count} kinds of parts asked for, {key} has {len(kinds)}: "
            f"change scene.count, or name more kinds; there are: {', '.join(catalogue.kinds())}"
        )
    names = sorted(kinds)
    chosen = [names[int(i)] for i in rng.permutation(len(names))[:count]]
    return [workpiece(rng, kind, kind, kinds[kind], config, key) for kind in chosen]


def colour_of(name: str) -> RGB:
    """The sRGB of a colour's name."""
    if name not in materials.COLOURS:
        raise unknown("colour", name, materials.COLOURS)
    return materials.COLOURS[name]


def finished(finish: str, rng: np.random.Generator, rgb: Sequence[float] | None = None) -> Material:
    """The look of a finish, in its own colour or another, with a seed for its traces of wear."""
    look = materials.finish(finish)
    r, g, b = rgb if rgb is not None else look.rgb
    roughness = look.roughness if rgb is None else colour.dull((r, g, b), look.roughness)
    return Material(finish, (r, g, b), roughness, look.metallic, seed=int(rng.integers(2**31)))


def fixture(
    name: str, kind: str, params: Mapping[str, Any], pose: Pose, material: Material,
    *, role: str = "fixture", friction: float = 0.6, words: Mapping[str, str] | None = None,
) -> Body:  # fmt: skip
    """Something that stands where it stands."""
    said = {"part": kind, **(words or {})}
    return Body(name, kind, params, pose, material, role, fixed=True, friction=friction, words=said)


def part_of(body: Body) -> Part:
    return catalogue.build(body.kind, body.params)
