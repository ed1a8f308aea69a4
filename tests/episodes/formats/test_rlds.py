"""RLDS without TensorFlow: framing, wire format, the real sample, and folders that are broken."""

from __future__ import annotations

import io
import json
import os
import struct
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from episodes import Library, formats
from episodes.check.check import check
from episodes.errors import UserError
from episodes.finding import Report
from episodes.formats.rlds import example, oxe, records
from tests.helpers import ROOT

SAMPLE = ROOT.parent / "shared" / "realdata" / "octo_bridge_rlds"
needs_sample = pytest.mark.skipif(not SAMPLE.is_dir(), reason="shared/realdata is not here")
VERSION = SAMPLE / "bridge_dataset" / "1.0.0"
TRAIN = "bridge_dataset-train.tfrecord-00000-of-00001"


def tensor(dtype: str, *shape: int) -> dict[str, Any]:
    dimensions = {"dimensions": [str(size) for size in shape]} if shape else {}
    return {"tensor": {"shape": dimensions, "dtype": dtype, "encoding": "none"}}


def tree(leaves: dict[str, Any]) -> dict[str, Any]:
    """{"a/b": leaf} as nested features dictionaries."""
    nested: dict[str, Any] = {}
    for key, leaf in leaves.items():
        *folders, name = key.split("/")
        at = nested
        for folder in folders:
            at = at.setdefault(folder, {"featuresDict": {"features": {}}})
            at = at["featuresDict"]["features"]
        at[name] = leaf
    return {"featuresDict": {"features": nested}}


LEAVES = {
    "observation/front": {"image": {"shape": {"dimensions": ["6", "8", "3"]}, "dtype": "uint8"}},
    "observation/state": tensor("float32", 2),
    "observation/depth": {"image": {"shape": {"dimensions": ["6", "8", "1"]}, "dtype": "uint16"}},
    "action/world_vector": tensor("float32", 3),
    "action/gripper": tensor("float32", 1),
    "is_first": tensor("bool"),
    "is_last": tensor("bool"),
    "reward": tensor("float32"),
    "language_instruction": {"text": {}},
}


def png(value: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(value).save(out, "PNG")
    return out.getvalue()


def steps(rng: np.random.Generator, count: int, text: str) -> dict[str, Any]:
    flags = np.zeros(count, bool)
    first, last = flags.copy(), flags.copy()
    first[:1], last[-1:] = True, True
    return {
        "steps/observation/front": [
            png(rng.integers(0, 255, (6, 8, 3), dtype=np.uint8)) for _ in range(count)
        ],
        "steps/observation/state": rng.normal(size=(count, 2)).astype(np.float32),
        "steps/observation/depth": [
            png(rng.integers(0, 9000, (6, 8), dtype=np.uint16)) for _ in range(count)
        ],
        "steps/action/world_vector": rng.normal(size=(count, 3)).astype(np.float32),
        "steps/action/gripper": rng.normal(size=(count, 1)).astype(np.float32),
        "steps/is_first": first,
        "steps/is_last": last,
        "steps/reward": np.zeros(count, np.float32),
        "steps/language_instruction": [text.encode()] * count,
    }


def make(root: Path, shards: dict[str, list[dict[str, Any]]], info: dict[str, Any]) -> Path:
    """An RLDS folder: file name -> records."""
    folder = root / "toy" / "2.1.0"
    folder.mkdir(parents=True)
    sequence = {"sequence": {"feature": tree(LEAVES), "length": "-1"}}
    features = {"featuresDict": {"features": {"steps": sequence}}}
    (folder / "features.json").write_text(json.dumps(features))
    (folder / "dataset_info.json").write_text(json.dumps({"name": "toy", **info}))
    for name, rows in shards.items():
        data = b"".join(records.framed(example.write(row)) for row in rows)
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def toy(tmp_path: Path, rng: np.random.Generator) -> Path:
    return make(
        tmp_path,
        {
            "toy-train.tfrecord-00000-of-00002": [steps(rng, 4, "open the box")],
            "toy-train.tfrecord-00001-of-00002": [steps(rng, 3, "상자를 여세요")],
        },
        {"splits": [{"name": "train", "shardLengths": ["1", "1"]}]},
    )


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def read(path: Path, report: Report | None = None, **options: Any) -> list[Any]:
    return list(formats.read("rlds", path, report=report, **options))


def test_crc_is_that_of_rfc_3720() -> None:
    assert records.crc32c(bytes(32)) == 0x8A9136AA
    assert records.crc32c(b"\xff" * 32) == 0x62A8AB43
    assert records.crc32c(bytes(range(32))) == 0x46DD794E
    assert records.crc32c(bytes(range(31, -1, -1))) == 0x113FDB5C
    assert records.crc32c(b"123456789") == 0xE3069283


@pytest.mark.parametrize("size", [8191, 8192, 8193, 12289, 70001])
def test_long_data_have_the_crc_of_one_register(size: int, rng: np.random.Generator) -> None:
    data = rng.bytes(size)
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0x82F63B78 if register & 1 else 0)
    assert records.crc32c(data) == register ^ 0xFFFFFFFF


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.binary(max_size=300), max_size=5),
    st.lists(st.integers(-(2**63), 2**63 - 1), max_size=40),
    st.lists(st.floats(width=32, allow_nan=False), max_size=40),
)
def test_an_example_survives_its_wire_format(
    parts: list[bytes], whole: list[int], real: list[float]
) -> None:
    written = {"a": parts, "b/c": np.array(whole, np.int64), "d": np.array(real, np.float32)}
    found = example.read(example.write(written), "here")
    assert list(found["a"]) == parts
    assert list(found["b/c"]) == whole
    assert [float(value) for value in found["d"]] == [float(v) for v in written["d"]]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_an_example_or_one_clear_line(data: bytes) -> None:
    said = ""
    try:
        example.read(data, "record 0")
    except UserError as error:
        said = str(error)
    assert "\n" not in said


