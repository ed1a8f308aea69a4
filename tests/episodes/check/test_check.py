"""`check` names what is wrong, and is silent about what is not."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from episodes.check.check import check
from episodes.episode import CameraTrack, Episode, Subtask
from episodes.errors import UserError
from episodes.finding import Finding
from episodes.storage import hdf5, store
from generators.command.cli import dispatch
from tests.helpers import synthetic_episode

SPEC = "c4" * 32
ABOUT: dict[str, Any] = {"spec_id": SPEC, "versions": {}, "created": "2024-05-01"}
STEPS = 60


def make(index: int) -> Episode:
    return synthetic_episode(index, np.random.default_rng(index), STEPS)


GOOD = tuple(make(i) for i in range(4))


def library(root: Path, *episodes: Episode, **changes: Any) -> Path:
    """Two episodes a shard; sound unless the episodes are not."""
    told = {"spec_id": SPEC, "episodes": len(episodes), "shard_size": 2, "versions": {}}
    store.create(root, {**told, **changes})
    for number in store.missing(root):
        store.write_shard(root, number, episodes[2 * number : 2 * number + 2], **ABOUT)
    return root


def edited(root: Path, number: int, edit: Callable[[h5py.File], object]) -> Path:
    """A shard that was wrong from the start: its record agrees with its bytes."""
    path, record_path = root / f"shards/{number:05d}.h5", root / f"shards/{number:05d}.json"
    with h5py.File(path, "r+") as file:
        edit(file)
    record = json.loads(record_path.read_text())
    record["bytes"] = path.stat().st_size
    record["sha256"] = store.Folder(root / "shards").sha256(path.name)
    record_path.write_text(json.dumps(record))
    return root


def found(findings: list[Finding], field: str, words: str = "") -> Finding:
    hits = [f for f in findings if f.field == field and re.search(words, f.message)]
    assert hits, f"nothing on {field!r} ~ {words!r} among: {[str(f) for f in findings]}"
    return hits[0]


# silence


def test_a_sound_library_has_no_findings(tmp_path: Path) -> None:
    assert check(library(tmp_path / "lib", *GOOD)) == []


def test_what_may_be_absent_is_no_finding(tmp_path: Path) -> None:
    bare = [
        replace(
            episode,
            domain="real",
            success=None,
            failure="",
            states=None,
            layout={},
            rewards=None,
            dones=None,
            objects=None,
            object_names=(),
            subtasks=(),
            language={},
            action={},
            obs={"state": episode.obs["ee_pose"]},
            cameras={"front": CameraTrack(rgb=episode.cameras["front"].rgb)},
        )
        for episode in GOOD
    ]
    assert check(library(tmp_path / "real", *bare)) == []
    blind = [replace(episode, cameras={}, renderer="none") for episode in GOOD]
    assert check(library(tmp_path / "blind", *blind)) == []


# records


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return library(tmp_path_factory.mktemp("good") / "lib", *GOOD)


@pytest.fixture
def sound(good: Path, tmp_path: Path) -> Path:
    """A copy to be spoilt."""
    return Path(shutil.copytree(good, tmp_path / "lib"))


def flip(path: Path, position: int, bit: int) -> None:
    data = bytearray(path.read_bytes())
    data[position] ^= 1 << bit
    path.write_bytes(data)


@pytest.mark.parametrize("records_only", [False, True])
@pytest.mark.parametrize(
    ("harm", "field", "words"),
    [
        (lambda s: os.truncate(s / "00001.h5", 9000), "shards/00001.h5", "9000 bytes"),
        (lambda s: (s / "00001.h5").unlink(), "shards/00001.h5", "missing"),
        (lambda s: (s / "00001.json").unlink(), "shards/00001.h5", "no commit record"),
        (lambda s: (s / "00001.json").unlink(), "shards/00001.h5", r"episodes 2\.\.3 not there"),
        (lambda s: (s / "00001.json").write_text("{"), "shards", "00001.json.* not valid JSON"),
        (lambda s: edit_record(s, spec_id="ee" * 32), "shards/00001.h5", "is of spec eeee"),
        (lambda s: edit_record(s, index=0), "shards/00001.h5", "also in shards/00000.h5"),
        (lambda s: edit_record(s, index=0), "shards/00001.h5", "episode 2 not there"),
        (lambda s: edit_record(s, index=9), "", "has only 4 episodes"),
        (lambda s: (s / "00009.h5").write_bytes(b"x"), "shards/00009.h5", "no commit record"),
    ],
)
def test_broken_records_are_named(
    sound: Path, harm: Callable[[Path], object], field: str, words: str, records_only: bool
) -> None:
    harm(sound / "shards")
    assert found(check(sound, records_only=records_only), field, words).severity == "error"


def edit_record(shards: Path, index: int | None = None, **changes: Any) -> None:
    path = shards / "00001.json"
    record = {**json.loads(path.read_text()), **changes}
    if index is not None:
        record["episodes"][0]["index"] = index
    path.write_text(json.dumps(record))


def test_any_flipped_bit_is_found(tmp_path: Path) -> None:
    root = library(tmp_path / "lib", *GOOD[:2])
    path = root / "shards/00000.h5"
    good = path.read_bytes()
    rng = np.random.default_rng(0)
    positions = [0, len(good) - 1, *rng.integers(0, len(good), 30)]
    for position in positions:
        flip(path, int(position), int(rng.integers(8)))
        findings = check(root)
        assert [f.field for f in findings] == ["shards/00000.h5"]
        assert "not those that were committed" in findings[0].message
        path.write_bytes(good)
    assert check(root) == []


def test_shards_that_were_never_made_are_told_in_one_line(tmp_path: Path) -> None:
    root = library(tmp_path / "lib", *GOOD)
    for path in (root / "shards").glob("0000[01].*"):
        path.unlink()
    (finding,) = check(root)
    assert "episodes 0..3 not there: shards 00000 to 00001 were not made" in finding.message


def test_an_unfinished_library_is_not_sound(tmp_path: Path) -> None:
    root = library(tmp_path / "lib", *GOOD)
    for path in (root / "shards").glob("00000.*"):
        path.unlink()
    finding = found(check(root), "shards/00000.h5")
    assert "episodes 0..1 not there" in finding.message
    store.quarantine(root, 0, {"reason": "SIGKILL"})
    store.quarantine(root, 1, {"reason": "timed out"})
    assert [f.severity for f in check(root)] == ["warning", "warning"]
    assert found(check(root), "", "timed out").episode == 1


def test_leftovers_and_imports_are_told(tmp_path: Path) -> None:
    noticed = Finding("warning", "meta/info.json promises 100 videos", field="videos")
    root = library(tmp_path / "lib", *GOOD, findings=[noticed.to_json()])
    (root / "shards/.tmp-elsewhere-1-00007").write_bytes(b"half")
    findings = check(root, records_only=True)
    assert noticed in findings
    assert found(findings, "shards/.tmp-elsewhere-1-00007").severity == "warning"


def test_a_folder_that_is_no_library_raises(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no library"):
        check(tmp_path)


# layout


def _drop(path: str) -> Callable[[h5py.File], object]:
    return lambda file: file.__delitem__(f"data/demo_2/{path}")


def _put(path: str, change: Callable[[Any], Any]) -> Callable[[h5py.File], object]:
    def edit(file: h5py.File) -> None:
        item = file[f"data/demo_2/{path}"]
        value, attrs = change(item[()]), dict(item.attrs)
        del file[f"data/demo_2/{path}"]
        file[f"data/demo_2/{path}"] = value
        file[f"data/demo_2/{path}"].attrs.update(attrs)

    return edit


def _attr(name: str, value: Any) -> Callable[[h5py.File], object]:
    return lambda file: file["data/demo_2"].attrs.__setitem__(name, value)


@pytest.mark.parametrize(
    ("edit", "field", "words"),
    [
        (_drop("actions"), "actions", "missing"),
        (_drop("states"), "states", "missing"),
        (_drop("action/ee_pose"), "action/ee_pose", "missing"),
        (_put("actions", lambda a: a.astype("f8")), "actions", "float64, not float32"),
        (_put("time", lambda a: a[:-1]), "time", r"\(60,\), not \(61\)"),
        (_put("states", lambda a: a[:-1]), "states", r"\(60, 31\), not \(61, any\)"),
        (_put("action/ee_delta", lambda a: a[:, :5]), "action/ee_delta", r"not \(60, 6\)"),
        (_put("obs/front_image", lambda a: a[1:]), "obs/front_image", r"\(59, .* not \(60, any"),
        (_put("obs/wrist_depth", lambda a: a.astype("f4")), "obs/wrist_depth", "float32"),
        (_put("obs/wrist_depth", lambda a: a[:, ::2]), "cameras/wrist", "differ in size"),
        (_drop("cameras/wrist"), "obs/wrist_image", "not among cameras/"),
        (
            _put("cameras/wrist/camera_to_world", lambda a: a[:7]),
            "cameras/wrist/camera_to_world",
            r"\(7, 4, 4\)",
        ),
        (_attr("num_samples", 59), "num_samples", "its record 60"),
        (_attr("instruction", "dance"), "instruction", "'dance', its record"),
        (_attr("lineage", "{"), "lineage", "no JSON"),
        (_attr("control_hz", "20"), "control_hz", "type str"),
        (lambda f: f["data/demo_2"].attrs.__delitem__("licence"), "licence", "missing"),
        (lambda f: f["data"].attrs.__setitem__("total", 1), "shards/00001.h5", "total is 1"),
        (lambda f: f.attrs.__setitem__("format", "x"), "shards/00001.h5", "format is 'x'"),
        (lambda f: f.__delitem__("mask/train"), "shards/00001.h5", "together are not its demos"),
        (lambda f: f.move("data/demo_2", "data/demo_8"), "shards/00001.h5", "demo_2, demo_8"),
        (
            lambda f: f.__setitem__("data/x", h5py.ExternalLink("/etc/passwd", "/")),
            "shards/00001.h5",
            "refused",
        ),
    ],
)
def test_a_broken_layout_is_named(
    sound: Path, edit: Callable[[h5py.File], object], field: str, words: str
) -> None:
    findings = check(edited(sound, 1, edit))
    finding = found(findings, field, words)
    assert finding.severity == "error"
    assert finding.episode == (None if field.startswith("shards") else 2)
    assert {f.episode for f in findings} <= {None, 2}


def test_both_sides_of_the_split_may_not_hold_one_demo(sound: Path) -> None:
    def edit(file: h5py.File) -> None:
        for side in ("train", "valid"):
            del file[f"mask/{side}"]
            file[f"mask/{side}"] = np.array([b"demo_2", b"demo_3"])

    found(check(edited(sound, 1, edit)), "shards/00001.h5", "in both mask/train and mask/valid")


# content


def shifted(array: Any, by: int = 1) -> Any:
    return np.roll(array, by, axis=0)


def changed(array: Any, place: Any, value: Any) -> Any:
    copy = np.array(array)
    copy[place] = value
    return copy


def camera(episode: Episode, name: str, **changes: Any) -> Episode:
    track = replace(episode.cameras[name], **changes)
    return replace(episode, cameras={**episode.cameras, name: track})


def action(episode: Episode, **changes: Any) -> Episode:
    return replace(episode, action={**episode.action, **changes})


def obs(episode: Episode, **changes: Any) -> Episode:
    return replace(episode, obs={**episode.obs, **changes})


E = GOOD[1]
assert E.states is not None
assert E.objects is not None
RGB = E.cameras["wrist"].rgb
assert RGB is not None
BODY = E.layout["block/pose"][0]

CONTENT: list[tuple[Episode, str, str, Any]] = [
    (replace(E, actions=changed(E.actions, (9, 2), np.nan)), "actions", "NaN", 9),
    (obs(E, wrench=changed(E.obs["wrench"], (4, 0), np.inf)), "obs/wrench", "infinite", 4),
    (replace(E, time=changed(E.time, 7, E.time[6])), "time", "does not increase", 6),
    (replace(E, time=changed(E.time, 7, E.time[7] + 0.01)), "time", "do not take 1/20", (6, 8)),
    (replace(E, control_hz=30.0), "time", "do not take 1/30", (0, STEPS)),
    (action(E, gripper=E.action["gripper"] * 2), "action/gripper", "outside 0..1", None),
    (action(E, ee_pose=E.action["ee_pose"] * 2), "action/ee_pose", "norm 2", (0, STEPS)),
    (replace(E, objects=changed(E.objects, (5, 1, 6), 0.5)), "objects/pose", "norm 0.5", 5),
    (replace(E, states=changed(E.states, (8, BODY + 6), 3.0)), "states/block/pose", "norm", 8),
    (replace(E, actions=shifted(E.actions)), "actions", "not action/ee_delta", None),
    (replace(E, actions=E.actions[:, :6]), "actions", "6 columns, not 7", None),
    (
        action(E, ee_delta=shifted(E.action["ee_delta"])),
        "action/ee_delta",
        "does not lead from",
        None,
    ),
    (
        obs(E, joint_position=shifted(E.obs["joint_position"])),
        "obs/joint_position",
        "shifted or edited",
        None,
    ),
    (
        obs(E, joint_velocity=shifted(E.obs["joint_velocity"], -1)),
        "obs/joint_velocity",
        "shifted or edited",
        None,
    ),
    (replace(E, states=shifted(E.states)), "obs/joint_position", "shifted or edited", None),
    *(
        (
            replace(
                E,
                actions=shifted(E.actions, by),
                action={name: shifted(rows, by) for name, rows in E.action.items()},
            ),
            "action/joint_position",
            words,
            None,
        )
        for by, words in ((1, "1 step early for"), (-1, "2 steps .* later"))
    ),
    (replace(E, objects=shifted(E.objects)), "objects/pose[block]", "shifted or edited", None),
    (
        replace(E, objects=changed(E.objects, (30, 1, 0), 2.0)),
        "objects/pose",
        "tray moves, though",
        30,
    ),
    (replace(E, object_names=("block",)), "objects/pose", "1 names for 2 objects", None),
    (replace(E, layout={"block/pose": (90, 97)}), "states", r"\[90, 97\) of block/pose", None),
    (replace(E, dones=np.zeros(STEPS, np.uint8)), "dones", "no done at the last", STEPS - 1),
    (replace(E, dones=np.ones(STEPS, np.uint8)), "dones", "before the last", (0, STEPS - 1)),
    (replace(E, instruction="", language={}), "instruction", "empty", None),
    (replace(E, language={"en": ("other words",)}), "language/en", "not the instruction", None),
    (replace(E, language={**E.language, "ko": (" ",)}), "language/ko", "a phrase is empty", None),
    (replace(E, success=True, failure="dropped"), "failure", "success, and yet", None),
    (replace(E, success=False, failure=""), "failure", "without a cause", None),
    (
        replace(E, subtasks=(Subtask(0, 70, "x", "x"),)),
        "subtasks",
        "'x' is not in the episode",
        (0, 70),
    ),
    (
        replace(E, subtasks=(Subtask(0, 9, "x", "x"), Subtask(12, STEPS, "y", "y"))),
        "subtasks",
        "gap",
        (9, 12),
    ),
    (
        replace(E, subtasks=(Subtask(0, 9, "x", "x"),)),
        "subtasks",
        "no subtask covers",
        (9, STEPS),
    ),
    (camera(E, "wrist", rgb=np.zeros_like(RGB)), "obs/wrist_image", "every frame", (0, STEPS)),
    (
        camera(E, "wrist", rgb=changed(RGB, slice(20, 23), 3)),
        "obs/wrist_image",
        r"3 of 60 \(5 %\) frames are black: 20\.\.22",
        (20, 23),
    ),
    (
        camera(E, "wrist", rgb=RGB[np.arange(STEPS) // 2 * 2]),
        "obs/wrist_image",
        "repeat the one before .* every other one",
        None,
    ),
    (
        camera(E, "wrist", depth=changed(E.cameras["wrist"].depth, 11, 0)),
        "obs/wrist_depth",
        "1 of 60 .* without any return",
        (11, 12),
    ),
    (
        camera(E, "front", segmentation=changed(E.cameras["front"].segmentation, (33, 5, 5), 77)),
        "obs/front_segmentation",
        "ids without a name: 77",
        33,
    ),
    (
        camera(E, "front", intrinsics=np.zeros((3, 3))),
        "cameras/front/intrinsics",
        "not the matrix",
        None,
    ),
    (
        camera(E, "front", camera_to_world=np.ones((1, 4, 4))),
        "cameras/front/camera_to_world",
        "not a rigid motion",
        0,
    ),
]


@pytest.mark.parametrize(
    ("episode", "field", "words", "step"),
    CONTENT,
    ids=[f"{field}-{words}" for _, field, words, _ in CONTENT],
)
def test_wrong_content_is_named(
    tmp_path: Path, episode: Episode, field: str, words: str, step: Any
) -> None:
    findings = check(library(tmp_path / "lib", GOOD[0], episode))
    finding = found(findings, field, words)
    assert finding.episode == 1
    assert finding.severity == "error"
    if step is not None:
        assert finding.step == step
    assert {f.episode for f in findings} == {1}


def test_a_record_of_other_states_is_found(sound: Path) -> None:
    def edit(file: h5py.File) -> None:
        file["data/demo_2/action/joint_position"][3, 0] += 1e-3

    found(check(edited(sound, 1, edit)), "states", "not those of its record")


def test_real_data_is_warned_about_not_condemned(tmp_path: Path) -> None:
    """Faults of a source are told as warnings; the library that holds them is as it should be."""
    real = [replace(e, domain="real", dones=np.zeros(STEPS, np.uint8)) for e in GOOD]
    real[1] = obs(real[1], wrench=changed(E.obs["wrench"], (4, 0), np.inf))
    findings = check(library(tmp_path / "lib", *real))
    assert found(findings, "obs/wrench").severity == "warning"
    assert [f.episode for f in findings if f.field == "dones"] == [0, 2, 3]
    assert {f.severity for f in findings} == {"warning"}


def test_frames_of_a_slow_real_camera_are_counted(tmp_path: Path) -> None:
    """Every other frame doubled in the first half, while the readings never repeat."""
    real = []
    for episode in GOOD:
        rgb = np.array(episode.cameras["front"].rgb)
        rgb[1:20:2] = rgb[0:20:2]
        track = CameraTrack(rgb=rgb)
        real.append(replace(episode, domain="real", cameras={"cam_high": track}))
    finding = found(check(library(tmp_path / "lib", *real)), "obs/cam_high_image")
    assert finding.severity == "warning"
    assert "10 of 60 (17 %) frames repeat" in finding.message
    assert "half the rate" in finding.message
    assert finding.step == (1, 20)


def test_readings_that_stop_while_the_picture_goes_on(tmp_path: Path) -> None:
    real = [replace(e, domain="real", states=None, layout={}, objects=None) for e in GOOD]
    frozen = {k: changed(v, slice(20, 50), v[20]) for k, v in real[1].obs.items()}
    real[1] = replace(real[1], obs=frozen)
    finding = found(check(library(tmp_path / "lib", *real)), "obs", "stands still")
    assert (finding.episode, finding.step) == (1, (20, 50))


CHANNELS = ("rgb", "depth", "segmentation")


def shifted_camera(episode: Episode, name: str, channels: tuple[str, ...], by: int) -> Episode:
    track = episode.cameras[name]
    return camera(episode, name, **{c: shifted(getattr(track, c), by) for c in channels})


@pytest.mark.parametrize("by", [-1, 1, 2])
def test_pictures_shifted_against_the_objects_are_found(tmp_path: Path, by: int) -> None:
    good, bad = (synthetic_episode(i, np.random.default_rng(i), 90, (96, 72)) for i in range(2))
    bad = shifted_camera(bad, "front", CHANNELS, by)
    findings = check(library(tmp_path / "lib", good, bad))
    assert {f.episode for f in findings} == {1}
    words = f"{abs(by)} steps? {'late' if by > 0 else 'early'} for objects/pose"
    assert found(findings, "obs/front_depth", words).severity == "error"


@pytest.mark.parametrize("by", [-1, 1, 2])
def test_colours_shifted_against_their_depth_are_found(tmp_path: Path, by: int) -> None:
    rng = np.random.default_rng(5)
    made = []
    for i in range(2):
        episode = synthetic_episode(i, np.random.default_rng(i), 90)
        track = episode.cameras["front"]
        assert track.rgb is not None
        assert track.depth is not None
        ahead = rng.integers(0, 12, 90).cumsum()[:, None, None]  # of a bar that passes by
        bar = (np.arange(32) - ahead) % 32 < 6
        depth = np.where(bar, track.depth - 300, track.depth).astype(np.uint16)
        rgb = np.where(bar[..., None], 10, track.rgb).astype(np.uint8)
        made.append(camera(episode, "front", rgb=rgb, depth=depth, segmentation=None))
    made[1] = shifted_camera(made[1], "front", ("rgb",), by)
    findings = check(library(tmp_path / "lib", *made))
    assert {f.episode for f in findings} == {1}
    words = f"{abs(by)} steps? {'late' if by > 0 else 'early'} for their depth"
    found(findings, "obs/front_image", words)


def test_pictures_that_lag_behind_their_camera(tmp_path: Path) -> None:
    """A wrist camera that stops and goes: its picture must change when it moves, not later."""
    rng = np.random.default_rng(1)
    steps = 120
    episodes = [synthetic_episode(i, np.random.default_rng(i), steps) for i in range(2)]
    made = []
    for late, episode in zip((0, 2), episodes, strict=True):
        where = np.cumsum(rng.integers(0, 2, steps // 6 + 1).repeat(6)[:steps] * 0.01)
        pose = np.tile(np.eye(4), (steps, 1, 1))
        pose[:, 0, 3] = where
        u = np.arange(32) / 32
        seen = np.concatenate([np.full(late, where[0]), where])[:steps]
        rgb = 120 + 100 * np.sin(20 * u[None, None, :] + 60 * seen[:, None, None])
        rgb = np.broadcast_to(rgb[..., None], (steps, 24, 32, 3)).astype(np.uint8)
        made.append(camera(episode, "wrist", rgb=rgb, camera_to_world=pose, depth=None))
    findings = [f for f in check(library(tmp_path / "lib", *made)) if "late" in f.message]
    assert [(f.episode, f.field) for f in findings] == [(1, "obs/wrist_image")]
    assert "2 steps late for the motion" in findings[0].message


@pytest.mark.parametrize(
    ("lag", "words"), [(-1, "2 steps early for their commands"), (9, "best 9 steps .0.45 s. later")]
)
def test_commands_far_from_their_effect_are_noticed(tmp_path: Path, lag: int, words: str) -> None:
    """Readings in other units follow their commands one step later, as is usual, or `lag` steps."""
    rng = np.random.default_rng(0)
    made = []
    for delay, episode in zip((1, lag), GOOD, strict=False):
        path = np.cumsum(rng.normal(0, 0.02, (STEPS + 20, 7)), axis=0).astype(np.float32)
        sensed, commanded = path[10 : STEPS + 10], path[10 + delay : STEPS + 10 + delay]
        made.append(
            replace(
                episode,
                domain="real",
                states=None,
                layout={},
                objects=None,
                obs={"state": 0.5 - 3 * sensed},
                action={},
                actions=-commanded,
            )
        )
    findings = check(library(tmp_path / "lib", *made))
    assert [f.episode for f in findings if f.field == "actions"] == [1]
    found(findings, "actions", words)


# over the library


def test_dead_action_dimensions_are_listed(tmp_path: Path) -> None:
    dead = [
        replace(e, domain="real", actions=changed(e.actions, (slice(None), [1, 4]), 0.25))
        for e in GOOD
    ]
    finding = found(check(library(tmp_path / "lib", *dead)), "actions", "never change")
    assert finding.message.startswith("2 of 7")
    assert "1 (0.25), 4 (0.25)" in finding.message
    assert finding.severity == "warning"


def test_the_same_episode_on_both_sides_of_the_split_is_leakage(tmp_path: Path) -> None:
    sides = ("train", "train", "val", "val")
    twins = [
        replace(GOOD[source], index=i, domain="real", extra={"split": side})
        for i, (source, side) in enumerate(zip((0, 1, 2, 0), sides, strict=True))
    ]
    assert [hdf5.is_train(twin) for twin in twins] == [True, True, False, False]
    findings = check(library(tmp_path / "lib", *twins))
    assert [f.episode for f in findings] == [3]
    assert "those of episode 0; train and valid share them (leakage)" in findings[0].message


def test_many_twins_are_told_in_one_line_with_their_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = [(6, 1), (5, 0), (9, 4), (7, 2), (8, 3)]
    sources = list(range(5)) + [of for _, of in sorted(pairs)]
    episodes = [synthetic_episode(i, np.random.default_rng(i)) for i in range(5)]
    twins = [
        replace(episodes[of], index=i, domain="real", extra={"split": "train" if i < 5 else "val"})
        for i, of in enumerate(sources)
    ]
    root = library(tmp_path / "lib", *twins)
    line = (
        "the states and actions are those of another episode; train and valid share them (leakage) "
        "(5 episodes: 5 of 0, 6 of 1, 7 of 2 and 2 more)"
    )
    dispatch(["check", f"src={root}"])
    printed = capsys.readouterr().out
    assert printed.count("(leakage)") == 1
    assert f"warning: actions: {line}" in printed
    assert "most=null names every pair" in printed
    dispatch(["check", f"src={root}", "most=null"])
    printed = capsys.readouterr().out
    for one, of in pairs:
        assert (
            f"episode {one}, actions: the states and actions are those of episode {of};" in printed
        )
    few = library(tmp_path / "few", *twins[:6])
    dispatch(["check", f"src={few}"])
    assert "episode 5, actions: the states and actions are those of episode 0;" in (
        capsys.readouterr().out
    )


def test_the_same_actions_twice_are_noticed(tmp_path: Path) -> None:
    other = replace(GOOD[1], actions=GOOD[0].actions)
    other = action(other, **{k: GOOD[0].action[k] for k in ("ee_delta", "gripper", "ee_pose")})
    findings = check(library(tmp_path / "lib", GOOD[0], other))
    assert [(f.episode, f.message) for f in findings] == [(1, "the actions are those of episode 0")]


def test_a_damaged_shard_with_a_matching_record_never_stops_the_check(tmp_path: Path) -> None:
    """As a forger would leave it: hash and size agree, the HDF5 inside is broken."""
    root = library(
        tmp_path / "lib", *(synthetic_episode(i, np.random.default_rng(i)) for i in (0, 1))
    )
    path, record_path = root / "shards/00000.h5", root / "shards/00000.json"
    good, record = path.read_bytes(), json.loads(record_path.read_text())
    rng = np.random.default_rng(2)
    hits = 0
    for position in (*rng.integers(0, 9000, 40), *rng.integers(0, len(good), 20)):
        path.write_bytes(good)
        flip(path, int(position), int(rng.integers(8)))
        digest = store.Folder(root / "shards").sha256(path.name)
        record_path.write_text(json.dumps({**record, "sha256": digest}))
        hits += bool(check(root))
    assert hits > 20
