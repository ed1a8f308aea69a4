"""LeRobot: the real samples with all their faults, video by presentation time, broken folders."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from episodes import Library, formats
from episodes.check.check import check
from episodes.episode import Episode
from episodes.errors import UserError
from episodes.finding import Finding, Report
from episodes.formats import guard
from episodes.formats.lerobot import meta
from tests.helpers import ROOT, synthetic_episode
from tests.libraries import brightening, make_library

pq = pytest.importorskip("pyarrow.parquet", reason="the extra 'formats' is not installed")
pytest.importorskip("av", reason="the extra 'formats' is not installed")

REAL = ROOT.parent / "shared" / "realdata"
G1, GR1 = REAL / "g1_inspire_lerobot_v21", REAL / "gr1_sim_picknplace_lerobot_v20"
needs_samples = pytest.mark.skipif(not G1.is_dir(), reason="shared/realdata is not here")


def read(path: Path, report: Report | None = None, **options: Any) -> list[Episode]:
    return list(formats.read("lerobot", path, report=report, **options))


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """v21 and v30 of one small library, as others would have written them: without our header."""
    root = tmp_path_factory.mktemp("lerobot")
    rng = np.random.default_rng(3)
    episodes = [
        brightening(synthetic_episode(i, rng, steps=6 + i, size=(32, 32), cameras=("front",)))
        for i in range(3)
    ]
    library = make_library(root / "lib", episodes)
    for name, version in (("v21", "v2.1"), ("v30", "v3.0")):
        formats.export_library("lerobot", library, root / name, version=version, depth=False)
    lines = (root / "v21" / "meta" / "episodes.jsonl").read_text().splitlines()
    rows = [{k: v for k, v in json.loads(line).items() if k != "cellwright"} for line in lines]
    write_lines(root / "v21" / "meta" / "episodes.jsonl", rows)
    table = root / "v30" / "meta" / "episodes" / "chunk-000" / "file-000.parquet"
    pq.write_table(pq.read_table(table).drop_columns(["cellwright"]), table)
    return root


@pytest.fixture
def folder(exported: Path, tmp_path: Path) -> Path:
    """A v2.1 data set to break."""
    shutil.copytree(exported / "v21", tmp_path / "set")
    return tmp_path / "set"


def write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def change_info(folder: Path, **values: Any) -> None:
    path = folder / "meta" / "info.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def change_table(folder: Path, change: Callable[[Any], Any], episode: int = 1) -> None:
    path = folder / "data" / "chunk-000" / f"episode_{episode:06d}.parquet"
    pq.write_table(change(pq.read_table(path)), path)


def with_column(table: Any, name: str, values: np.ndarray) -> Any:
    return table.set_column(table.column_names.index(name), name, [values])


@pytest.mark.parametrize("name", ["v21", "v30"])
def test_a_foreign_set_is_read_by_its_own_names(exported: Path, name: str) -> None:
    truth = Library(exported / "lib")
    found = read(exported / name)
    assert len(found) == 3
    for ours, theirs in zip(truth.episodes(), found, strict=True):
        assert theirs.steps == ours.steps
        assert theirs.domain == "real"
        assert theirs.robot == "panda"
        assert theirs.control_hz == 20
        assert theirs.instruction == ours.instruction
        assert theirs.states is None
        assert theirs.success is None
        np.testing.assert_array_equal(theirs.actions, ours.actions)
        assert "ee_delta" not in theirs.action  # nothing says that a column of this name is ours
        delta, wrench = theirs.action["ee_delta.source"], theirs.obs["wrench.source"]
        np.testing.assert_array_equal(delta, ours.action["ee_delta"])
        np.testing.assert_array_equal(wrench, ours.obs["wrench"])
        np.testing.assert_allclose(theirs.time, ours.time, atol=1e-6)
        np.testing.assert_array_equal(theirs.dones, ours.dones)
        lift = theirs.cameras["front"].rgb.mean(axis=(1, 2, 3))
        wanted = ours.cameras["front"].rgb.mean(axis=(1, 2, 3))
        np.testing.assert_allclose(lift, wanted, atol=2)  # 15 a frame: none is off by one


def test_frames_are_taken_by_time_not_by_count(folder: Path) -> None:
    """Rows that are late by one period show the next frame."""
    straight = read(folder)[1].cameras["front"].rgb.mean(axis=(1, 2, 3))
    change_table(folder, lambda t: with_column(t, "timestamp", stamps(t) + np.float32(0.05)))
    report = Report()
    late = read(folder, report)[1]
    assert late.time[0] == pytest.approx(0.05)
    brightness = late.cameras["front"].rgb.mean(axis=(1, 2, 3))
    np.testing.assert_allclose(brightness[:-1], straight[1:], atol=1e-9)
    np.testing.assert_allclose(brightness[-1], straight[-1], atol=1e-9)
    texts = [str(f) for f in report if f.episode == 1]
    assert any("start at 0.050 s" in text for text in texts)
    assert any(f.step == (6, 7) and "no frame at the time" in f.message for f in report)


def stamps(table: Any) -> np.ndarray:
    return np.asarray(table.column("timestamp").to_numpy())


def damage(folder: Path, how: str) -> None:
    video = folder / "videos" / "chunk-000" / "observation.images.front" / "episode_000001.mp4"
    data = folder / "data" / "chunk-000" / "episode_000001.parquet"
    if how == "parquet cut":
        data.write_bytes(data.read_bytes()[:-20])
    elif how == "video cut":
        video.write_bytes(video.read_bytes()[:200])
    elif how == "video short":
        shutil.copy(video.with_name("episode_000000.mp4"), video)
        longer = np.arange(7, dtype=np.float32) / 10
        change_table(folder, lambda t: with_column(t, "timestamp", longer))
    elif how == "no video in it":
        video.write_bytes(b"not a video" * 50)
    elif how == "no info":
        (folder / "meta" / "info.json").unlink()
    elif how == "version":
        change_info(folder, codebase_version="v9")
    elif how == "fps":
        change_info(folder, fps=0)
    elif how == "outside":
        change_info(folder, data_path="../{episode_index}.parquet")
    elif how == "format attack":
        change_info(folder, data_path="data/{episode_index.__class__}")
    elif how == "no time":
        nans = np.full(7, np.nan, np.float32)
        change_table(folder, lambda t: with_column(t, "timestamp", nans))
    elif how == "other episode":
        data.write_bytes(data.with_name("episode_000000.parquet").read_bytes())
    elif how == "nothing there":
        shutil.rmtree(folder / "data")


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("parquet cut", "not a parquet file that can be read"),
        ("video cut", "not a video"),
        ("video short", "ends 0.350 s before its rows"),
        ("no video in it", "not a video"),
        ("no info", "no LeRobot data set"),
        ("version", "'v9' is not read"),
        ("fps", "fps is 0"),
        ("outside", "outside its own folder"),
        ("no time", "timestamp of step 0 is no number"),
        ("other episode", "has it once"),
        ("nothing there", "none of its episodes has a data file"),
        ("format attack", "none of its episodes has a data file"),
    ],
)
def test_a_broken_set_is_one_clear_line(folder: Path, how: str, message: str) -> None:
    damage(folder, how)
    if how == "format attack":  # the standard layout is tried, and it must not be there either
        shutil.rmtree(folder / "data")
    with pytest.raises(UserError, match=message) as caught:
        read(folder)
    assert "\n" not in str(caught.value)


def test_an_import_of_a_broken_set_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    damage(folder, "video short")
    with pytest.raises(UserError, match="before its rows"):
        formats.import_library("lerobot", folder, tmp_path / "lib", shard_size=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set"]


def test_what_the_source_does_not_say_may_be_given(folder: Path, tmp_path: Path) -> None:
    given = {"domain": "upcycled", "robot": "ur5", "licence": "MIT"}
    formats.import_library("lerobot", folder, tmp_path / "lib", overrides=given)
    episode = Library(tmp_path / "lib").read(0)
    assert (episode.domain, episode.robot, episode.licence) == ("upcycled", "ur5", "MIT")
    assert episode.lineage["given"] == given
    with pytest.raises(UserError, match="unknown key to override: 'seed'"):
        formats.import_library("lerobot", folder, tmp_path / "b", overrides={"seed": "1"})


def test_no_action_is_made_up_for_one_that_is_none(folder: Path, tmp_path: Path) -> None:
    def spoil(table: Any) -> Any:
        rows = np.stack(table.column("action").to_numpy())
        rows[3, 2] = np.nan
        return with_column(table, "action", rows.tolist())

    change_table(folder, spoil)
    formats.import_library("lerobot", folder, tmp_path / "lib")
    found = [f for f in check(tmp_path / "lib") if f.field == "actions" and "NaN" in f.message]
    assert [(f.episode, f.step) for f in found] == [(1, 3)]


def test_rates_that_differ_are_told(folder: Path) -> None:
    change_info(folder, fps=10)
    report = Report()
    read(folder, report)
    told = [f.episode for f in report if "frames come at 20 Hz, the rows at 10" in f.message]
    assert told == [0, 1, 2]


def test_the_rate_of_the_set_is_not_to_be_changed(folder: Path) -> None:
    with pytest.raises(UserError, match="recorded at 20 Hz"):
        read(folder, hz=10)


@needs_samples
def test_the_humanoid_sample_comes_with_its_faults(tmp_path: Path) -> None:
    for name in ("meta", "data"):
        shutil.copytree(G1 / name, tmp_path / "g1" / name)
    video = Path("videos/chunk-000/observation.images.cam_high/episode_000029.mp4")
    (tmp_path / "g1" / video).parent.mkdir(parents=True)
    shutil.copy(G1 / video, tmp_path / "g1" / video)
    for number in (28, 30, 31):
        (tmp_path / "g1" / "data" / "chunk-000" / f"episode_{number:06d}.parquet").unlink()
    imported = formats.import_library(
        "lerobot", tmp_path / "g1", tmp_path / "lib", compression="lzf"
    )
    episode = Library(tmp_path / "lib").read(0)
    assert episode.actions.shape == (221, 26)
    assert episode.cameras["cam_high"].rgb.shape == (221, 480, 640, 3)
    assert episode.extra == {"source_episode": 29, "split": "train"}
    assert episode.instruction == "Pick up the yellow bottle on the table."
    assert episode.lineage["columns"]["obs/state"][0] == "kLeftShoulderPitch"
    texts = [str(finding) for finding in imported.report]
    assert any("99 of 100 episodes have no data file: 0-28, 30-99" in text for text in texts)
    assert any("total_frames is 35965, there are 221" in text for text in texts)
    with pytest.raises(UserError, match="strict"):
        list(formats.read("lerobot", tmp_path / "g1", strict=True))
    checked = check(tmp_path / "lib")
    doubled = [f for f in checked if "repeat the one before" in f.message]
    assert [(f.episode, f.step, f.field) for f in doubled] == [(0, (81, 196), "obs/cam_high_image")]
    assert "56 of 221 (25 %)" in doubled[0].message
    slow = [f for f in checked if "fit commands best 9 steps (0.30 s) later" in f.message]
    assert [(f.episode, f.field) for f in slow] == [(0, "actions")]
    assert "every other one" in doubled[0].message


@pytest.mark.slow
@needs_samples
def test_the_humanoid_sample_comes_whole(tmp_path: Path) -> None:
    formats.import_library("lerobot", G1, tmp_path / "lib", compression="lzf")
    assert [row.steps for row in Library(tmp_path / "lib")] == [278, 221, 277, 267]
    doubled = [f for f in check(tmp_path / "lib") if "repeat the one before" in f.message]
    assert [f.episode for f in doubled] == [0, 1, 2, 3]


@needs_samples
def test_the_kitchen_sample_comes_whole_with_its_faults(tmp_path: Path) -> None:
    imported = formats.import_library(
        "lerobot", GR1, tmp_path / "lib", compression="lzf", overrides={"licence": "Apache-2.0"}
    )
    library = Library(tmp_path / "lib")
    assert [row.steps for row in library] == [416, 470, 470, 412, 328]
    episode = library.read(0)
    assert episode.licence == "Apache-2.0"
    assert episode.instruction == "pick the pear from the counter and place it in the plate"
    assert list(episode.cameras) == ["ego_view"]
    assert episode.lineage["modality"]["action"]["neck"] == {"start": 19, "end": 22}
    found = list(imported.report)

    def told(text: str) -> list[Finding]:
        return [finding for finding in found if text in finding.message]

    for text in ("'valid' is listed among its tasks", "timestamps start at 0.050 s"):
        assert [f.message.rpartition(" (")[2] for f in told(text)] == ["episodes 0-4)"]
    assert {f.step for f in told("no frame at the time")} == {
        (415, 416), (469, 470), (411, 412), (327, 328),
    }  # fmt: skip
    assert told("total_videos is 2, there are 5")
    assert told("split 'train' is 0:100")
    assert told("path template leads to data/chunk-001")
    assert [f.field for f in told("no episode has its video")] == ["observation.images.egoview"]
    dead = [f for f in check(tmp_path / "lib") if "never change" in f.message]
    assert [f.message.split(" of ")[0] for f in dead] == ["25"]


@needs_samples
def test_a_row_shows_the_frame_of_its_time() -> None:
    """The rows of this sample are 0.05 s late, so row k shows frame k + 1, and the last repeats."""
    import av

    video = GR1 / "videos" / "chunk-000" / "observation.images.ego_view" / "episode_000004.mp4"
    with av.open(str(video)) as container:
        frames = [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
    *_, last = formats.read("lerobot", GR1)
    rgb = last.cameras["ego_view"].rgb
    for row in (0, 100, 326):
        error = [np.abs(rgb[row].astype(int) - frames[k]).mean() for k in (row, row + 1)]
        assert error[1] < error[0]
    np.testing.assert_array_equal(rgb[326], rgb[327])


def test_only_plain_places_are_filled_in() -> None:
    assert meta.fill("a/{k:03d}/{k}.x", {"k": 7}) == "a/007/7.x"
    assert meta.fill("{k.__class__}/{k!r}/{k:>9}", {"k": 7}) == "{k.__class__}/{k!r}/{k:>9}"
    with pytest.raises(KeyError):
        meta.fill("{other}", {"k": 7})


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x", "", "a\\..\\x", "a\0b"])
def test_no_path_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError):
        guard.inside(tmp_path, name)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_table_with_changed_bytes_is_read_or_refused(
    exported: Path, tmp_path_factory: Any, data: st.DataObject
) -> None:
    root = tmp_path_factory.mktemp("fuzz") / "set"
    shutil.copytree(exported / "v21", root)
    path = root / data.draw(
        st.sampled_from(
            ["data/chunk-000/episode_000000.parquet", "meta/info.json", "meta/episodes.jsonl"]
        )
    )
    body = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(body))
    said = ""
    try:
        read(root)
    except UserError as error:
        said = str(error)
    assert "\n" not in said


def test_episodes_of_different_shapes_are_refused_and_nothing_stays(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    one = synthetic_episode(0, rng, steps=4, cameras=("front",))
    two = synthetic_episode(1, rng, steps=4, cameras=("front", "wrist"))
    library = make_library(tmp_path / "lib", [one, two])
    with pytest.raises(UserError, match="episode 1"):
        formats.export_library("lerobot", library, tmp_path / "out")
    slow = make_library(tmp_path / "slow", [one, replace(one, index=1, control_hz=10.0)])
    with pytest.raises(UserError, match="10 Hz"):
        formats.export_library("lerobot", slow, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lib", "slow"]


def test_an_export_goes_over_nothing(exported: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("x")
    with pytest.raises(UserError, match="exists already"):
        formats.export_library("lerobot", exported / "lib", tmp_path / "out")
    with pytest.raises(UserError, match="did you mean 'lerobot'"):
        formats.export_library("lerobt", exported / "lib", tmp_path / "new")
    with pytest.raises(UserError, match="unknown option of the format lerobot: 'colour'"):
        formats.export_library("lerobot", exported / "lib", tmp_path / "new", colour=1)
    with pytest.raises(UserError, match="codec 'h263'"):
        formats.export_library("lerobot", exported / "lib", tmp_path / "new", codec="h263")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