def test_an_example_is_read_unpacked_too() -> None:
    def field(number: int, body: bytes) -> bytes:
        return bytes([number << 3 | 2, len(body)]) + body

    floats = b"".join(bytes([1 << 3 | 5]) + struct.pack("<f", value) for value in (1.5, -2.0))
    whole = b"".join(bytes([1 << 3 | 0, value]) for value in (3, 4))
    entries = b"".join(
        field(1, field(1, key) + field(2, feature))
        for key, feature in ((b"f", field(2, floats)), (b"i", field(3, whole)))
    )
    found = example.read(field(1, entries), "here")
    assert list(found["f"]) == [1.5, -2.0]
    assert list(found["i"]) == [3, 4]


@settings(max_examples=50, deadline=None)
@given(st.tuples(*[st.floats(-3.1, 3.1)] * 3))
def test_a_rotation_vector_is_the_turn_of_roll_pitch_yaw(rpy: tuple[float, ...]) -> None:
    def turn(axis: int, angle: float) -> np.ndarray:
        one, two = (axis + 1) % 3, (axis + 2) % 3
        out = np.eye(3)
        out[one, one] = out[two, two] = np.cos(angle)
        out[two, one] = np.sin(angle)
        out[one, two] = -np.sin(angle)
        return out

    vector = oxe.rotation_vector(np.array([rpy]))[0]
    angle = np.linalg.norm(vector)
    assert angle <= np.pi + 1e-9
    x, y, z = vector / angle if angle else vector
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    rodrigues = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    wanted = turn(2, rpy[2]) @ turn(1, rpy[1]) @ turn(0, rpy[0])
    np.testing.assert_allclose(rodrigues, wanted, atol=1e-9)


