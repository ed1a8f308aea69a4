"""Sources that differ in cameras, actions, rates and sensors, seen as one."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from episodes import Library, Mix
from episodes.episode import Episode
from episodes.errors import UserError
from episodes.mix.mix import build, table
from episodes.mix.resample import deltas, resample
from episodes.mix.resize import nearest, smooth
from sim.pose import Pose, matrix_to_quat, rotvec_to_matrix
from tests.helpers import ROOT
from tests.mixing import ONE_CAMERA, episodes, make_library, real

SHARED = ROOT.parent / "shared" / "realdata"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("align")
    make_library(root / "sim", episodes(6))
    make_library(root / "real", real(4))
    return root


def mixed(home: Path, out: Path, *, names: tuple[str, ...] = ("sim", "real"), **config: Any) -> Mix:
    sources = [{"name": name, "path": str(home / name)} for name in names]
    build(out / "m.json", {"sources": sources, **ONE_CAMERA, **config})
    return Mix(out / "m.json")


def samples(mix: Mix, count: int, source: str | None = None) -> list[dict[str, Any]]:
    found = (mix.window(i) for i in range(10**6) if source in (None, mix.draw(i).source))
    return [next(found) for _ in range(count)]


@lru_cache(maxsize=64)
def read(library: Path, episode: int) -> Episode:
    return Library(library).read(episode)


# --- cameras


def test_cameras_get_one_name_and_one_size(home: Path, tmp_path: Path) -> None:
    cameras = {"main": ["front_image", "observation.images.image_0"]}
    mix = mixed(home, tmp_path, cameras=cameras, image_size=[12, 10])
    for sample in samples(mix, 30):
        views = [name for name in sample if name.startswith("obs/") and "image" in name]
        assert views == ["obs/main_image"]
        assert sample["obs/main_image"].shape == (1, 10, 12, 3)
        camera = {"sim": "front", "real": "image_0"}[sample["source"]]
        told = read(home / sample["source"], sample["episode"])
        frame = told.cameras[camera].rgb[sample["step"]]
        assert np.array_equal(sample["obs/main_image"][0], smooth(frame[None], 10, 12)[0])


def test_sources_without_a_common_camera_are_refused(home: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="real has no camera front, its cameras are: image_0"):
        mixed(home, tmp_path, cameras={"main": ["front"]})
    with pytest.raises(UserError, match=r"no common camera: .*24x32x3 in sim and 16x20x3 in real"):
        mixed(home, tmp_path, cameras={"main": ["front", "image_0"]}, image_size=None)
    with pytest.raises(UserError, match=r"unknown camera for 'main'.*did you mean 'front'"):
        mixed(home, tmp_path, cameras={"main": ["fromt"]})
    told = (
        'no common camera: sim has front wrist, real has image_0; "cameras.main=[front,image_0]" '
        "makes one, missing_keys=mask delivers each source's own, and "
        '"keys=[actions,obs/ee_pose]" does without pictures'
    )
    for keys in (None, ["actions", "obs/*"], ["actions", "obs/*_image"]):
        with pytest.raises(UserError, match=re.escape(told)):
            mixed(home, tmp_path, cameras=None, keys=keys)
    assert list(tmp_path.iterdir()) == []


def test_pictures_are_resized_as_pillow_does_it() -> None:
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, (9, 12, 3), np.uint8))
    frame = np.array(coarse.resize((64, 48), Image.Resampling.BICUBIC))
    for width, height in ((32, 24), (20, 31), (64, 48), (100, 90), (1, 1)):
        ours = smooth(frame[None], height, width)[0]
        theirs = Image.fromarray(frame).resize((width, height), Image.Resampling.BILINEAR)
        assert np.abs(ours.astype(int) - np.array(theirs)).max() <= 2


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 255))
@settings(max_examples=40, deadline=None)
def test_an_even_picture_stays_even_in_any_size(old: int, new: int, level: int) -> None:
    frame = np.full((1, old, old, 3), level, np.uint8)
    assert np.all(smooth(frame, new, new) == level)


def test_depth_and_ids_are_never_blended() -> None:
    ids = np.random.default_rng(1).choice([0, 7, 900], (2, 13, 17)).astype(np.uint16)
    small = nearest(ids, 5, 6)
    assert small.shape == (2, 5, 6)
    assert set(np.unique(small)) <= {0, 7, 900}
    assert np.array_equal(nearest(ids, 13, 17), ids)
    assert np.array_equal(nearest(ids.repeat(2, 1).repeat(2, 2), 13, 17), ids)


# --- actions


def _without(one: Episode, *names: str) -> Episode:
    return replace(one, action={k: v for k, v in one.action.items() if k not in names})


def test_commanded_poses_become_motion(tmp_path: Path) -> None:
    make_library(tmp_path / "poses", [_without(one, "ee_delta") for one in episodes(3)])
    make_library(tmp_path / "moves", episodes(3))
    mix = mixed(tmp_path, tmp_path, names=("poses", "moves"))
    for sample in samples(mix, 30, "poses"):
        told = read(tmp_path / "moves", sample["episode"])
        stop = min(sample["step"] + 16, told.steps)
        expected = told.action["ee_delta"][sample["step"] : stop]
        got = sample["actions"][: stop - sample["step"], :6]
        # synthetic episodes start at the commanded pose, so the first step agrees as well
        assert np.abs(got - expected).max() < 1e-6


def test_joint_commands_become_motion_by_the_robots_own_kinematics(tmp_path: Path) -> None:
    def poses(joints: np.ndarray) -> np.ndarray:  # an arm that turns about z and shifts along x
        turn = [matrix_to_quat(rotvec_to_matrix([0, 0, q[0]])) for q in joints]
        return np.array([[q[1], 0, 0, *t] for q, t in zip(joints, turn, strict=True)])

    plain = [_without(one, "ee_delta", "ee_pose") for one in episodes(3)]
    make_library(tmp_path / "joints", plain)
    with pytest.raises(UserError, match="need the robot's kinematics") as caught:
        mixed(tmp_path, tmp_path, names=("joints",))
    assert "action_space=joint_position" in str(caught.value)
    config = {"sources": [{"path": str(tmp_path / "joints")}], "horizon": 4}
    build(tmp_path / "m.json", config, {"panda": poses})
    with pytest.raises(UserError, match="needs the kinematics of 'panda'"):
        Mix(tmp_path / "m.json")[0]
    mix = Mix(tmp_path / "m.json", kinematics={"panda": poses})
    for sample in samples(mix, 30):
        told = read(tmp_path / "joints", sample["episode"])
        before = told.obs["joint_position"][:1]
        joints = np.concatenate([before, told.action["joint_position"]])
        for k in range(min(4, told.steps - sample["step"])):
            a, b = joints[sample["step"] + k], joints[sample["step"] + k + 1]
            assert sample["actions"][k, 0] == pytest.approx(b[1] - a[1], abs=1e-6)
            assert sample["actions"][k, 5] == pytest.approx(b[0] - a[0], abs=1e-5)


def test_an_action_space_that_a_source_lacks_is_refused(home: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'real' has no action/joint_position: TCP motion has no"):
        mixed(home, tmp_path, action_space="joint_position")
    own = [replace(one, action={}) for one in real(2)]
    make_library(tmp_path / "own", own)
    with pytest.raises(UserError, match=r"7 numbers in a space of their own.*action_space=native"):
        mixed(tmp_path, tmp_path, names=("own",))
    mix = mixed(tmp_path, tmp_path, names=("own",), action_space="native")
    sample = mix[0]
    assert np.array_equal(sample["actions"][0], own[sample["episode"]].actions[sample["step"]])


def test_joint_commands_come_with_the_gripper(home: Path, tmp_path: Path) -> None:
    mix = mixed(home, tmp_path, names=("sim",), action_space="joint_position", horizon=1)
    for sample in samples(mix, 10):
        told = read(home / "sim", sample["episode"]).action
        expected = [*told["joint_position"][sample["step"]], *told["gripper"][sample["step"]]]
        assert np.array_equal(sample["actions"][0], np.float32(expected))


# --- rates


def _walk(moves: np.ndarray) -> Pose:
    pose = Pose((0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))
    for move in moves:
        turned = rotvec_to_matrix(move[3:]) @ pose.rotation
        pose = Pose.at(np.add(pose.position, move[:3]), turned)
    return pose


@given(st.integers(1, 12), st.floats(0.1, 7.0), st.integers(0, 2**32))
@settings(max_examples=50, deadline=None)
def test_resampled_motion_leads_to_the_same_place(count: int, ratio: float, seed: int) -> None:
    moves = np.random.default_rng(seed).normal(0, 0.3, (count, 6))
    edges = np.append(np.arange(0, count, ratio), count)
    end, other = _walk(moves), _walk(resample(moves, edges))
    assert np.allclose(end.position, other.position, atol=1e-9)
    assert np.allclose(end.rotation, other.rotation, atol=1e-9)


def test_deltas_undo_poses() -> None:
    rng = np.random.default_rng(3)
    turns = rng.normal(0, 2, (20, 3))
    poses = [[*rng.normal(0, 1, 3), *matrix_to_quat(rotvec_to_matrix(turn))] for turn in turns]
    start, end = np.array(poses)[0], np.array(poses)[-1]
    walked = _walk(deltas(np.array(poses)))
    assert np.allclose(np.array(walked.position) + start[:3], end[:3])
    first = Pose(tuple(start[:3]), tuple(start[3:])).rotation
    last = Pose(tuple(end[:3]), tuple(end[3:])).rotation
    assert np.allclose(walked.rotation @ first, last)


@pytest.mark.parametrize("hz", [5, 10, 8, 20, 50])
def test_a_rate_means_the_same_time_for_every_source(home: Path, tmp_path: Path, hz: int) -> None:
    mix = mixed(home, tmp_path, hz=hz, horizon=3, history=2)
    for sample in samples(mix, 60):
        told = read(home / sample["source"], sample["episode"])
        step, ratio = sample["step"], told.control_hz / hz
        begin, end = step, min(step + 3 * ratio, told.steps)
        delta = resample(told.action["ee_delta"], [begin, end])[0]
        walked = _walk(sample["actions"][:, :6].astype(float))
        assert np.allclose(walked.position, delta[:3], atol=1e-5)
        assert np.allclose(walked.rotation, rotvec_to_matrix(delta[3:]), atol=1e-5)
        before = int(np.floor(step - ratio + 1e-6))
        assert list(sample["mask/obs"]) == [before >= 0, True]
        expected = told.obs["ee_pose"][[max(before, 0), step]]
        assert np.array_equal(sample["obs/ee_pose"], expected)
        within = [step + k * ratio < told.steps - 1e-6 for k in range(3)]
        assert list(sample["mask/actions"]) == within
        held = [min(int(np.ceil(step + (k + 1) * ratio - 1e-6)), told.steps) - 1 for k in range(3)]
        assert np.array_equal(sample["actions"][:, 6], told.action["gripper"][held, 0])


def test_native_actions_have_no_rate_of_their_own(home: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="native actions cannot be resampled"):
        mixed(home, tmp_path, hz=10, action_space="native")


# --- what a source lacks


def test_missing_keys_as_an_error_names_key_and_source(home: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="obs/front_image: real lacks it; missing_keys=mask or"):
        mixed(home, tmp_path, cameras=None, missing_keys="error")
    mix = mixed(home, tmp_path, cameras=None, missing_keys="error", keys=["actions", "obs/ee_pose"])
    assert mix.manifest.notes == ()


def test_missing_keys_as_a_mask_are_zeros_that_say_so(home: Path, tmp_path: Path) -> None:
    narrow = [replace(one, obs={**one.obs, "state": one.obs["ee_pose"][:, :4]}) for one in real(2)]
    make_library(tmp_path / "narrow", narrow)
    for name in ("sim", "real"):
        (tmp_path / name).symlink_to(home / name)
    names = ("sim", "real", "narrow")
    mix = mixed(
        tmp_path, tmp_path, names=names, cameras=None, missing_keys="mask", normalize="global"
    )
    widths = {"sim": 0, "real": 6, "narrow": 4}
    shapes = set()
    for sample in samples(mix, 30):
        shapes.add(tuple((k, getattr(v, "shape", None)) for k, v in sample.items()))
        has = sample["has/obs/state"]
        assert list(has) == [n < widths[sample["source"]] for n in range(6)]
        assert not sample["obs/state"][:, ~has].any()
        assert sample["has/obs/front_image"] == (sample["source"] == "sim")
        assert bool(sample["obs/front_image"].any()) == (sample["source"] == "sim")
        assert "has/obs/ee_pose" not in sample
    assert len(shapes) == 1
    assert "obs/state 6 (masked)" in table(mix.manifest)


def test_a_source_without_actions_is_masked_only_if_asked(home: Path, tmp_path: Path) -> None:
    films = [
        replace(one, action={}, actions=np.zeros((one.steps, 0), np.float32), domain="world_model")
        for one in real(2)
    ]
    make_library(tmp_path / "films", films)
    (tmp_path / "sim").symlink_to(home / "sim")
    with pytest.raises(UserError, match="'films' has no action/ee_delta"):
        mixed(tmp_path, tmp_path, names=("sim", "films"))
    mix = mixed(tmp_path, tmp_path, names=("sim", "films"), missing_keys="mask")
    for sample in samples(mix, 20):
        assert sample["has/actions"].all() == (sample["source"] == "sim")
        assert sample["actions"].shape == (16, 7)


def test_keys_pick_what_is_delivered(home: Path, tmp_path: Path) -> None:
    mix = mixed(
        home,
        tmp_path,
        names=("sim",),
        cameras=None,
        keys=["rewards", "obs/joint_*", "obs/wrist_depth"],
    )
    assert [k for k in mix[0] if "/" in k and not k.startswith("mask")] == [
        "obs/joint_position",
        "obs/joint_velocity",
        "obs/wrist_depth",
    ]
    assert mix[0]["rewards"].shape == (16,)
    with pytest.raises(UserError, match="unknown key 'obs/joint_postion'; did you mean"):
        mixed(home, tmp_path / "x", keys=["obs/joint_postion"])


# --- scale


@pytest.mark.parametrize("scope", ["per_source", "per_embodiment", "global"])
def test_normalised_data_has_no_mean_and_unit_spread(
    home: Path, tmp_path: Path, scope: str
) -> None:
    mix = mixed(home, tmp_path, normalize=scope, horizon=1, draws=10**6)
    found = samples(mix, 4000)
    groups = [found] if scope == "global" else [
        [s for s in found if s["source"] == name] for name in ("sim", "real")
    ]  # fmt: skip
    spread = 0.12 if scope == "global" else 0.06  # the sample is no whole number of epochs
    for group in groups:
        for key in ("actions", "obs/ee_pose"):
            values = np.concatenate([s[key] for s in group])
            assert values.dtype == np.float32
            alive = values.std(axis=0) > 1e-3
            assert alive.sum() >= 4
            assert np.abs(values.mean(axis=0)).max() < spread
            assert np.abs(values.std(axis=0)[alive] - 1).max() < spread
    assert found[0]["obs/front_image"].dtype == np.uint8 if "obs/front_image" in found[0] else True


def test_normalised_actions_can_be_undone(home: Path, tmp_path: Path) -> None:
    mix = mixed(home, tmp_path, normalize="per_source", horizon=1)
    for sample in samples(mix, 20):
        told = read(home / sample["source"], sample["episode"])
        back = mix.denormalize(
            "actions", sample["actions"], source=sample["source"], robot=sample["robot"]
        )
        assert np.allclose(back[0], told.actions[sample["step"]], atol=1e-6)


def test_statistics_are_of_every_step(home: Path, tmp_path: Path) -> None:
    mix = mixed(home, tmp_path, normalize="per_source")
    told = np.concatenate([e.actions for e in Library(home / "real").episodes(images=False)])
    found = mix.manifest.statistics["real"]["actions"]
    for name in ("mean", "std", "min", "max"):
        assert np.allclose(found[name], getattr(told.astype(float), name)(axis=0), rtol=1e-6)


# --- real data


def test_real_and_simulated_data_mix(home: Path, tmp_path: Path) -> None:
    bridge = SHARED / "octo_bridge_rlds"
    if not bridge.is_dir():
        pytest.skip("the real sample octo_bridge_rlds is not there")
    from episodes.finding import Report
    from episodes.formats import rlds

    make_library(tmp_path / "real", list(rlds.read(bridge, report=Report())), shard_size=25)
    (tmp_path / "sim").symlink_to(home / "sim")
    cameras = {"main": ["front", "image_0"]}
    mix = mixed(tmp_path, tmp_path, cameras=cameras, image_size=[48, 48], normalize="global")
    found = samples(mix, 200)
    assert {s["domain"] for s in found} == {"sim", "real"}
    for name in ("actions", "obs/main_image"):
        assert len({s[name].shape for s in found}) == 1
    assert {s["instruction"] for s in found if s["domain"] == "real"} >= {"put carrot on plate"}


@pytest.mark.parametrize("name", ["panda", "iiwa+robotiq_2f85", "xarm7+vacuum"])
def test_the_command_line_knows_the_kinematics_of_every_robot(name: str) -> None:
    from generators.command.verbs.mix import TcpToBase
    from sim.robots import robot

    chain = robot.load(name).kinematics
    joints = np.random.default_rng(0).uniform(chain.lower, chain.upper, (6, len(chain.home)))
    poses = TcpToBase(name)(joints)
    for row, angles in zip(poses, joints, strict=True):
        expected = chain.tcp(angles)
        np.testing.assert_allclose(row[:3], expected.position, atol=1e-9)
        assert abs(np.dot(row[3:], expected.quaternion)) == pytest.approx(1)
