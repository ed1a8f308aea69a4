"""LeRobot data sets of other hands: names, words, depth, clocks and tables unlike ours."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from episodes import Library, formats
from episodes.check.check import check
from episodes.episode import Episode
from episodes.errors import UserError
from episodes.finding import Report
from generators.command.cli import dispatch
from tests.episodes.formats.lerobot_set import STEPS, picture, video, write, write_lines

pytest.importorskip("pyarrow.parquet", reason="the extra 'formats' is not installed")
pytest.importorskip("av", reason="the extra 'formats' is not installed")


def rows(width: int, first: float = 0.0) -> np.ndarray:
    """(T, width) f4, each row telling its number."""
    return np.repeat(np.arange(STEPS, dtype=np.float32)[:, None] + first, width, axis=1)


def read(path: Path, **options: Any) -> tuple[list[Episode], list[str]]:
    """The episodes, and what was told of them, each thing once."""
    report = Report()
    found = list(formats.read("lerobot", path, report=report, **options))
    return found, list(dict.fromkeys(f"{f.field}: {f.message}" for f in report))


# --- commands -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "actions", "others"),
    [
        ({"actions": rows(7)}, rows(7), {}),
        ({"action": rows(7), "actions": rows(3, 50)}, rows(7), {"actions": rows(3, 50)}),
        (
            {"actions.joint": rows(2), "actions.effector": rows(1, 50)},
            np.hstack([rows(1, 50), rows(2)]),
            {"joint": rows(2), "effector": rows(1, 50)},
        ),
        (
            {"action": rows(2), "observation.last_action": rows(2, 9), "cmd_vel": rows(3, 20)},
            rows(2),
            {"last_action": rows(2, 9), "cmd_vel": rows(3, 20)},
        ),
        (
            {"action": rows(2), "observation.target_joint_position": rows(6)},
            rows(2),
            {"target_joint_position": rows(6)},
        ),
    ],
)
def test_a_command_is_never_an_observation(
    tmp_path: Path, columns: dict[str, Any], actions: np.ndarray, others: dict[str, Any]
) -> None:
    folder = write(tmp_path / "set", {"state": rows(8), "reaction_force": rows(3), **columns})
    assert dispatch(["import", f"src={folder}", f"out={tmp_path / 'lib'}"]) == 0
    episode = Library(tmp_path / "lib").read(0)
    np.testing.assert_array_equal(episode.actions, actions)
    assert set(episode.obs) == {"state", "reaction_force"}
    for name, value in others.items():
        np.testing.assert_array_equal(episode.action[name], value)


def test_a_set_without_actions_says_so_and_nothing_follows_from_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write(tmp_path / "set", {"state": rows(8), "observation.last_action": rows(2)})
    words = ["import", f"src={folder}", f"out={tmp_path / 'lib'}"]
    assert dispatch(words) == 0
    assert "actions: it has no action; what it has is action/last_action" in capsys.readouterr().out
    told = [f.message for f in check(tmp_path / "lib")]
    assert [message for message in told if "those of episode" in message] == [
        "the states and actions are those of episode 0"  # of action/last_action, and that is so
    ]
    folder = write(tmp_path / "bare", {"state": rows(8)})
    read(folder)
    formats.import_library(None, folder, tmp_path / "bare_lib")
    assert not [f for f in check(tmp_path / "bare_lib") if "those of episode" in f.message]
    assert dispatch(["import", f"src={folder}", f"out={tmp_path / 'no'}", "strict=true"]) == 2
    assert "it has no action" in capsys.readouterr().err


# --- words --------------------------------------------------------------------------------------


def test_text_columns_become_language_or_are_told(tmp_path: Path) -> None:
    half = STEPS // 2
    columns = {
        "action": rows(2),
        "language_instruction": ["take the nut from the bin"] * STEPS,
        "language_instruction_2": ["상자에서 너트를 집으세요"] * STEPS,
        "subtask": ["reach"] * half + ["lift"] * half,
        "collector": ["station 7"] * STEPS,
        "remark": [f"row {i}" for i in range(STEPS)],
        "observation.prompts": [["pick it", "grab it"]] * STEPS,
    }
    (episode, _), told = read(write(tmp_path / "set", columns))
    assert episode.instruction == "pick the nut"
    assert episode.language == {
        "en": ("pick the nut", "take the nut from the bin", "pick it", "grab it"),
        "ko": ("상자에서 너트를 집으세요",),
    }
    parts = [(part.start, part.end, part.instruction) for part in episode.subtasks]
    assert parts == [(0, half, "reach"), (half, STEPS, "lift")]
    assert episode.extra["texts"] == {"collector": "station 7"}
    assert told == ["remark: left out: text that changes on the way"]
    with pytest.raises(UserError, match="remark: left out"):
        read(tmp_path / "set", strict=True)


def test_a_task_that_changes_is_parts_and_no_way_to_say_the_whole(tmp_path: Path) -> None:
    numbers = np.repeat([0, 1], STEPS // 2)
    folder = write(
        tmp_path / "set",
        {"action": rows(2), "task_index": numbers},
        tasks=("open the door", "press the button"),
        info={"features": {"action": {"dtype": "float32", "shape": [2], "names": None}}},
    )
    (episode, _), _ = read(folder)
    assert episode.language == {"en": ("open the door",)}
    assert [part.instruction for part in episode.subtasks] == ["open the door", "press the button"]


def test_numbers_of_texts_are_the_texts(tmp_path: Path) -> None:
    """GR00T's annotations by the table of tasks, LeRobot's subtasks by one of their own."""
    half = STEPS // 2
    columns = {
        "action": rows(2),
        "annotation.human.action.task_description": np.full(STEPS, 1),
        "annotation.human.validity": np.full(STEPS, 2),
        "subtask_index": np.repeat([4, 5], half),
    }
    folder = write(tmp_path / "set", columns, tasks=("a", "put the pear on the plate", "valid"))
    subtasks = [{"subtask_index": 4, "subtask": "reach"}, {"subtask_index": 5, "subtask": "place"}]
    write_lines(folder / "meta/subtasks.jsonl", subtasks)
    (episode, _), _ = read(folder)
    assert episode.language["en"] == ("a", "put the pear on the plate")
    assert episode.extra["annotations"] == {"annotation.human.validity": "valid"}
    assert [part.instruction for part in episode.subtasks] == ["reach", "place"]
    assert not episode.obs
    assert set(episode.action) == {"native"}


def test_the_annotations_of_lerobot_0_6_are_read(tmp_path: Path) -> None:
    def said(style: str, content: str, at: float) -> dict[str, Any]:
        return {"role": "user", "content": content, "style": style, "timestamp": at}

    persistent = [
        said("task_aug", "grab the nut", 0.0),
        said("subtask", "reach", 0.0),
        said("subtask", "lift", 0.5),
        said("memory", "a nut was seen", 0.3),
    ]
    columns = {"action": rows(2), "language_persistent": [persistent] * STEPS}
    events = [[{"role": "user", "content": "stop", "style": "interjection"}]] + [[]] * (STEPS - 1)
    (episode, _), told = read(write(tmp_path / "set", columns | {"language_events": events}))
    assert episode.language["en"] == ("pick the nut", "grab the nut")
    parts = [(part.start, part.end, part.instruction) for part in episode.subtasks]
    assert parts == [(0, 5, "reach"), (5, STEPS, "lift")]
    assert told == [
        "language_persistent: left out: of style memory",
        "language_events: left out: what is said in answer to events",
    ]


# --- depth --------------------------------------------------------------------------------------

QUANTISER = {
    "is_depth_map": True,
    "depth_unit": "mm",
    "video.depth_min": 0.01,
    "video.depth_max": 10.0,
    "video.shift": 3.5,
    "video.use_log": True,
}


def codes_of(metres: np.ndarray, low: float, high: float, shift: float) -> np.ndarray:
    """The codes of lerobot 0.6 for depths [m]: 12 bits, logarithmic."""
    a, b = math.log(low + shift), math.log(high + shift)
    return np.rint(4095 * (np.log(metres + shift) - a) / (b - a)).clip(0, 4095).astype(np.uint16)


def depth_set(root: Path, codes: np.ndarray, **notes: Any) -> Path:
    key = "observation.images.deep"
    feature = {"dtype": "video", "shape": [*codes.shape[1:], 1], "names": None}
    told = {name: value for name, value in (QUANTISER | notes).items() if value is not None}
    folder = write(root, {"action": rows(2)}, features={key: {**feature, "info": told}}, episodes=1)
    video(folder / f"videos/chunk-000/{key}/episode_000000.mp4", codes, 10)
    return folder


def test_depth_video_becomes_depth(tmp_path: Path) -> None:
    """Within half a step of the quantiser, (d + 3.5) log(13.5 / 3.51) / 4095 / 2, and half a mm."""
    metres = np.linspace(0.4, 8.0, STEPS * 32 * 48).reshape(STEPS, 32, 48)
    metres[:, 0, 0], metres[:, 0, 1] = 0.0, 12.0  # no return; beyond the quantiser
    folder = depth_set(tmp_path / "set", codes_of(metres, 0.01, 10.0, 3.5))
    assert dispatch(["import", f"src={folder}", f"out={tmp_path / 'lib'}", "strict=true"]) == 0
    track = Library(tmp_path / "lib").read(0).cameras["deep"]
    assert track.rgb is None
    assert track.unit_m == 1e-3
    assert track.depth.dtype == np.uint16
    found = track.depth * track.unit_m
    assert (found[:, 0, 0] == 0).all(), "0 is no return, and not 10 mm"
    np.testing.assert_allclose(found[:, 0, 1], 10.0)
    most = (metres + 3.5) * math.log(13.5 / 3.51) / 4095 / 2 + 0.0005
    off = np.abs(found - metres)
    off[:, 0, :2] = 0
    assert (off <= 1.01 * most).all()
    told = [f.message for f in check(tmp_path / "lib") if f.field == "obs/deep_depth"]
    assert "0.065 % of its pixels are 0.01 m or nearer, or no return: all kept as 0" in told[0]
    assert "10 m or farther: all kept as 10 m" in told[1]


@pytest.mark.parametrize(
    ("notes", "code", "metres", "unit"),
    [
        ({}, 2048, math.exp((math.log(3.51) + math.log(13.5)) / 2 * 1) - 3.5, 1e-3),
        ({"video.use_log": False}, 1024, 0.01 + 1024 / 4095 * 9.99, 1e-3),
        ({"depth_unit": "m", "video.depth_max": 4.0, "video.use_log": False}, 4095, 4.0, 1e-4),
        ({"video.depth_max": 100.0, "video.use_log": False}, 4095, 100.0, 1e-2),
    ],
)
def test_a_code_means_what_the_notes_say(
    tmp_path: Path, notes: dict[str, Any], code: int, metres: float, unit: float
) -> None:
    codes = np.full((STEPS, 32, 48), code, np.uint16)
    (episode,), _ = read(depth_set(tmp_path / "set", codes, **notes))
    track = episode.cameras["deep"]
    assert track.unit_m == pytest.approx(unit)
    assert float(track.depth[0, 0, 0]) * unit == pytest.approx(metres, abs=2e-3)


@pytest.mark.parametrize("lost", ["video.depth_max", "video.use_log", "is_depth_map"])
def test_codes_that_nothing_explains_stay_numbers(tmp_path: Path, lost: str) -> None:
    codes = np.arange(STEPS * 32 * 48, dtype=np.uint16).reshape(STEPS, 32, 48) % 4096
    (episode,), told = read(depth_set(tmp_path / "set", codes, **{lost: None}))
    assert not episode.cameras
    np.testing.assert_array_equal(episode.obs["deep"], codes)
    assert told == ["obs/deep: its unit is not known: kept as it is, not as depth"]


def test_depth_in_pictures_has_the_unit_that_is_told(tmp_path: Path) -> None:
    """lerobot 0.6 without video: TIFF of u2 or of floats. A grey camera is a camera."""
    deep = np.arange(STEPS * 48, dtype=np.uint16).reshape(STEPS, 6, 8)
    feature = {"dtype": "image", "shape": [6, 8, 1], "names": None}
    info = {"is_depth_map": True, "depth_unit": "mm"}
    folder = write(
        tmp_path / "set",
        {
            "action": rows(2),
            "observation.images.mm": [picture(one, "TIFF") for one in deep],
            "observation.images.m": [picture((one / 1e3).astype("f4"), "TIFF") for one in deep],
            "observation.images.grey": [picture(one.astype(np.uint8)) for one in deep],
            "observation.images.what": [picture(one) for one in deep],
        },
        features={
            "observation.images.mm": {**feature, "info": info},
            "observation.images.m": {**feature, "info": info | {"depth_unit": "m"}},
            "observation.images.grey": feature,
            "observation.images.what": feature,
        },
    )
    (episode, _), told = read(folder)
    np.testing.assert_array_equal(episode.cameras["mm"].depth, deep)
    assert episode.cameras["mm"].unit_m == 1e-3
    metres = episode.cameras["m"].depth * episode.cameras["m"].unit_m
    np.testing.assert_allclose(metres, deep / 1e3, atol=5e-5)
    np.testing.assert_array_equal(episode.cameras["grey"].rgb[..., 1], deep.astype(np.uint8))
    np.testing.assert_array_equal(episode.obs["what"], deep)
    assert told == ["obs/what: its unit is not known: kept as it is, not as depth"]


# --- clocks and tables --------------------------------------------------------------------------


def clock_set(root: Path, stamps: np.ndarray, frames: int = STEPS) -> Path:
    key = "observation.images.front"
    feature = {"dtype": "video", "shape": [48, 64, 3], "names": None}
    folder = write(root, {"action": rows(2)}, features={key: feature}, stamps=stamps, episodes=1)
    shades = np.zeros((frames, 48, 64, 3), np.uint8)
    shades[...] = (20 * np.arange(frames))[:, None, None, None]
    video(folder / f"videos/chunk-000/{key}/episode_000000.mp4", shades, 10)
    return folder


@pytest.mark.parametrize(
    "stamps",
    [np.arange(STEPS) * 0.125, np.arange(STEPS) / 10 + 1000.0],
    ids=["of another rate", "of the wall clock"],
)
def test_clocks_that_differ_are_the_reason_and_the_remedy_works(
    tmp_path: Path, stamps: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = clock_set(tmp_path / "set", stamps)
    words = ["import", f"src={folder}", f"out={tmp_path / 'lib'}"]
    assert dispatch(words) == 2
    told = capsys.readouterr().err
    assert "its 12 frames are at 0.000 to 1.100 s, the 12 rows at" in told
    assert "as many, but by other clocks" in told
    [remedy] = re.findall(r"options\.\S+", told)  # as it stands in the message
    assert dispatch([*words, remedy]) == 0
    shown = Library(tmp_path / "lib").read(0).cameras["front"].rgb.mean(axis=(1, 2, 3))
    np.testing.assert_allclose(shown, 20 * np.arange(STEPS), atol=3)
    assert "pictures are taken by row" in capsys.readouterr().out


def test_pictures_by_row_need_as_many_of_them(tmp_path: Path) -> None:
    folder = clock_set(tmp_path / "set", np.arange(STEPS) / 10, frames=STEPS + 2)
    with pytest.raises(UserError, match="14 frames for 12 rows"):
        read(folder, frames="by_row")
    with pytest.raises(UserError, match="there are: by_time, by_row"):
        read(folder, frames="byrow")


def test_a_template_with_places_of_another_version_falls_back(tmp_path: Path) -> None:
    template = "data/chunk-{chunk_index:03d}/episode_{episode_index:06d}.parquet"
    folder = write(tmp_path / "set", {"action": rows(2)}, info={"data_path": template})
    found, told = read(folder)
    assert len(found) == 2
    assert told == [
        "meta/info.json: its data_path holds {chunk_index}, for which the tables have no value: "
        "the file is taken to be data/chunk-000/episode_000000.parquet (and 1 more)"
    ]
    with pytest.raises(UserError, match="strict=false"):
        read(folder, strict=True)
    (folder / "data/chunk-000/episode_000000.parquet").rename(folder / "data/first.parquet")
    with pytest.raises(UserError, match=r"info\.json: its data_path holds \{chunk_index\}"):
        read(folder)


def test_v3_0_with_the_files_of_v2_1_is_read(tmp_path: Path) -> None:
    """As NVIDIA's DROID sample for Cosmos: {episode_chunk}, and no data/chunk_index."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    template = "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet"
    info = {"codebase_version": "v3.0", "data_path": template}
    folder = write(tmp_path / "set", {"action": rows(2)}, info=info)
    (folder / "meta/episodes/chunk-000").mkdir(parents=True)
    entries = [{"episode_index": n, "tasks": ["pick"], "length": STEPS} for n in range(2)]
    pq.write_table(
        pa.Table.from_pylist(entries), folder / "meta/episodes/chunk-000/file-000.parquet"
    )
    found, _ = read(folder)
    assert [episode.steps for episode in found] == [STEPS, STEPS]


