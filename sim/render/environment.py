"""The light of the hall: what metals mirror, and what reaches surfaces from all around.

The hall is a formula (lamps in rows under a ceiling, windows, machines along the walls, the bench
below), seen from the cell. It is filtered once for a row of roughness values, so that a pixel's
reflection is one texture look-up (Karis 2013, "Real Shading in Unreal Engine 4", split sum).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from episodes.array_types import Floats, Singles
from sim.render.hall import radiance
from sim.render.paint import linear
from sim.spec import Light

LEVELS = 24  # roughness steps
ROUGHNESS = np.linspace(0.08, 1.0, LEVELS)
TILE = 48  # [texel] of a level's side, without its border
PITCH = TILE + 2
SHARP = 6  # levels that are blurred from the fine map; the others are filtered exactly
COARSE = 24  # [texel] of the map that those are filtered from
KEY = 0.95  # irradiance of a key light of strength 1, over pi
SKY = 0.42  # the same of the hall at strength 1, on a horizontal surface
LAMP = 0.03  # added to GGX's alpha of highlights: lamps are not points
BRIGHTEST = 60.0
DEFAULT = (Light("lamp", "sun", (0.35, 0.25, 0.9)), Light("hall", "sky"))


@dataclass(frozen=True)
class Environment:
    """atlas (PITCH, LEVELS * PITCH, 4) f4: octahedral tiles of radiance, one a level; the fourth
    number is nothing. A surface of normal n receives, over pi, low + high (1 + n.z) / 2 +
    side . n.xy. key: direction to the key light; key_rgb: its irradiance over pi; shadow: whether
    it casts one; occlusion: strength of ambient occlusion, 0 .. 1."""

    atlas: Singles
    low: Floats
    high: Floats
    side: Floats
    key: Floats
    key_rgb: Floats
    shadow: bool
    occlusion: float


def of_lights(lights: tuple[Light, ...], ground: tuple[float, float, float]) -> Environment:
    """The strongest sun that casts a shadow is the key; other suns are lamps of the hall.

    A cell without lights is lit as if it had the default ones. ground: linear colour of what lies
    below, mostly the bench.
    """
    keys, sky, seed, shadow = sources(lights)
    up = np.array([0.0, 0.0, 1.0])
    below = SKY * sky + sum((max(d @ up, 0.0) * rgb for d, rgb in keys), np.zeros(3))
    tiles = _hall(seed) * sky + _bench() * _bounced(ground) * below
    atlas, around = tiles[:LEVELS], tiles[LEVELS]
    for direction, rgb in keys[1:]:
        atlas += _highlights(direction)[..., None] * rgb
        around += np.maximum(_directions(TILE, 1) @ direction, 0.0)[..., None] * rgb
    direction, rgb = keys[0] if keys else (up, np.zeros(3))
    constant, x, y, z = _fit() @ _exact(around[1:-1, 1:-1].reshape(-1, 3))
    low, high, side = constant - z, 2.0 * z, np.array([x.mean(), y.mean()])
    row = np.zeros((PITCH, LEVELS * PITCH, 4), np.float32)  # llvmpipe reads three numbers slower
    row[..., :3] = atlas.transpose(1, 0, 2, 3).reshape(PITCH, -1, 3)
    return Environment(
        row,
        low,
        high,
        side,
        direction,
        rgb,
        shadow,
        max((light.occlusion for light in lights if light.kind == "sky"), default=0.0),
    )


def sources(lights: tuple[Light, ...]) -> tuple[list[tuple[Floats, Floats]], Floats, int, bool]:
    """Of the lights: suns as (direction, irradiance over pi), the key first; the sky's colour (3,)
    and hall; whether the key casts a shadow."""
    lights = lights or DEFAULT
    suns = sorted(
        (light for light in lights if light.kind == "sun" and light.strength > 0),
        key=lambda light: (not light.shadow, -light.strength),
    )
    sky, seed = np.zeros(3), 0
    for light in lights:
        if light.kind == "sky":
            sky, seed = sky + np.array(linear(light.rgb)) * light.strength, light.seed
    keys = [(_unit(s.direction), KEY * s.strength * np.array(linear(s.rgb))) for s in suns]
    return keys, sky, seed, bool(suns) and suns[0].shadow


def panorama(lights: tuple[Light, ...], height: int) -> Floats:
    """(height, 2 height, 3): the hall's radiance by latitude, upwards, and longitude, falling from
    pi to -pi; for renderers that trace it."""
    _, sky, seed, _ = sources(lights)
    latitude = (np.arange(height) + 0.5) / height * np.pi - np.pi / 2
    longitude = np.pi - (np.arange(2 * height) + 0.5) / height * np.pi
    flat = np.cos(latitude)[:, None]
    directions = np.stack(
        [
            flat * np.cos(longitude),
            flat * np.sin(longitude),
            np.broadcast_to(np.sin(latitude)[:, None], (height, 2 * height)),
        ],
        axis=-1,
    )
    return radiance(directions, np.random.default_rng(seed)) * _scale(seed) * sky


def _bounced(ground: tuple[float, float, float]) -> Floats:
    """The colour that comes back from below: much of it from what lies there, and in shadow."""
    colour = np.array(ground)
    bounced: Floats = 0.8 * (0.65 * colour + 0.35 * colour.mean())
    return bounced


def _unit(direction: tuple[float, float, float]) -> Floats:
    v = np.asarray(direction, float)
    length = float(np.linalg.norm(v))
    return v / length if length > 1e-9 else np.array([0.0, 0.0, 1.0])


def _highlights(light: Floats) -> Floats:
    """(LEVELS, PITCH, PITCH): GGX's lobe about a mirrored direction, for n.l = n.v = 3/4."""
    cos2 = (1.0 + _directions(TILE, 1) @ light) / 2.0  # of the half angle
    alpha2 = ((ROUGHNESS**2 + LAMP) ** 2)[:, None, None]
    return np.minimum(alpha2 / (3.0 * (cos2 * (alpha2 - 1.0) + 1.0) ** 2), BRIGHTEST)


