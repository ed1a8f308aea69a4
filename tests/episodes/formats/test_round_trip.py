"""Import(export(x)) equals x, for every format that is written and read."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from episodes import Library, formats
from episodes.episode import Episode
from episodes.errors import UserError
from episodes.formats import readback, registry
from episodes.storage.selection import Selection, whole
from tests.helpers import synthetic_episode
from tests.libraries import brightening, make_library

CAMERAS = ("front", "wrist")
LOSSLESS = [
    ("lerobot", {"version": "v3.0", "codec": "png"}),
    ("lerobot", {"version": "v2.1", "codec": "png"}),
    ("rlds", {}),
    ("robomimic", {}),
    ("webdataset", {}),
]
VIDEO = [
    ("lerobot", {"version": "v3.0", "codec": "h264"}),
    ("lerobot", {"version": "v2.1", "codec": "h264"}),
    ("lerobot", {"version": "v3.0", "codec": "av1"}),
]
LEAST_PSNR = 38.0  # dB of brightness, in pictures of 48x32 with a sharp disc
MOST_BIAS = 1.0  # of a colour's mean
BRIGHTNESS = np.array([0.299, 0.587, 0.114])


def label(case: tuple[str, dict[str, str]]) -> str:
    return "-".join([case[0], *case[1].values()])


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(11)
    episodes = [
        brightening(synthetic_episode(i, rng, steps=5 + i, size=(48, 32))) for i in range(3)
    ]
    return make_library(tmp_path_factory.mktemp("native") / "lib", episodes)


def assert_same(ours: Episode, theirs: Episode, pictures: bool = True) -> None:
    """Every field; pictures bit for bit unless told otherwise."""
    for name in ("index", "seed", "task", "robot", "domain", "control_hz", "instruction"):
        assert getattr(ours, name) == getattr(theirs, name), name
    for name in ("success", "failure", "cell", "renderer", "licence", "lineage", "extra"):
        assert getattr(ours, name) == getattr(theirs, name), name
    for name in ("subtasks", "object_names", "joint_names"):
        assert tuple(getattr(ours, name)) == tuple(getattr(theirs, name)), name
    assert {k: tuple(v) for k, v in ours.language.items()} == {
        k: tuple(v) for k, v in theirs.language.items()
    }
    assert {k: tuple(v) for k, v in ours.layout.items()} == {
        k: tuple(v) for k, v in theirs.layout.items()
    }
    for name in ("time", "states", "actions", "rewards", "dones", "objects"):
        equal(getattr(ours, name), getattr(theirs, name), name)
    for name in ("action", "obs"):
        one, two = getattr(ours, name), getattr(theirs, name)
        assert sorted(one) == sorted(two)
        for key in one:
            equal(one[key], two[key], f"{name}/{key}")
    assert sorted(ours.cameras) == sorted(theirs.cameras)
    for key, track in ours.cameras.items():
        other = theirs.cameras[key]
        channels = ("rgb",) if pictures else ()
        for name in ("intrinsics", "camera_to_world", "depth", "segmentation", *channels):
            equal(getattr(track, name), getattr(other, name), f"{key} {name}")
        assert track.unit_m == other.unit_m
        assert dict(track.names) == dict(other.names)
    assert ours.content_hash() == theirs.content_hash()


def equal(one: Any, two: Any, name: str) -> None:
    if one is None or two is None:
        assert one is two, name
        return
    assert one.dtype == two.dtype, name
    np.testing.assert_array_equal(one, two, err_msg=name)


def psnr(one: np.ndarray, two: np.ndarray) -> float:
    """Of brightness; colour has half the resolution in these codecs."""
    error = np.mean((one @ BRIGHTNESS - two @ BRIGHTNESS) ** 2)
    return float(10 * np.log10(255**2 / error)) if error else np.inf


@pytest.mark.parametrize("case", LOSSLESS, ids=label)
def test_what_goes_out_comes_back_the_same(
    library: Path, tmp_path: Path, case: tuple[str, dict[str, str]]
) -> None:
    format, options = case
    formats.export_library(format, library, tmp_path / "out", **options)
    found = registry.reader(formats.detect(tmp_path / "out"))
    assert found.read is registry.reader(format).read
    imported = formats.import_library(None, tmp_path / "out", tmp_path / "back")
    assert [f for f in imported.report if f.severity == "error"] == []
    ours, theirs = Library(library), Library(tmp_path / "back")
    assert [row.content_hash for row in ours] == [row.content_hash for row in theirs]
    for row in ours:
        assert_same(ours.read(row.index), theirs.read(row.index))


@pytest.mark.parametrize("case", VIDEO, ids=label)
def test_video_changes_nothing_but_colours_a_little(
    library: Path, tmp_path: Path, case: tuple[str, dict[str, str]]
) -> None:
    format, options = case
    formats.export_library(format, library, tmp_path / "out", **options)
    back = list(formats.read(format, tmp_path / "out"))
    for ours, theirs in zip(Library(library).episodes(), back, strict=True):
        assert_same(ours, theirs, pictures=False)
        for camera, track in ours.cameras.items():
            found = theirs.cameras[camera].rgb
            assert psnr(track.rgb, found) > LEAST_PSNR
            bias = found.mean(axis=(0, 1, 2)) - track.rgb.mean(axis=(0, 1, 2))
            assert np.abs(bias).max() < MOST_BIAS
            for t in range(1, ours.steps):  # its own frame, not the one before
                assert psnr(track.rgb[t], found[t]) > psnr(track.rgb[t - 1], found[t])


@pytest.mark.parametrize("format", formats.WRITABLE)
def test_every_export_has_a_card_and_tells_its_files(
    library: Path, tmp_path: Path, format: str
) -> None:
    done = formats.export_library(format, library, tmp_path / "out")
    assert (done.episodes, done.steps) == (3, 18)
    card = (tmp_path / "out" / "README.md").read_text()
    for told in ("apache-2.0", "bench_place", "put the block into the tray (3)"):
        assert told in card
    assert json.loads((tmp_path / "out" / "made_from.json").read_text())["spec_id"] == "a" * 64
    told = json.loads((tmp_path / "out" / "croissant.json").read_text())
    assert told["conformsTo"] == "http://mlcommons.org/croissant/1.1"
    assert told["datePublished"] == "2026-01-01"
    hashes = {entry["contentUrl"]: entry["sha256"] for entry in told["distribution"]}
    files = [p for p in (tmp_path / "out").rglob("*") if p.is_file() and p.name != "croissant.json"]
    assert hashes == {
        p.relative_to(tmp_path / "out").as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in files
    }
    rows = told["recordSet"][0]["data"]
    assert [row["episodes/steps"] for row in rows] == [5, 6, 7]
    worst = {loss.name: loss.worst for loss in done.losses}
    assert worst["obs/front_depth"] == 0
    assert (worst["obs/front_image"] > 0) == (format == "lerobot")


def test_an_unfinished_library_does_not_go_out(library: Path, tmp_path: Path) -> None:
    shutil.copytree(library, tmp_path / "lib")
    (tmp_path / "lib" / "shards" / "00001.json").unlink()
    with pytest.raises(UserError, match="not finished: 2 of 3"):
        formats.export_library("rlds", tmp_path / "lib", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["lib"]


@pytest.mark.parametrize("channel", ["rgb", "depth"])
def test_reading_back_notices_a_wrong_picture(library: Path, tmp_path: Path, channel: str) -> None:
    """What an export with swapped frames would tell."""
    ours = list(Library(library).episodes())
    track = ours[0].cameras["front"]
    swapped = replace(track, **{channel: getattr(track, channel)[::-1].copy()})
    wrong = [replace(ours[0], cameras={**ours[0].cameras, "front": swapped}), *ours[1:]]
    formats.export_library("rlds", make_library(tmp_path / "wrong", wrong), tmp_path / "out")
    chosen = Selection(library, [whole(Library(library))])
    if channel == "depth":
        with pytest.raises(UserError, match="changed on the way"):
            readback.compare(chosen, "rlds", tmp_path / "out")
    else:
        found = readback.compare(chosen, "rlds", tmp_path / "out")
        assert next(loss for loss in found if loss.name == "obs/front_image").psnr < 25
