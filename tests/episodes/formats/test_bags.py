"""Bags as rosbag2 leaves them: split, packed, in SQLite, incomplete; topics of other types."""

from __future__ import annotations

import io
import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from episodes import Library, formats
from episodes.episode import Episode
from episodes.errors import UserError
from episodes.finding import Report
from generators.command.cli import dispatch

writer = pytest.importorskip("mcap_ros2.writer", reason="the extra 'mcap' is not installed")
rosbag2 = pytest.importorskip("rosbags.rosbag2", reason="the extra 'mcap' is not installed")
typesys = pytest.importorskip("rosbags.typesys", reason="the extra 'mcap' is not installed")

START = 1_700_000_000_000_000_000  # ns
TYPES = typesys.get_typestore(typesys.Stores.ROS2_HUMBLE)
JOINTS, TEXT, WRENCH = (
    "sensor_msgs/msg/JointState", "std_msgs/msg/String", "geometry_msgs/msg/Wrench",
)  # fmt: skip
Row = tuple[str, str, int, bytes]  # topic, type, time [ns], CDR


def message(kind: str, **fields: Any) -> bytes:
    return bytes(TYPES.serialize_cdr(TYPES.types[kind](**fields), kind))


def header() -> Any:
    stamp = TYPES.types["builtin_interfaces/msg/Time"](sec=0, nanosec=0)
    return TYPES.types["std_msgs/msg/Header"](stamp=stamp, frame_id="")


def joints(value: float) -> bytes:
    empty = np.zeros(0)
    return message(
        JOINTS,
        header=header(),
        name=["a"],
        position=np.array([value]),
        velocity=empty,
        effort=empty,
    )


def vector(x: float) -> Any:
    return TYPES.types["geometry_msgs/msg/Vector3"](x=x, y=0.0, z=0.0)


def rows(count: int, rate: int, first: int = 0) -> list[Row]:
    """Joints and a command at `rate`, each telling the number of its message."""
    out: list[Row] = []
    for i in range(first, first + count):
        at = START + i * 10**9 // rate
        out.append(("/joint_states", JOINTS, at, joints(float(i))))
        force = message(WRENCH, force=vector(1000.0 + i), torque=vector(0.0))
        out.append(("/command", WRENCH, at, force))
    return out


def write_bag(out: Path, found: Sequence[Row], storage: str = "MCAP", mode: str = "") -> None:
    """A bag as rosbag2 writes it. storage: MCAP or SQLITE3; mode: "", FILE or MESSAGE."""
    bag = rosbag2.Writer(out, version=9, storage_plugin=rosbag2.StoragePlugin[storage])
    if mode:
        bag.set_compression(rosbag2.CompressionMode[mode], rosbag2.CompressionFormat.ZSTD)
    with bag:
        topics = {topic: kind for topic, kind, _, _ in found}
        opened = {t: bag.add_connection(t, kind, typestore=TYPES) for t, kind in topics.items()}
        for topic, _, at, data in found:
            bag.write(opened[topic], at, data)


def split_bag(root: Path, files: int, metadata: bool = True) -> Path:
    """bag/bag_0.mcap, bag/bag_1.mcap, ..., a second of 10 Hz each, and the map beside the bag."""
    folder = root / "set" / "bag"
    folder.mkdir(parents=True)
    for number in range(files):
        write_bag(root / "part", rows(10, 10, first=10 * number))
        shutil.move(root / "part" / "part.mcap", folder / f"bag_{number}.mcap")
        shutil.rmtree(root / "part")
    if metadata:
        names = [f"bag_{number}.mcap" for number in range(files)]
        info = {"version": 5, "storage_identifier": "mcap", "relative_file_paths": names}
        info |= {"message_count": 20 * files}
        (folder / "metadata.yaml").write_text(yaml.safe_dump({"rosbag2_bagfile_information": info}))
    write_map(root / "set", actions="/command")
    return root / "set"


def write_map(folder: Path, **values: Any) -> None:
    told = {"hz": 10, "joints": "/joint_states", **values}
    (folder / "topics.yaml").write_text(yaml.safe_dump(told))


def read(path: Path, **options: Any) -> tuple[list[Episode], Report]:
    report = Report()
    return list(formats.read("mcap", path, report=report, **options)), report


