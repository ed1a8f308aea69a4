"""Cameras are found by the names that they have, and what is told of them can be asked for."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from episodes import Library, Mix
from episodes.mix.build import build
from episodes.mix.cameras import chosen
from episodes.mix.loader import Loader
from generators.command.cli import dispatch
from tests import foreign
from tests.mixing import episodes, make_library, real


@pytest.mark.parametrize(
    ("alias", "cameras", "camera"),
    [
        ("front", ["front", "wrist"], "front"),
        ("front_image", ["front", "wrist"], "front"),
        ("obs/front_image", ["front", "front_image"], "front"),
        ("observation.images.front", ["front", "wrist"], "front"),
        ("observation/image_0", ["image_0", "image_1"], "image_0"),
        ("steps/observation/image", ["image", "wrist_image"], "image"),
        ("wrist_image", ["image", "wrist_image"], "wrist_image"),
        ("wrist_image", ["wrist", "wrist_image"], "wrist_image"),
        ("wrist_image_image", ["image", "wrist_image"], "wrist_image"),
        ("obs/wrist_image_image", ["image", "wrist_image"], "wrist_image"),
        ("wrist", ["image", "wrist_image"], "wrist_image"),
        ("image", ["image", "wrist_image"], "image"),
        ("left.wrist", ["left.wrist", "wrist"], "left.wrist"),
        ("left/wrist", ["left.wrist", "wrist"], "left.wrist"),
        ("observation.images.left.wrist", ["left.wrist"], "left.wrist"),
        ("observation.images.cam.rgb_image", ["cam.rgb_image"], "cam.rgb_image"),
        ("right.wrist", ["left.wrist", "wrist"], None),
        ("front", ["frontal"], None),
    ],
)
def test_a_camera_is_found_by_its_name(alias: str, cameras: list[str], camera: str | None) -> None:
    assert chosen({"main": [alias]}, cameras).get("main") == camera


def test_what_another_entry_names_as_it_is_is_that_ones() -> None:
    wanted = {"main": ["hand", "wrist"], "hand_eye": ["wrist_image"]}
    assert chosen(wanted, ["wrist_image"]) == {"hand_eye": "wrist_image"}
    assert chosen(wanted, ["wrist"]) == {"main": "wrist"}
    assert chosen({"main": ["hand_image"]}, ["hand", "main"]) == {"main": "hand"}
    assert chosen({"main": ["hand_image"]}, ["main"]) == {"main": "main"}


def named(one: Any, names: dict[str, str]) -> Any:
    return replace(one, cameras={names[name]: track for name, track in one.cameras.items()})


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("cameras")
    make_library(root / "sim", episodes(3))
    make_library(root / "other", [named(e, {"image_0": "wrist_image"}) for e in real(3)])
    names = {"front": "left.cam", "wrist": "front_image"}
    make_library(root / "odd", [named(e, names) for e in episodes(3)])
    return root


def mixed(home: Path, out: Path, names: tuple[str, ...] = ("sim",), **config: Any) -> Mix:
    sources = [{"name": name, "path": str(home / name)} for name in names]
    build(out / "m.json", {"sources": sources, **config})
    return Mix(out / "m.json")


@pytest.mark.parametrize("name", ["sim", "other", "odd"])
def test_a_source_alone_shows_all_of_its_cameras(home: Path, tmp_path: Path, name: str) -> None:
    mix = mixed(home, tmp_path, (name,))
    library = Library(home / name)
    for i in range(10):
        episode = library.read(mix[i]["episode"])
        pictures = {key for key in mix[i] if key.endswith("_image")}
        assert pictures == {f"obs/{camera}_image" for camera in episode.cameras}
        for camera, track in episode.cameras.items():
            assert np.array_equal(mix[i][f"obs/{camera}_image"][0], track.rgb[mix[i]["step"]])


def test_every_name_that_a_mix_lists_finds_its_camera(home: Path, tmp_path: Path) -> None:
    for n, name in enumerate(("sim", "other", "odd")):
        (tmp_path / str(n)).mkdir()
        listed = [k.name for k in mixed(home, tmp_path / str(n), (name,)).manifest.keys]
        views = [key for key in listed if key.endswith("_image")]
        for key in views:
            for alias in (key, key.removeprefix("obs/"), key[4:-6]):
                out = tmp_path / f"{n}-{alias.replace('/', '-')}"
                out.mkdir()
                found = mixed(home, out, (name,), cameras={"main": [alias]}).manifest.keys
                (main,) = [k for k in found if k.name == "obs/main_image"]
                camera = key[4:-6]
                exact = alias if f"obs/{alias}_image" in views else camera
                assert main.origin[name] == (f"obs/{exact}_image",)


def test_what_is_there_is_never_called_lacking(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As it is typed; a camera that ends in _image beside one that does not."""
    sources = f"sources=[{{name:sim,path:{home}/sim}},{{name:other,path:{home}/other}}]"
    words = ["mix", sources, "image_size=[16,16]"]
    cameras = "cameras={hand:[wrist,wrist_image]}"
    assert dispatch([*words, f"out={tmp_path}/a.json", cameras]) == 0
    assert "_image: " not in capsys.readouterr().out.replace("obs/hand_image 16x16x3", "")
    assert Mix(tmp_path / "a.json").manifest.keys[-1].name == "obs/hand_image"
    cameras = "cameras={hand:[wrist],front:[front,wrist_imgae]}"
    assert dispatch([*words, f"out={tmp_path}/b.json", cameras]) == 0
    said = capsys.readouterr().out
    told = "left out obs/front_image: other has no camera front or wrist_imgae, its cameras are:"
    assert f"{told} wrist_image" in said


