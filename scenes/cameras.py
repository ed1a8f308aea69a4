"""Where the cameras stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from assets import camera_models
from episodes.errors import UserError, unknown
from scenes.draw import count, number, section, word
from sim.pose import Pose
from sim.spec import Camera

CLEAN = "_clean"  # ends the name of a camera that sees what another one would without noise


def look_at(eye: ArrayLike, target: ArrayLike, up: ArrayLike = (0.0, 0.0, 1.0)) -> Pose:
    """camera_to_parent of a camera at `eye` that has `target` in its centre and `up` upwards."""
    forward = np.subtract(target, eye)
    forward = forward / np.linalg.norm(forward)
    right = np.cross(forward, np.asarray(up, float))
    right /= np.linalg.norm(right)
    return Pose.at(eye, np.stack([right, np.cross(forward, right), forward], axis=1))


def cameras(
    config: Mapping[str, Any], rng: np.random.Generator, target: Sequence[float], wrist: str,
    housings: Mapping[str, Pose] = MappingProxyType({}),
) -> tuple[Camera, ...]:  # fmt: skip
    """The cameras of `config["camera"]`: each stands around `target` (3,) [m, world], or rides on
    the link `wrist` ("{robot}/{link}").

    A camera with `mount: fixed` has distance_m, azimuth_deg (0: facing the robot), elevation_deg,
    aim_jitter_m; with the name of one of `housings` (fixed body -> camera_to_body) it is built into
    that; with `mount: wrist` it has position_m, aim_m (both in the link's frame), jitter_m. It may
    have a `model` of `assets.camera_models` (and then need not say its fov_deg), a `size_px` [W, H]
    of its own, shutter_s and readout_s, `every` (a picture in every n-th control period only), and
    `clean: true`: a twin NAME_clean that sees the same without any noise.
    """
    out = []
    for name, at in section(config, "camera").items():
        key = f"camera.{name}"
        model = word(rng, at.get("model", "ideal"), f"{key}.model")
        if model not in camera_models.names():
            raise unknown(f"{key}.model:", model, camera_models.names())
        width, height = _size(config, at)
        fov = camera_models.MODELS[model].fov if model in camera_models.MODELS else 0.0
        if "fov_deg" in at or not fov:
            fov = np.deg2rad(number(rng, at["fov_deg"], f"{key}.fov_deg"))
        match at.get("mount"):
            case "fixed":
                pose, parent = _orbit(at, rng, target, key), ""
            case "wrist":
                jitter = number(rng, at["jitter_m"], f"{key}.jitter_m")
                eye = np.add(at["position_m"], rng.uniform(-jitter, jitter, 3))
                aim = np.add(at["aim_m"], rng.uniform(-jitter, jitter, 3))
                pose, parent = look_at(eye, aim, up=(1.0, 0.0, 0.0)), wrist
            case built if built in housings:
                pose, parent = housings[built], str(built)
            case other:
                mounts = ", ".join(["fixed", "wrist", *housings])
                raise UserError(f"{key}.mount={other!r}: mounts here: {mounts}")
        shutter, readout = (
            number(rng, at.get(k, 0.0), f"{key}.{k}") for k in ("shutter_s", "readout_s")
        )
        camera = Camera(
            str(name), pose, width, height, float(fov), parent,
            model=model, shutter=shutter, readout=readout,
            every=max(1, count(rng, at.get("every", 1), f"{key}.every")),
        )  # fmt: skip
        out += _with_twin(camera, at)
    return tuple(out)


def outlines(config: Mapping[str, Any]) -> tuple[Camera, ...]:
    """The cameras of `config["camera"]` as far as they are alike in every cell: names, sizes and
    models. Of several models to draw from it is one without depth, if any is."""
    out: list[Camera] = []
    for name, at in section(config, "camera").items():
        model = at.get("model", "ideal")
        models = [str(m) for m in ([model] if isinstance(model, str) else model)]
        devices = camera_models.MODELS
        flat = [m for m in models if m in devices and devices[m].ranging is None]
        camera = Camera(
            str(name), Pose(), *_size(config, at), model=(flat or models or ["ideal"])[0]
        )
        out += _with_twin(camera, at)
    return tuple(out)


def _size(config: Mapping[str, Any], at: Mapping[str, Any]) -> tuple[int, int]:
    """(W, H) [px] of a camera: its own, or that of all."""
    return image_size({"image_size": at["size_px"]} if "size_px" in at else config)


def _with_twin(camera: Camera, at: Mapping[str, Any]) -> list[Camera]:
    """The camera, and where it is asked for the one that sees the same without any noise."""
    if not at.get("clean", False):
        return [camera]
    name = f"{camera.name}{CLEAN}"
    return [camera, replace(camera, name=name, model="ideal", shutter=0.0, readout=0.0)]


def image_size(config: Mapping[str, Any]) -> tuple[int, int]:
    """`image_size: [W, H]` [px] of the config."""
    match config.get("image_size"):
        case [int() as width, int() as height] if 0 < width <= 8192 and 0 < height <= 8192:
            return width, height
        case other:
            raise UserError(f"image_size={other}: give [width,height], 1 to 8192 pixels each")


def _orbit(
    at: Mapping[str, Any], rng: np.random.Generator, target: Sequence[float], key: str
) -> Pose:
    distance = number(rng, at["distance_m"], f"{key}.distance_m")
    azimuth = np.deg2rad(number(rng, at["azimuth_deg"], f"{key}.azimuth_deg"))
    elevation = np.deg2rad(number(rng, at["elevation_deg"], f"{key}.elevation_deg"))
    jitter = number(rng, at["aim_jitter_m"], f"{key}.aim_jitter_m")
    aim = np.add(target, rng.uniform(-jitter, jitter, 3))
    flat = distance * np.cos(elevation)
    away = (flat * np.cos(azimuth), flat * np.sin(azimuth), distance * np.sin(elevation))
    return look_at(np.add(aim, away), aim)