@pytest.mark.parametrize("metadata", [True, False])
def test_a_split_bag_is_read_in_the_order_of_recording(tmp_path: Path, metadata: bool) -> None:
    """bag_10 comes after bag_9, by metadata.yaml or, without it, by number."""
    folder = split_bag(tmp_path, files=12, metadata=metadata)
    assert dispatch(["import", f"src={folder}", f"out={tmp_path / 'lib'}"]) == 0
    library = Library(tmp_path / "lib")
    (episode,) = library.episodes()
    np.testing.assert_array_equal(episode.obs["joint_position"][:, 0], np.arange(120))
    np.testing.assert_array_equal(episode.actions[:, 0], 1000 + np.arange(120))
    told = [finding["message"] for finding in library.info["findings"]]
    assert len(told) == (0 if metadata else 1)
    assert metadata or "it has no metadata.yaml" in told[0]
    assert episode.task == "bag"


def test_the_order_is_that_of_the_metadata_and_not_of_the_names(tmp_path: Path) -> None:
    folder = split_bag(tmp_path, files=3)
    bag = folder / "bag"
    names = {"bag_0.mcap": "z.mcap", "bag_1.mcap": "m.mcap", "bag_2.mcap": "a.mcap"}
    text = (bag / "metadata.yaml").read_text()
    for old, new in names.items():
        (bag / old).rename(bag / new)
        text = text.replace(old, f"bag/{new}")  # with the folder, as versions 1 to 3 have it
    (bag / "metadata.yaml").write_text(text)
    ((episode,), report) = read(folder)
    np.testing.assert_array_equal(episode.obs["joint_position"][:, 0], np.arange(30))
    assert episode.lineage["files"] == list(names.values())
    assert not list(report)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda bag: (bag / "bag_1.mcap").unlink(), "1 of the 3 files that metadata.yaml lists"),
        (
            lambda bag: shutil.copy(bag / "bag_1.mcap", bag / "bag_7.mcap"),
            "not listed in metadata.yaml and left out: bag_7.mcap",
        ),
        (
            lambda bag: (bag / "metadata.yaml").write_text(
                (bag / "metadata.yaml")
                .read_text()
                .replace("message_count: 60", "message_count: 61")
            ),
            "tells of 61 messages, the files hold 60",
        ),
    ],
)
def test_what_a_bag_does_not_hold_is_told_or_refused(
    tmp_path: Path, change: Any, message: str
) -> None:
    folder = split_bag(tmp_path, files=3)
    change(folder / "bag")
    _, report = read(folder)
    assert [message in finding.message for finding in report].count(True) == 1
    with pytest.raises(UserError, match="strict=false"):
        read(folder, strict=True)


def test_a_bag_without_any_of_its_files_is_one_clear_line(tmp_path: Path) -> None:
    folder = split_bag(tmp_path, files=2)
    for file in (folder / "bag").glob("*.mcap"):
        file.unlink()
    with pytest.raises(UserError, match=r"none of the 2 files that it lists is there: bag_0\.mcap"):
        read(folder)
    (folder / "bag" / "metadata.yaml").write_text("rosbag2_bagfile_information: [")
    with pytest.raises(UserError, match="ros2 bag reindex"):
        read(folder)


@pytest.mark.parametrize("storage", ["MCAP", "SQLITE3"])
@pytest.mark.parametrize("mode", ["", "FILE", "MESSAGE"])
def test_every_storage_holds_the_same(tmp_path: Path, storage: str, mode: str) -> None:
    write_bag(tmp_path / "bag", rows(30, 10), storage, mode)
    write_map(tmp_path, actions="/command")
    names = {path.suffix for path in (tmp_path / "bag").iterdir()}
    wanted = ".zstd" if mode == "FILE" else {"MCAP": ".mcap", "SQLITE3": ".db3"}[storage]
    assert names == {wanted, ".yaml"}
    assert formats.detect(tmp_path) == "mcap"
    (episode,), report = read(tmp_path)
    np.testing.assert_array_equal(episode.obs["joint_position"][:, 0], np.arange(30))
    np.testing.assert_array_equal(episode.actions[:, 0], 1000 + np.arange(30))
    assert episode.lineage["columns"]["actions"][0] == "force.x"
    assert not list(report)


def test_a_bag_of_humble_does_not_define_its_types(tmp_path: Path) -> None:
    """Before ROS 2 Iron a .db3 names types and no more; one of nobody else's is told."""
    file = tmp_path / "old_0.db3"
    base = sqlite3.connect(file)
    base.execute(
        "CREATE TABLE topics(id INTEGER PRIMARY KEY, name TEXT, type TEXT, "
        "serialization_format TEXT, offered_qos_profiles TEXT)"
    )
    base.execute(
        "CREATE TABLE messages(id INTEGER PRIMARY KEY, topic_id INTEGER, timestamp INTEGER, "
        "data BLOB)"
    )
    for number, (topic, kind) in enumerate(
        [("/joint_states", JOINTS), ("/ours", "our_msgs/msg/Gauge")], start=1
    ):
        base.execute("INSERT INTO topics VALUES (?, ?, ?, 'cdr', '')", (number, topic, kind))
        for i in range(20):
            row = (None, number, START + i * 10**8, joints(float(i)))
            base.execute("INSERT INTO messages VALUES (?, ?, ?, ?)", row)
    base.commit()
    base.close()
    write_map(tmp_path)
    (episode,), _ = read(tmp_path)
    np.testing.assert_array_equal(episode.obs["joint_position"][:, 0], np.arange(20))
    assert episode.lineage["left_out"] == ["/ours"]
    write_map(tmp_path, obs={"gauge": "/ours"})
    with pytest.raises(UserError, match="does not define our_msgs/msg/Gauge"):
        read(tmp_path)