def test_an_imported_set_with_such_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pyarrow", reason="the extra 'formats' is not installed")
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 255, (6, 16, 16, 3), np.uint8)
    columns = {
        "action": lambda n: np.full((6, 7), n, np.float32),
        "image": lambda n: picture + np.uint8(n),
        "wrist_image": lambda n: picture + np.uint8(100 + n),
    }
    source = foreign.lerobot(tmp_path / "set", columns)
    assert dispatch(["import", f"src={source}", f"out={tmp_path}/real"]) == 0
    words = ["mix", f"sources=[{{name:real,path:{tmp_path}/real}}]", "action_space=native"]
    capsys.readouterr()
    assert dispatch([*words, f"out={tmp_path}/a.json"]) == 0
    assert "obs/image_image 16x16x3, obs/wrist_image_image 16x16x3" in capsys.readouterr().out
    cameras = "cameras={main:[front,image],wrist:[wrist,wrist_image]}"
    assert dispatch([*words, f"out={tmp_path}/b.json", cameras]) == 0
    sample = Mix(tmp_path / "b.json")[0]
    first = columns["wrist_image"](sample["episode"])[sample["step"]]
    assert np.array_equal(sample["obs/wrist_image"][0], first)


# --- what is told of them


def test_calibration_comes_with_the_pictures_that_it_belongs_to(home: Path, tmp_path: Path) -> None:
    keys = ["actions", "obs/eye_image", "cameras/*"]
    mix = mixed(home, tmp_path, keys=keys, cameras={"eye": ["wrist"]}, history=3)
    library = Library(home / "sim")
    for i in range(30):
        sample = mix[i]
        track = library.read(sample["episode"]).cameras["wrist"]
        steps = np.arange(sample["step"] - 2, sample["step"] + 1).clip(0)
        pose, matrix = sample["cameras/eye/camera_to_world"], sample["cameras/eye/intrinsics"]
        assert pose.shape == (3, 4, 4)
        assert pose.dtype == matrix.dtype == np.float32
        assert np.allclose(pose, track.camera_to_world[steps])
        assert np.allclose(matrix, [track.intrinsics] * 3)
        assert json.loads(sample["cameras/eye/segmentation_names"]) == {"1": "bench", "2": "block"}
    assert sorted(k for k in mix[0] if k.startswith("cameras/")) == [
        "cameras/eye/camera_to_world", "cameras/eye/intrinsics", "cameras/eye/segmentation_names",
    ]  # fmt: skip


def test_a_still_camera_stands_where_it_stands(home: Path, tmp_path: Path) -> None:
    mix = mixed(home, tmp_path, keys=["actions", "cameras/front/camera_to_world"], history=2)
    pose = Library(home / "sim").read(0).cameras["front"].camera_to_world
    assert all(np.allclose(mix[i]["cameras/front/camera_to_world"], pose) for i in range(20))


def test_intrinsics_are_stretched_with_the_pictures(home: Path, tmp_path: Path) -> None:
    """32x24 to 64x12: a point that was in the middle of the lower right quarter still is."""
    keys = ["obs/front_image", "cameras/front/intrinsics"]
    mix = mixed(home, tmp_path, keys=keys, image_size=[64, 12])
    matrix = Library(home / "sim").read(0).cameras["front"].intrinsics
    ray = np.linalg.inv(matrix) @ [24, 18, 1]
    assert np.allclose(mix[0]["cameras/front/intrinsics"][0] @ ray, [48, 9, 1], atol=1e-4)


def test_they_come_only_when_they_are_named_and_are_masked_where_they_lack(
    home: Path, tmp_path: Path
) -> None:
    assert not [key for key in mixed(home, tmp_path)[0] if key.startswith("cameras/")]
    blind = [
        replace(
            e, cameras={"front": replace(e.cameras["front"], intrinsics=None, segmentation=None)}
        )
        for e in episodes(2, seed=5)
    ]
    make_library(tmp_path / "blind", blind)
    sources = [{"path": str(home / "sim")}, {"path": str(tmp_path / "blind")}]
    config = {"sources": sources, "keys": ["actions", "cameras/front/*"], "missing_keys": "mask"}
    build(tmp_path / "masked.json", config)
    mix = Mix(tmp_path / "masked.json")
    for batch in Loader(mix, 16, threads=1, stop=64):
        there = np.array([source == "sim" for source in batch["source"]])
        assert np.array_equal(batch["has/cameras/front/intrinsics"], there)
        assert not batch["cameras/front/intrinsics"][~there].any()
        assert batch["cameras/front/intrinsics"][there, 0, 2, 2].all()
        names = batch["cameras/front/segmentation_names"]
        assert [bool(text) for text in names] == there.tolist()


def test_the_table_tells_of_text(home: Path, tmp_path: Path, capsys: Any) -> None:
    sources = f"sources=[{{name:sim,path:{home}/sim}}]"
    keys = "keys=[actions,cameras/front/*]"
    assert dispatch(["mix", f"out={tmp_path}/m.json", sources, keys]) == 0
    assert "intrinsics 3x3, cameras/front/segmentation_names text" in capsys.readouterr().out
