"""Video of a source stays the file that it is, and shows the same pictures as if decoded."""

from __future__ import annotations

import ctypes
import hashlib
import shutil
import sys
import threading
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from episodes import Library, formats
from episodes.check.check import check
from episodes.errors import UserError
from episodes.finding import Report
from episodes.formats import frames
from episodes.storage import decode
from generators.command.cli import dispatch
from tests.films import KINDS, LOSSLESS, RATE, SIZE, film, kind, scenery, takes, truth

av = pytest.importorskip("av", reason="the extra 'formats' is not installed")

STEPS = 20


@pytest.mark.parametrize("name", KINDS)
def test_a_copied_video_shows_what_a_decoded_one_does(name: str, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    made = kind(tmp_path / "set", name, STEPS)
    source = takes(tmp_path / "set", [{"video": name}])
    report = Report()
    for pictures in ("copy", "decode"):
        done = formats.import_library("video", source, tmp_path / pictures, pictures=pictures)
        report.findings += list(done.report)
    assert not [f for f in report if "not kept as it is" in f.message]
    copied, decoded = (Library(tmp_path / p).read(0) for p in ("copy", "decode"))
    rgb = copied.cameras["camera"].rgb
    assert rgb.shape == (STEPS, *SIZE, 3)
    np.testing.assert_array_equal(rgb, decoded.cameras["camera"].rgb)
    np.testing.assert_array_equal(rgb, truth(source / name))
    if name in LOSSLESS:
        np.testing.assert_array_equal(rgb, made)
    else:
        assert (
            np.abs(rgb.mean(axis=(1, 2, 3)) - made.mean(axis=(1, 2, 3))).max() < 4.2
        )  # 8.4 a step
    (kept,) = (tmp_path / "copy" / "videos").iterdir()
    assert kept.read_bytes() == (source / name).read_bytes()
    assert not (tmp_path / "decode" / "videos").exists()
    assert [f for f in check(tmp_path / "copy") if f.severity == "error"] == []


def test_behind_a_packet_is_the_room_that_decoders_may_look_at(tmp_path: Path) -> None:
    """FFmpeg's AV_INPUT_BUFFER_PADDING_SIZE: 64 bytes of zeros, or pictures come out wrong."""
    kind(tmp_path, "mpeg4.avi")
    footage = frames.look(tmp_path / "mpeg4.avi").footage
    behind = []

    class Spy:
        def decode(self, packet: Any) -> list[Any]:
            behind.append(ctypes.string_at(packet.buffer_ptr + packet.size, 64))
            return []

    decoder = decode._Decoder(footage)
    decoder._context = Spy()
    with decode.reading(footage) as read:
        for number in range(STEPS):
            decoder._fed(number, read, footage)
    assert behind == [bytes(64)] * STEPS


@pytest.mark.parametrize(
    ("planes", "pix_fmt", "matrix"),
    [
        ((81, 90, 240), "yuv420p", None),  # BT.601 where nothing is said, whatever the size
        ((63, 102, 240), "yuv420p", 1),  # BT.709, as its tag says
        ((76, 85, 255), "yuvj420p", None),  # 0 to 255
    ],
)
def test_red_is_red(
    planes: tuple[int, int, int], pix_fmt: str, matrix: int | None, tmp_path: Path
) -> None:
    """Red in BT.601 and BT.709, by the equations of the two recommendations."""
    (tmp_path / "set").mkdir()
    height, width = 720, 1280
    frame = av.VideoFrame(width, height, pix_fmt)
    for plane, value in zip(frame.planes, planes, strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    with av.open(str(tmp_path / "set" / "a.mp4"), "w") as file:
        stream = file.add_stream("libx264", rate=RATE, options={"qp": "0"})
        stream.height, stream.width, stream.pix_fmt = height, width, pix_fmt
        if matrix is not None:
            stream.codec_context.colorspace = matrix
        frame.pts, frame.time_base = 0, Fraction(1, RATE)
        file.mux(stream.encode(frame))
        file.mux(stream.encode())
    formats.import_library("video", takes(tmp_path / "set", [{"video": "a.mp4"}]), tmp_path / "lib")
    rgb = Library(tmp_path / "lib").read(0).cameras["camera"].rgb
    assert np.abs(rgb.reshape(-1, 3).astype(int) - [255, 0, 0]).max() <= 3


def test_frames_are_taken_at_their_times_where_the_rate_varies(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    times = np.cumsum([0, 0.02, 0.09, 0.05, 0.05, 0.05, 0.01, 0.09, 0.05, 0.05])
    film(tmp_path / "set" / "a.mp4", scenery(10), "libx264rgb", "rgb24", {"qp": "0"}, times=times)
    source = takes(tmp_path / "set", [{"video": "a.mp4"}])
    formats.import_library("video", source, tmp_path / "lib", options={"hz": 10})
    # 0, 0.1, 0.2, 0.3, 0.4 s; the nearest pictures are at 0, 0.11, 0.21, 0.27, 0.41
    nearest = [0, 2, 4, 6, 8]
    rgb = Library(tmp_path / "lib").read(0).cameras["camera"].rgb
    np.testing.assert_array_equal(rgb, scenery(10)[nearest])


def test_one_file_of_many_episodes_is_kept_once(tmp_path: Path) -> None:
    """As in LeRobot v3.0, and over several shards."""
    (tmp_path / "set").mkdir()
    kind(tmp_path / "set", "b_pictures.mp4")
    shutil.copy(tmp_path / "set" / "b_pictures.mp4", tmp_path / "set" / "again.mp4")
    rows = [{"video": name} for name in ("b_pictures.mp4", "again.mp4", "b_pictures.mp4")]
    source = takes(tmp_path / "set", rows)
    formats.import_library("video", source, tmp_path / "lib", shard_size=1)
    library = Library(tmp_path / "lib")
    assert [len(shard.videos) for shard in library.shards] == [1, 1, 1]
    assert len({shard.videos for shard in library.shards}) == 1
    (kept,) = (tmp_path / "lib" / "videos").iterdir()
    assert kept.name == hashlib.sha256(kept.read_bytes()).hexdigest() + ".mp4"
    shards = sum(shard.bytes for shard in library.shards)
    assert library.summary().bytes == shards + kept.stat().st_size


def test_what_cannot_be_read_in_place_is_unpacked_and_told(tmp_path: Path) -> None:
    """MPEG-TS puts its own headers into the middle of packets."""
    (tmp_path / "set").mkdir()
    options = {"g": "8", "bf": "2"}
    film(tmp_path / "set" / "a.mp4", scenery(12), options=options, container="mpegts")
    done = formats.import_library(
        "video", takes(tmp_path / "set", [{"video": "a.mp4"}]), tmp_path / "lib"
    )
    told = [f for f in done.report if "not kept as it is" in f.message]
    assert [(f.episode, f.field) for f in told] == [(0, "obs/camera_image")]
    assert not (tmp_path / "lib" / "videos").exists()
    rgb = Library(tmp_path / "lib").read(0).cameras["camera"].rgb
    np.testing.assert_array_equal(rgb, truth(tmp_path / "set" / "a.mp4"))


def test_keyframes_that_are_none_are_seen(tmp_path: Path) -> None:
    """With intra refresh a picture is whole only some steps after the mark."""
    (tmp_path / "set").mkdir()
    options = {"x264-params": "intra-refresh=1:keyint=8"}
    film(tmp_path / "set" / "a.mkv", scenery(24), options=options)
    source = takes(tmp_path / "set", [{"video": "a.mkv"}])
    done = formats.import_library("video", source, tmp_path / "lib")
    assert any("from its keyframes on" in f.message for f in done.report)
    rgb = Library(tmp_path / "lib").read(0).cameras["camera"].rgb
    np.testing.assert_array_equal(rgb, truth(tmp_path / "set" / "a.mkv"))


def ahead(folder: Path) -> bytes:
    """A file that begins with its tables, as those have that are made for the web."""
    path = film(folder / "web.mp4", scenery(STEPS), muxing={"movflags": "faststart"})
    data = path.read_bytes()
    path.unlink()
    return data


@pytest.mark.parametrize(("distance", "far"), [(8, False), (40, True)])
def test_keyframes_that_are_far_apart_are_told(distance: int, far: bool, tmp_path: Path) -> None:
    """Of 40 pictures from one keyframe on, 1, 2, ... 40 are decoded for one: 20.5 in the mean."""
    (tmp_path / "set").mkdir()
    options = {"g": str(distance), "bf": "0", "sc_threshold": "0"}
    film(tmp_path / "set" / "a.mp4", scenery(40), options=options)
    source = takes(tmp_path / "set", [{"video": "a.mp4"}])
    done = formats.import_library("video", source, tmp_path / "lib")
    told = [f.message for f in done.report if "keyframes are up to" in f.message]
    assert ["up to 40 pictures apart" in text for text in told] == [True] * far


@pytest.mark.parametrize("pictures", ["copy", "decode"])
@pytest.mark.parametrize(
    "how", ["cut", "cut at its end", "zeros", "playlist", "list of files", "empty", "noise"]
)
def test_a_hostile_or_broken_video_is_one_clear_line(
    how: str, pictures: str, tmp_path: Path
) -> None:
    (tmp_path / "set").mkdir()
    secret = tmp_path / "secret.mp4"
    film(secret, scenery(4))
    kind(tmp_path / "set", "av1.mp4")
    file = tmp_path / "set" / "av1.mp4"
    whole = file.read_bytes()
    file.write_bytes(
        {
            "cut": whole[: len(whole) // 2],
            "cut at its end": ahead(tmp_path)[:-100],
            "zeros": whole[:60] + bytes(400) + whole[460:],
            "playlist": f"#EXTM3U\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n".encode(),
            "list of files": f"ffconcat version 1.0\nfile {secret.name}\n".encode(),
            "empty": b"",
            "noise": np.random.default_rng(0).bytes(5000),
        }[how]
    )
    before = secret.stat().st_atime_ns
    source = takes(tmp_path / "set", [{"video": "av1.mp4"}])
    with pytest.raises(UserError) as caught:
        formats.import_library("video", source, tmp_path / "lib", pictures=pictures)
    assert "av1.mp4" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert secret.stat().st_atime_ns == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["secret.mp4", "set"]


def test_the_command_line_takes_pictures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "set").mkdir()
    kind(tmp_path / "set", "b_pictures.mp4")
    source = takes(tmp_path / "set", [{"video": "b_pictures.mp4"}])
    sizes = {}
    for word in ((), ("pictures=decode",)):
        out = tmp_path / f"lib{len(word)}"
        assert dispatch(["import", f"src={source}", f"out={out}", *word]) == 0
        sizes[word] = Library(out).summary().bytes
        assert (out / "videos").is_dir() is not bool(word)
        assert dispatch(["check", f"src={out}"]) == 0
    capsys.readouterr()
    assert dispatch(["import", f"src={source}", f"out={tmp_path / 'x'}", "pictures=keep"]) == 2
    told = capsys.readouterr().err
    assert "'keep'" in told
    assert "copy, decode" in told


def test_without_pyav_one_line_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "set").mkdir()
    kind(tmp_path / "set", "b_pictures.mp4")
    source = takes(tmp_path / "set", [{"video": "b_pictures.mp4"}])
    formats.import_library("video", source, tmp_path / "lib")
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setattr(decode, "_own", threading.local())  # decoders of tests before this one
    library = Library(tmp_path / "lib")
    assert library.read(0, images=False).steps == STEPS
    with pytest.raises(UserError, match="pip install av"):
        library.read(0)
    assert dispatch(["check", f"src={tmp_path / 'lib'}"]) == 2
    assert "reading video needs PyAV: pip install av" in capsys.readouterr().err