def test_an_info_json_of_another_program_is_no_lerobot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "set" / "meta").mkdir(parents=True)
    (tmp_path / "set" / "meta" / "info.json").write_text(json.dumps({"name": "scans", "fps": 3}))
    assert dispatch(["import", f"src={tmp_path / 'set'}", f"out={tmp_path / 'lib'}"]) == 2
    assert "no data set of a known kind" in capsys.readouterr().err
    with pytest.raises(UserError, match="of another program: it names no codebase_version"):
        read(tmp_path / "set")
    (tmp_path / "set" / "meta" / "info.json").write_text('{"codebase_version": "v1.6"}')
    with pytest.raises(UserError, match=r"'v1\.6' is not read; .* lerobot converts older ones"):
        read(tmp_path / "set")


def test_columns_that_are_not_read_are_told(tmp_path: Path) -> None:
    columns = {
        "action": rows(2),
        "boxes": [[1.0] * (step % 3) for step in range(STEPS)],
        "holes": [None, *range(STEPS - 1)],
        "seen": [b"x"] * STEPS,
    }
    features = {"observation.tactile": {"dtype": "float32", "shape": [4], "names": None}}
    (episode, _), told = read(write(tmp_path / "set", columns, features=features))
    assert not episode.obs
    assert told == [
        "boxes: left out: its lists are of different lengths",
        "holes: left out: 1 of its values are empty",
        "seen: left out: columns of binary",
        "observation.tactile: info.json tells of it, but no table has it",
    ]
    with pytest.raises(UserError, match="strict=false"):
        read(tmp_path / "set", strict=True)
    uneven = {"action": [[1.0] * (step % 3) for step in range(STEPS)]}
    with pytest.raises(UserError, match="action: its lists are of different lengths"):
        read(write(tmp_path / "uneven", uneven))