def test_a_small_folder_is_read_as_it_is(toy: Path) -> None:
    report = Report()
    first, second = read(toy.parent.parent, report, hz=10)
    assert (first.steps, second.steps) == (4, 3)
    assert first.task == "toy"
    assert first.domain == "real"
    assert first.robot == "unknown"
    assert first.instruction == "open the box"
    assert second.language == {"ko": ("상자를 여세요",)}
    assert list(first.action) == ["gripper.source", "world_vector"]
    np.testing.assert_array_equal(first.actions[:, 1:], first.action["world_vector"])
    np.testing.assert_allclose(first.time, np.arange(5) / 10)
    assert list(first.dones) == [0, 0, 0, 1]
    assert first.cameras["front"].rgb.shape == (4, 6, 8, 3)
    assert first.states is None
    assert first.success is None
    assert first.cameras["front"].intrinsics is None
    assert first.obs["depth"].dtype == np.uint16, "its unit is unknown: it is no depth image"
    assert first.cameras["front"].depth is None
    assert [f.field for f in report] == ["obs/depth", "action/gripper"] * 2


def test_a_picture_keeps_its_pixels(tmp_path: Path, rng: np.random.Generator) -> None:
    row = steps(rng, 2, "x")
    frame = rng.integers(0, 255, (6, 8, 3), dtype=np.uint8)
    row["steps/observation/front"][1] = png(frame)
    folder = make(tmp_path, {"toy-train.tfrecord-00000-of-00001": [row]}, {})
    np.testing.assert_array_equal(read(folder, hz=3)[0].cameras["front"].rgb[1], frame)


def test_array_record_is_read_too(tmp_path: Path, rng: np.random.Generator) -> None:
    module = pytest.importorskip("array_record.python.array_record_module")
    rows = [steps(rng, 3, f"task {i}") for i in range(3)]
    plain = make(tmp_path / "plain", {"toy-train.tfrecord-00000-of-00001": rows}, {})
    packed = make(tmp_path / "packed", {}, {})
    file = packed / "toy-train.array_record-00000-of-00001"
    writer = module.ArrayRecordWriter(str(file), "group_size:1")
    for row in rows:
        writer.write(example.write(row))
    writer.close()
    for one, two in zip(read(plain, hz=3), read(packed, hz=3), strict=True):
        np.testing.assert_array_equal(one.actions, two.actions)
        np.testing.assert_array_equal(one.cameras["front"].rgb, two.cameras["front"].rgb)
    os.truncate(file, file.stat().st_size - 100)
    with pytest.raises(UserError, match="damaged"):
        read(packed, hz=3)


@needs_sample
def test_the_real_sample_is_read_whole() -> None:
    report = Report()
    found = read(SAMPLE, report)
    assert [episode.index for episode in found] == list(range(50))
    assert Counter(e.extra["split"] for e in found) == {"train": 25, "val": 25}
    assert len({episode.instruction for episode in found}) == 4
    for episode in found:
        assert episode.steps == 10
        assert sorted(episode.cameras) == [f"image_{i}" for i in range(4)]
        assert episode.cameras["image_0"].rgb.shape == (10, 64, 64, 3)
        assert episode.domain == "real"
        assert episode.success is None
        np.testing.assert_allclose(np.diff(episode.time), 0.2)
        np.testing.assert_array_equal(episode.action["ee_delta"][:, :3], episode.actions[:, :3])
        np.testing.assert_array_equal(episode.action["gripper"][:, 0], 1 - episode.actions[:, 6])
        # the turns of one step are small, so the vector is close to the angles, yet not the same
        np.testing.assert_allclose(
            episode.action["ee_delta"][:, 3:], episode.actions[:, 3:6], atol=0.02
        )
    moved = np.concatenate([np.diff(e.obs["state"][:, :3], axis=0) for e in found])
    asked = np.concatenate([e.actions[:-1, :3] for e in found])
    assert np.corrcoef(moved.ravel(), asked.ravel())[0, 1] > 0.6, "actions move the arm, in step"


