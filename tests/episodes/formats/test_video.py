"""A folder of videos with a table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from episodes import Library, formats
from episodes.errors import UserError
from episodes.finding import Report

pytest.importorskip("av", reason="the extra 'formats' is not installed")
from episodes.formats.encode import Writer

STEPS = 8


def film(path: Path, rate: float, steps: int = STEPS) -> None:
    """Frames whose brightness tells their time: 20 values for each tenth of a second."""
    times = np.arange(steps) / rate
    values = (20 + 200 * times).astype(np.uint8)
    frames = np.broadcast_to(values[:, None, None, None], (steps, 32, 48, 3))
    with Writer(path, rate, "h264", 32, 48) as writer:
        writer.add(np.ascontiguousarray(frames))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "takes"
    root.mkdir()
    film(root / "a.mp4", 10)
    film(root / "b.mp4", 10)
    film(root / "b_wrist.mp4", 20, 2 * STEPS)
    np.save(root / "b.npy", np.arange(2.0 * STEPS).reshape(STEPS, 2))
    (root / "a.csv.txt").write_text("")
    rows = [
        {"video": "a.mp4", "instruction": "turn the valve", "success": True},
        {
            "video.front": "b.mp4",
            "video.wrist": "b_wrist.mp4",
            "instruction": "press the button",
            "instruction_ko": "버튼을 누르세요",
            "actions": "b.npy",
            "split": "val",
        },
    ]
    (root / "table.json").write_text(json.dumps(rows))
    return root


def read(path: Path, report: Report | None = None, **options: Any) -> list[Any]:
    return list(formats.read("video", path, report=report, **options))


def test_videos_and_their_table(folder: Path, tmp_path: Path) -> None:
    assert formats.detect(folder) == "video"
    report = Report()
    one, two = read(folder, report)
    assert one.instruction == "turn the valve"
    assert one.success is True
    assert two.success is None
    assert two.language == {"en": ("press the button",), "ko": ("버튼을 누르세요",)}
    assert one.control_hz == pytest.approx(10)
    np.testing.assert_array_equal(two.actions, np.arange(2.0 * STEPS).reshape(STEPS, 2))
    assert one.actions.shape == (STEPS, 0)
    assert [f.episode for f in report if "no action" in f.message] == [0]
    assert two.extra == {"split": "val"}
    formats.import_library(None, folder, tmp_path / "lib")
    assert Library(tmp_path / "lib").read(0).cameras["camera"].rgb.shape == (STEPS, 32, 48, 3)


def test_cameras_of_other_rates_are_matched_by_time(folder: Path) -> None:
    two = read(folder)[1]
    front, wrist = (two.cameras[name].rgb.mean(axis=(1, 2, 3)) for name in ("front", "wrist"))
    np.testing.assert_allclose(front, 20 + 200 * np.arange(STEPS) / 10, atol=2)
    np.testing.assert_allclose(wrist, front, atol=3)


def test_another_rate_takes_the_frames_of_its_times(folder: Path) -> None:
    (folder / "table.json").write_text(json.dumps([{"video": "b_wrist.mp4", "instruction": "x"}]))
    (slow,) = read(folder, hz=5)
    assert slow.steps == 4
    brightness = slow.cameras["camera"].rgb.mean(axis=(1, 2, 3))
    np.testing.assert_allclose(brightness, 20 + 200 * np.arange(4) / 5, atol=2)


def test_a_csv_will_do(folder: Path) -> None:
    (folder / "table.json").unlink()
    (folder / "a_actions.txt").write_text("dx,dy\n" + "1,2\n" * STEPS)
    (folder / "table.csv").write_text(
        "video,instruction,success,actions\na.mp4,turn it,no,a_actions.txt\n"
    )
    report = Report()
    (found,) = read(folder, report)
    assert found.success is False
    assert found.lineage["columns"] == {"actions": ["dx", "dy"]}
    np.testing.assert_array_equal(found.actions, [[1, 2]] * STEPS)
    assert any("2 videos are in no row" in f.message for f in report)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"video": "../x.mp4"}, "outside its own folder"),
        ({"instruction": "x"}, "no column video"),
        ({"video": "a.mp4", "actions": "short.npy"}, "the video has 8 steps"),
        ({"video": "a.mp4", "actions": "pickled.npy"}, "cannot be read as actions"),
        ({"video": "a.mp4", "actions": "endless.npy"}, "cannot be read as actions"),
        ({"video": "a.mp4", "success": "perhaps"}, "success is 'perhaps'"),
        ({"video": "gone.mp4"}, "none of its rows has a video"),
    ],
)
def test_a_wrong_row_is_one_clear_line(folder: Path, row: dict[str, str], message: str) -> None:
    np.save(folder / "short.npy", np.zeros((3, 2)))
    short = (folder / "short.npy").read_bytes()
    endless = short.replace(b"(3, 2), }" + b" " * 12, b"(3000000000000, 2), }", 1)
    assert len(endless) == len(short)
    assert endless != short
    (folder / "endless.npy").write_bytes(endless)
    np.save(folder / "pickled.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    (folder / "table.json").write_text(json.dumps([row]))
    with pytest.raises(UserError, match=message) as caught:
        read(folder)
    assert "\n" not in str(caught.value)


def test_a_missing_video_is_told_or_refused(folder: Path) -> None:
    (folder / "a.mp4").unlink()
    report = Report()
    assert [e.index for e in read(folder, report)] == [0]
    assert any("a.mp4 is missing" in f.message for f in report)
    with pytest.raises(UserError, match="strict"):
        read(folder, strict=True)
