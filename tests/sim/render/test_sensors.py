"""Cameras err as their data sheets say, and ideal ones not at all."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from assets.camera_models import MODELS
from episodes.errors import UserError
from generators import run
from generators.command import hydra_app
from scenes import look
from scenes.cameras import cameras, look_at
from sim import render
from sim.pose import Pose
from sim.render import blur, sensors
from sim.render.base import Frame
from sim.spec import Camera, Cell, Material
from tests.helpers import synthetic_episode
from tests.raster_cells import bench, body, states

STATES = np.zeros((1, 0))
D435 = MODELS["d435"].ranging
assert D435 is not None


def wall(z: float, size: int = 120, value: int = 128) -> Frame:
    """A wall straight ahead, at depth z [m]."""
    counts = np.full((size, size), round(z * 1e4), np.uint16)
    return Frame(
        np.full((size, size, 3), value, np.uint8), counts, np.ones((size, size), np.uint16)
    )


def cell(model: str, material: Material | None = None, **options: float) -> Cell:
    thing = body("wall", "block", Pose(), fixed=True)
    thing = replace(thing, material=material or Material("painted", (0.6, 0.6, 0.6), 0.6))
    camera = Camera("eye", Pose(), 120, 120, 0.74, model=model, **options)
    return Cell(bodies=(thing,), cameras=(camera,))


def taken(frame: Frame, of: Cell, seed: int = 0) -> Frame:
    (row,) = sensors.through(of, STATES, [{"eye": frame}], np.random.default_rng(seed))
    return row["eye"]


def metres(frame: Frame) -> NDArray[np.float64]:
    return frame.depth[frame.depth > 0] * 1e-4


def test_an_ideal_camera_changes_nothing() -> None:
    frame = wall(1.0)
    assert taken(frame, cell("ideal")) is frame


@pytest.mark.parametrize("z", [0.5, 1.0, 2.0])
def test_stereo_noise_is_what_the_makers_say(z: float) -> None:
    """rms = z^2 * subpixel / (focal * baseline); steps of disparity add their share."""
    noisy = metres(taken(wall(z), cell("d435")))
    expected = z * z * np.hypot(D435.noise, D435.step / np.sqrt(12)) / (D435.focal * D435.baseline)
    assert noisy.std() == pytest.approx(expected, rel=0.08)
    assert noisy.mean() == pytest.approx(z, abs=expected / 10 + z * z * 1e-3)


def test_depth_comes_in_steps_of_disparity() -> None:
    noisy = metres(taken(wall(3.0), cell("d435")))
    disparity = D435.focal * D435.baseline / np.unique(noisy)
    np.testing.assert_allclose(disparity / D435.step, np.rint(disparity / D435.step), atol=0.02)


def test_structured_light_is_far_more_precise() -> None:
    assert metres(taken(wall(0.7), cell("zivid"))).std() < 1.5e-4
    assert metres(taken(wall(0.7), cell("d435"))).std() > 1e-3


@pytest.mark.parametrize(("model", "z"), [("d435", 0.12), ("zivid", 0.25), ("zivid", 2.0)])
def test_out_of_range_there_is_nothing(model: str, z: float) -> None:
    assert not taken(wall(z), cell(model)).depth.any()


def test_a_web_camera_measures_no_depth() -> None:
    of = cell("wrist_usb")
    assert not sensors.has_depth(of.cameras[0])
    assert not taken(wall(1.0), of).depth.any()
    assert sensors.has_depth(cell("d435").cameras[0])
    assert sensors.has_depth(cell("ideal").cameras[0])


@pytest.mark.parametrize("model", sorted(MODELS))
def test_colour_noise_is_shot_noise_and_reading_noise(model: str) -> None:
    device = MODELS[model]
    for value in (40, 128, 200):
        light = blur.decoded(np.array([value], np.uint8))[0]
        noisy = blur.decoded(taken(wall(1.0, 200, value), cell(model)).rgb)
        spread = np.sqrt(device.shot * light + device.read**2)
        # eight bits of sRGB add a little of their own
        assert noisy.std() == pytest.approx(spread, rel=0.1, abs=1.2e-3)
        assert noisy.mean() == pytest.approx(light, abs=spread / 10 + 1e-3)


def lost(material: Material) -> float:
    return float(np.mean(taken(wall(0.6), cell("d435", material)).depth == 0))


def test_shiny_and_dark_surfaces_lose_depth() -> None:
    matt = lost(Material("painted", (0.6, 0.6, 0.6), 0.7))
    assert matt < 0.01
    assert lost(Material("brushed_steel", (0.66, 0.66, 0.65), 0.1, 1.0)) > 0.2
    assert lost(Material("rubber", (0.03, 0.03, 0.03), 0.9)) > 0.1


def test_slanted_surfaces_lose_depth() -> None:
    camera = cell("d435").cameras[0]
    k, size = camera.intrinsics(), 120
    u = (np.arange(size) + 0.5 - k[0, 2]) / k[0, 0]

    def slanted(angle: float) -> Frame:
        z = 1.0 / (1.0 + np.tan(angle) * (u - u[0]))
        counts = np.broadcast_to(np.rint(z * 1e4).astype(np.uint16), (size, size))
        return replace(wall(1.0), depth=np.ascontiguousarray(counts))

    steep, straight = (taken(slanted(np.deg2rad(a)), cell("d435")) for a in (84, 20))
    assert np.mean(steep.depth[:, :30] == 0) > 0.5 > np.mean(straight.depth == 0)


def test_the_second_imager_does_not_see_left_of_an_edge() -> None:
    near, far = 0.5, 1.0
    frame = wall(far)
    frame.depth[:, 60:] = round(near * 1e4)
    camera = cell("d435").cameras[0]
    strip = camera.intrinsics()[0, 0] * D435.baseline * (1 / near - 1 / far)
    holes = np.mean(taken(frame, cell("d435")).depth == 0, axis=0)
    inside = holes[int(60 - strip) + 2 : 58]
    assert len(inside) >= 4
    assert inside.mean() > 0.95
    assert holes[: int(60 - strip) - 3].mean() < 0.05
    assert holes[63:].mean() < 0.05


def test_edges_fray() -> None:
    frame = wall(1.0)
    frame.depth[:60] = 5000
    noisy = taken(frame, cell("d435")).depth
    wrong = np.abs(noisy.astype(float) - frame.depth) > 0.1 * frame.depth
    assert wrong[58:62].mean() > 0.3
    assert wrong[:55].mean() < 0.02
    assert wrong[65:].mean() < 0.02


def test_noise_is_the_instant_s_and_the_camera_s_own() -> None:
    of = cell("d435")
    two = of.replace(cameras=(*of.cameras, replace(of.cameras[0], name="other")))
    frames = [{"eye": wall(1.0), "other": wall(1.0)} for _ in range(2)]
    rows = list(sensors.through(two, np.zeros((2, 0)), frames, np.random.default_rng(4)))
    alone = list(
        sensors.through(
            of, np.zeros((2, 0)), [{"eye": f["eye"]} for f in frames], np.random.default_rng(4)
        )
    )
    for row, only in zip(rows, alone, strict=True):
        np.testing.assert_array_equal(row["eye"].depth, only["eye"].depth)
    assert np.any(rows[0]["eye"].depth != rows[1]["eye"].depth)
    assert np.any(rows[0]["eye"].depth != rows[0]["other"].depth)


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(
        UserError, match=r"camera \w+: 'd436'; did you mean 'd435'\? there are: ideal"
    ):
        taken(wall(1.0), cell("d436"))


@pytest.mark.parametrize("size", [1, 2, 7])
def test_tiny_pictures(size: int) -> None:
    for model in MODELS:
        assert taken(wall(1.0, size), cell(model)).rgb.shape == (size, size, 3)


# motion


def test_flow_is_where_known_points_go() -> None:
    """Points of every body and link, carried by their own frames, project where the flow says."""
    of = bench(96)
    some = states(of, 2)
    some[1, 14:17] += 0.01  # and a part moves
    from sim import state_layout

    camera = of.camera("wrist")
    eyes = state_layout.camera_to_world(of, some, camera)
    places = blur.segment_to_world(of, some)
    ids = state_layout.segments(of)
    k = camera.intrinsics()
    for name in ("panda/panda_link0", "nut", "top"):
        z = np.full((96, 96), 3000, np.uint16)
        frame = Frame(np.zeros((96, 96, 3), np.uint8), z, np.full((96, 96), ids[name], np.uint16))
        over = blur.flow(camera, frame, (places[0], places[1]), (eyes[0], eyes[1]))
        row, column = 30, 70
        ray = np.linalg.inv(k) @ [column + 0.5, row + 0.5, 1.0] * 0.3
        world = eyes[0] @ [*ray, 1.0]
        carried = places[1][ids[name]] @ np.linalg.inv(places[0][ids[name]]) @ world
        seen = np.linalg.inv(eyes[1]) @ carried
        at = k @ (seen[:3] / seen[2])
        np.testing.assert_allclose(over[row, column], at[:2] - [column + 0.5, row + 0.5], atol=1e-9)


def step(width: int = 64) -> NDArray[np.uint8]:
    rgb = np.zeros((width, width, 3), np.uint8)
    rgb[:, width // 2 :] = 255
    return rgb


def test_a_slow_shutter_smears_along_the_motion() -> None:
    over = np.zeros((64, 64, 2))
    over[..., 0] = 10.0  # px to the right in a period
    camera = Camera("eye", Pose(), 64, 64, shutter=0.05)
    smeared = blur.exposed(step(), over, 0.05, camera)[32, :, 0].astype(int)
    partly = np.flatnonzero((smeared > 5) & (smeared < 250))
    assert 7 <= len(partly) <= 11
    assert partly.min() >= 31
    sharp = blur.exposed(step(), over, 0.05, replace(camera, shutter=0.0))
    np.testing.assert_array_equal(sharp, step())


def test_a_rolling_shutter_skews() -> None:
    over = np.zeros((64, 64, 2))
    over[..., 0] = 10.0
    camera = Camera("eye", Pose(), 64, 64, readout=0.05)
    skewed = blur.exposed(step(), over, 0.05, camera)[..., 0]
    edge = (skewed > 128).argmax(axis=1)
    assert edge[0] == 32
    assert edge[63] == 42
    assert np.all(np.diff(edge) >= 0)


def test_a_moving_hand_blurs_what_stands_still() -> None:
    of = bench(64)
    wrist = replace(
        of.camera("wrist"), shutter=0.02, pose=look_at((0.07, 0, 0.03), (0, 0, 0.2), (1, 0, 0))
    )
    of = of.replace(cameras=(of.camera("front"), wrist))
    some = states(of, 3)
    rng = np.random.default_rng(0)
    grain = rng.integers(0, 255, (64, 64, 3), dtype=np.uint8)
    from sim import state_layout

    ids = np.full((64, 64), state_layout.segments(of)["top"], np.uint16)
    frame = Frame(grain, np.full((64, 64), 4000, np.uint16), ids)
    rows = list(sensors.through(of, some, [{"front": frame, "wrist": frame}] * 3, rng))
    np.testing.assert_array_equal(rows[1]["front"].rgb, grain)
    assert rows[1]["wrist"].rgb.std() < 0.8 * grain.std()
    np.testing.assert_array_equal(rows[1]["wrist"].depth, frame.depth)


def test_a_slow_camera_s_picture_stands_until_the_next_one() -> None:
    base = bench(32)
    slow = tuple(replace(c, every=3) if c.name == "wrist" else c for c in base.cameras)
    some = states(base, 8)
    plain = replace(
        synthetic_episode(0, np.random.default_rng(0), 7), states=some, cell=base.to_json()
    )
    with closing(render.open_renderer("tiny")) as renderer:
        fast = run.add_frames(plain, renderer).cameras
        held = run.add_frames(plain, renderer, base.replace(cameras=slow)).cameras
    for t in range(7):
        last = t - t % 3
        for channel in ("rgb", "depth", "segmentation", "camera_to_world"):
            then = getattr(fast["wrist"], channel)[last]
            np.testing.assert_array_equal(getattr(held["wrist"], channel)[t], then)
    np.testing.assert_array_equal(held["front"].rgb, fast["front"].rgb)
    assert np.any(fast["wrist"].rgb[1] != fast["wrist"].rgb[0])


def test_a_clean_twin_sees_the_same_without_noise() -> None:
    config = hydra_app.composed("generate", ["task=bench_place", "out=-", "camera=devices",
                                             "camera.front.clean=true"])  # fmt: skip
    drawn = cameras(config, np.random.default_rng(0), (0.4, 0.0, 0.1), "panda/panda_hand")
    dressed = look.redraw(bench().replace(cameras=drawn), config["look"], np.random.default_rng(1))
    noisy, clean = dressed.camera("front"), dressed.camera("front_clean")
    assert noisy.model == "d435"
    assert replace(clean, name="front", model="d435") == noisy