@needs_sample
def test_the_faults_of_the_real_sample_are_told(tmp_path: Path) -> None:
    imported = formats.import_library("rlds", SAMPLE, tmp_path / "lib")
    found = list(imported.report)
    (leak,) = [f for f in found if "leakage" in f.message]
    assert "25 of 25 episodes of 'val' repeat episodes of 'train'" in leak.message
    (flag,) = [f for f in found if "is_last" in f.message]
    assert (flag.step, flag.field) == (9, "dones")
    assert flag.message.endswith("(episodes 0-49)")
    (pictures,) = [f for f in found if "hold pictures" in f.message]
    assert pictures.message.endswith("(episodes 0-49)")
    assert "image_3" not in pictures.message
    assert {f.field for f in found if "5 Hz" in f.message} == {"time"}
    library = Library(tmp_path / "lib")
    assert library.info["findings"] == [finding.to_json() for finding in found]
    assert library.read(3).cameras["image_3"].rgb.max() == 0, "the black camera is there, black"
    assert library.read(30).extra["split"] == "val"
    checked = check(tmp_path / "lib")
    assert {f.severity for f in checked} == {"warning"}
    black = [f for f in checked if f.message == "every frame is black"]
    assert [(f.episode, f.step) for f in black] == [(i, (0, 10)) for i in range(50)]
    assert {f.field for f in black} == {"obs/image_3_image"}
    twins = [f.episode for f in checked if "train and valid share them (leakage)" in f.message]
    assert sorted(twins) == list(range(25, 50))
    assert set(found) <= set(checked)
    with library.group(30).file as file:
        assert list(file["mask/train"]) == [b"demo_24"], "25 and on are val"
        assert b"demo_30" in file["mask/valid"][()]