# --- what users have tried ----------------------------------------------------------------------


def test_a_set_without_a_table_of_tasks_is_told_by_its_column(tmp_path: Path) -> None:
    folder = write(tmp_path / "set", {"action": rows(2), "task": ["shelve the cup"] * STEPS})
    (folder / "meta/tasks.jsonl").unlink()
    write_lines(
        folder / "meta/episodes.jsonl", [{"episode_index": n, "length": STEPS} for n in range(2)]
    )
    (episode, _), told = read(folder)
    assert episode.instruction == "shelve the cup"
    assert not told


def test_pixels_as_numbers_are_a_camera(tmp_path: Path) -> None:
    pixels = np.arange(STEPS * 6 * 8 * 3, dtype=np.uint8).reshape(STEPS, 6, 8, 3)
    folder = write(tmp_path / "set", {"action": rows(2), "observation.images.front": pixels})
    (episode, _), _ = read(folder)
    np.testing.assert_array_equal(episode.cameras["front"].rgb, pixels)
    assert not episode.obs


def test_a_cache_of_hugging_face_is_named_after_its_repository(tmp_path: Path) -> None:
    source = write(tmp_path / "blobs", {"action": rows(2)})
    root = tmp_path / "datasets--me--pick_nuts" / "snapshots" / "0123abc"
    for file in source.rglob("*"):
        if file.is_file():
            link = root / file.relative_to(source)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(file)
    (episode, _), _ = read(root)
    assert episode.task == "pick_nuts"


def test_timestamps_in_another_unit_are_told(tmp_path: Path) -> None:
    stamps = (np.arange(STEPS) * 1e8).astype(np.int64)
    _, told = read(write(tmp_path / "set", {"action": rows(2), "timestamp": stamps}))
    assert told == [
        "time: its rows are 1e+08 s apart by their timestamps, 10 Hz make 0.1 s; are they "
        "nanoseconds?"
    ]


def test_colours_of_ten_bits_are_cut_to_eight_and_told(tmp_path: Path) -> None:
    key = "observation.images.front"
    feature = {"dtype": "video", "shape": [48, 64, 3], "names": None}
    folder = write(tmp_path / "set", {"action": rows(2)}, features={key: feature}, episodes=1)
    shades = np.full((STEPS, 48, 64, 3), 100, np.uint8)
    file = folder / f"videos/chunk-000/{key}/episode_000000.mp4"
    video(file, shades, 10, codec="libx265", pix_fmt="yuv420p10le")
    (episode,), told = read(folder)
    np.testing.assert_allclose(episode.cameras["front"].rgb, 100, atol=2)
    assert told == [f"{key}: its colours have 10 bits (yuv420p10le), of which 8 are kept"]
