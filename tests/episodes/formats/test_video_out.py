"""Libraries with video go out: as the file it is where that fits, as pictures where it does not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from episodes import Library, formats
from tests.films import RATE, film, scenery, takes
from tests.helpers import synthetic_episode
from tests.libraries import brightening, make_library

pq = pytest.importorskip("pyarrow.parquet", reason="the extra 'formats' is not installed")
pytest.importorskip("av", reason="the extra 'formats' is not installed")

STEPS = 12
H264 = {"g": "4", "bf": "2"}


def imported(tmp_path: Path, rows: list[dict[str, str]], **options: Any) -> Path:
    """The library of a folder `set` of videos."""
    source = takes(tmp_path / "set", rows)
    formats.import_library("video", source, tmp_path / "lib", options=options)
    return tmp_path / "lib"


def two_films(tmp_path: Path) -> Path:
    (tmp_path / "set").mkdir()
    for number in range(2):
        path = tmp_path / "set" / f"{number}.mp4"
        film(path, scenery(STEPS + number, seed=number), options=H264)
    return imported(tmp_path, [{"video": f"{number}.mp4"} for number in range(2)])


def videos(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.rglob("*.mp4"))]


def assert_pictures_are(library: Path, out: Path, format: str) -> None:
    found = list(formats.read(format, out))
    assert len(found) == len(Library(library))
    for ours, theirs in zip(Library(library).episodes(), found, strict=True):
        np.testing.assert_array_equal(ours.cameras["camera"].rgb, theirs.cameras["camera"].rgb)


@pytest.mark.parametrize("version", ["v2.1", "v3.0"])
def test_video_goes_out_to_lerobot_as_it_is(version: str, tmp_path: Path) -> None:
    library = two_films(tmp_path)
    done = formats.export_library("lerobot", library, tmp_path / "out", version=version)
    assert videos(tmp_path / "out") == videos(tmp_path / "set")
    assert [str(loss) for loss in done.losses] == ["obs/camera_image: the same, bit for bit"]
    assert_pictures_are(library, tmp_path / "out", "lerobot")
    info = json.loads((tmp_path / "out" / "meta" / "info.json").read_text())
    told = info["features"]["observation.images.camera"]["info"]
    assert (told["video.codec"], told["video.pix_fmt"]) == ("h264", "yuv420p")
    assert info["fps"] == RATE


def test_an_asked_codec_is_given(tmp_path: Path) -> None:
    library = two_films(tmp_path)
    formats.export_library("lerobot", library, tmp_path / "out", codec="av1", version="v2.1")
    assert videos(tmp_path / "out") != videos(tmp_path / "set")
    assert b"av01" in videos(tmp_path / "out")[0]


@pytest.mark.parametrize(
    "why", ["another rate of rows", "a clock that is not even", "a container of another kind"]
)
def test_what_lerobot_could_not_read_is_made_anew(why: str, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    name = "a.mkv" if why.startswith("a container") else "a.mp4"
    times = np.arange(STEPS) / RATE
    if why.startswith("a clock"):
        times = times + np.where(np.arange(STEPS) % 2, 0.004, 0)
    film(tmp_path / "set" / name, scenery(STEPS), options=H264, times=list(times))
    options = {"hz": 10} if why.startswith("another") else {}
    library = imported(tmp_path, [{"video": name}], **options)
    formats.export_library("lerobot", library, tmp_path / "out")
    assert videos(tmp_path / "out") != videos(tmp_path / "set")
    (found,) = formats.read("lerobot", tmp_path / "out")
    (ours,) = Library(library).episodes()
    assert found.steps == ours.steps
    gap = found.cameras["camera"].rgb.mean(axis=(1, 2, 3)) - ours.cameras["camera"].rgb.mean(
        axis=(1, 2, 3)
    )
    assert np.abs(gap).max() < 3


def foreign(folder: Path) -> Path:
    """A LeRobot v3.0 set as others write them: one file of video for all episodes, no header."""
    rng = np.random.default_rng(3)
    episodes = [
        brightening(synthetic_episode(i, rng, steps=6 + i, size=(32, 32), cameras=("front",)))
        for i in range(3)
    ]
    library = make_library(folder / "native", episodes)
    formats.export_library("lerobot", library, folder / "v30", depth=False)
    table = folder / "v30" / "meta" / "episodes" / "chunk-000" / "file-000.parquet"
    pq.write_table(pq.read_table(table).drop_columns(["cellwright"]), table)
    return folder / "v30"


@pytest.mark.parametrize("version", ["v3.0", "v2.1"])
def test_a_file_of_many_episodes_comes_in_and_goes_out(version: str, tmp_path: Path) -> None:
    source = foreign(tmp_path)
    for pictures in ("copy", "decode"):
        formats.import_library("lerobot", source, tmp_path / pictures, pictures=pictures)
    assert videos(tmp_path / "copy") == videos(source)
    assert len(videos(source)) == 1
    for one, two in zip(
        Library(tmp_path / "copy").episodes(), Library(tmp_path / "decode").episodes(), strict=True
    ):
        np.testing.assert_array_equal(one.cameras["front"].rgb, two.cameras["front"].rgb)
    formats.export_library("lerobot", tmp_path / "copy", tmp_path / "out", version=version)
    same = videos(tmp_path / "out") == videos(source)
    assert same is (version == "v3.0"), "in v2.1 an episode has a file of its own"
    back = list(formats.read("lerobot", tmp_path / "out"))
    assert [episode.steps for episode in back] == [6, 7, 8]
    if same:
        for ours, theirs in zip(Library(tmp_path / "copy").episodes(), back, strict=True):
            np.testing.assert_array_equal(ours.cameras["front"].rgb, theirs.cameras["front"].rgb)


def test_our_own_export_is_read_with_its_video_as_it_is(tmp_path: Path) -> None:
    """Depth, ids and numbers from the header and the tables, colours from the file."""
    rng = np.random.default_rng(5)
    made = brightening(synthetic_episode(0, rng, steps=6, size=(48, 32)))
    library = make_library(tmp_path / "native", [made])
    formats.export_library("lerobot", library, tmp_path / "out")
    formats.import_library("lerobot", tmp_path / "out", tmp_path / "back")
    (kept,) = Library(tmp_path / "back").episodes(images=False)
    (seen,) = Library(tmp_path / "back").episodes()
    assert {name: track.video is not None for name, track in kept.cameras.items()} == {
        "front": True,
        "wrist": True,
    }
    np.testing.assert_array_equal(seen.cameras["front"].depth, made.cameras["front"].depth)
    assert seen.content_hash() == made.content_hash()


@pytest.mark.parametrize("format", ["rlds", "webdataset", "robomimic"])
def test_other_formats_get_the_pictures(format: str, tmp_path: Path) -> None:
    library = two_films(tmp_path)
    formats.export_library(format, library, tmp_path / "out")
    assert_pictures_are(library, tmp_path / "out", format)
    if format == "robomimic":
        with h5py.File(tmp_path / "out" / "00000.hdf5") as file:
            demo = file["data/demo_0"]
            assert demo["obs/camera_image"].shape == (STEPS, 32, 48, 3)
            assert "videos" not in demo


def test_show_has_frames_of_video(tmp_path: Path) -> None:
    from generators.command.cli import dispatch

    library = two_films(tmp_path)
    shutil.rmtree(tmp_path / "set")
    assert dispatch(["show", f"src={library}", f"out={tmp_path / 'show'}"]) == 0
    assert sorted(p.suffix for p in (tmp_path / "show").iterdir()) == [".mp4", ".png"]