@needs_sample
def test_an_import_done_twice_does_nothing_the_second_time(tmp_path: Path) -> None:
    out = tmp_path / "lib"
    first = formats.import_library(None, SAMPLE, out)
    files = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    second = formats.import_library(None, SAMPLE, out)
    assert not first.already
    assert second.already
    assert list(second.report) == list(first.report)
    assert files == {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    with pytest.raises(UserError, match="another library"):
        formats.import_library(None, SAMPLE, out, options={"hz": 7})


def test_an_interrupted_import_goes_on(tmp_path: Path, rng: np.random.Generator) -> None:
    rows = [steps(rng, 3, f"task {i}") for i in range(5)]
    folder = make(tmp_path, {"toy-train.tfrecord-00000-of-00001": rows}, {})
    out = tmp_path / "lib"

    def stop(episode: Any) -> None:
        if episode.index == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        formats.import_library("rlds", folder, out, shard_size=2, options={"hz": 4}, progress=stop)
    assert not out.exists()
    (standing,) = tmp_path.glob(".lib.*/shards/00000.h5")
    inode = standing.stat().st_ino
    formats.import_library("rlds", folder, out, shard_size=2, options={"hz": 4})
    library = Library(out)
    assert [row.index for row in library] == list(range(5))
    assert (out / "shards" / "00000.h5").stat().st_ino == inode, "what stood was not made again"
    assert not list(tmp_path.glob(".lib.*"))
    again = read(folder, hz=4)[4]
    np.testing.assert_array_equal(library.read(4).actions, again.actions)


def test_a_broken_source_leaves_nothing(tmp_path: Path, rng: np.random.Generator) -> None:
    rows = [steps(rng, 3, "x") for _ in range(3)]
    folder = make(tmp_path, {"toy-train.tfrecord-00000-of-00001": rows}, {})
    file = folder / "toy-train.tfrecord-00000-of-00001"
    os.truncate(file, file.stat().st_size - 5)
    with pytest.raises(UserError, match="record 2 is cut short"):
        formats.import_library("rlds", folder, tmp_path / "lib", shard_size=1, options={"hz": 4})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["toy"]


def test_less_than_promised_is_told_or_refused(tmp_path: Path, rng: np.random.Generator) -> None:
    folder = make(
        tmp_path,
        {"toy-train.tfrecord-00000-of-00002": [steps(rng, 2, "x")]},
        {
            "splits": [
                {"name": "train", "shardLengths": ["1", "1"]},
                {"name": "test", "shardLengths": ["4"]},
            ]
        },
    )
    report = Report()
    assert len(read(folder, report, hz=5)) == 1
    text = "\n".join(str(finding) for finding in report)
    assert "toy-train.tfrecord-00001-of-00002 is missing" in text
    assert "2 episodes of split 'train'" in text
    assert "split 'test'" in text
    with pytest.raises(UserError, match="strict"):
        read(folder, hz=5, strict=True)


def broken(toy: Path, how: str) -> Path:
    first = toy / "toy-train.tfrecord-00000-of-00002"
    data = bytearray(first.read_bytes())
    if how == "no records":
        for path in toy.glob("*tfrecord*"):
            path.unlink()
    elif how == "no features":
        (toy / "features.json").unlink()
    elif how == "bad body":
        data[200] ^= 1
    elif how == "bad length":
        data[3] ^= 1
    elif how == "cut header":
        data += b"\0" * 7
    elif how == "no json":
        (toy / "features.json").write_text("{")
    elif how == "deep json":
        (toy / "features.json").write_text("[" * 100_000 + "]" * 100_000)
    elif how == "wrong shape":
        text = (toy / "features.json").read_text()
        (toy / "features.json").write_text(text.replace('["2"]', '["3"]'))
    elif how == "empty folder":
        for path in toy.iterdir():
            path.unlink()
        return toy
    if first.exists():
        first.write_bytes(bytes(data))
    return toy


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("no records", "no records here"),
        ("no features", "no features.json"),
        ("bad body", "checksum"),
        ("bad length", "checksum of its length"),
        ("cut header", "cut short"),
        ("no json", "not valid JSON"),
        ("deep json", "nested too deep"),
        ("wrong shape", "disagree"),
        ("empty folder", "no RLDS data set"),
    ],
)
def test_a_broken_folder_is_one_clear_line(toy: Path, how: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        read(broken(toy, how), hz=10)
    assert "\n" not in str(caught.value)


def test_the_rate_must_be_known_or_given(toy: Path) -> None:
    with pytest.raises(UserError, match=r"options\.hz=10"):
        read(toy)
    for wrong in (0, -1, "fast", True, float("nan")):
        with pytest.raises(UserError, match="no control rate"):
            read(toy, hz=wrong)


def test_an_unknown_format_or_option_names_the_closest(toy: Path) -> None:
    with pytest.raises(UserError, match="did you mean 'rlds'"):
        formats.read("rdls", toy)
    with pytest.raises(UserError, match="unknown option of the format rlds: 'fps'"):
        formats.read("rlds", toy, fps=3)
    with pytest.raises(UserError, match="no data set of a known kind"):
        formats.detect(Path(__file__))
    assert formats.detect(toy) == "rlds"


@needs_sample
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_damaged_sample_is_refused(tmp_path_factory: Any, data: st.DataObject) -> None:
    """One changed bit, or a file cut anywhere: never another episode than the right ones."""
    body = (VERSION / TRAIN).read_bytes()[:300_000]
    whole = body[: sum(len(records.framed(r)) for r in _records(body))]
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "features.json").write_bytes((VERSION / "features.json").read_bytes())
    if data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(whole) - 1))
        changed = bytearray(whole)
        changed[at] ^= 1 << data.draw(st.integers(0, 7))
        (folder / TRAIN).write_bytes(bytes(changed))
    else:
        ends = np.cumsum([len(records.framed(record)) for record in _records(whole)])
        cut = data.draw(st.integers(1, len(whole) - 1).filter(lambda at: at not in ends))
        (folder / TRAIN).write_bytes(whole[:cut])
    with pytest.raises(UserError):
        read(folder)


def _records(body: bytes) -> list[bytes]:
    out = []
    at = 0
    while at + 12 <= len(body):
        size = struct.unpack("<Q", body[at : at + 8])[0]
        if at + 16 + size > len(body):
            break
        out.append(body[at + 12 : at + 12 + size])
        at += 16 + size
    return out


def test_findings_that_many_share_are_told_once() -> None:
    report = Report()
    for episode in (0, 1, 2, 5):
        report.add("warning", "dark", episode=episode, field="x", step=episode)
        report.add("warning", "late", episode=episode, step=(0, 3))
    report.add("warning", "dark", episode=3, field="y")
    report.add("error", "torn")
    assert [str(finding) for finding in report.grouped()] == [
        "warning: x: dark (episodes 0-2, 5)",
        "warning: steps 0..2: late (episodes 0-2, 5)",
        "error: library: torn",
        "warning: episode 3, y: dark",
    ]