@lru_cache(maxsize=8)
def _directions(size: int, border: int) -> Floats:
    """(size + 2 border, ..., 3) unit directions at the texel centres of an octahedral map, rows
    along y; the border repeats what lies across the map's edge."""
    at = (np.arange(-border, size + border) + 0.5) / size * 2.0 - 1.0
    x, y = np.meshgrid(at, at)
    over = np.abs(x) > 1.0
    x, y = np.where(over, np.sign(x) * 2.0 - x, x), np.where(over, -y, y)
    over = np.abs(y) > 1.0
    y, x = np.where(over, np.sign(y) * 2.0 - y, y), np.where(over, -x, x)
    z = 1.0 - np.abs(x) - np.abs(y)
    fold = np.maximum(-z, 0.0)
    v = np.stack([x - np.sign(x) * fold, y - np.sign(y) * fold, z], axis=-1)
    unit: Floats = v / np.linalg.norm(v, axis=-1, keepdims=True)
    return unit


_PAD = 20  # [texel] around the fine map, for the blur


def _hall(seed: int) -> Floats:
    """The tiles of a hall above and around, scaled so that a horizontal surface gets SKY."""
    return _raw_hall(seed) * _scale(seed)


@lru_cache(maxsize=32)
def _raw_hall(seed: int) -> Floats:
    directions = _directions(2 * TILE, _PAD)
    raw = radiance(directions, np.random.default_rng(seed))
    return _filtered(raw * (directions[..., 2:] > -0.06))


