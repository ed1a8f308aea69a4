"""HDF5 of the layouts that people publish, of hand-written groups, and of neither."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from episodes import formats
from episodes.episode import Episode
from episodes.errors import UserError
from episodes.finding import Report
from episodes.formats import registry
from episodes.storage.library import Library
from generators.command.cli import dispatch
from tests.episodes.formats import array_files as made
from tests.episodes.formats.array_files import MADE, RED, STEPS
from tests.helpers import ROOT

CASES = ROOT.parent / "shared" / "cases" / "import"


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def read(path: Path, report: Report | None = None, **options: Any) -> list[Episode]:
    return list(registry.read("hdf5", path, report=report, **options))


def is_red(frames: Any) -> bool:
    """Whether these are the pictures of `RED`, JPEG or not: red and blue are far apart in them."""
    assert frames.shape[1:] == RED.shape[1:]
    return bool(np.abs(frames.astype(int) - RED[: len(frames)]).max() < 8)


@pytest.mark.parametrize("layout", MADE)
def test_each_layout_is_found_out(layout: str, tmp_path: Path, rng: np.random.Generator) -> None:
    path = MADE[layout](tmp_path, rng)
    assert registry.detect(path) == "hdf5"
    episodes = read(path, hz=20)
    assert {episode.lineage["layout"] for episode in episodes} == {layout}
    assert [episode.index for episode in episodes] == list(range(len(episodes)))
    assert all(e.actions.shape[1] and (e.obs or e.cameras) for e in episodes)


def test_minari(tmp_path: Path, rng: np.random.Generator) -> None:
    path = made.minari(tmp_path, rng)
    one, two = read(path.parents[1], hz=25)
    with h5py.File(path) as file:
        sensed = file["episode_0/observations/observation"][:STEPS]
        np.testing.assert_array_equal(one.obs["observation"], sensed)
    assert one.domain == "sim"
    assert one.task == "FetchReach-v3"
    assert one.instruction == "go to the red ball", "a text space is what the task is"
    assert (one.success, two.success) == (False, True), "the last of infos/is_success"
    assert list(one.dones) == [0] * (STEPS - 1) + [1]
    assert one.extra["ended"] == {"terminations": False, "truncations": True}
    assert one.extra["attributes"]["seed"] == 7


@pytest.mark.parametrize("pictures", ["raw", "padded JPEG"])
def test_aloha(pictures: str, tmp_path: Path, rng: np.random.Generator) -> None:
    report = Report()
    folder = made.aloha(tmp_path, rng, pictures)
    two, ten = read(folder, report, hz=50)
    assert is_red(two.cameras["cam_high"].rgb)
    assert set(two.obs) == {"qpos", "qvel", "effort"}
    assert two.actions.shape == (STEPS, 16)
    assert list(two.action) == ["action", "base_action"]
    assert [round(float(e.actions[:, :14].mean())) for e in (two, ten)] == [2, 10], "by number"
    assert (two.task, two.domain) == ("pick_nut", "real")
    assert not [f for f in report if "left out" in f.message]


def test_robotwin(tmp_path: Path, rng: np.random.Generator) -> None:
    folder = made.robotwin(tmp_path, rng)
    (one,) = read(folder, hz=20)
    assert is_red(one.cameras["head_camera"].rgb), "OpenCV was given RGB and wrote BGR"
    assert "red and blue" in one.lineage["converted"]["obs/head_camera_image"]
    rows = np.arange(STEPS * 14, dtype=np.float32).reshape(STEPS, 14) / 10
    np.testing.assert_array_equal(one.actions, rows[1:])
    assert one.steps == STEPS - 1
    assert not any("joint_action" in name for name in one.obs), "drive targets are commands"
    assert one.language == {"en": ("hit it", "bang it")}
    assert (one.task, one.domain) == ("beat_block", "sim")
    _, files = registry.reader("hdf5").sources(folder)
    assert "episode0.json" in {file.name for file in files}, "it decides the instructions"


def test_d4rl(tmp_path: Path, rng: np.random.Generator) -> None:
    path = made.d4rl(tmp_path, rng)
    report = Report()
    episodes = read(path, report, hz=20)
    assert [episode.steps for episode in episodes] == [3, 4, 1]
    assert [list(e.rewards) for e in episodes] == [[0, 1, 2], [3, 4, 5, 6], [7]]
    assert [e.extra["ended"]["terminals"] for e in episodes] == [True, False, False]
    with h5py.File(path) as file:
        whole = np.concatenate([e.obs["observations"] for e in episodes])
        np.testing.assert_array_equal(whole, file["observations"][()])
    assert [f.field for f in report.grouped()] == ["infos/qpos"]
    with pytest.raises(UserError, match=r"infos/qpos.*strict=false"):
        read(path, hz=20, strict=True)


def test_robocasa_says_it_in_json(tmp_path: Path, rng: np.random.Generator) -> None:
    path = made.isaac_lab(tmp_path, rng)
    with h5py.File(path, "a") as file:
        file["data/demo_0"].attrs["ep_meta"] = '{"lang": "pick the cup from the counter"}'
    (one,) = read(path)
    assert one.instruction == "pick the cup from the counter"


def test_robomind(tmp_path: Path, rng: np.random.Generator) -> None:
    report = Report()
    (one,) = read(made.robomind(tmp_path, rng), report, hz=20)
    assert is_red(one.cameras["camera_top"].rgb)
    depth = one.obs["depth_images.camera_top"]
    assert (depth.dtype, int(depth[0, -1, -1])) == (np.uint16, 38300)
    assert any("unit is not known" in finding.message for finding in report)
    assert one.instruction == "put the bread on the table"
    assert one.task == "bread"
    assert list(one.obs) == ["depth_images.camera_top", "puppet.joint_position"]


def test_isaac_lab(tmp_path: Path, rng: np.random.Generator) -> None:
    report = Report()
    (one,) = read(made.isaac_lab(tmp_path, rng), report)
    assert one.control_hz == pytest.approx(20)
    assert list(one.obs) == ["policy.joint_pos"]
    assert list(one.cameras) == ["policy.table_cam"]
    assert one.actions.shape == (STEPS, 7)
    np.testing.assert_array_equal(one.action["processed_actions"], np.ones((STEPS, 7)))
    assert [f.field for f in report] == ["initial_state/robot/root_pose"]


def test_groups_by_hand(tmp_path: Path, rng: np.random.Generator) -> None:
    report = Report()
    episodes = read(made.laboratory(tmp_path, rng), report)
    assert [int(e.actions[0, 0]) for e in episodes] == list(range(12)), "run_2 before run_10"
    one = episodes[0]
    assert one.control_hz == pytest.approx(8)
    np.testing.assert_allclose(one.time, np.arange(STEPS + 1) / 8, atol=1e-6)
    np.testing.assert_array_equal(one.cameras["front"].rgb, RED)
    assert one.instruction == "pick the nut"
    assert [(s.start, s.end, s.instruction) for s in one.subtasks] == [
        (0, 3, "reach"),
        (3, STEPS, "grasp"),
    ]
    assert list(one.obs) == ["state"]
    told = {f.field: f.message for f in report.grouped()}
    assert "3 rows for 8 steps" in told["calibration"]
    assert "type that is not read" in told["notes"]


@pytest.mark.parametrize("make", [made.robosuite_raw, made.maniskill_raw], ids=lambda f: f.__name__)
def test_recordings_without_observations_are_refused(
    make: Callable[..., Path], tmp_path: Path, rng: np.random.Generator
) -> None:
    """What is in them is for the simulator; the message names the tool that makes the rest."""
    with pytest.raises(UserError, match=r"states.*no observations.*(states_to_obs|replay)") as told:
        read(make(tmp_path, rng), hz=20)
    assert "\n" not in str(told.value)


def test_what_is_no_known_layout_is_shown_with_a_way_that_works(
    tmp_path: Path, rng: np.random.Generator, capsys: pytest.CaptureFixture[str]
) -> None:
    """The remedies are typed as they stand: first the map, then the map with a rate."""
    src, out = f"src={made.unnamed(tmp_path, rng)}", f"out={tmp_path / 'library'}"
    assert dispatch(["import", src, out]) == 2
    first = capsys.readouterr().err
    assert "take00 .. take02 {cmd_joint (8, 6) f8, q (8, 6) f8, video (8, 16, 24, 3) u1}" in first
    assert dispatch(["import", src, out, *_remedy(first)]) == 2
    second = capsys.readouterr().err
    assert "control rate" in second
    assert dispatch(["import", src, out, *_remedy(second)]) == 0
    library = Library(tmp_path / "library")
    episode = library.read(1)
    assert len(library) == 3
    assert (episode.actions.shape, episode.obs["q"].shape) == ((STEPS, 6), (STEPS, 6))
    np.testing.assert_array_equal(episode.cameras["video"].rgb, RED)


def _remedy(message: str) -> list[str]:
    found = re.search(r"'options=[^']*'", message)
    assert found is not None, message
    return shlex.split(found[0])


@pytest.mark.parametrize(
    ("path", "make"),
    [("path/to/pick_nut", made.aloha), ("path/to/takes.h5", made.unnamed)],
)
def test_the_commands_of_the_docs(
    path: str, make: Callable[..., Path], tmp_path: Path, rng: np.random.Generator
) -> None:
    """Typed as they stand, but for where the files are."""
    page = (ROOT / "docs" / "formats.md").read_text().replace("\\\n", " ")
    (line,) = [li for li in page.splitlines() if f"src={path} " in li]
    _, *words = shlex.split(line)
    src, out = make(tmp_path, rng), tmp_path / "library"
    words = [w.replace(path, str(src)).replace("runs/", f"{out}/") for w in words]
    words.append("format=auto")
    assert dispatch(words) == 0
    (library,) = [Library(found) for found in out.iterdir()]
    for row in library:
        episode = library.read(row.index)
        assert episode.steps == STEPS
        assert episode.cameras
        assert episode.obs


def test_a_map_says_what_is_what(tmp_path: Path, rng: np.random.Generator) -> None:
    path = made.unnamed(tmp_path, rng)
    told = {"episodes": "take*", "obs": ["q"], "actions": "cmd_joint", "ahead": 1}
    report = Report()
    episodes = read(path, report, hz=10, map=told)
    with h5py.File(path) as file:
        rows = file["take00/cmd_joint"][1:].astype(np.float32)
    np.testing.assert_array_equal(episodes[0].actions, rows)
    assert {f.field for f in report.grouped()} == {"video"}, "what it does not name is told"
    for wrong, why in (
        ({"acts": "cmd_joint"}, "unknown key of options.map: 'acts'; did you mean 'actions'"),
        ({"actions": {"a": 1}}, "a path or a list"),
        ({"episodes": "take*"}, "needs actions or obs"),
        ("cmd_joint", "give a mapping"),
        ({**told, "ahead": -1}, "negative"),
        ({**told, "actions": "cmd"}, "holds no episodes|no cmd"),
    ):
        with pytest.raises(UserError, match=why):
            formats.import_library("hdf5", path, tmp_path / "o", options={"hz": 5, "map": wrong})


def test_a_layout_can_be_named(tmp_path: Path, rng: np.random.Generator) -> None:
    path = made.d4rl(tmp_path, rng)
    (whole,) = read(path, hz=20, layout="plain")
    assert whole.steps == STEPS
    with pytest.raises(UserError, match=r"unknown layout 'd4lr'; did you mean 'd4rl'"):
        read(path, hz=20, layout="d4lr")
    with pytest.raises(UserError, match="not both"):
        read(path, hz=20, layout="d4rl", map={"actions": "actions"})


def test_commands_in_several_places_are_not_guessed(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "two.h5", "w") as file:
        for name in ("action", "actions", "state"):
            file[name] = np.zeros((STEPS, 2))
    with pytest.raises(UserError, match=r"several places \(actions, action\)"):
        read(tmp_path / "two.h5", hz=20)


def test_arms_of_their_own_are_shown_with_a_map(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "run.h5"
    with h5py.File(path, "w") as file:
        for number in range(2):
            for side, value in (("left arm", 1), ("right arm", 2)):
                trial = f"sessions/trial_{number}/{side}"
                file[f"{trial}/action"] = np.full((STEPS, 7), value)
                file[f"{trial}/state"] = np.full((STEPS, 7), value)
    words = ["import", f"src={path}", f"out={tmp_path / 'library'}"]
    assert dispatch(words) == 2
    message = capsys.readouterr().err
    assert "in several places (sessions/trial_*/left arm/action, " in message
    assert dispatch([*words, *_remedy(message)]) == 2
    assert dispatch([*words, *_remedy(capsys.readouterr().err)]) == 0
    episode = Library(tmp_path / "library").read(0)
    assert episode.actions[0].tolist() == [1] * 7 + [2] * 7
    assert set(episode.obs) == {"left arm.state", "right arm.state"}


def test_a_group_of_commands_keeps_those_of_one_length(tmp_path: Path) -> None:
    """As AgiBot World has them: with each kind the rows that it was sampled at."""
    path = tmp_path / "proprio_stats.h5"
    with h5py.File(path, "w") as file:
        file["action/effector/position"] = np.zeros((STEPS, 2))
        file["action/joint/position"] = np.ones((STEPS, 14))
        file["action/joint/index"] = np.arange(5)
        file["state/joint/position"] = np.zeros((STEPS, 14))
        file["timestamp"] = 1_700_000_000_000_000_000 + np.arange(STEPS) * 33_333_333
    report = Report()
    (one,) = read(path, report)
    assert one.control_hz == pytest.approx(30, rel=1e-3)
    assert one.actions.shape == (STEPS, 16)
    told = {f.field: f.message for f in report}
    assert told["action/joint/index"] == "left out: 5 rows for 8 steps"
    assert "side by side" in told["actions"]
    with h5py.File(path, "a") as file:
        file["action/base"] = np.zeros((STEPS - 1, 2))
        del file["action/joint/position"]
    with pytest.raises(UserError, match=r"of different lengths: .*action/base \(7, 2\) f8"):
        read(path)


def test_a_folder_of_several_layouts_is_refused(tmp_path: Path, rng: np.random.Generator) -> None:
    made.d4rl(tmp_path, rng)
    made.laboratory(tmp_path, rng)
    with pytest.raises(UserError, match=r"all\.h5 is plain, door-human-v1\.hdf5 is d4rl"):
        read(tmp_path, hz=20)


@pytest.mark.parametrize("kind", ["strings", "lengths", "padded"])
def test_encoded_pictures_in_any_layout(kind: str, tmp_path: Path) -> None:
    data = made.encoded(RED)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["action"] = np.zeros((STEPS, 2))
        if kind == "lengths":
            made.lengths(file, "front_rgb", data)
        else:
            file["front_rgb"] = made.strings(data) if kind == "strings" else made.padded(data)
    (one,) = read(tmp_path / "a.h5", hz=20)
    assert is_red(one.cameras["front"].rgb)
    (other,) = read(tmp_path / "a.h5", hz=20, colours="bgr")
    assert is_red(other.cameras["front"].rgb[..., ::-1])
    with pytest.raises(UserError, match=r"unknown options\.colours 'grb'; did you mean 'rgb'"):
        read(tmp_path / "a.h5", hz=20, colours="grb")


def test_a_picture_that_is_none_is_refused_with_its_step(tmp_path: Path) -> None:
    data = made.encoded(RED)
    data[5] = data[5][:30]
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["action"] = np.zeros((STEPS, 2))
        file["front_rgb"] = made.strings(data)
    with pytest.raises(UserError, match="front_rgb, step 5: the image cannot be decoded"):
        read(tmp_path / "a.h5", hz=20)


def test_alpha_and_grey_are_kept(tmp_path: Path) -> None:
    alpha = np.dstack([RED[0], np.arange(384, dtype=np.uint8).reshape(16, 24)])
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["action"] = np.zeros((STEPS, 2))
        file["rgba"] = np.stack([alpha] * STEPS)
        file["grey"] = RED[..., :1]
    (one,) = read(tmp_path / "a.h5", hz=20)
    np.testing.assert_array_equal(one.cameras["rgba"].rgb, RED)
    np.testing.assert_array_equal(one.obs["rgba.alpha"][3], alpha[..., 3])
    np.testing.assert_array_equal(one.obs["grey"], RED[..., :1])


def test_an_attribute_tells_the_rate_of_a_file_or_an_episode(tmp_path: Path) -> None:
    """And a JSON that happens to lie beside it is none of ours."""
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        for number, fps in ((0, 30), (1, "15")):
            file[f"run_{number}/action"] = file[f"run_{number}/state"] = np.zeros((STEPS, 2))
            file[f"run_{number}"].attrs["fps"] = fps
    (tmp_path / "a.json").write_text("[NaN]")
    (tmp_path / "metadata.json").write_text("[]")
    assert [episode.control_hz for episode in read(path)] == [30, 15]
    with h5py.File(path, "a") as file:
        file.attrs["control_hz"] = 10
    assert [episode.control_hz for episode in read(path)] == [10, 10]
    with h5py.File(path, "a") as file:
        file.attrs["control_hz"] = "fast"
    assert [episode.control_hz for episode in read(path)] == [30, 15]
    with h5py.File(path, "a") as file:
        file.attrs["control_hz"] = -3
    with pytest.raises(UserError, match="a control rate of -3 Hz"):
        read(path)


def test_floats_are_pictures_only_if_nothing_is_lost(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["action"] = np.zeros((STEPS, 2))
        file["image"] = RED.astype("f4")
        file["rgb_front"] = RED.astype("f4") / 255
    report = Report()
    (one,) = read(tmp_path / "a.h5", report, hz=20)
    np.testing.assert_array_equal(one.cameras["image"].rgb, RED)
    np.testing.assert_array_equal(one.obs["rgb_front"], RED.astype("f4") / 255)
    assert [(f.field, f.message.partition(":")[0]) for f in report] == [
        ("obs/rgb_front", "no whole numbers of 0 to 255")
    ]


def test_time_stamps_that_are_none_are_kept_as_readings(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["action"] = file["state"] = np.zeros((STEPS, 2))
        file["timestamp"] = np.arange(STEPS) * 40  # ms? frames?
    with pytest.raises(UserError, match="control rate"):
        read(tmp_path / "a.h5")
    (one,) = read(tmp_path / "a.h5", hz=25)
    assert one.obs["timestamp"].tolist() == [[40 * i] for i in range(STEPS)]


@pytest.mark.parametrize("unit", [1, 1e3, 1e6, 1e9])
def test_time_stamps_since_1970_tell_their_unit(unit: float, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["action"] = file["state"] = np.zeros((STEPS, 2))
        stamps = (1.7e9 + np.arange(STEPS) / 20) * unit
        file["timestamp"] = stamps.astype("i8") if unit > 1 else stamps
    (one,) = read(tmp_path / "a.h5")
    assert one.control_hz == pytest.approx(20, rel=1e-3)


def test_values_of_other_types_are_left_alone(tmp_path: Path) -> None:
    """References and records, as netCDF, pandas and MATLAB write them, are told and never read."""
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["action"] = file["state"] = np.zeros((STEPS, 2))
        file["axis"] = np.arange(STEPS)
        file["axis"].make_scale("time")
        file["state"].dims[0].attach_scale(file["axis"])  # an attribute of references
        file["table"] = np.zeros(STEPS, [("a", "f4")])
        file["parts"] = np.array([file["state"].ref] * STEPS, dtype=h5py.ref_dtype)
        file.attrs["empty"] = h5py.Empty("f4")
        file["nothing"] = h5py.Empty("f4")
        file["kind"] = np.dtype("f4")  # a type with a name
    report = Report()
    (one,) = read(path, report, hz=20)
    assert list(one.obs) == ["axis", "state"]
    (told,) = [f.message for f in report]
    assert "nothing, parts, table: values of a type that is not read" in told
    with pytest.raises(UserError, match="strict=false"):
        read(path, hz=20, strict=True)


def test_a_damaged_chunk_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["action"] = np.zeros((STEPS, 2))
        item = file.create_dataset("state", data=np.arange(800.0).reshape(STEPS, 100), chunks=True,
                                   compression="gzip")  # fmt: skip
        where = item.id.get_chunk_info(0)
    data = bytearray(path.read_bytes())
    data[where.byte_offset : where.byte_offset + 20] = bytes(20)
    path.write_bytes(data)
    with pytest.raises(UserError, match=r"a\.h5 is damaged \(.*\); fetch it again") as told:
        read(path, hz=20)
    assert "\n" not in str(told.value)


def test_files_that_claim_too_much_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("action", (1 << 40, 2), "f4", chunks=(1024, 2))
        file["state"] = np.zeros((STEPS, 2))
    with pytest.raises(UserError, match="not safe to read: /action: declares"):
        read(path, hz=20)


@pytest.mark.skipif(not CASES.is_dir(), reason="the shared cases are not beside the project")
@pytest.mark.parametrize(
    ("case", "layout"),
    [
        ("minari_observations/data", "minari"),
        ("hdf5_aloha/data/raw", "aloha"),
        ("hdf5_aloha/data/jpeg", "aloha"),
        ("hdf5_encoded_images_dropped/data/strings.hdf5", "robomimic"),
        ("hdf5_encoded_images_dropped/data/vlen.hdf5", "robomimic"),
    ],
)
def test_shared_cases(case: str, layout: str) -> None:
    episodes = read(CASES / case, hz=20, strict=True)
    assert {episode.lineage["layout"] for episode in episodes} == {layout}
    assert all(episode.obs for episode in episodes)
    assert layout == "minari" or all(episode.cameras for episode in episodes)