def test_a_reading_never_comes_from_the_future(tmp_path: Path) -> None:
    """One topic at 100 Hz, taken at 10 Hz as reading and as action: 0, 10, ... and 9, 19, ..."""
    write_bag(tmp_path / "bag", rows(100, 100))
    write_map(tmp_path, actions="/joint_states", obs={"again": "/joint_states"})
    (episode,), _ = read(tmp_path)
    np.testing.assert_array_equal(episode.obs["joint_position"][:, 0], np.arange(0, 100, 10))
    np.testing.assert_array_equal(episode.obs["again"][:, 0], np.arange(0, 100, 10))
    np.testing.assert_array_equal(episode.actions[:, 0], np.arange(9, 100, 10))


def test_a_command_that_is_listed_as_a_reading_is_kept_as_a_command(tmp_path: Path) -> None:
    write_bag(tmp_path / "bag", rows(100, 100))
    write_map(tmp_path, obs={"asked": "/command"})
    (episode,), report = read(tmp_path)
    assert "asked" not in episode.obs
    np.testing.assert_array_equal(episode.action["asked"][:, 0], 1000 + np.arange(9, 100, 10))
    assert any("a command, which is no observation" in finding.message for finding in report)


@pytest.mark.parametrize(
    ("values", "line"),
    [
        (
            {"joints": "/say"},
            "/say is of std_msgs/msg/String; joints of the topic map takes sensor",
        ),
        ({"cameras": {"front": "/say"}}, "/say is of std_msgs/msg/String; cameras of the topic"),
        ({"cameras": {"front": "/command"}}, "/command is of geometry_msgs/msg/Wrench; cameras"),
        ({"instruction": "/command"}, "/command is of geometry_msgs/msg/Wrench; instruction of"),
        ({"obs": {"words": "/say"}}, "/say (std_msgs/msg/String) holds no numbers"),
        ({"actions": "/say"}, "/say (std_msgs/msg/String) holds no numbers"),
        ({"tcp": {"parent": "a", "child": "b"}}, "/tf is of std_msgs/msg/String; tcp of the topic"),
    ],
)
def test_a_topic_of_another_type_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], values: dict[str, Any], line: str
) -> None:
    hello = message(TEXT, data="hello")
    ends = (START, START + 2 * 10**9)
    texts = [(topic, TEXT, at, hello) for topic in ("/say", "/tf") for at in ends]
    write_bag(tmp_path / "bag", sorted([*rows(30, 10), *texts], key=lambda row: row[2]))
    write_map(tmp_path, **values)
    assert dispatch(["import", f"src={tmp_path}", f"out={tmp_path / 'lib'}"]) == 2
    told = capsys.readouterr().err.strip()
    assert line in told
    assert "\n" not in told
    assert not (tmp_path / "lib").exists()