def _scale(seed: int) -> float:
    """What the hall's radiance is multiplied with, so that a horizontal surface gets SKY."""
    return SKY / float(_raw_hall(seed)[LEVELS, PITCH // 2, PITCH // 2].mean())


@lru_cache(maxsize=1)
def _bench() -> Floats:
    """The tiles of what lies below, of radiance 1."""
    z = _directions(2 * TILE, _PAD)[..., 2:]
    return _filtered(np.repeat(np.where(z > -0.06, 0.0, np.clip(1.1 + z, 0.35, 1.0)), 3, axis=-1))


def _filtered(fine: Floats) -> Floats:
    """(LEVELS + 1, PITCH, PITCH, 3) from the padded fine map."""
    out = np.zeros((LEVELS + 1, PITCH, PITCH, 3))
    texel, blurred, done = np.pi / (2 * TILE), fine, 0.0
    for level in range(SHARP):
        # the spread of a mirrored GGX lobe, about: twice that of its normals
        sigma2 = (1.6 * ROUGHNESS[level] ** 2 / texel) ** 2
        blurred, done = _blurred(blurred, sigma2 - done), sigma2
        out[level] = _halved(blurred)
    inner = fine[_PAD:-_PAD, _PAD:-_PAD]
    step = 2 * TILE // COARSE
    coarse = inner.reshape(COARSE, step, COARSE, step, 3).mean(axis=(1, 3)).reshape(-1, 3)
    coarse = _exact(coarse)
    for level in range(SHARP, LEVELS + 1):
        out[level] = _enlarged((_lobes(level) @ coarse).reshape(COARSE + 2, COARSE + 2, 3))
    return out


def _exact(radiance: Floats) -> Floats:
    """Rounded so that sums of products with weights of 30 bits are exact in doubles: no order of
    adding, and so no library or thread count, can change a bit."""
    return np.rint(np.minimum(radiance, 60.0) * 2.0**12) / 2.0**12


@lru_cache(maxsize=1)
def _fit() -> Floats:
    """(4, TILE^2): least squares of 1, x, y, z over all directions."""
    d = _directions(TILE, 0).reshape(-1, 3)
    weight = np.abs(d).sum(axis=1) ** 1.5
    basis = np.column_stack([np.ones(len(d)), d])
    rounded: Floats = np.rint(np.linalg.pinv(basis * weight[:, None]) * weight * 2.0**30) / 2.0**30
    return rounded


def _blurred(image: Floats, variance: float) -> Floats:
    """A binomial blur of that variance [texel^2]; each pass of (1 2 1) / 4 adds a half."""
    for _ in range(round(2.0 * variance)):
        image = image + 0.25 * (np.roll(image, 1, 0) + np.roll(image, -1, 0) - 2.0 * image)
        image = image + 0.25 * (np.roll(image, 1, 1) + np.roll(image, -1, 1) - 2.0 * image)
    return image


def _halved(padded: Floats) -> Floats:
    """The padded fine map at half its size, with a border of one texel."""
    cut = padded[_PAD - 2 : 2 - _PAD, _PAD - 2 : 2 - _PAD]
    halved: Floats = cut.reshape(PITCH, 2, PITCH, 2, 3).mean(axis=(1, 3))
    return halved


def _enlarged(image: Floats) -> Floats:
    """A bordered coarse tile (COARSE + 2, ..., 3) at TILE's size, bilinear, with its border."""
    at = (np.arange(-1, TILE + 1) + 0.5) * COARSE / TILE + 0.5
    low = np.floor(at).astype(int)
    t = at - low
    rows = image[low] * (1 - t)[:, None, None] + image[low + 1] * t[:, None, None]
    out: Floats = rows[:, low] * (1 - t)[None, :, None] + rows[:, low + 1] * t[None, :, None]
    return out


@lru_cache(maxsize=LEVELS + 1)
def _lobes(level: int) -> Floats:
    """((COARSE + 2)^2, COARSE^2): weights of the map's directions around each direction."""
    out = _directions(COARSE, 1).reshape(-1, 3)
    into = _directions(COARSE, 0).reshape(-1, 3)
    # An octahedral texel covers |v|^-3 of the sphere, v on the octahedron: sum(|x|) = 1 there.
    solid = (np.abs(into).sum(axis=1)) ** 3
    cos = (
        out[:, :1] * into[None, :, 0]
        + out[:, 1:2] * into[None, :, 1]
        + out[:, 2:] * into[None, :, 2]
    )
    if level == LEVELS:
        weight = np.maximum(cos, 0.0) * solid
    else:
        alpha2 = ROUGHNESS[level] ** 4
        weight = (
            np.where(cos > 0, alpha2 / ((1 + cos) / 2 * (alpha2 - 1) + 1) ** 2 * cos, 0.0) * solid
        )
    weight /= weight.sum(axis=1, keepdims=True)
    rounded: Floats = np.rint(weight * 2.0**30) / 2.0**30
    return rounded