def test_the_events_of_a_service_are_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`ros2 bag record --all-services` records them; their definition holds "---"."""
    raw = pytest.importorskip("mcap.writer")
    kind = "example_interfaces/srv/AddTwoInts_Event"
    with open(tmp_path / "bag.mcap", "wb") as stream:
        bag = raw.Writer(stream)
        bag.start(profile="ros2")
        schema = bag.register_schema(kind, "ros2msg", b"int64 a\nint64 b\n---\nint64 sum\n")
        channel = bag.register_channel("/add/_service_event", "cdr", schema)
        for i in range(20):
            at = START + i * 10**8
            bag.add_message(channel, log_time=at, publish_time=at, data=b"\0\1\0\0" + bytes(24))
        bag.finish()
    write_map(tmp_path, joints="", obs={"sum": "/add/_service_event"})
    assert dispatch(["import", f"src={tmp_path}", f"out={tmp_path / 'lib'}"]) == 2
    told = capsys.readouterr().err.strip()
    assert f"/add/_service_event: the definition of {kind} cannot be read" in told
    assert "\n" not in told


def test_what_is_said_becomes_language_or_is_told(tmp_path: Path) -> None:
    said = [("grip the nut", 0), ("grip the nut", 5), ("put it into the tray", 10)]
    texts = [("/say", TEXT, START + i * 10**8, message(TEXT, data=text)) for text, i in said]
    write_bag(tmp_path / "bag", sorted([*rows(20, 10), *texts], key=lambda row: row[2]))
    write_map(tmp_path, instruction="/say", actions="/command")
    (episode,), report = read(tmp_path)
    assert episode.instruction == "grip the nut"
    assert episode.language == {"en": ("grip the nut",)}, "a part is no way to say the whole"
    parts = [(part.start, part.end, part.instruction) for part in episode.subtasks]
    assert parts == [(0, 10, "grip the nut"), (10, 20, "put it into the tray")]
    assert not list(report)
    write_map(tmp_path, actions="/command")
    _, report = read(tmp_path)
    assert ["/say" in finding.message for finding in report] == [True]
    with pytest.raises(UserError, match="instruction: /say"):
        read(tmp_path, strict=True)
    write_map(tmp_path, actions="/command", instruction="/whisper")
    _, report = read(tmp_path)
    assert ["/whisper has no messages" in finding.message for finding in report] == [True]


def test_bags_of_ros_1_are_told_from_no_bags(tmp_path: Path) -> None:
    (tmp_path / "old.bag").write_bytes(b"#ROSBAG V2.0\n")
    with pytest.raises(UserError, match="rosbags-convert --src"):
        formats.import_library("mcap", tmp_path, tmp_path / "lib")


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"cameras": "/front"}, "cameras is to be {NAME: TOPIC, ...}, not '/front'"),
        ({"obs": ["/a"]}, "obs is to be {NAME: TOPIC, ...}"),
        ({"obs": {"a": ["/a"]}}, "obs.a is to be one topic, not ['/a']"),
        ({"joints": ["/joint_states"]}, "joints is to be one topic"),
        ({"joints": {"names": ["a"]}}, "joints is to be one topic, not None"),
        ({"tcp": "tool0"}, "tcp is to be {parent: base_link, child: tool0}"),
        ({"hz": "ten"}, "hz is ten; a rate above 0 is needed"),
        ({"joints": "joint_states"}, "none of the topics of the map; its topics: /command, /joint"),
    ],
)
def test_a_map_that_cannot_be_used_says_how_it_is_written(
    tmp_path: Path, values: dict[str, Any], line: str
) -> None:
    write_bag(tmp_path / "bag", rows(20, 10))
    write_map(tmp_path, **values)
    with pytest.raises(UserError) as caught:
        read(tmp_path)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("given", ["{hz:10}", "[map.yaml]", "10", "no/such/map.yaml", "."])
def test_topics_is_the_name_of_a_map(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], given: str
) -> None:
    write_bag(tmp_path / "bag", rows(20, 10))
    words = ["import", f"src={tmp_path}", f"out={tmp_path / 'lib'}", f"options.topics={given}"]
    assert dispatch(words) == 2
    told = capsys.readouterr().err.strip()
    assert "\n" not in told
    assert (
        "topics is to name a file" in told
        or "the topic map cannot be read" in told
        or "must be text" in told
    )


def test_a_recording_that_was_cut_short_can_be_saved(tmp_path: Path) -> None:
    write_bag(tmp_path / "bag", rows(200, 10))
    file = tmp_path / "bag" / "bag.mcap"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    write_map(tmp_path)
    with pytest.raises(UserError, match="`mcap recover` saves the rest"):
        read(tmp_path)


def test_depth_by_the_transport_for_it_is_depth(tmp_path: Path) -> None:
    """compressed_depth_image_transport: 12 bytes, then a PNG of 16 bits, in mm."""
    kind = "sensor_msgs/msg/CompressedImage"
    found: list[Row] = []
    for i in range(10):
        out = io.BytesIO(bytes(12))
        out.seek(12)
        Image.fromarray(np.full((4, 6), 1000 + i, np.uint16)).save(out, "PNG")
        data = np.frombuffer(out.getvalue(), np.uint8)
        form = "16UC1; compressedDepth png"
        row = message(kind, header=header(), format=form, data=data)
        found.append(("/deep/compressedDepth", kind, START + i * 10**8, row))
    write_bag(tmp_path / "bag", found)
    write_map(tmp_path, joints="", cameras={"deep": "/deep/compressedDepth"})
    (episode,), _ = read(tmp_path)
    np.testing.assert_array_equal(episode.cameras["deep"].depth[:, 0, 0], 1000 + np.arange(10))
    assert episode.cameras["deep"].unit_m == 1e-3
